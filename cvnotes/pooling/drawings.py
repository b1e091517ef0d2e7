"""The pictures of the chapters pooling and invariance. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures

from .backward import pool2d_gradient, scatter, winners
from .forward import pool2d
from .windows import pool_size, windows, with_channels

WINDOWS, STRIDES = (2, 3, 4, 8), (1, 2, 4)  # of the photograph to play with
FOUR = (figures.BLUE, figures.ORANGE, figures.GREEN, figures.PURPLE)


def quarters(side: int, cell: int) -> list[tuple[int, int, int, int, str]]:
    """Frame four windows of `cell` cells in a grid of `side`, each in its own colour."""
    starts = [(i, j) for i in range(0, side, cell) for j in range(0, side, cell)]
    return [(i, j, cell, cell, colour) for (i, j), colour in zip(starts, FOUR, strict=True)]


def panels(grids: Mapping[str, np.ndarray], frames: Sequence[list], widths: Sequence[int], fmt: str = "g") -> Figure:
    """Draw grids of numbers side by side, each with its name above and its frames."""
    fig, axes = figures.canvas(7.6, 2.3, columns=len(grids), width_ratios=widths)
    for ax, (name, grid), frame in zip(np.atleast_1d(axes), grids.items(), frames, strict=True):
        figures.numbers(grid, ax=ax, highlight=frame, fmt=fmt)
        ax.set_title(name)
    return fig


def four_kinds(grid: np.ndarray) -> Figure:
    """Draw a 4 x 4 grid and what each kind of pooling makes of its four windows."""
    grids = {"input": grid} | {how: pool2d(grid, how=how) for how in ("max", "average", "min", "l2")}
    frames = [quarters(4, 2)] + [quarters(2, 1)] * 4
    return panels(grids, frames, widths=[2, 1.15, 1.15, 1.15, 1.15], fmt=".3g")


def gradient_routes(grid: np.ndarray, upstream: np.ndarray) -> Figure:
    """Draw where the gradient of each of four outputs goes, for the maximum and for the average."""
    grids = {"input": grid, "from above": upstream}
    grids |= {f"back through {how}": pool2d_gradient(grid, upstream, how=how) for how in ("max", "average")}
    frames = [quarters(4, 2), quarters(2, 1), quarters(4, 2), quarters(4, 2)]
    return panels(grids, frames, widths=[2, 1.15, 2, 2], fmt=".3g")


def survivors(image: np.ndarray, window: int, stride: int) -> np.ndarray:
    """Mark the cells of a (h, w) image that are the maximum of at least one window."""
    cells = windows(image, window, stride)
    return scatter(winners(cells), with_channels(image).shape, (stride, stride))[..., 0] > 0


def what_survives(image: np.ndarray, window: int, stride: int) -> Figure:
    """Draw a grey (h, w) photograph: the pixels that win, the maxima, the averages, and one pixel per stop."""
    alive = survivors(image, window, stride)
    marked = np.stack([image * 0.45] * 3, axis=-1)
    marked[alive] = np.array([0.95, 0.6, 0.1]) * (0.35 + 0.65 * image[alive, None])
    small = {how: pool2d(image, window, stride, how=how) for how in ("max", "average")}
    n = small["max"].shape[0]
    picked = image[: n * stride : stride, : n * stride : stride]
    titles = [
        f"winners: {alive.mean():.1%} of pixels",
        f"maximum, {n} × {n}",
        f"average, {n} × {n}",
        "one pixel per stop",
    ]
    return figures.image_grid([marked, *small.values(), picked], titles, columns=4, scale=1.75)


def says_what_survives(image: np.ndarray, window: int, stride: int) -> str:
    """Put `what_survives` into words."""
    n = pool_size(image.shape[0], window, stride)
    share = survivors(image, window, stride).mean()
    return (
        f"Window {window}, stride {stride}: {share:.1%} of the pixels are the maximum of some window. "
        f"The pooled photographs have {n} x {n} pixels; maxima look brighter than averages, single pixels rougher."
    )


def two_answers(image: np.ndarray, scores: Mapping[str, np.ndarray], truth: int) -> Figure:
    """Draw a digit and, for each net, the probability that it gives to the ten classes."""
    fig, (left, right) = figures.canvas(7.2, 2.6, columns=2, width_ratios=[1, 2.4])
    left.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1)
    left.set(xticks=[], yticks=[])
    left.set_title(f"a {truth}")
    wide = 0.8 / len(scores)
    for i, (name, chances) in enumerate(scores.items()):
        places = np.arange(10) + (i - (len(scores) - 1) / 2) * wide
        right.bar(places, chances, wide, color=figures.CYCLE[i], label=f"{name}: says {chances.argmax()}")
    right.set(xticks=range(10), ylim=(0, 1.05), xlabel="digit", ylabel="probability")
    right.legend(loc="upper center", bbox_to_anchor=(0.5, 1.22), ncols=len(scores), frameon=False)
    return fig


def says_two_answers(scores: Mapping[str, np.ndarray], digit: int, right: int) -> str:
    """Put `two_answers` into words."""
    where = "in the middle" if right == 0 else f"{abs(right)} pixels to the {'right' if right > 0 else 'left'}"
    heard = "; ".join(f"{name} the net says {chances.argmax()}" for name, chances in scores.items())
    return f"A {digit}, {where}: {heard}."


def ranges(
    x: Sequence[float],
    groups: Mapping[str, np.ndarray],
    *,
    xlabel: str,
    ylabel: str,
    chance: float,
    ax: Axes | None = None,
) -> Figure:
    """Draw curves with bands over seeds, and a dotted line where guessing would end."""
    fig = figures.curves(x, groups, xlabel=xlabel, ylabel=ylabel, ax=ax)
    ax = fig.axes[0] if ax is None else ax
    ax.axhline(chance, color=figures.GREY, linewidth=1, linestyle=":")
    ax.annotate("chance", (x[0], chance), xytext=(0, 3), textcoords="offset points", color=figures.INK, fontsize=8)
    ax.set_ylim(0, 1.02)
    return fig
