"""Grids of numbers, and a window that slides over one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvnotes.checks import pair, whole
from cvnotes.figures.style import BLUE, GREY, INK, ORANGE, RULE, WIDTH, finite, sheet

CELL = 0.42  # inches: room for four characters


def numbers(
    grid: Any,
    *,
    ax: Axes | None = None,
    highlight: Sequence[tuple[int, int, int, int, str]] | None = None,
    fmt: str = "g",
    cmap: str | None = None,
) -> Figure:
    """A matrix as a grid of cells, each with its number.

    Args:
        grid: (rows, columns), or one row (columns,), or (rows, columns, 1).
        ax: axes to draw on; a new figure if there is none.
        highlight: frames ``(row, column, height, width, colour)``, in cells.
        fmt: how a number is written, as in ``format``.
        cmap: colours the cells by their values.

    Raises:
        ValueError: for a grid that is empty, has another shape, or holds values that are not finite.
    """
    matrix = _matrix(grid, "grid")
    if ax is None:
        cell = min(CELL, WIDTH / (matrix.shape[1] + 0.4))
        _, ax = sheet((matrix.shape[1] + 0.4) * cell, (matrix.shape[0] + 0.4) * cell)
    _blank(ax, (-0.2, matrix.shape[1] + 0.2), (-0.2, matrix.shape[0] + 0.2))
    _cells(ax, matrix, fmt=fmt, cmap=cmap)
    for row, column, height, width, colour in highlight or ():
        _frame(ax, row, column, height, width, colour)
    return ax.figure


def _matrix(grid: Any, name: str) -> np.ndarray:
    matrix = finite(grid, name)
    if matrix.ndim == 3 and matrix.shape[2] == 1:
        matrix = matrix[..., 0]
    matrix = matrix[None] if matrix.ndim == 1 else matrix
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(f"{name} must be a matrix of numbers. Received the shape: {np.shape(grid)}")
    return matrix


def _blank(ax: Axes, x: tuple[float, float], y: tuple[float, float]) -> None:
    """Axes without axes: one unit is one cell, rows go down."""
    ax.set(xlim=x, ylim=y[::-1], aspect="equal")
    ax.axis("off")


def _cells(
    ax: Axes,
    matrix: np.ndarray,
    at: tuple[float, float] = (0, 0),
    *,
    fmt: str = "g",
    cmap: str | None = None,
    face: str = "white",
    hatched: np.ndarray | None = None,
    blank: np.ndarray | None = None,
) -> None:
    """Draw a matrix with its top left corner at ``at`` = (row, column)."""
    top, left = at
    faces = colormaps[cmap](_unit(matrix)) if cmap else np.broadcast_to(to_rgba(face), (*matrix.shape, 4))
    texts = np.vectorize(lambda value: _written(value, fmt), otypes=[object])(matrix)
    font = _font(ax, max(map(len, texts.flat)))
    if blank is not None:
        texts[blank] = ""
    for (row, column), text in np.ndenumerate(texts):
        outside = hatched is not None and hatched[row, column]
        box = Rectangle((left + column, top + row), 1, 1, facecolor="none" if outside else faces[row, column])
        box.set(edgecolor=RULE, linewidth=0.8)
        if outside:
            box.set(hatch="/////", hatchcolor=RULE) if hasattr(box, "set_hatchcolor") else box.set(hatch="/////")
        ax.add_patch(box)
        dark = cmap is not None and _luminance(faces[row, column]) < 0.22  # where white reads better than ink
        colour = "white" if dark else GREY if outside else INK
        at = (left + column + 0.5, top + row + 0.52)
        ax.text(*at, text, ha="center", va="center", color=colour, fontsize=font)


def _luminance(face: np.ndarray) -> float:
    return float(face[:3] ** 2.2 @ (0.2126, 0.7152, 0.0722))


def _unit(matrix: np.ndarray) -> np.ndarray:
    spread = matrix.max() - matrix.min()
    return (matrix - matrix.min()) / spread if spread else np.full(matrix.shape, 0.5)


def _written(value: float, fmt: str) -> str:
    text = format(value if value else 0.0, fmt)  # no "-0"
    return text.replace("-", "−")


def _font(ax: Axes, characters: int) -> float:
    """The size of letters, in points, with which the longest number still fits its cell."""
    inches = ax.get_position().size * ax.figure.get_size_inches()
    cell = min(inches / np.abs([np.diff(ax.get_xlim())[0], np.diff(ax.get_ylim())[0]]))
    return float(min(9.5, 72 * cell * 0.86 / (0.64 * max(characters, 2))))


def _frame(ax: Axes, row: float, column: float, height: float, width: float, colour: str) -> None:
    ax.add_patch(Rectangle((column, row), width, height, fill=False, edgecolor=colour, linewidth=2.2, zorder=5))


# The sliding window -------------------------------------------------------------------------------------------------


class _Slide(NamedTuple):
    """One step of a window over a padded image."""

    padded: np.ndarray
    kernel: np.ndarray
    output: np.ndarray
    corner: tuple[int, int]  # of the window, in the padded image
    place: tuple[int, int]  # of the result, in the output
    pad: tuple[int, int]


def sliding_window(
    image: Any,
    kernel: Any,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    step: int = 0,
) -> Figure:
    r"""One step of a window over an image: what it covers, the products, their sum, and the output so far.

    .. math:: y_{ij} = \sum_{a,b} k_{ab}\, x_{iS + a - P,\; jS + b - P}

    Args:
        image: (h, w), a row (w,), or (h, w, 1).
        kernel: (k, l) or (l,), at most as large as the padded image.
        stride: pixels between two windows; a pair for rows and columns.
        padding: zeros on each side (hatched); a pair for rows and columns.
        step: which window, counted along the rows from 0.

    Raises:
        ValueError: where the window does not fit, or there is no such step.
    """
    slide = _slide(
        _matrix(image, "image"), _matrix(kernel, "kernel"), pair("stride", stride), pair("padding", padding, 0), step
    )
    (rows, columns), (kh, kw), (oh, ow) = slide.padded.shape, slide.kernel.shape, slide.output.shape
    gap, middle = 1.5, columns + 1.5
    width = columns + gap + max(kw, 2) + gap + ow + 0.8
    height = max(rows, 2 * kh + 2.6, oh) + 1.6
    cell = min(CELL, WIDTH / width)
    fig, ax = sheet(width * cell, height * cell)
    _blank(ax, (-0.4, width - 0.4), (-1.2, height - 1.2))
    _draw_input(ax, slide)
    _draw_products(ax, slide, middle)
    _draw_output(ax, slide, middle + max(kw, 2) + gap)
    return fig


def _slide(image: np.ndarray, kernel: np.ndarray, stride: tuple, pad: tuple, step: int) -> _Slide:
    step = whole("step", step, 0)
    padded = np.pad(image, [(pad[0], pad[0]), (pad[1], pad[1])])
    if any(k > n for k, n in zip(kernel.shape, padded.shape, strict=True)):
        raise ValueError(
            f"The kernel must fit into the padded image. Received: kernel {kernel.shape}, padded image {padded.shape}"
        )
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)[:: stride[0], :: stride[1]]
    output = (windows * kernel).sum(axis=(-2, -1))
    if step >= output.size:
        raise ValueError(f"step must be from 0 to {output.size - 1}, for {output.size} windows. Received: {step}")
    place = divmod(int(step), output.shape[1])
    return _Slide(padded, kernel, output, (place[0] * stride[0], place[1] * stride[1]), place, pad)


def _draw_input(ax: Axes, slide: _Slide) -> None:
    outside = np.ones(slide.padded.shape, bool)
    (ph, pw), (rows, columns) = slide.pad, slide.padded.shape
    outside[ph : rows - ph, pw : columns - pw] = False
    _title(ax, 0, "input")
    _cells(ax, slide.padded, fmt=".3g", hatched=outside)
    _tint(ax, *slide.corner, *slide.kernel.shape, ORANGE)


def _draw_products(ax: Axes, slide: _Slide, left: float) -> None:
    (row, column), (kh, kw) = slide.corner, slide.kernel.shape
    window = slide.padded[row : row + kh, column : column + kw]
    _title(ax, left, "filter")
    _cells(ax, slide.kernel, (0, left), fmt=".3g")
    _frame(ax, 0, left, kh, kw, BLUE)
    _title(ax, left, "products", kh + 1.5)
    _cells(ax, window * slide.kernel, (kh + 1.5, left), fmt=".3g")
    total = _written(float(slide.output[slide.place]), ".3g")
    ax.text(left, 2 * kh + 2.1, f"sum {total}", ha="left", va="center", fontsize=9, color=INK)


def _draw_output(ax: Axes, slide: _Slide, left: float) -> None:
    done = np.arange(slide.output.size).reshape(slide.output.shape) <= np.ravel_multi_index(
        slide.place, slide.output.shape
    )
    _title(ax, left, "output")
    _cells(ax, slide.output, (0, left), fmt=".3g", blank=~done)
    _tint(ax, slide.place[0], left + slide.place[1], 1, 1, ORANGE)


def _tint(ax: Axes, row: float, column: float, height: float, width: float, colour: str) -> None:
    ax.add_patch(Rectangle((column, row), width, height, facecolor=to_rgba(colour, 0.14), edgecolor="none", zorder=1))
    _frame(ax, row, column, height, width, colour)


def _title(ax: Axes, left: float, words: str, top: float = 0) -> None:
    ax.text(left, top - 0.35, words, ha="left", va="bottom", fontsize=9, color=INK)
