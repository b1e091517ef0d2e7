"""The pictures of the page on saliency. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvnotes.figures import INK, ORANGE, canvas, image_grid, numbers

from .heats import heat
from .inputs import Array
from .occlusion import measured, occlusion
from .targets import ask

COLOURS = "magma"
COVER, STOPS = 16, (0, 16, 32, 48)  # pixels


def grids(panels: Mapping[str, Array], columns: int = 3) -> Figure:
    """Small matrices of numbers with a title each."""
    rows = -(-len(panels) // columns)
    fig, axes = canvas(7.0, 2.45 * rows, rows, columns, squeeze=False)
    for ax in axes.ravel()[len(panels) :]:
        ax.axis("off")
    for ax, (title, grid) in zip(axes.ravel(), panels.items(), strict=False):
        numbers(grid, ax=ax)
        ax.set_title(title, loc="center", color=INK)
    return fig


def table_of_maps(pictures: Sequence[Array], heats: Mapping[str, Sequence[Array]]) -> Figure:
    """Pictures in the first column and their heats in the others; titles above the first row only."""
    images, titles = [], []
    for i, picture in enumerate(pictures):
        images += [np.asarray(picture), *(maps[i] for maps in heats.values())]
        titles += ["the picture", *heats] if i == 0 else [" "] * (1 + len(heats))
    return image_grid(images, titles, 1 + len(heats), cmap=COLOURS)


def covering(
    net: keras.Model, picture: Array, target: int, fill: float = 0.5
) -> tuple[Callable[[int, int], Figure], Callable[[int, int], str]]:
    """Give the two functions of an `explore`: a picture (h, w, 3) covered at a place, and what its score becomes.

    Beside it is the map of all drops. The cover is COVER pixels wide; places are STOPS. Chapter: saliency.
    """
    whole, left, drops = _scored(net, picture, target, fill)

    def draw_cover(row: int, column: int) -> Figure:
        """Draw the covered picture, and where the cover is on the map of drops."""
        return _pair(
            _covered(picture, row, column, fill), f"score {left[row, column]:.1f} of {whole:.1f}", drops, (column, row)
        )

    def say_cover(row: int, column: int) -> str:
        """Say what `draw_cover` shows."""
        gone = whole - left[row, column]
        word = "falls" if gone > 0.5 else "rises" if gone < -0.5 else "hardly moves"
        return (
            f"A scene with a grey square over rows {row} to {row + COVER - 1} and columns {column} to "
            f"{column + COVER - 1}: the score of its class {word}, from {whole:.0f} to {left[row, column]:.0f}. "
            "Beside it the map of all drops, brightest over the shape."
        )

    return draw_cover, say_cover


def _scored(net: keras.Model, picture: Array, target: int, fill: float) -> tuple[float, dict, Array]:
    """The score of a picture, its scores with the cover at each of the places, and the map of all drops (h, w)."""
    drops = heat(occlusion(net, picture, target, window=COVER, stride=COVER // 2, fill=fill), "signed")
    places = [(row, column) for row in STOPS for column in STOPS]
    covered = np.stack([picture, *(_covered(picture, *place, fill) for place in places)])
    scores = measured(ask(net, covered, target), lambda rows: covered[rows], np.arange(len(covered)), len(covered))
    return float(scores[0]), dict(zip(places, map(float, scores[1:]), strict=True)), drops


def _pair(covered: Array, title: str, drops: Array, corner: tuple[int, int]) -> Figure:
    """A covered picture and the map of drops, with the cover's frame at its upper left corner (x, y)."""
    fig, axes = canvas(6.4, 3.3, columns=2)
    axes[0].imshow(covered)
    axes[0].set_title(title)
    axes[1].imshow(drops, cmap=COLOURS)
    frame = corner[0] - 0.5, corner[1] - 0.5
    axes[1].add_patch(Rectangle(frame, COVER, COVER, fill=False, edgecolor=ORANGE, linewidth=2))
    axes[1].set_title("mean drop, all places")
    for ax in axes:
        ax.set_axis_off()
    return fig


def _covered(picture: Array, row: int, column: int, fill: float) -> Array:
    found = np.array(picture)
    found[row : row + COVER, column : column + COVER] = fill
    return found
