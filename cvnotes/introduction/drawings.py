"""The pictures of the page introduction. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, Rectangle

from cvnotes import data, figures
from cvnotes.convolution import apply_filter, rung_plain
from cvnotes.figures import pictures
from cvnotes.figures.style import sheet
from cvnotes.introduction.components import relu
from cvnotes.pooling import pool2d

# An image as numbers --------------------------------------------------------------------------------------------------


def draw_zoom(image: np.ndarray, row: int, column: int, size: int = 9) -> Figure:
    """Draw a photograph, a small square of it enlarged, and the numbers of that square's red plane.

    image: (h, w, 3) bytes; row, column: top left of the square, in pixels. Chapter: introduction.
    """
    patch = image[row : row + size, column : column + size]
    fig, axes = figures.canvas(7.4, 2.75, columns=3, width_ratios=[1.35, 1, 1.25])
    axes[0].imshow(image)
    axes[0].add_patch(Rectangle((column, row), size, size, fill=False, edgecolor=figures.ORANGE, linewidth=1.8))
    axes[1].imshow(patch, interpolation="nearest")
    axes[2].imshow(patch[..., 0], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    for (i, j), value in np.ndenumerate(patch[..., 0]):
        ink = "white" if value < 110 else figures.INK
        axes[2].text(j, i, f"{value}", ha="center", va="center", fontsize=7, color=ink)
    titles = ("the photograph", f"{size} × {size} of its pixels", "how red each of them is")
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title, fontsize=9)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    for corner in ((0, 0), (0, size)):
        line = ConnectionPatch(
            (column + size, row + corner[1]), (-0.5, corner[1] - 0.5), "data", "data", axesA=axes[0], axesB=axes[1],
            color=figures.ORANGE, linewidth=0.9,
        )  # fmt: skip
        fig.add_artist(line)
    return fig


def planes(image: np.ndarray) -> list[np.ndarray]:
    """Give each colour plane of (h, w, 3) bytes as a picture in its own light, the other two dark."""
    return [image * (np.arange(3) == plane).astype(image.dtype) for plane in range(3)]


# Weights, drawn to scale ----------------------------------------------------------------------------------------------


SHADES = ("#dce9f3", "#9cc8e4", figures.SKY, figures.BLUE)


def draw_scale(counts: Mapping[str, int], lens: int) -> Figure:
    """Draw every count as a square whose area is true to it, all in one corner, and the small ones through a lens.

    counts: names and at most five numbers, largest first, the last one in orange; lens: how many the second panel
    enlarges. Raises ValueError unless the counts fall. Chapter: introduction.
    """
    sides = {name: count**0.5 for name, count in counts.items()}
    names = list(sides)
    if sorted(names, key=sides.get, reverse=True) != names or not 1 < lens < len(names) <= 5:
        raise ValueError(f"draw_scale wants up to five counts, largest first. Received: {dict(counts)!r}, lens={lens}")
    colours = dict(zip(names, [*SHADES[: len(names) - 1], figures.ORANGE], strict=True))
    fig, axes = figures.canvas(7.4, 4.0, columns=2)
    for ax, shown in zip(axes, (names, names[-lens:]), strict=True):
        most = sides[shown[0]]
        _squares(ax, {name: sides[name] for name in shown}, colours)
        ax.set(xlim=(-0.01 * most, 1.01 * most), ylim=(-0.01 * most, 1.01 * most), aspect="equal")
        ax.axis("off")
    axes[0].set_title("areas true to the counts", fontsize=9.5)
    axes[1].set_title(f"the lower left corner, {sides[names[0]] / sides[names[-lens]]:.0f} times as wide", fontsize=9.5)
    return fig


def say_scale(counts: Mapping[str, int]) -> str:
    """Say what `draw_scale` shows."""
    named = "; ".join(f"{name} {count:,}" for name, count in counts.items())
    return (
        f"Squares whose areas are true to their numbers: {named}. Beside the largest the last one is too small to be "
        "seen; through a lens it fills a small corner."
    )


def _squares(ax: Axes, sides: Mapping[str, float], colours: Mapping[str, str]) -> None:
    """Squares in one corner: the largest is named inside, the others beside it with a line to their corner."""
    (first, most), *rest = sides.items()
    small = {"fontsize": 8.5, "color": figures.INK}
    for name, side in sides.items():
        ax.add_patch(Rectangle((0, 0), side, side, facecolor=colours[name], edgecolor=figures.PAPER, linewidth=0.6))
    ax.text(0.02 * most, 0.98 * most, f"{first}\n{most**2:,.0f}", ha="left", va="top", **small)
    seen = [(name, side) for name, side in rest if side > 0.04 * most]
    for height, (name, side) in zip(np.linspace(0.34, 0.12, len(seen)), seen, strict=True):
        line = {"arrowstyle": "-", "color": figures.INK, "linewidth": 0.7, "shrinkA": 1, "shrinkB": 0}
        place = (0.27 * most, height * most)
        ax.annotate(f"{name}\n{side**2:,.0f}", (side, side), xytext=place, va="center", arrowprops=line, **small)


# The scan -------------------------------------------------------------------------------------------------------------

QUESTIONS = {
    "above": np.array([[1, 1, 1], [0, 0, 0], [-1, -1, -1]]),
    "left": np.array([[1, 0, -1], [1, 0, -1], [1, 0, -1]]),
}
WORDS = {"above": "brighter above than below?", "left": "brighter left than right?"}
STOPS = range(1, 37)
SIGNED = colormaps[pictures.SIGNED]
LIMIT = 40  # the sum that gets the full colour


@lru_cache
def scanned_digit() -> np.ndarray:
    """Give one handwritten digit as scanned, (8, 8) whole numbers from 0 to 16."""
    digits = data.digits()
    twos = digits.test_images[digits.test_labels == 2]
    return np.rint(twos[5, ..., 0] * 16).astype(int)


def answers(question: str) -> np.ndarray:
    """Slide a question over the digit: (6, 6) sums, one for each stop. Chapter: introduction."""
    return rung_plain(scanned_digit(), QUESTIONS[question]).astype(int)


def draw_scan(question: str, stop: int) -> Figure:
    """Draw one stop of a filter: the digit, the window under the lens, and the map of answers so far.

    stop counts from 1 to 36, along the rows. Chapter: introduction.
    """
    row, column = divmod(stop - 1, 6)
    fig, ax = sheet(6.7, 2.95)
    heads = {0.12: "a handwritten 2", 2.8: "pixel × weight", 4.76: WORDS[question]}
    for left, words in heads.items():
        ax.text(left, 0.28, words, fontsize=9)
    _pixels(ax, (0.12, 0.4), 0.3, scanned_digit())
    _frame(ax, (0.12 + 0.3 * column, 0.4 + 0.3 * row), 0.9, 2.6)
    _lens(ax, (2.8, 0.4), 0.56, row, column, QUESTIONS[question])
    _map(ax, (4.76, 0.4), 0.3, answers(question), stop)
    _frame(ax, (4.76 + 0.3 * column, 0.4 + 0.3 * row), 0.3, 2.6)
    total = _signed(answers(question)[row, column])
    ax.text(2.8, 2.36, f"sum  {total}", fontsize=13, va="center", fontweight="bold")
    ax.text(4.76, 2.36, f"answer {stop} of 36", fontsize=9, va="center")
    return fig


def _signed(value: int) -> str:
    return f"{value}".replace("-", "−")


def _tone(value: float, limit: float) -> tuple:
    return SIGNED(0.5 + 0.5 * float(np.clip(value / limit, -1, 1)))


def _pixels(ax: Axes, at: tuple[float, float], cell: float, image: np.ndarray) -> None:
    for (row, column), value in np.ndenumerate(image):
        corner = (at[0] + cell * column, at[1] + cell * row)
        ax.add_patch(Rectangle(corner, cell, cell, facecolor=(tone := f"{value / 16:.3f}"), edgecolor=tone))


def _frame(ax: Axes, at: tuple[float, float], side: float, width: float) -> None:
    ax.add_patch(Rectangle(at, side, side, fill=False, edgecolor=figures.ORANGE, linewidth=width, zorder=5))


def _lens(ax: Axes, at: tuple[float, float], cell: float, row: int, column: int, weights: np.ndarray) -> None:
    """The window enlarged: in each cell its pixel and weight, coloured by their product."""
    window = scanned_digit()[row : row + 3, column : column + 3]
    for (i, j), pixel in np.ndenumerate(window):
        corner = (at[0] + cell * j, at[1] + cell * i)
        product = pixel * weights[i, j]
        ax.add_patch(Rectangle(corner, cell, cell, facecolor=_tone(product, 20), edgecolor=figures.INK, linewidth=0.5))
        middle = corner[0] + cell / 2
        words = {"ha": "center", "va": "center", "color": "white" if abs(product) > 12 else figures.INK}
        ax.text(middle, corner[1] + 0.18, f"{pixel} × {_signed(weights[i, j])}", fontsize=8, **words)
        ax.text(middle, corner[1] + 0.39, _signed(product), fontsize=9.5, fontweight="bold", **words)
    _frame(ax, at, 3 * cell, 2.2)


def _map(ax: Axes, at: tuple[float, float], cell: float, sums: np.ndarray, done: int) -> None:
    for k, value in enumerate(sums.ravel()):
        corner = (at[0] + cell * (k % 6), at[1] + cell * (k // 6))
        face = _tone(value, LIMIT) if k < done else figures.PAPER
        ax.add_patch(Rectangle(corner, cell, cell, facecolor=face, edgecolor="#d9d6cd", linewidth=0.8))
        if k < done:
            ink = "white" if abs(value) > 0.6 * LIMIT else figures.INK
            place = (corner[0] + cell / 2, corner[1] + cell / 2)
            ax.text(*place, _signed(value), ha="center", va="center", fontsize=7.5, color=ink)


def say_scan(question: str, stop: int) -> str:
    """Say what `draw_scan` shows."""
    row, column = divmod(stop - 1, 6)
    total = answers(question)[row, column]
    heard = "nothing to choose" if total == 0 else "yes" if total > 0 else "no, the other way round"
    strength = "" if total == 0 else ", strongly" if abs(total) >= 25 else ""
    return (
        f"Stop {stop} of 36 on a handwritten two, window at row {row}, column {column}. {WORDS[question].capitalize()} "
        f"The nine products add up to {_signed(total)}: {heard}{strength}."
    )


def stages(image: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Take a grey (h, w) picture through one filter, the ReLU and a pooling of 2: what is there after each stage."""
    answers = apply_filter(image, weights.astype("float32"))
    positive = relu(answers)
    return {"input": image, "conv": answers, "relu": positive, "pool": pool2d(positive, 2)}


