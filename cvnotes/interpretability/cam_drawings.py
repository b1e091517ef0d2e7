"""The pictures of the page on class activation maps. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from scipy import ndimage

from cvnotes.figures import canvas, curves, image_grid

from .cam_scores import strength

Array = np.ndarray


def laid(image: Array, heat: Array) -> Array:
    """Lay a map (h, w) over a picture (h, w, 3), which turns grey: bright where the map is strong, (h, w, 3).

    The strongest pixels, one in two hundred, are all as bright as can be, so that a few do not outshine the rest.
    """
    most = np.quantile(heat, 0.995)
    strong = np.clip(heat / most if most > 0 else 0 * heat, 0, 1)[..., None]
    grey = 0.25 + 0.6 * image.mean(-1, keepdims=True)
    colour = mpl.colormaps["inferno"](0.25 + 0.75 * strong[..., 0])[..., :3]
    return grey * (1 - 0.8 * strong) + 0.8 * strong * colour


def outlined(picture: Array, mask: Array, colour: tuple[float, float, float] = (1, 1, 1)) -> Array:
    """Draw the outline of a mask (h, w) on a picture (h, w, 3), one pixel wide."""
    edge = mask & ~ndimage.binary_erosion(mask)
    return np.where(edge[..., None], colour, picture)


def enlarged(picture: Array, factor: int = 4) -> Array:
    """Repeat each pixel, so that a small picture stays sharp beside large ones."""
    return picture.repeat(factor, 0).repeat(factor, 1)


def laid_over(images: Array, maps: Array, masks: Array | None = None) -> list[Array]:
    """Maps (n, h, w, c) laid over their pictures, with outlines of masks (n, h, w) if there are any."""
    found = [laid(image, heat) for image, heat in zip(images, strength(maps), strict=True)]
    return found if masks is None else [outlined(each, mask) for each, mask in zip(found, masks, strict=True)]


def added_up(image: Array, maps: Array, weights: Array, name: str, shown: int = 3) -> Figure:
    """CAM as a sum: the picture, the maps (h', w', k) that count most, their weighted sum, and that laid over."""
    order = np.argsort(-np.abs(weights) * maps.mean((0, 1)))[:shown]
    total = maps @ weights
    size = len(image) // len(total)
    over = laid(image, np.maximum(ndimage.zoom(total, size, order=1, grid_mode=True, mode="nearest"), 0))
    parts = [maps[..., k] * np.sign(weights[k]) for k in order]
    limit = max(np.abs(part).max() for part in parts)
    tiles = [image, *(signed(part / limit) for part in parts), signed(total / np.abs(total).max()), over]
    words = [f"{weights[k]:+.2f} × map {k}".replace("-", "−") for k in order]
    return image_grid([*map(tall, tiles)], ["picture", *words, f"sum for {name}", "laid over"], columns=3, scale=2.0)


def signed(values: Array) -> Array:
    """Colours of values from -1 to 1: purple below zero, orange above."""
    return mpl.colormaps["PuOr_r"](0.5 + 0.5 * np.clip(values, -1, 1))[..., :3]


def tall(picture: Array, side: int = 128) -> Array:
    """Enlarge a square picture to a common side by repeating its pixels."""
    return enlarged(picture, side // len(picture))


def columns(rows: Mapping[str, Sequence[Array]], across: int, scale: float = 1.2) -> Figure:
    """Pictures in rows of `across`, the words of a row above each of its pictures in turn."""
    pictures = [tall(picture) for row in rows.values() for picture in row]
    heads = [words for words, row in rows.items() for _ in row]
    return image_grid(pictures, heads, columns=across, scale=scale)


def over_layers(panels: Mapping[str, Mapping[str, Array]], layers: Sequence[str]) -> Figure:
    """For each measure a panel over layers, with lines of (seeds, layers)."""
    fig, axes = canvas(7.6, 3.1, 1, len(panels), squeeze=False)
    for ax, (words, lines) in zip(axes[0], panels.items(), strict=True):
        curves(range(len(layers)), lines, xlabel="convolution", ylabel=words, ax=ax)
        ax.set_xticks(range(len(layers)), [name.replace("relu", "") for name in layers])
    return fig


def player(image: Array, maps: Mapping[tuple[int, str], Array]) -> tuple[Callable, Callable]:
    """Give the two functions of an `explore`: Grad-CAM of a class at a layer, as it is and laid over, and its words.

    image: (h, w, 3). maps: for each (layer number, class name) the map in cells, (h', w').
    """

    def draw_cells(layer: int, class_name: str) -> Figure:
        """Draw one map in cells, and laid over the picture."""
        cells = maps[layer, class_name]
        size = len(image) // len(cells)
        fine = ndimage.zoom(cells, size, order=1, grid_mode=True, mode="nearest")
        shade = mpl.colormaps["inferno"](cells / (cells.max() or 1))[..., :3]
        return image_grid([image, tall(shade, 64), laid(image, fine)], ["picture", "map", "laid over"], scale=1.9)

    def say_cells(layer: int, class_name: str) -> str:
        """Say what `draw_cells` shows."""
        side = len(maps[layer, class_name])
        return f"Grad-CAM for {class_name} at convolution {layer}: {side} by {side} cells, and laid over the scene."

    return draw_cells, say_cells
