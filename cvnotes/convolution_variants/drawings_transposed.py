"""The pictures of the chapter on transposed convolution, each drawn from the arrays that it speaks of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvnotes import figures
from cvnotes.figures.style import RULE, sheet

from .checkerboards import overlaps
from .deconvolution import photo_spectrum, response
from .dilated import spread
from .transposed import by_stamps, by_stuffing, stuffed

FRAME, CELL, TINT = "#e8e4d9", 1 / 3, "#cfe3f1"  # border zeros; inches, 50 pixels of a frame; input cells

# Two ways to one row: the figure to play with ------------------------------------------------------------------------

ROW, TAPS = np.array([2, 1, 3]), np.array([1, 2, 4])
STRIDES, KERNELS, PADDINGS, STOPS = (1, 2, 3), (2, 3), (0, 1), tuple(range(1, 10))


def row_answer(stride: int, kernel: int, padding: int) -> np.ndarray:
    """Run the transposed convolution of the figure's row with the first taps of its kernel, by stamps."""
    taps = TAPS[:kernel].reshape(1, -1, 1, 1)
    whole = by_stamps(ROW.reshape(1, -1, 1), taps, stride)[0, :, 0].round().astype(int)
    whole = whole[: (len(ROW) - 1) * stride + kernel]
    return whole[padding : len(whole) - padding]


def row_stuffed(stride: int, kernel: int, padding: int) -> np.ndarray:
    """Stuff and frame the figure's row."""
    frame = kernel - 1 - padding
    return np.pad(spread(ROW, stride), frame)


def draw_two_ways(stride: int, kernel: int, padding: int, stop: int) -> Figure:
    """Draw one row enlarged in two ways: stamps that add up, and a window on a stuffed row.

    stop: counted from 1; past the end it stays at the end. Chapter: transposed_convolution.
    """
    answer, taps = row_answer(stride, kernel, padding), TAPS[:kernel]
    stop = min(stop, len(answer)) - 1
    fig, ax = sheet(15 * CELL, 11.6 * CELL)
    left = 7.5 * CELL - CELL * len(answer) / 2  # of output cell 0
    _words(ax, 0.1, f"Cells {_listed(ROW)} each stamp the kernel {_listed(taps)}, {stride} apart:")
    for i, value in enumerate(ROW):
        _line(ax, 0.75 + 1.1 * i, left + CELL * (i * stride - padding), value * taps, [TINT] * kernel)
    _line(ax, 4.35, left, answer, ["white"] * len(answer), blank_after=stop)
    ax.text(left - 0.08, 4.87 * CELL, "sum", ha="right", va="center", fontsize=9.5)
    _frame_cells(ax, 0.75, left + CELL * stop, 4.6, 1)
    _words(ax, 5.95, f"The same from the stuffed row and the turned kernel, stop {stop + 1}:")
    row, frame = row_stuffed(stride, kernel, padding), kernel - 1 - padding
    start = 7.5 * CELL - CELL * len(row) / 2
    _line(ax, 6.6, start, row, _stuffed_faces(len(row), frame, stride))
    _line(ax, 7.75, start + CELL * stop, taps[::-1], ["white"] * kernel, colour=figures.BLUE)
    _frame_cells(ax, 6.6, start + CELL * stop, 2.15, kernel)
    _words(ax, 9.25, _sum_words(row[stop : stop + kernel], taps[::-1], answer[stop]))
    _legend(ax, 10.6)
    return fig


def say_two_ways(stride: int, kernel: int, padding: int, stop: int) -> str:
    """Say what `draw_two_ways` shows, the sum included."""
    answer, row = row_answer(stride, kernel, padding), row_stuffed(stride, kernel, padding)
    stop = min(stop, len(answer)) - 1
    return (
        f"Stride {stride}, kernel {kernel}, padding {padding}: the row {_listed(ROW)} becomes {_listed(answer)}. "
        f"Stuffed it reads {_listed(row)}. Stop {stop + 1} of {len(answer)}: "
        f"{_sum_words(row[stop : stop + kernel], TAPS[:kernel][::-1], answer[stop])}"
    )


def _listed(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers))


