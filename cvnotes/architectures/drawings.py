"""The pictures of the page architectures. Plain functions: models or numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from cvnotes import experiments, figures
from cvnotes.figures.style import sheet
from cvnotes.introduction import timeline

from .stages import paths

SHOWN = ("Conv2D", "MaxPooling2D")
COLOURS = {"Conv2D": figures.BLUE, "MaxPooling2D": figures.GREEN}
MARKS = {
    **{"LeNet-5": ("o", figures.GREY), "AlexNet": ("s", figures.ORANGE), "ZF net": ("D", figures.ORANGE)},
    **{"NiN": ("v", figures.PURPLE), "VGG": ("^", figures.GREEN), "VGG + BN": ("^", figures.INK)},
    **{"GoogLeNet": ("P", figures.PURPLE), "ResNet": ("o", figures.BLUE)},
    **{"SqueezeNet": ("<", figures.GOLD), "DenseNet": ("h", figures.SKY), "SE-ResNet": ("p", figures.BLUE)},
    "EfficientNet": ("*", figures.ORANGE),
}
#: points from a dot to its name, where names beside the dots would lie on each other
BESIDE = {"SE-ResNet": (8, 4), "ResNet": (8, -12), "LeNet-5": (8, -11), "GoogLeNet": (8, 1), "VGG + BN": (-62, -3)}


# Blocks -------------------------------------------------------------------------------------------------------------


def branches(model: keras.Model) -> Figure:
    """Draw a block from its own graph: one column a way from input to output, a box for each layer that is no ReLU."""
    ways = paths(model, SHOWN)
    rows = max(map(len, ways))
    fig, ax = sheet(1.75 * len(ways) + 0.4, 0.72 * (rows + 1) + 0.5)
    middle, right = 0.2 + 1.75 * len(ways) / 2, 1.75 * len(ways) + 0.2
    _wide_box(ax, 0.2, right, 0.05, f"input: {_size(model.input)}")
    _wide_box(ax, 0.2, right, 0.72 * (rows + 1) + 0.05, f"output: {_size(model.output)}")
    for column, way in enumerate(ways):
        _column(ax, [model.get_layer(name) for name in way], middle + 1.75 * (column + 0.5 - len(ways) / 2), rows)
    return fig


def _column(ax: Axes, column: Sequence[keras.Layer], x: float, rows: int) -> None:
    """The boxes of one way, from the top; an arrow into each, and one out of the last."""
    y = 0.45
    for place, layer in enumerate(column, 1):
        top = 0.72 * place + 0.05
        _arrow(ax, x, y, top)
        _box(ax, x - 0.72, top, 1.44, _words(layer), COLOURS[type(layer).__name__])
        y = top + 0.4
    _arrow(ax, x, y, 0.72 * (rows + 1) + 0.05)


def _words(layer: keras.Layer) -> str:
    size = getattr(layer, "kernel_size", None) or layer.pool_size
    what = f", {layer.filters}" if hasattr(layer, "filters") else " max"
    return f"{size[0]} × {size[1]}{what}"


def _size(tensor: keras.KerasTensor) -> str:
    return " × ".join(map(str, tensor.shape[1:]))


def _box(ax: Axes, x: float, y: float, width: float, words: str, colour: str) -> None:
    box = FancyBboxPatch((x, y), width, 0.4, boxstyle="round,pad=0,rounding_size=0.06", linewidth=1)
    box.set(facecolor=to_rgba(colour, 0.16), edgecolor=colour)
    ax.add_patch(box)
    ax.text(x + width / 2, y + 0.21, words, ha="center", va="center", fontsize=9.5)


def _wide_box(ax: Axes, left: float, right: float, y: float, words: str) -> None:
    _box(ax, left, y, right - left, words, figures.GREY)


def _arrow(ax: Axes, x: float, start: float, end: float) -> None:
    ax.annotate("", (x, end), (x, start), arrowprops={"arrowstyle": "-|>", "color": figures.INK, "linewidth": 0.9})


# Stages -------------------------------------------------------------------------------------------------------------


def by_size(name: str, found: np.ndarray) -> Figure:
    """Draw a net by the size of its maps. found: a row a stage: side, channels, parameters, MACs, activations."""
    fig, axes = figures.canvas(7.6, 4.6, rows=4, height_ratios=[1.5, 1, 1, 1], sharex=True)
    places = np.arange(len(found))
    _volumes(axes[0], found[:, 0], found[:, 1])
    axes[0].set_title(name)
    for ax, column, words, colour in zip(
        axes[1:],
        found[:, 2:].T,
        ("parameters", "MACs", "activations"),
        (figures.ORANGE, figures.BLUE, figures.GREEN),
        strict=True,
    ):
        shares = 100 * column / column.sum()
        ax.bar(places, shares, width=0.5, color=colour, alpha=0.75)
        for x, share in zip(places, shares, strict=True):
            ax.text(x, share + 4, f"{share:.0f} %", ha="center", va="bottom", fontsize=8.5)
        ax.set(ylim=(0, 128), yticks=[])
        ax.set_ylabel(words, rotation=0, ha="right", va="center")
        ax.spines["left"].set_visible(False)
    labels = [f"{s:.0f} × {s:.0f}\n× {c:,.0f}" if s > 1 else f"vectors\n≤ {c:,.0f}" for s, c in found[:, :2]]
    axes[-1].set_xticks(places, labels)
    axes[-1].set_xlim(-0.6, len(found) - 0.4)
    return fig


def _volumes(ax: Axes, sides: np.ndarray, channels: np.ndarray) -> None:
    """A rectangle a stage, as high as its side and as wide as its channels, on two scales of its own."""
    heights, widths = sides / sides.max(), 0.8 * channels / channels.max()
    for x, (height, width) in enumerate(zip(heights, widths, strict=True)):
        tall, wide = max(height, 0.02), max(width, 0.015)
        ax.add_patch(
            Rectangle((x - wide / 2, (1 - tall) / 2), wide, tall, facecolor=figures.SKY, edgecolor=figures.INK)
        )
    ax.set(ylim=(-0.05, 1.05), yticks=[])
    ax.set_ylabel("side ↕\nchannels ↔", rotation=0, ha="right", va="center")
    ax.tick_params(axis="x", length=0)
    for spine in ("left", "bottom"):
        ax.spines[spine].set_visible(False)


def says_by_size(name: str, found: np.ndarray) -> str:
    """Put `by_size` into words: where each of the three costs is largest."""
    shares = 100 * found[:, 2:] / found[:, 2:].sum(0)
    where = [f"{_place(found[i])} ({shares[i, k]:.0f} %)" for k, i in enumerate(shares.argmax(0))]
    sizes = ", ".join(_place(row) for row in found)
    return f"{name}, sizes {sizes}. Most parameters: {where[0]}; MACs: {where[1]}; activations: {where[2]}."


def _place(row: np.ndarray) -> str:
    return f"{row[0]:.0f} × {row[0]:.0f}" if row[0] > 1 else "vectors"


# All nets -----------------------------------------------------------------------------------------------------------


class Counted(NamedTuple):
    """A named net: numbers to train, multiply-accumulates, side of its pictures in pixels, year of its paper."""

    parameters: int
    macs: int
    side: int
    year: int


def counted(found: Mapping[str, np.ndarray]) -> dict[str, Counted]:
    """Read the stored trial `counts`: every net that a paper stands behind. Chapter: architectures."""
    names = [name for name in found if not name.endswith(("_stages", "_size"))]
    papers = {name: timeline.origin(name) for name in names}
    told = {name: found[name][0].astype(int) for name in names if papers[name]}
    return {
        name: Counted(int(a * 10**6 + b), int(c * 10**6 + d), int(side), papers[name][1])
        for name, (a, b, c, d, side) in told.items()
    }


def landscape(nets: Mapping[str, Counted], named: Sequence[str]) -> Figure:
    """Draw nets by parameters and MACs on log scales, darker the older, hollow where pictures are below 64 pixels."""
    fig, ax = figures.canvas(7.4, 4.6)
    years = [net.year for net in nets.values()]
    scale = ScalarMappable(Normalize(2012, max(years)), "viridis")  # the one before 2012 is as dark as its first
    for net in nets.values():
        colour = scale.to_rgba(net.year)
        ax.plot(net.parameters, net.macs, "o", color=colour, fillstyle="none" if net.side < 64 else "full")
    for name in named:
        ax.annotate(name, nets[name][:2], xytext=(6, 3), textcoords="offset points", fontsize=8.5)
    ax.set(xscale="log", yscale="log", xlabel="parameters", ylabel="MACs for one picture")
    fig.colorbar(scale, ax=ax, label="year of the paper", pad=0.02)
    ax.grid()
    return fig


# The race -----------------------------------------------------------------------------------------------------------


def against_macs(scores: Mapping[str, np.ndarray], macs: Mapping[str, int]) -> Figure:
    """Draw accuracy against MACs: the mean of each net, and a line from its lowest to its highest seed."""
    fig, ax = figures.canvas(7.4, 4.2)
    for name, runs in scores.items():
        marker, colour = MARKS[name]
        ax.plot([macs[name]] * 2, [runs.min(), runs.max()], color=colour, linewidth=2, alpha=0.4)
        ax.plot(macs[name], runs.mean(), marker, color=colour, markersize=8)
        beside = BESIDE.get(name, (8, -3))
        ax.annotate(name, (macs[name], runs.mean()), xytext=beside, textcoords="offset points", fontsize=9)
    ax.set(xscale="log", xlabel="MACs for one picture (log scale)", ylabel="accuracy on test pictures")
    ax.grid(axis="y")
    return fig


def says_against_macs(scores: Mapping[str, np.ndarray]) -> str:
    """Put `against_macs` into words, from the best net to the last."""
    order = sorted(scores, key=lambda name: -scores[name].mean())
    told = [f"{name} {experiments.spread(scores[name], 2)}" for name in order]
    return f"Accuracy, mean and range of five seeds, from the best: {'; '.join(told)}."


def gates(found: np.ndarray, names: Sequence[str]) -> Figure:
    """Draw what the gates of a block are on average for each class: (classes, channels), from 0 dark to 1 light."""
    fig, ax = figures.canvas(7.2, 0.24 * len(names) + 1.1)
    image = ax.imshow(found, vmin=0, vmax=1, aspect="auto", cmap="viridis")
    ax.set_yticks(range(len(names)), names)
    ax.set_xlabel("channel of the last block")
    fig.colorbar(image, ax=ax, label="mean gate", pad=0.02)
    return fig


def says_gates(found: np.ndarray, names: Sequence[str]) -> str:
    """Put `gates` into words: how many channels keep their gate for every class, and which gate moves most."""
    moves = found.max(0) - found.min(0)
    most = int(moves.argmax())
    low, high = (names[int(pick(found[:, most]))] for pick in (np.argmin, np.argmax))
    kept = f"{(moves < 0.1).sum()} of {len(moves)} gates are within 0.1 for all classes"
    moved = f"that of channel {most} moves most: least open for {low}, most for {high}"
    return f"Mean gates by class and channel: {kept}; {moved}."
