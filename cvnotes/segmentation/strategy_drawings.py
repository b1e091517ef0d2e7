"""The pictures of the page segmentation_strategies. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from cvnotes import figures
from cvnotes.checks import choice, whole
from cvnotes.pooling import drawings as panels

from . import smoothing, strategies, task, teaching, trials_strategies, unpooling
from .drawings import SHADES, tinted

SHOWN = (1, 4, 10, 13)  # held-out scenes of the figures to play with
ANSWERED, SMOOTH = 4, 3  # how many of them each of the two offers
STRENGTHS, STEPS = (0.5, 2.0, 8.0), (0, 1, 4, 16)
EDGE = (48, 22)  # row and column of a pixel at an object's edge in the first of them
#: the rows of the comparison: every net, and mean field behind some of them
COMPARED = tuple(
    name
    for net in strategies.STRATEGIES
    for name in (net, f"{net} smoothed")
    if name == net or net in trials_strategies.SMOOTHED
)


def marked(image: np.ndarray, truth: np.ndarray, said: np.ndarray) -> np.ndarray:
    """A picture in pale grey, with the pixels that have a wrong label in orange. Chapter: segmentation_strategies."""
    grey = np.repeat(0.45 + 0.5 * image.mean(-1, keepdims=True) / 255, 3, -1)
    grey[truth != said] = to_rgb(figures.ORANGE)
    return grey


def _show(ax: Axes, image: np.ndarray, title: str = "") -> None:
    ax.imshow(image, interpolation="nearest")
    ax.set(xticks=[], yticks=[], xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
    ax.set_title(title, fontsize=8.5)
    for side in ax.spines.values():
        side.set_visible(False)


def _row(pictures: Sequence[np.ndarray], titles: Sequence[str], height: float = 1.8) -> Figure:
    fig, axes = figures.canvas(1.52 * len(pictures), height, columns=len(pictures), squeeze=False)
    for ax, picture, title in zip(axes[0], pictures, titles, strict=True):
        _show(ax, picture, title)
    return fig


# The problem --------------------------------------------------------------------------------------------------------


def coarse(image: np.ndarray, truth: np.ndarray, logits: np.ndarray, cells: np.ndarray) -> Figure:
    """A picture, its true labels, the labels of the coarse cells, and where the enlarged answer is wrong."""
    said = logits.argmax(-1)
    pictures = [image, tinted(truth), tinted(cells.argmax(-1)), tinted(said), marked(image, truth, said)]
    titles = ["picture", "truth", f"{len(cells)} × {len(cells)} cells", "enlarged", "wrong"]
    return _row(pictures, titles)


@functools.cache
def shown() -> task.Lessons:
    """The scenes of the figures to play with."""
    test = task.held_out()
    return task.Lessons(test.images[list(SHOWN)], test.labels[list(SHOWN)])


@functools.cache
def said_of_shown(name: str) -> np.ndarray:
    """The logits of a stored net for those scenes."""
    return teaching.logits(trials_strategies.stored(name), shown().images)


def key(labels: np.ndarray) -> list[Patch]:
    """The colours and names of the classes among some labels."""
    return [Patch(color=SHADES[label], label=task.name(int(label))) for label in np.unique(labels) if label]


# Figures to play with -----------------------------------------------------------------------------------------------


def answered(scene: int, net: str) -> Figure:
    """Draw what one strategy says of one of the SHOWN scenes, and where it is wrong."""
    image, truth = (given[whole("scene", scene, 1, len(SHOWN)) - 1] for given in shown())
    said = said_of_shown(choice("net", net, strategies.STRATEGIES))[scene - 1].argmax(-1)
    wrong = f"{(truth != said).sum()} pixels wrong"
    fig = _row([image, tinted(truth), tinted(said), marked(image, truth, said)], ["picture", "truth", net, wrong], 2.0)
    fig.legend(handles=key(truth), loc="outside lower center", ncols=4, fontsize=8)
    return fig


def say_answered(scene: int, net: str) -> str:
    """What `answered` shows, in words."""
    return f"Held-out scene {scene}: picture, true labels, the labels of the net {net}, and the pixels it has wrong."


def smoothed(scene: int, strength: float, steps: int) -> Figure:
    """Draw the plain answer to one of the SHOWN scenes after some steps of mean field."""
    image, truth = (given[whole("scene", scene, 1, len(SHOWN)) - 1] for given in shown())
    pull = trials_strategies.PULL._replace(strength=strength)
    logits = said_of_shown("plain")[scene - 1]
    said = smoothing.mean_field(logits, smoothing.pulls(image, pull), steps).argmax(-1)
    wrong = f"{(truth != said).sum()} pixels wrong"
    titles = ["picture", "truth", f"after {steps} steps" if steps != 1 else "after 1 step", wrong]
    return _row([image, tinted(truth), tinted(said), marked(image, truth, said)], titles)


def say_smoothed(scene: int, strength: float, steps: int) -> str:
    """What `smoothed` shows, in words."""
    heard = f"{steps} step{'s' * (steps != 1)}"
    return (
        f"Held-out scene {scene}: picture, true labels, the plain net's labels after {heard} of mean field "
        f"with strength {strength:g}, and the pixels that are wrong."
    )


# Windows, pairs and results -----------------------------------------------------------------------------------------


def taps(side: int, rates: Sequence[int], at: tuple[int, int]) -> Figure:
    """Draw which cells of a map the taps of a 3 x 3 window meet, at each dilation, around one cell (row, column)."""
    fig, axes = figures.canvas(7.6, 2.3, columns=len(rates))
    for ax, rate in zip(axes, rates, strict=True):
        _grid(ax, side)
        met = [(at[0] + rate * i, at[1] + rate * j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        inside = [(row, column) for row, column in met if 0 <= row < side and 0 <= column < side]
        for row, column in inside:
            ax.add_patch(Rectangle((column, row), 1, 1, color=figures.ORANGE if (row, column) == at else figures.BLUE))
        ax.set_title(f"dilation {rate}: {len(inside)} tap{'s' * (len(inside) > 1)}", fontsize=8.5)
    return fig


def _grid(ax: Axes, side: int) -> None:
    ax.set(xlim=(-0.1, side + 0.1), ylim=(side + 0.1, -0.1), aspect="equal", xticks=[], yticks=[])
    for line in range(side + 1):
        ax.plot([0, side], [line, line], [line, line], [0, side], color=figures.GREY, linewidth=0.5)
    for edge in ax.spines.values():
        edge.set_visible(False)


def put_back(grid: np.ndarray, values: np.ndarray) -> Figure:
    """Draw a map (2h, 2w), its maxima, their places, other values (h, w), and these put back at the places."""
    best, places = unpooling.pool_with_places(np.float32(grid)[None, ..., None])
    new = np.float32(values)[None, ..., None]
    ones, back = (unpooling.unpool(one, places) for one in (np.ones_like(new), new))
    maps = {"pooled": best, "places": ones, "unpooled": back}
    flat = {name: keras.ops.convert_to_numpy(one)[0, ..., 0] for name, one in maps.items()}
    grids = {"map": grid, "pooled": flat["pooled"], "places": flat["places"], "decoded": values}
    grids["unpooled"] = flat["unpooled"]
    frames = [panels.quarters(len(one), len(one) // 2) for one in grids.values()]
    return panels.panels(grids, frames, [2, 1.15, 2, 1.15, 2], ".3g")


def pulled_by(image: np.ndarray, at: tuple[int, int], pull: smoothing.Pull) -> Figure:
    """Draw how strongly the neighbours of one pixel (row, column) pull at it, beside the picture."""
    mark = np.zeros((1, *image.shape[:2]))
    mark[0, at[0], at[1]] = 1.0
    strengths = smoothing.pulled(mark, smoothing.pulls(image, pull))[0]
    around = tuple(slice(max(place - 8, 0), place + 9) for place in at)
    fig, axes = figures.canvas(7.6, 2.7, columns=3)
    _show(axes[0], image, "picture")
    corner = (around[1].start - 0.5, around[0].start - 0.5)
    axes[0].add_patch(Rectangle(corner, 17, 17, fill=False, edgecolor=figures.PAPER, linewidth=2))
    _show(axes[1], image[around], "a piece of it")
    axes[1].plot(at[1] - around[1].start, at[0] - around[0].start, "o", color=figures.PAPER, markeredgecolor="black")
    _show(axes[2], strengths[around], "pull of each neighbour")
    axes[2].images[0].set_cmap("magma")
    return fig


def price(found: Mapping[str, np.ndarray], macs: Mapping[str, float], measure: str = "mean_iou") -> Figure:
    """Draw mean and spread of a measure for each net against its multiply-adds (millions), and with mean field."""
    fig, axes = figures.canvas(7.6, 3.9)
    for i, (name, cost) in enumerate(macs.items()):
        colour = figures.CYCLE[i % len(figures.CYCLE)]
        _mark(axes, cost, found[f"{name}_{measure}"], name, colour, full=True)
        if f"{name} smoothed_{measure}" in found:
            _mark(axes, cost, found[f"{name} smoothed_{measure}"], "smoothed", colour, full=False)
    axes.set(xlabel="multiply-adds of the net for one picture (millions)", ylabel="mean IoU", xlim=(1.5, 19.5))
    axes.grid(axis="y")
    return fig


def _mark(ax: Axes, cost: float, runs: np.ndarray, name: str, colour: str, *, full: bool) -> None:
    ax.plot([cost, cost], [runs.min(), runs.max()], color=colour, linewidth=2)
    ax.plot(cost, runs.mean(), "o", color=colour, markersize=6, markerfacecolor=colour if full else figures.PAPER)
    look = {"textcoords": "offset points", "va": "center", "color": colour, "fontsize": 8.5, "fontweight": "bold"}
    ax.annotate(name, (cost, runs.mean()), xytext=(8, 0) if full else (4, -14), **look)  # below: others stand beside