def _sum_words(seen: np.ndarray, taps: np.ndarray, total: int) -> str:
    return " + ".join(f"{a}·{b}" for a, b in zip(seen, taps, strict=True)) + f" = {total}"


def _words(ax: Axes, row: float, words: str) -> None:
    ax.text(0.08, (row + 0.3) * CELL, words, va="center", fontsize=9.5)


def _line(
    ax: Axes,
    row: float,
    left: float,
    values: np.ndarray,
    faces: Sequence[str],
    blank_after: int | None = None,
    colour: str = RULE,
) -> None:
    """Draw a row of cells with their numbers, from inches `left`, at `row` cells from the top."""
    for i, (value, face) in enumerate(zip(values, faces, strict=True)):
        box = Rectangle((left + CELL * i, row * CELL), CELL, CELL, facecolor=face, edgecolor=colour, linewidth=0.9)
        ax.add_patch(box)
        if blank_after is None or i <= blank_after:
            middle = left + CELL * (i + 0.5), (row + 0.52) * CELL
            ax.text(*middle, str(value), ha="center", va="center", fontsize=10)


def _frame_cells(ax: Axes, row: float, left: float, tall: float, wide: int) -> None:
    box = Rectangle(
        (left, row * CELL), wide * CELL, tall * CELL, fill=False, edgecolor=figures.ORANGE, linewidth=2.2, zorder=5
    )
    ax.add_patch(box)


def _stuffed_faces(size: int, frame: int, stride: int) -> list[str]:
    """Colour a stuffed row: border zeros, input cells, zeros between."""
    inside = range(frame, size - frame)
    return [FRAME if i not in inside else TINT if (i - frame) % stride == 0 else "white" for i in range(size)]


def _legend(ax: Axes, row: float) -> None:
    for x, face, words in ((0.08, TINT, "input"), (1.15, "white", "zero between"), (2.85, FRAME, "zero around")):
        ax.add_patch(Rectangle((x, row * CELL), 0.2, 0.2, facecolor=face, edgecolor=figures.GREY, linewidth=0.9))
        ax.text(x + 0.28, row * CELL + 0.11, words, va="center", fontsize=9.5)


# The grid of a stuffed picture ---------------------------------------------------------------------------------------


def draw_stuffed(x: np.ndarray, kernel: np.ndarray, stride: int, padding: int, stop: int) -> Figure:
    """Draw a stuffed and framed picture with its window, and the output with the cell that the window makes.

    x: (h, w), kernel: (k, k), whole numbers; stop: of the window, in reading order. Chapter: transposed_convolution.
    """
    answer = by_stuffing(x[..., None], kernel[..., None, None], stride, padding)[..., 0]
    grid, frame = stuffed(x, len(kernel), stride, padding), len(kernel) - 1 - padding
    wide = len(grid) + 1.6 + len(answer)
    fig, ax = sheet((wide + 0.6) * CELL, (len(grid) + 1.4) * CELL)
    across, down = (_stuffed_faces(side, frame, stride) for side in grid.shape[::-1])
    for i, row in enumerate(grid):
        faces = [_both(down[i], face) for face in across]
        _line(ax, 1 + i, 0.3 * CELL, row, faces)
    row, column = divmod(stop, answer.shape[1])
    box = (0.3 + column) * CELL
    _frame_cells(ax, 1 + row, box, len(kernel), len(kernel))
    ax.text(0.3 * CELL, 0.6 * CELL, f"{len(grid)} × {len(grid)} after stuffing", va="center", fontsize=9.5)
    right, top = (len(grid) + 1.9) * CELL, 1 + (len(grid) - len(answer)) / 2
    for i, line in enumerate(answer.round().astype(int)):
        _line(ax, top + i, right, line, ["white"] * len(line))
    _frame_cells(ax, top + row, right + column * CELL, 1, 1)
    ax.text(right, (top - 0.4) * CELL, f"{len(answer)} × {len(answer)} output", va="center", fontsize=9.5)
    return fig


def _both(down: str, across: str) -> str:
    """Colour a cell by its row and its column: a border zero in either, an input cell in both, else a zero between."""
    if FRAME in (down, across):
        return FRAME
    return TINT if down == across == TINT else "white"


