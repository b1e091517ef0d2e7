"""The pictures of the page densenet. Plain functions: numbers in, a figure out. Chapter: densenet."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Arc, FancyBboxPatch

from cvnotes import figures

from . import costs, peaks, recompute
from .graph import Block

LAYERS, GROWTHS, THETAS, BOTTLENECKS = (6, 12, 18), (6, 12, 24), (0.5, 1.0), (False, True)
SHORT = {"BatchNormalization": "BN", "ReLU": "ReLU", "Conv2D": "1×1", "AveragePooling2D": "mean 2×2",
         "GlobalAveragePooling2D": "mean of all", "Dense": "dense"}  # fmt: skip
RISE = 0.36  # how high an arc climbs for each node that it passes


def draw_net(blocks: Sequence[Block]) -> Figure:
    """Draw dense blocks as found in a graph, a row each: a node a layer, an arc a link, the channels upon it.

    Raises ValueError where there is no block to draw.
    """
    if not blocks:
        raise ValueError(f"There must be at least one dense block. Received: blocks={blocks!r}")
    count = max(len(block.parts) for block in blocks)
    height = RISE * (count - 1) / 2 + 1.15
    fig, axes = figures.canvas(7.4, len(blocks) * height * 0.78, rows=len(blocks), squeeze=False)
    for ax, block in zip(axes[:, 0], blocks, strict=True):
        _draw_block(ax, block)
        ax.set(xlim=(-0.75, count + 1.6), ylim=(-0.95, RISE * (count - 1) / 2 + 0.2))
        ax.axis("off")
    return fig


def _draw_block(ax: Axes, block: Block) -> None:
    places = {part.source: i for i, part in enumerate(block.parts)}
    for link in block.links:
        i, j = places[link.source], places[link.target]
        colour = figures.CYCLE[i % 6]
        ax.add_patch(Arc(((i + j) / 2, 0.12), j - i, RISE * (j - i), theta1=0, theta2=180, color=colour, linewidth=1.3))
        up = 0.12 + RISE * (j - i) / 2
        ax.text((i + j) / 2, up, f"{link.channels}", fontsize=7.5, ha="center", va="center", color=colour,
                bbox={"facecolor": figures.PAPER, "edgecolor": "none", "pad": 0.8})  # fmt: skip
    for i, part in enumerate(block.parts):
        face = figures.PAPER if i else figures.GREY
        ax.plot(i, 0, "o", markersize=15, markerfacecolor=face, markeredgecolor=figures.CYCLE[i % 6], zorder=3)
        ax.text(i, 0, f"$x_{i}$", ha="center", va="center", fontsize=8.5, zorder=4, color=figures.INK)
        if i:
            ax.text(i, -0.42, f"reads {block.inputs(part.source)}", ha="center", va="center", fontsize=7.5)
    ax.text(0, -0.42, " × ".join(map(str, block.size)), ha="center", va="center", fontsize=8, fontweight="bold")
    _draw_behind(ax, block)


def _draw_behind(ax: Axes, block: Block) -> None:
    """The transition or the head: a box with its layers, and the shape that leaves it."""
    left, total = len(block.parts) - 0.45, sum(part.channels for part in block.parts)
    ax.annotate("", (left + 0.45, 0), (left - 0.3, 0), arrowprops={"arrowstyle": "->", "color": figures.INK})
    ax.text(left + 0.07, 0.12, f"{total}", ha="center", va="bottom", fontsize=7.5)
    box = FancyBboxPatch((left + 0.5, -0.42), 1.4, 0.84, boxstyle="round,pad=0.03", linewidth=0.8,
                         facecolor=figures.PAPER, edgecolor=figures.INK)  # fmt: skip
    ax.add_patch(box)
    steps = block.after[: _end_of_transition(block)]
    names = [SHORT.get(step.kind, step.kind) for step in steps]
    ax.text(left + 1.2, 0, f"{', '.join(names[:2])}\n{', '.join(names[2:])}", ha="center", va="center", fontsize=7)
    ax.text(left + 1.2, -0.62, " × ".join(map(str, steps[-1].shape)), ha="center", va="center", fontsize=7.5)


def _end_of_transition(block: Block) -> int:
    kinds = [step.kind for step in block.after]
    return kinds.index("AveragePooling2D") + 1 if "AveragePooling2D" in kinds else len(kinds)


def say_net(blocks: Sequence[Block]) -> str:
    """Say what `draw_net` shows."""
    words = []
    for number, block in enumerate(blocks, 1):
        reads = ", ".join(str(block.inputs(part.source)) for part in block.parts[1:])
        end = block.after[: _end_of_transition(block)][-1].shape
        words.append(
            f"Block {number} at {' × '.join(map(str, block.size))}: {block.layers} dense layers that read {reads} "
            f"maps, {len(block.links)} links; behind it {' × '.join(map(str, end))}."
        )
    return f"Arcs from each node to all later ones of its block, none between blocks. {' '.join(words)}"


def draw_crossing(growth: int, reads: Sequence[Sequence[int]]) -> Figure:
    """Draw the weights of a dense layer against its inputs, with and without bottleneck, and mark a real net's layers.

    reads: for each block what its layers read. The crossing is that of `costs.crossing`.
    """
    most = max(max(block) for block in reads)
    m = np.arange(growth, most + 1, growth)
    fig, (ax, strip) = figures.canvas(6.8, 4.2, rows=2, sharex=True, height_ratios=(3, 1))
    for squeezed, colour, name in ((False, figures.BLUE, "3 × 3 alone"), (True, figures.ORANGE, "with bottleneck")):
        weights = np.array([costs.layer_weights(int(n), growth, bottleneck=squeezed) for n in m]) / 1e3
        ax.plot(m, weights, color=colour)
        ax.text(m[-1], weights[-1], f"{name}  ", color=colour, ha="right", va="bottom", fontweight="bold", fontsize=9)
    at = costs.crossing(growth)
    for axes in (ax, strip):
        axes.axvline(at, color=figures.GREY, linewidth=0.9, linestyle=":")
    ax.text(at, ax.get_ylim()[1], f" {at:g} = 7.2 k", va="top", fontsize=8.5)
    for row, block in enumerate(reads):
        colours = [figures.BLUE if n < at else figures.ORANGE for n in block]  # whichever is cheaper there
        strip.scatter(block, [row] * len(block), c=colours, s=16)
    strip.set(yticks=range(len(reads)), yticklabels=[f"block {i + 1}" for i in range(len(reads))])
    strip.set(ylim=(len(reads) - 0.5, -0.5), xlabel="maps that the layer reads, m")
    ax.set(xlim=(0, most + growth), ylim=(0, None), ylabel="thousands of weights")
    return fig


PEAK_COLOURS = (figures.ORANGE, figures.BLUE, figures.PURPLE, figures.GREY)


@functools.cache
def _cost(layers: int, growth: int, theta: float, bottleneck: bool) -> costs.Cost:
    return costs.cost(costs.Plan(layers, growth, theta, bottleneck))


REFERENCE = (12, 12, 1.0, False)  # the paper's net of 40 layers
ROWS = {"parameters": "parameters", "macs": "multiply-accumulates", "stored": "stored, naive",
        "recomputed": "stored, recomputing"}  # fmt: skip


def _said(row: str, value: int) -> str:
    if row in ("stored", "recomputed"):
        return f"{4 * value / 1e6:.3g} MB"
    return f"{value / 1e6:.3g} M"


def draw_plan(layers: int, growth: int, theta: float, bottleneck: bool) -> Figure:
    """Draw what each layer of a plan reads, and four costs for one picture beside those of the net (40, 12)."""
    found, plain = _cost(layers, growth, theta, bottleneck), _cost(*REFERENCE)
    fig, (left, right) = figures.canvas(7.4, 3.0, columns=2, width_ratios=(1, 1.25))
    plan = costs.Plan(layers, growth, theta, bottleneck)
    reads = [unit for unit in costs.units(plan) if unit.kind != "stem"]
    colours = {"layer": figures.BLUE, "transition": figures.ORANGE, "head": figures.GREEN}
    left.bar(range(len(reads)), [u.inputs for u in reads], width=1, color=[colours[u.kind] for u in reads])
    left.axhline(costs.crossing(growth), xmax=0.87, color=figures.INK, linewidth=0.8, linestyle=":")
    left.text(len(reads) + 0.5, costs.crossing(growth), "7.2 k", ha="left", va="center", fontsize=8.5)
    top = max(1.12 * max(u.inputs for u in reads), 1.3 * costs.crossing(growth))
    left.set(ylabel="maps read", xlabel="dense layers, transitions, head", xticks=[], ylim=(0, top))
    left.set_xlim(-1.5, 1.2 * len(reads))
    for i, (row, name) in enumerate(ROWS.items()):
        value, known = getattr(found, row), getattr(plain, row)
        right.barh(i, value / known, height=0.5, color=figures.BLUE, alpha=0.35)
        right.text(0.021, i - 0.42, f"{name}: {_said(row, value)}", va="center", fontsize=8.5)
    right.axvline(1, color=figures.INK, linewidth=0.8)
    right.set(xscale="log", xlim=(0.02, 20), ylim=(3.5, -0.7), yticks=[], xlabel="times the net of 40 layers, k = 12")
    right.set(xticks=[0.1, 1, 10], xticklabels=["0.1", "1", "10"])
    right.minorticks_off()
    return fig


def say_plan(layers: int, growth: int, theta: float, bottleneck: bool) -> str:
    """Say what `draw_plan` shows."""
    found = _cost(layers, growth, theta, bottleneck)
    depth = costs.Plan(layers, growth, theta, bottleneck).depth
    return (
        f"{layers} layers a block, k = {growth}, theta = {theta:g}, {'with' if bottleneck else 'no'} bottleneck "
        f"({depth} layers deep): {found.parameters:,} parameters, {found.macs / 1e6:,.0f} million products, "
        f"{4 * found.stored / 1e6:.1f} MB of outputs a picture, {4 * found.recomputed / 1e6:.1f} MB recomputing."
    )


def draw_peaks(measured: Mapping[str, np.ndarray]) -> Figure:
    """Draw the maps that a process held beyond the shallowest block, and the maps that were counted.

    measured: for each of peaks.RUNS an array (repeats, depths).
    """
    depths = np.array(peaks.DEPTHS)
    every = np.arange(depths[0], depths[-1] + 1)
    fig, ax = figures.canvas(7.2, 3.6)
    for run, colour, mark in zip(peaks.RUNS, PEAK_COLOURS, "os^D", strict=True):
        runs = np.asarray(measured[run]) / 1e3
        ax.plot(np.tile(depths, (len(runs), 1)), runs, mark, color=colour, alpha=0.7, markersize=5)
        ax.text(depths[-1] + 0.4, runs[:, -1].mean(), run, color=colour, va="center", fontweight="bold", fontsize=9)
    for again, colour in zip((False, True), PEAK_COLOURS, strict=False):
        told = np.array([recompute.counted(int(n), recompute=again) for n in every], float)
        ax.plot(every, (told - told[0]) / 1e3, color=colour, linewidth=1)
    ax.set(xlabel="layers of the block", xticks=depths, ylim=(0, None), xlim=(depths[0] - 0.5, depths[-1] + 6.5))
    ax.set_ylabel(f"thousands of maps beyond {depths[0]} layers")
    words = "marks: measured, five processes each\nlines: counted"
    ax.text(0.02, 0.95, words, transform=ax.transAxes, va="top", fontsize=8.5)
    return fig
