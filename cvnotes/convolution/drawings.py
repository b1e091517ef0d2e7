"""The pictures of the chapters, each drawn from the arrays that it speaks of."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvnotes import data, figures

from . import filters
from .matrices import conv_matrix
from .sizes import output_size

STEPS = range(25)
DIGITS = np.random.default_rng(7).integers(0, 10, (6, 6))
BORDER = "#e8e4d9"
CROSS = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])


def window_places(size: int, stride: int, padding: int, step: int) -> tuple[int, int, int]:
    """Row and column of the output at one step of a 3x3 window, and how many stops there are; the last step stays."""
    side = output_size(size, 3, stride, padding)
    row, column = divmod(min(step, side**2 - 1), side)
    return row, column, side**2


def draw_window(size: int, stride: int, padding: int, step: int) -> Figure:
    """Draw one stop of a 3x3 window on a square of digits. Chapter: convolution."""
    last = window_places(size, stride, padding, step)[2] - 1
    image = DIGITS[:size, :size]
    fig = figures.sliding_window(image, CROSS, stride=stride, padding=padding, step=min(step, last))
    for cell in fig.axes[0].patches:
        if cell.get_hatch():  # hatching makes a frame twice as heavy, and this figure has many
            cell.set(hatch=None, facecolor=BORDER)
    spans = [abs(np.diff(limits)[0]) for limits in (fig.axes[0].get_xlim(), fig.axes[0].get_ylim())]
    fig.set_size_inches(*[span / 3 for span in spans])  # whole pixels for a cell: equal digits then look equal
    return fig


def say_window(size: int, stride: int, padding: int, step: int) -> str:
    """Say what `draw_window` shows, the sum included."""
    row, column, stops = window_places(size, stride, padding, step)
    padded = np.pad(DIGITS[:size, :size], padding)
    top, left, stop = row * stride, column * stride, row * round(stops**0.5) + column + 1
    total = int((padded[top : top + 3, left : left + 3] * CROSS).sum())
    return (
        f"A {size} by {size} grid of digits, padding {padding}, stride {stride}: stop {stop} of {stops}, "
        f"with the window at row {top}, column {left} of the padded grid; the nine products add up to {total}."
    )


# The matrix of a layer -----------------------------------------------------------------------------------------------


def draw_pattern(kernel: int, stride: int, padding: int) -> Figure:
    """Draw the sparse matrix of a layer on an 8x8 image: one colour for each weight. Chapter: convolution_layer."""
    taps = np.arange(1, kernel**2 + 1).reshape(kernel, kernel)  # the matrix then holds the number of its weight
    matrix = conv_matrix(taps, (8, 8), stride, padding).toarray()
    colours = [figures.PAPER, *[tap_colour(tap, kernel**2) for tap in range(kernel**2)]]
    fig, ax = figures.canvas(6.4, 0.9 + 5.4 * matrix.shape[0] / 64 if matrix.shape[0] < 64 else 6.2)
    ax.pcolormesh(
        matrix[::-1], cmap=ListedColormap(colours), vmin=0, vmax=kernel**2, edgecolors="#e9e6dd", linewidth=0.3
    )
    ax.set(aspect="equal", xticks=range(0, 65, 8), yticks=[], xlabel="64 input pixels, row after row")
    ax.set_ylabel(f"{matrix.shape[0]} outputs")
    filled = np.count_nonzero(matrix)
    ax.set_title(f"{filled} of {matrix.size:,} entries are not zero; they hold {kernel**2} different weights")
    return fig


def tap_colour(tap: int, taps: int) -> tuple[float, float, float]:
    """Give each weight of a kernel a colour between blue and orange, the middle one in ink."""
    ends = [np.array(to_rgb(c)) for c in (figures.BLUE, figures.SKY, figures.GOLD, figures.ORANGE)]
    place = 3 * tap / max(taps - 1, 1)
    low = min(int(place), 2)
    return tuple(ends[low] + (place - low) * (ends[low + 1] - ends[low]))


def say_pattern(kernel: int, stride: int, padding: int) -> str:
    """Say what `draw_pattern` shows, counted."""
    matrix = conv_matrix(np.ones((kernel, kernel)), (8, 8), stride, padding)
    return (
        f"The matrix of a {kernel} by {kernel} filter on an 8 by 8 image, stride {stride}, padding {padding}: "
        f"{matrix.shape[0]} rows, 64 columns, {matrix.nnz} entries that are not zero, on slanted bands; "
        f"the same {kernel**2} colours return in every row."
    )


# The filter bench ----------------------------------------------------------------------------------------------------

BENCH = {
    "blur": filters.gaussian(7, 1.8),
    "sharpen": filters.SHARPEN,
    "vertical edges": filters.SOBEL,
    "horizontal edges": filters.SOBEL.T.copy(),
    "outline": 0 - filters.LAPLACIAN,
    "emboss": filters.EMBOSS,
    "lines at 45°": filters.steered(45, 7, 1.0),
    "lines at 135°": filters.steered(135, 7, 1.0),
}
KEEPS_BRIGHTNESS = ("blur", "sharpen")


@lru_cache
def bench_photo(photo: str) -> np.ndarray:
    """Load a square photograph for the bench, (240, 240, 3)."""
    return data.photo(photo, size=240)


def bench_result(kernel: str, photo: str) -> np.ndarray:
    """Filter a photograph of the bench: in colour where the kernel keeps brightness, signed and grey otherwise."""
    image = bench_photo(photo)
    if kernel in KEEPS_BRIGHTNESS:
        out = filters.apply_filter(image, BENCH[kernel])
        return np.clip(filters.apply_filter(out, BENCH[kernel]) if kernel == "blur" else out, 0, 1)
    return filters.apply_filter(image.mean(axis=2), BENCH[kernel])


def in_colour(values: np.ndarray) -> np.ndarray:
    """Give signed numbers the book's colours: purple below zero, paper at zero, orange above."""
    limit = np.percentile(np.abs(values), 99.5) or 1
    return colormaps["PuOr_r"](0.5 + 0.5 * np.clip(values / limit, -1, 1))[..., :3]