def draw_stages(image: np.ndarray, weights: np.ndarray) -> Figure:
    """Draw what `stages` gives side by side: orange above zero, purple below, paper at zero. Chapter: introduction."""
    volumes = stages(image, weights)
    limit = np.percentile(np.abs(volumes["conv"]), 99)
    toned = [SIGNED(0.5 + 0.5 * np.clip(v / limit, -1, 1))[..., :3] for v in list(volumes.values())[1:]]
    titles = [f"{name.upper()}, {v.shape[0]} × {v.shape[1]}" for name, v in volumes.items()]
    return figures.image_grid([image, *toned], titles, columns=4, scale=1.75)


# What a trained net answers -------------------------------------------------------------------------------------------


def draw_learning(history: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the loss of every epoch, on the digits that a net learns from and on those that it never sees."""
    epochs = np.arange(1, len(history["loss"]) + 1)
    series = {"training": history["loss"], "test": history["val_loss"]}
    return figures.curves(epochs, series, xlabel="epoch (once through all training digits)", ylabel="loss")


def draw_answers(images: np.ndarray, chances: np.ndarray, labels: np.ndarray) -> Figure:
    """Draw digits, and below each the probabilities that a net gives to 0 ... 9; a wrong first choice is orange.

    images: (n, h, w, 1), chances: (n, 10), labels: (n,), for n of at most 8. Chapter: introduction.
    """
    n = len(images)
    fig, axes = figures.canvas(7.4, 2.6, rows=2, columns=n, squeeze=False, height_ratios=[1, 1.15])
    for (top, bottom), image, chance, label in zip(axes.T, images, chances, labels, strict=True):
        top.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        top.axis("off")
        top.set_title(f"a {label}", loc="center", fontsize=9)
        said = int(chance.argmax())
        bottom.barh(range(10), chance, color=[figures.BLUE if said == label else figures.ORANGE])
        bottom.set(xlim=(0, 1.05), ylim=(9.6, -0.6), xticks=[], yticks=range(10))
        bottom.tick_params(axis="y", length=0, labelsize=6.5)
        bottom.set_xlabel(f"says {said}", fontsize=9)
        bottom.spines["bottom"].set_visible(False)
    return fig


# Cost -----------------------------------------------------------------------------------------------------------------


def draw_shares(shares: Mapping[str, tuple[int, int]]) -> Figure:
    """Draw two bars cut by kind of layer: where the parameters of a net are, and where its work is.

    shares: for each kind (parameters, MACs). Chapter: introduction.
    """
    fig, ax = figures.canvas(7.0, 1.75)
    totals = np.sum(list(shares.values()), axis=0)
    for row in range(2):
        left = 0.0
        for (kind, counts), colour in zip(shares.items(), (figures.BLUE, figures.GOLD), strict=False):
            part = counts[row] / totals[row]
            ax.barh(row, part, left=left, height=0.62, color=colour, edgecolor=figures.PAPER)
            if part > 0.08:
                words = f"{kind}: {part:.0%}" if part > 0.2 else f"{part:.0%}"
                ink = "white" if colour == figures.BLUE else figures.INK
                ax.text(left + part / 2, row, words, ha="center", va="center", color=ink, fontsize=9)
            left += part
        ax.text(1.01, row, f"{totals[row] / 1e6:,.0f} million", va="center", fontsize=9)
    ax.set_yticks([0, 1], ["parameters", "multiply-\naccumulates"])
    ax.set(xlim=(0, 1.2), ylim=(1.5, -0.5), xticks=[])
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    return fig
