"""The pictures of the chapter on receptive fields, each drawn from the arrays that it speaks of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from cvnotes import figures
from cvnotes.figures.style import RULE, sheet

from .dilated import spread
from .receptive import Layer, fields, levels, paths, uniform

# The stack to play with ----------------------------------------------------------------------------------------------

DEPTHS, KERNELS, STRIDES = (1, 2, 3, 4), (2, 3, 5), (1, 2)
RATES = {"all 1": (1,), "all 2": (2,), "1, 2, 4, 8": (1, 2, 4, 8)}
WIDE, LEFT, RIGHT, TOP, STEP = 4.3, 0.62, 0.66, 0.8, 0.6  # inches


def stack_of(depth: int, kernel: int, stride: int, dilation: str) -> list[Layer]:
    """Build the stack that four sliders ask for."""
    return uniform(depth, kernel, stride, RATES[dilation])


def draw_cone(depth: int, kernel: int, stride: int, dilation: str) -> Figure:
    """Draw one unit at the top of a stack, all that it reads below, and the paths to each pixel.

    Chapter: receptive_field.
    """
    stack = stack_of(depth, kernel, stride, dilation)
    counts, reads, known = paths(stack), levels(stack), fields(stack)
    tall = TOP + STEP * depth + 0.9
    fig, ax = sheet(WIDE, tall)
    scale = (WIDE - LEFT - RIGHT) / (max(len(counts), 31) + 2)
    middle = LEFT + (WIDE - LEFT - RIGHT) / 2 - known[-1].centre() * scale
    rows = [TOP + STEP * (depth - level) for level in range(depth + 1)]
    for level in range(depth, 0, -1):
        _fan(ax, stack[level - 1], known[level - 1 : level + 1], reads[level], rows[level], (middle, scale))
    for level, (units, field) in enumerate(zip(reads, known, strict=True)):
        top = level == depth
        colour = figures.ORANGE if top else figures.BLUE
        _row(ax, units, field, rows[level], (middle, scale), colour)
        ax.text(0.04, rows[level], f"layer {level}" if level else "input", va="center", fontsize=9.5)
        size = f"{field.size} wide" if level else ""
        ax.text(WIDE - 0.04, rows[level], size, va="center", ha="right", fontsize=9.5, color=colour)
    _bars(ax, counts, known[-1].start, tall - 0.12, (middle, scale))
    ax.text(0.04, tall - 0.3, "paths", va="center", fontsize=9.5, color=figures.GREEN)
    ax.text(0.04, 0.2, headline(stack), va="center", fontsize=10.5, fontweight="bold")
    ax.text(0.04, 0.42, neighbour(known[-1].jump), va="center", fontsize=9.5)
    return fig


def headline(stack: Sequence[Layer]) -> str:
    """Sum up how far a stack sees, and how much of that it reads."""
    counts, field = paths(stack), fields(stack)[-1]
    unread = int((counts == 0).sum())
    found = "reads them all" if not unread else f"reads {len(counts) - unread}, misses {unread}"
    return f"Spans {field.size} pixels, {found}."


def neighbour(jump: int) -> str:
    """Say how far on the field of the next unit begins."""
    return f"The field of the next unit begins {jump} {'pixel' if jump == 1 else 'pixels'} on."


def say_cone(depth: int, kernel: int, stride: int, dilation: str) -> str:
    """Say what `draw_cone` shows, counted."""
    stack = stack_of(depth, kernel, stride, dilation)
    sizes = ", ".join(str(field.size) for field in fields(stack)[1:])
    layers, most = "layer" if depth == 1 else "layers", paths(stack).max()
    return (
        f"{depth} {layers} of {kernel} taps, stride {stride}, dilation {dilation}: field by layer {sizes}. "
        f"{headline(stack)} {neighbour(fields(stack)[-1].jump)} "
        f"At most {most} {'path leads' if most == 1 else 'paths lead'} from one pixel to the unit."
    )


def _at(field, units: np.ndarray, place: tuple[float, float]) -> np.ndarray:
    """Inches from the left of the middles of some units of a level."""
    return place[0] + place[1] * (field.start + units * field.jump + (field.size - 1) / 2)


def _fan(ax: Axes, layer: Layer, pair: Sequence, units: np.ndarray, y: float, place: tuple) -> None:
    """Draw the lines from the units of a level down to their taps."""
    taps = units[:, None] * layer.stride + layer.dilation * np.arange(layer.kernel)
    ends = _at(pair[0], taps, place)
    starts = np.broadcast_to(_at(pair[1], units, place)[:, None], ends.shape)
    if ends.size > 40:  # so many lines would melt: shade what each unit spans
        for start, row in zip(starts, ends, strict=True):
            corners = [(start[0], y + 0.1), (row[0], y + STEP - 0.1), (row[-1], y + STEP - 0.1)]
            ax.add_patch(Polygon(corners, facecolor="#e1e3e6", edgecolor="none"))
        return
    lines = [((a, y + 0.1), (b, y + STEP - 0.1)) for a, b in zip(starts.ravel(), ends.ravel(), strict=True)]
    ax.add_collection(LineCollection(lines, colors="#b9bdc4", linewidths=0.8))


def _row(ax: Axes, units: np.ndarray, field, y: float, place: tuple, colour: str) -> None:
    """Draw the units of a level: filled where they are read, empty between."""
    every = np.arange(units.min(), units.max() + 1)
    side = min(0.82 * field.jump * place[1], 0.17)
    edge = 0.7 if side > 0.05 else 0
    middles = _at(field, every, place)
    boxes = [Rectangle((x - side / 2, y - 0.085), side, 0.17) for x in middles]
    read = np.isin(every, units)
    faces = [colour if one else figures.PAPER for one in read]
    edges = [colour if one else figures.GREY for one in read]
    ax.add_collection(PatchCollection(boxes, facecolors=faces, edgecolors=edges, linewidths=edge, zorder=3))


def _bars(ax: Axes, counts: np.ndarray, start: int, foot: float, place: tuple) -> None:
    """Draw how many paths lead from each pixel to the unit, the most as a bar of 0.42 inches."""
    left = place[0] + place[1] * (start + np.arange(len(counts)) - 0.41)
    bars = [
        Rectangle((x, foot - 0.42 * n / counts.max()), 0.82 * place[1], 0.42 * n / counts.max())
        for x, n in zip(left, counts, strict=True)
        if n
    ]
    ax.add_collection(PatchCollection(bars, facecolors=figures.GREEN, linewidths=0))
    ax.plot([left[0], left[-1] + 0.82 * place[1]], [foot, foot], color=figures.GREY, linewidth=0.8)


# Filters with holes --------------------------------------------------------------------------------------------------


def draw_taps(kernel: int, dilations: Sequence[int]) -> Figure:
    """Draw where the taps of one kernel fall for several dilations, at one scale. Chapter: receptive_field."""
    sides = [rate * (kernel - 1) + 1 for rate in dilations]
    fig, ax = sheet(0.3 * (sum(sides) + 1.4 * len(sides)), 0.3 * (max(sides) + 2.2))
    left, foot = 0.3 * 0.7, 0.3 * (max(sides) + 1.9)
    for rate, side in zip(dilations, sides, strict=True):
        taps = spread(np.ones((kernel, kernel)), rate)
        top = foot - 0.3 * side
        for (row, column), tap in np.ndenumerate(taps):
            box = Rectangle((left + 0.3 * column, top + 0.3 * row), 0.3, 0.3)
            box.set(facecolor=figures.BLUE if tap else "white", edgecolor=RULE, linewidth=0.8)
            ax.add_patch(box)
        ax.text(left, top - 0.1, f"rate {rate}: {side} × {side}", fontsize=10)
        left += 0.3 * (side + 1.4)
    return fig


def draw_reads(stacks: Sequence[Sequence[Layer]], titles: Sequence[str]) -> Figure:
    """Draw the square field of each stack: the darker, the more paths; hatched pixels are never read.

    Chapter: receptive_field.
    """
    fig, axes = figures.canvas(7.4, 2.9, columns=len(stacks))
    for ax, stack, title in zip(np.atleast_1d(axes), stacks, titles, strict=True):
        row = paths(stack)
        field = np.outer(row, row)
        shade = np.where(field, 0.25 + 0.75 * field / field.max(), 0)
        ax.imshow(shade, cmap="Blues", vmin=0, vmax=1.1)
        for i, j in np.argwhere(field == 0):
            ax.plot(j, i, "x", color=figures.ORANGE, markersize=3.2, markeredgewidth=0.9)
        ax.set(xticks=[], yticks=[], xlabel=f"{len(row)} × {len(row)}, read: {np.count_nonzero(field)}")
        ax.set_title(title)
    return fig


def draw_drift(rows: dict[str, np.ndarray], start: int) -> Figure:
    """Draw rows of pixels under each other, each with its centre of mass, and where the point began.

    Chapter: receptive_field.
    """
    fig, ax = sheet(6.4, 0.55 + 0.62 * len(rows))
    side = len(next(iter(rows.values())))
    cell = 4.6 / side
    for i, (name, row) in enumerate(rows.items()):
        top, row = 0.5 + 0.62 * i, row / row.max()
        for x, value in enumerate(row):
            box = Rectangle((1.7 + cell * x, top), cell, 0.34, linewidth=0.5, edgecolor=RULE)
            box.set(facecolor=(*(np.array([0, 114, 178]) / 255), float(value)))
            ax.add_patch(box)
        centre = 1.7 + cell * (row @ np.arange(side) / row.sum() + 0.5)
        ax.plot([centre] * 2, [top - 0.06, top + 0.4], color=figures.ORANGE, linewidth=2)
        ax.text(1.6, top + 0.17, name, ha="right", va="center", fontsize=9.5)
    ax.plot([1.7 + cell * (start + 0.5)] * 2, [0.36, 0.5 + 0.62 * len(rows) - 0.1], color=figures.INK, linestyle=":")
    ax.text(1.7 + cell * (start + 0.5), 0.26, "where the point was", ha="center", va="bottom", fontsize=9.5)
    return fig


def draw_influence(maps: dict[int, np.ndarray]) -> Figure:
    """Draw maps of influence, by depth, each stretched to the size of its own field. Chapter: receptive_field."""
    titles = [f"{depth} layers, {len(one)} × {len(one)}" for depth, one in maps.items()]
    return figures.image_grid([one / one.max() for one in maps.values()], titles, columns=4, scale=1.7)


def draw_widths(depths: Sequence[int], widths: dict[str, np.ndarray], predicted: Sequence[float]) -> Figure:
    """Draw how the measured width grows with depth, beside the prediction and the theoretical field.

    widths: for each name (seeds, depths). Chapter: receptive_field.
    """
    fig, (left, right) = figures.canvas(7.4, 3.1, columns=2)
    n = np.asarray(depths, float)
    for ax in (left, right):
        ax.plot(n, n, color=figures.ORANGE, linestyle="--", label="half the field, $n$")
        ax.plot(n, predicted, color=figures.INK, linewidth=1, label=r"predicted, $\sqrt{2n/3}$")
        for i, (name, runs) in enumerate(widths.items()):
            look = {"markersize": 9, "markerfacecolor": "none"} if i == 0 else {"markersize": 4}
            colour = (figures.BLUE, figures.GREEN)[i]
            ax.plot(n, runs.mean(0), "os"[i], color=colour, label=f"measured, {name}", **look)
            ax.vlines(n, runs.min(0), runs.max(0), color=colour, linewidth=1)
        ax.set(xlabel="layers n")
    left.set(ylabel="pixels from the middle", title="as it is")
    right.set(xscale="log", yscale="log", title="on logarithmic axes", xticks=depths, xticklabels=depths)
    right.set(yticks=[1, 2, 5, 10, 30], yticklabels=[1, 2, 5, 10, 30])
    right.minorticks_off()
    left.legend(loc="upper left", frameon=False)
    return fig


def draw_growth(nets: dict[str, Sequence[int]], side: int) -> Figure:
    """Draw how the receptive field of real networks grows, layer by layer, up to the side of their picture.

    Chapter: receptive_field.
    """
    fig, ax = figures.canvas(6.2, 3.0)
    for i, (name, sizes) in enumerate(nets.items()):
        places = np.arange(1, len(sizes) + 1)
        ax.step(places, sizes, where="post", color=figures.CYCLE[i], label=f"{name}: ends at {sizes[-1]}")
    ax.axhline(side, color=figures.GREY, linestyle=":")
    ax.annotate(f"the picture, {side}", (0, side), xytext=(2, 4), textcoords="offset points", fontsize=9)
    ax.set(xlabel="layers with a window wider than one pixel", ylabel="receptive field, pixels", xticks=range(2, 19, 4))
    ax.legend(loc="upper left", bbox_to_anchor=(0.02, 0.9), frameon=False)
    return fig