def bench_picture(kernel: str, photo: str) -> np.ndarray:
    """Lay the photograph and its filtered twin side by side in one picture, cut by a slanted line."""
    image, out = bench_photo(photo), bench_result(kernel, photo)
    rows, columns = np.indices(image.shape[:2])
    cut = columns - 0.44 * image.shape[1] + 0.22 * (rows - image.shape[0] / 2)
    return np.where((cut < 0)[..., None], image, out if out.ndim == 3 else in_colour(out))


def draw_bench(kernel: str, photo: str) -> Figure:
    """Draw a photograph half filtered, and the numbers that did it. Chapter: filters."""
    fig, (left, right) = figures.canvas(5.9, 3.5, 1, 2, width_ratios=(3.4, 2.2))
    left.imshow(bench_picture(kernel, photo), interpolation="bicubic")
    side = len(bench_photo(photo)) - 1
    left.plot([0.55 * side, 0.33 * side], [0, side], color=figures.PAPER, linewidth=2.5)
    left.axis("off")
    weights = BENCH[kernel]
    limit = np.abs(weights).max()
    right.imshow(weights, cmap="PuOr_r", vmin=-1.6 * limit, vmax=1.6 * limit)
    for (row, column), weight in np.ndenumerate(weights):
        text = f"{weight + 0.0:.0f}" if len(weights) < 5 else f"{round(100 * float(weight)) + 0:d}"
        right.text(
            column, row, text.replace("-", "−"), ha="center", va="center", fontsize=11 if len(weights) < 5 else 7
        )
    right.set_xticks(np.arange(len(weights)) - 0.5, minor=True)
    right.set_yticks(np.arange(len(weights)) - 0.5, minor=True)
    right.grid(which="minor", color=figures.PAPER, linewidth=1.5)
    right.tick_params(which="both", bottom=False, left=False, labelbottom=False, labelleft=False)
    right.spines[:].set_visible(False)
    right.set_title(kernel if len(weights) < 5 else f"{kernel}, in hundredths", fontsize=10)
    right.set_xlabel(f"the weights add up to {abs(round(float(weights.sum()), 3)):g}")
    return fig


EFFECTS = {
    "blur": "fine detail is gone, colours stay",
    "sharpen": "every outline is crisper, flat areas stay",
    "vertical edges": "upright contours light up, level ones vanish",
    "horizontal edges": "level contours light up, upright ones vanish",
    "outline": "contours of every direction are drawn as thin double lines",
    "emboss": "the picture looks like a relief lit from a corner",
    "lines at 45°": "strokes that rise to the right light up",
    "lines at 135°": "strokes that fall to the right light up",
}


def say_bench(kernel: str, photo: str) -> str:
    """Say what `draw_bench` shows."""
    return (
        f"The photograph {photo!r}, untouched left of a slanted cut and filtered with {kernel!r} right of it, where "
        f"{EFFECTS[kernel]}; beside it the {len(BENCH[kernel])} by {len(BENCH[kernel])} weights of the filter."
    )


# Volumes -------------------------------------------------------------------------------------------------------------


SHEET = np.array([0.75, 0.75])  # how far each channel stands behind the one before it
CHANNELS = ("#c0504d", "#3f9b5f", "#3a78b5", figures.GOLD, figures.PURPLE)


