"""The pictures of the page shortcuts. Plain functions: numbers or models in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from keras import Model
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from cvnotes import backend, figures
from cvnotes.checks import choice
from cvnotes.figures.style import sheet
from cvnotes.models.graph import Call

from .looks import silence
from .stacks import Signals, signals, sizes, stack

# One block -----------------------------------------------------------------------------------------------------------

WORDS = {"Conv2D": "conv", "BatchNormalization": "norm", "ReLU": "ReLU", "ZeroPadding2D": "", "Add": "+"}
FACES = {"Conv2D": "#d9e8f2", "BatchNormalization": "white", "ReLU": "#fbeecb"}
ROW, BOX = 0.4, (1.62, 0.3)  # inches


def said(call: Call) -> str:
    """What stands in the box of a layer: its kind, and for a convolution its window, filters and stride."""
    layer, kind = call.operation, type(call.operation).__name__
    if kind != "Conv2D":
        return WORDS[kind]
    step = ", step 2" if layer.strides[0] == 2 else ""
    return f"{layer.kernel_size[0]} × {layer.kernel_size[1]}, {layer.filters}{step}"


def draw_block(kind: str, shortcut: str, order: str) -> Figure:
    """One residual block, drawn from its graph: the branch on the left, the shortcut on the right."""
    shared, way, branch, after = _routes(kind, shortcut, order)
    fig, ax = sheet(4.6, ROW * (len(shared) + len(branch) + len(after) + 1) + 1.3)
    left, right, top = 1.15, 3.35, 0.55
    ax.text(left, 0.25, f"x: {_shape(kind, shortcut, order)}", ha="center", va="center", fontsize=11.5)
    split = top + ROW * len(shared)
    total = split + ROW * (len(branch) + 0.65)
    bottom = total + ROW * (len(after) + 1)
    ax.plot([left, left], [0.4, bottom - 0.05], color=figures.INK, linewidth=1.2, zorder=0)
    ax.plot([left, right, right, left], [split - 0.06, split - 0.06, total, total], color=figures.ORANGE, zorder=0)
    _boxes(ax, shared, left, top)
    _boxes(ax, branch, left, split)
    _boxes(ax, way, right, (split + total - ROW * len(way)) / 2)
    _boxes(ax, after, left, total + 0.55 * ROW)
    ax.plot(left, total, "o", markersize=17, color="white", markeredgecolor=figures.INK)
    ax.text(left, total, "+", ha="center", va="center_baseline", fontsize=14)
    ax.text(left, bottom + 0.1, "y", ha="center", va="center", fontsize=11.5)
    if not way:
        ax.text(right + 0.1, (split + total) / 2, "x itself", color=figures.ORANGE, fontsize=11.5, va="center")
    return fig


def _boxes(ax: Axes, row: Sequence[Call], x: float, y: float) -> None:
    for i, call in enumerate(row):
        corner = (x - BOX[0] / 2, y + ROW * i + (ROW - BOX[1]) / 2)
        box = FancyBboxPatch(corner, *BOX, boxstyle="round,pad=0,rounding_size=0.06", edgecolor=figures.GREY)
        box.set(facecolor=FACES[type(call.operation).__name__], linewidth=0.9)
        ax.add_patch(box)
        ax.text(x, y + ROW * (i + 0.5), said(call), ha="center", va="center", fontsize=11)


@functools.cache
def _routes(kind: str, shortcut: str, order: str):
    """The ways of a block without the layers that only pad."""
    from .wiring import Routes, routes, single

    with backend.unallocated():
        found = routes(single(kind, shortcut, order))
    return Routes(*([call for call in way if WORDS[type(call.operation).__name__]] for way in found))


def _shape(kind: str, shortcut: str, order: str) -> str:
    first = [*_routes(kind, shortcut, order).shared, *_routes(kind, shortcut, order).branch][0]
    return " × ".join(map(str, first.inputs[0].shape))


def say_block(kind: str, shortcut: str, order: str) -> str:
    """Put `draw_block` into words."""
    shared, way, branch, after = ([said(call) for call in way] for way in _routes(kind, shortcut, order))
    before = f"First {'; '.join(shared)}. " if shared else ""
    return (
        f"{kind.capitalize()} block, {order}. {before}Branch: {'; '.join(branch)}. "
        f"Shortcut: {'; '.join(way) or 'x itself'}. Behind the sum: {'; '.join(after) or 'nothing'}."
    )


# Through many blocks -------------------------------------------------------------------------------------------------

WIRINGS = {
    "plain": ("plain", False, 0.0),
    "plain + norm": ("plain", True, 0.0),
    "v1": ("v1", False, 0.0),
    "v1 + norm": ("v1", True, 0.0),
    "v2": ("v2", False, 0.0),
    "v2 + norm": ("v2", True, 0.0),
    "v2 silent": ("v2", False, 0.0),
    "highway at −2": ("highway", False, -2.0),
    "highway at 2": ("highway", False, 2.0),
}
COUNTS = (5, 15, 30)  # blocks, of two layers each


@functools.cache
def batch(count: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """Digits as rows of 64 pixels less their mean, and their labels."""
    from cvnotes import data

    digits = data.digits()
    x = digits.train_images.reshape(len(digits.train_images), -1)
    return (x - x.mean(0))[:count], digits.train_labels[:count]


def at_start(wiring: str, blocks: int, seed: int = 0) -> Signals:
    """What 256 digits send through an untrained stack of 32 units, wired in one of `WIRINGS`."""
    kind, normalized, bias = WIRINGS[choice("wiring", wiring, WIRINGS)]
    net = stack(kind, blocks, normalized=normalized, gate_bias=bias, seed=seed)
    return signals(silence(net) if "silent" in wiring else net, *batch())


@functools.cache
def growth(wiring: str, blocks: int) -> np.ndarray:
    """Sizes at each border, (2, blocks + 1): activations over the first, gradients over the last; geometric means of
    three draws."""
    logs = []
    for seed in range(3):
        found = at_start(wiring, blocks, seed)
        forward, back = sizes(found.activations), sizes(found.gradients)
        logs.append(np.log([forward / forward[0], back / back[-1]]))
    return np.exp(np.mean(logs, axis=0))


def draw_growth(wiring: str, blocks: int) -> Figure:
    """Activations and gradients by border, on a scale of powers of ten."""
    forward, back = np.log10(growth(wiring, blocks))
    fig, ax = figures.canvas(5.6, 3.6)
    at = np.arange(blocks + 1)
    every = max(1, blocks // 10)
    ax.axhline(0, color=figures.GREY, linewidth=0.8)
    ax.plot(at, forward, "-s", color=figures.BLUE, label="activations, first = 1", markevery=every)
    ax.plot(at, back, "-o", color=figures.ORANGE, label="gradients, last = 1", markevery=every)
    ax.set(xlabel="blocks passed", ylim=(-4.2, 6.6), xlim=(-0.02 * blocks, 1.02 * blocks))
    ax.set_yticks([-4, -2, 0, 2, 4], ["0.0001", "0.01", "1", "100", "10,000"])
    ax.legend(loc="upper center", ncols=2, fontsize=10.5)
    return fig


def say_growth(wiring: str, blocks: int) -> str:
    """Put `draw_growth` into words."""
    forward, back = growth(wiring, blocks)
    return (
        f"{wiring}, {blocks} blocks: behind the last, activations are {_times(forward[-1])} those behind the entry; "
        f"in front of the first, the gradient is {_times(back[0])} that in front of the scores."
    )


def _times(ratio: float) -> str:
    """A ratio with two digits, so that the words are the same on every machine."""
    if 0.95 < ratio < 1.05:
        return "the size of"
    return f"{float(f'{ratio:.2g}'):,g} times"


# Results -------------------------------------------------------------------------------------------------------------


def draw_first(moves: Mapping[str, np.ndarray], probes: Mapping[str, np.ndarray], steps: Sequence[int]) -> Figure:
    """The first block in training: above, the share that it moves in a step, by pass; below, what a probe reads.

    moves: (seeds, passes); probes: (seeds, len(steps)), looked at after so many steps.
    """
    fig, (above, below) = figures.canvas(5.8, 5.4, rows=2)
    passes = np.arange(1, next(iter(moves.values())).shape[1] + 1)
    powers = {name: np.log10(values) for name, values in moves.items()}
    figures.curves(passes, powers, xlabel="pass over the digits", ylabel="share moved", ax=above)
    above.set_yticks([-4, -3, -2, -1], ["0.0001", "0.001", "0.01", "0.1"])
    figures.curves(range(len(steps)), probes, xlabel="steps", ylabel="named by the probe", ax=below)
    below.set_xticks(range(len(steps)), [str(step) for step in steps])
    return fig


def draw_skips(net: Model) -> Figure:
    """An encoder-decoder by its own layers: a bar for each map, as tall as its side, its size below; skips as arcs."""
    names = [*(f"down{i}" for i in (1, 2, 3)), "bottom", *(f"up{i}" for i in (3, 2, 1))]
    shapes = [net.get_layer(name).output.shape[1:] for name in names]
    fig, ax = sheet(6.0, 3.1)
    for i, (height, _, channels) in enumerate(shapes):
        x, tall = 0.55 + 0.8 * i, 1.5 * height / shapes[0][0]
        colour = figures.BLUE if i < 3 else figures.GREY if i == 3 else figures.GREEN
        ax.bar(x, tall, 0.12 + 0.012 * channels, bottom=1.75 - tall / 2, color=colour, alpha=0.6)
        ax.text(x, 2.72, f"{height} × {height}\n× {channels}", ha="center", va="center", fontsize=10)
    for level in (1, 2, 3):
        start, end = 0.55 + 0.8 * (level - 1), 0.55 + 0.8 * (7 - level)
        y = 1.75 - 0.75 / 2 ** (level - 1)
        link = {"arrowstyle": "-|>", "color": figures.ORANGE, "connectionstyle": "bar,fraction=-0.1", "linewidth": 1.6}
        ax.annotate("", (end, y), (start, y), arrowprops=link | {"connectionstyle": "arc3,rad=-0.22"})
        ax.text((start + end) / 2, y - 0.11 * (end - start) - 0.1, f"skip{level}", color=figures.ORANGE, ha="center")
    return fig


def band_on_scene(image: np.ndarray, mask: np.ndarray, band: np.ndarray) -> Figure:
    """A scene, and what counts as inside an object and as near a border."""
    return figures.overlay(image, masks=np.stack([mask & ~band, band]), labels=["", ""])