def counted(x: np.ndarray, kernel: np.ndarray, stride: int, padding: int) -> dict[str, int]:
    """Count the cells of a stuffed picture: input cells, zeros between them, zeros around them."""
    grid = stuffed(x, len(kernel), stride, padding)
    inner = spread(x, stride)
    return {"input": x.size, "between": inner.size - x.size, "around": grid.size - inner.size}


# Checkerboards -------------------------------------------------------------------------------------------------------


def draw_overlaps(cases: Sequence[tuple[int, int]], size: int = 4) -> Figure:
    """Draw how many stamps reach each output cell, for (kernel, stride) pairs. Chapter: transposed_convolution."""
    fig, axes = figures.canvas(7.4, 2.7, columns=len(cases))
    for ax, (kernel, stride) in zip(np.atleast_1d(axes), cases, strict=True):
        row = overlaps(size, kernel, stride)
        counts = np.outer(row, row)
        ax.imshow(counts, cmap="Blues", vmin=0, vmax=counts.max() * 1.2)
        for (i, j), n in np.ndenumerate(counts):
            ax.text(j, i, n, ha="center", va="center", fontsize=8, color="white" if n > 0.7 * counts.max() else "black")
        ax.set(xticks=[], yticks=[])
        ax.set_title(f"kernel {kernel}, stride {stride}")
    return fig


# Inverse or not ------------------------------------------------------------------------------------------------------


def draw_factors(kernel: np.ndarray, side: int, noise: float, variance: float) -> Figure:
    """Draw by what each frequency of a row comes back multiplied: after blur, transposed blur, and Wiener filter.

    Chapter: transposed_convolution.
    """
    h = response(kernel, (side, side))[0, : side // 2].real
    power = photo_spectrum((side, side), variance)[0, : side // 2]
    f = np.arange(side // 2) / side
    fig, ax = figures.canvas(6.4, 3.4)
    ax.axhline(1, color=figures.GREY, linestyle=":")
    ax.plot(f, h, color=figures.GREY, label="blur, $H$")
    ax.plot(f, h**2, color=figures.ORANGE, label="transposed after blur, $H^2$")
    ax.plot(f, h**2 / (h**2 + noise / power), color=figures.BLUE, linestyle="--", label="Wiener after blur")
    ax.annotate("an inverse would stay here", (f[-1], 1), xytext=(0, 4), textcoords="offset points", ha="right")
    ax.set(xlabel="cycles per pixel", ylabel="what comes back", ylim=(-0.3, 1.2))
    fig.legend(loc="outside lower center", ncols=3, frameon=False)
    return fig


def draw_errors(levels: Sequence[float], errors: Mapping[str, Sequence[float]]) -> Figure:
    """Draw what each way of undoing a blur leaves wrong, by the noise in the blurred picture.

    Chapter: transposed_convolution.
    """
    fig, ax = figures.canvas(6.4, 3.0)
    errors = {name.replace("wiener", "Wiener"): values for name, values in errors.items()}
    figures.curves(np.log10(levels), errors, xlabel="noise (1 is white)", ylabel="relative error", ax=ax)
    ax.set(xticks=np.log10(levels), xticklabels=[f"{level:g}" for level in levels], ylim=(0, 1.08))
    return fig


def draw_shares(found: Mapping[str, np.ndarray], names: Sequence[str]) -> Figure:
    """Draw the pattern's share of the error before and after training, a dot a seed.

    found: "before" and "after", each (seeds, names). Chapter: transposed_convolution.
    """
    fig, ax = figures.canvas(6.4, 2.7)
    for i, (when, colour, mark) in enumerate((("before", figures.ORANGE, "o"), ("after", figures.BLUE, "s"))):
        for place, runs in enumerate(np.asarray(found[when]).T):
            label = f"{when} training" if place == 0 else None
            ax.plot(runs, np.full(len(runs), place + 0.24 * i - 0.12), mark, color=colour, alpha=0.75, label=label)
    ax.set(xscale="log", xlabel="share of the error that repeats every two pixels", ylim=(len(names) - 0.5, -0.5))
    ax.set_yticks(range(len(names)), names)
    ax.grid(axis="x")
    ax.legend(loc="lower right", frameon=False)
    return fig