def draw_cubes(shape: tuple[int, int, int], window: tuple[int, int, int], at: tuple[int, int] = (0, 0)) -> Figure:
    """Draw a volume as a stack of channels, with a filter in its place; (height, width, depth) both.

    Chapter: convolution_layer.
    """
    fig, ax = figures.canvas(3.7, 3.7)
    for depth in reversed(range(shape[2])):
        _sheet(ax, (0, 0), shape[:2], depth, 0.16)
    for depth in reversed(range(window[2])):
        _sheet(ax, at, window[:2], depth, 0.9)
    back = SHEET * (window[2] - 1)
    for row, column in ((0, 0), (0, window[1]), (window[0], window[1])):
        start = np.array([at[1] + column, -at[0] - row])
        ax.plot(*np.stack([start, start + back], axis=1), color=figures.INK, linewidth=1.1)
    reach = SHEET * (shape[2] - 1)
    ax.set(xlim=(-0.3, shape[1] + reach[0] + 0.3), ylim=(-shape[0] - 0.3, reach[1] + 0.3), aspect="equal")
    ax.axis("off")
    return fig


def _sheet(ax: Axes, at: tuple[int, int], sides: tuple[int, int], depth: int, strength: float) -> None:
    for row, column in np.ndindex(sides):
        corner = np.array([at[1] + column, -at[0] - row - 1]) + depth * SHEET
        for face in (figures.PAPER, (*to_rgb(CHANNELS[depth % len(CHANNELS)]), strength)):
            ax.add_patch(Rectangle(corner, 1, 1, facecolor=face, edgecolor="white", linewidth=0.7))


# Rows and products ---------------------------------------------------------------------------------------------------


def unseen(size: int, kernel: int, stride: int, padding: int) -> list[int]:
    """List the pixels of a row that no stop of the window covers. Chapter: convolution."""
    seen = set()
    for stop in range(output_size(size, kernel, stride, padding)):
        seen.update(range(stop * stride - padding, stop * stride - padding + kernel))
    return sorted(set(range(size)) - seen)


def draw_fit(size: int, kernel: int, stride: int, padding: int) -> Figure:
    """Draw a row of pixels, the stops of the window above it, and the pixels never covered. Chapter: convolution."""
    stops, lost = output_size(size, kernel, stride, padding), unseen(size, kernel, stride, padding)
    fig, ax = figures.canvas(6.2, 0.9 + 0.16 * stops)
    for pixel in range(-padding, size + padding):
        border = pixel < 0 or pixel >= size
        face = figures.PAPER if border else figures.GREY if pixel in lost else "#cfe3f1"
        ax.add_patch(
            Rectangle((pixel, 0), 0.94, 1, facecolor=face, edgecolor=figures.GREY, hatch="////" if border else "")
        )
        ax.text(pixel + 0.47, 0.48, "" if border else pixel, ha="center", va="center")
    for stop in range(stops):
        left = stop * stride - padding
        ax.plot([left + 0.08, left + kernel - 0.14], [1.35 + 0.42 * stop] * 2, color=figures.ORANGE, linewidth=3)
    ax.set(xlim=(-2.1, 15.1), ylim=(-0.2, 1.6 + 0.42 * stops), aspect="equal")
    ax.axis("off")
    return fig


def say_fit(size: int, kernel: int, stride: int, padding: int) -> str:
    """Say what `draw_fit` shows."""
    stops, lost = output_size(size, kernel, stride, padding), unseen(size, kernel, stride, padding)
    words = "every pixel is covered" if not lost else f"pixels never covered: {', '.join(map(str, lost))}"
    border = f"{padding or 'no'} {'zero' if padding == 1 else 'zeros'}"
    return (
        f"A row of {size} pixels with {border} at each end; a window of {kernel} with stride {stride} "
        f"makes {stops} stops; {words}."
    )


def draw_products(volume: np.ndarray, kernel: np.ndarray, row: int, column: int) -> Figure:
    """Draw one output of a colour convolution number by number: window, weights, products, a line for each channel.

    volume: (h, w, c), kernel: (kh, kw, c). Chapter: convolution_layer.
    """
    window = volume[row : row + kernel.shape[0], column : column + kernel.shape[1]]
    depth, side = kernel.shape[2], kernel.shape[1]
    names = ("red", "green", "blue") if depth == 3 else [f"channel {c}" for c in range(depth)]
    fig, axes = figures.canvas(6.6, 1.75 * depth, depth, 4, width_ratios=(side, side, side, 2.4), squeeze=False)
    for channel, line in enumerate(axes):
        parts = window[..., channel], kernel[..., channel], window[..., channel] * kernel[..., channel]
        for ax, part, title in zip(line, parts, (f"{names[channel]} pixels", "weights", "products"), strict=False):
            figures.numbers(part, ax=ax)
            ax.set_title(title, loc="center", fontsize=9, color=CHANNELS[channel] if "pixels" in title else figures.INK)
        line[3].axis("off")
        total = f"sum {parts[2].sum():g}".replace("-", "−")
        line[3].text(0, 0.5, total, transform=line[3].transAxes, va="center", fontsize=11)
    return fig
