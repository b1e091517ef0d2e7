"""The small pictures inside a flow drawing: boxes on a scene, tiles, maps, matrices, grids. Chapter: detectors."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from cvnotes import figures
from cvnotes.boxes import Detections

COLOURS = (*figures.CYCLE[:-1], "#cc79a7", "#7f6a00", "#4b3f8f", "#00576b")  # one for each of ten classes
GAP = 0.06  # between tiles, as a share of a tile


def scene(ax: Axes, image: np.ndarray, dim: float = 0.0) -> None:
    """Draw a picture; `dim` mixes it with paper, so that what lies on it stands out. Chapter: detectors."""
    paper = np.array(to_rgb(figures.PAPER))
    ax.imshow((1 - dim) * np.asarray(image) / 255 + dim * paper, interpolation="nearest")
    ax.set(xticks=[], yticks=[], xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))


def boxes_on(
    ax: Axes, image: np.ndarray, boxes: np.ndarray, colours: Sequence = (), widths: Sequence = (), dim: float = 0.0
) -> None:
    """Draw boxes (k, 4) in pixels on a picture, gold hairlines unless told otherwise. Chapter: detectors."""
    scene(ax, image, dim)
    for i, box in enumerate(np.asarray(boxes) - 0.5):
        colour, width = (colours[i] if len(colours) else figures.GOLD), (widths[i] if len(widths) else 0.8)
        if width > 1.2:
            _frame(ax, box, figures.PAPER, width + 1.2)
        _frame(ax, box, colour, width)


def _frame(ax: Axes, box: np.ndarray, colour: str, width: float) -> None:
    x0, y0, x1, y1 = box
    ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=colour, linewidth=width))


def found_on(ax: Axes, image: np.ndarray, found: Detections, classes: Sequence[str]) -> None:
    """Draw detections with the names of their classes. Chapter: detectors."""
    colours = [COLOURS[label % len(COLOURS)] for label in found.labels]
    boxes_on(ax, image, found.boxes, colours, [1.8] * len(colours))
    for box, label, colour in zip(found.boxes, found.labels, colours, strict=True):
        x, y = np.clip(box[0] - 0.5, 0, 44), box[1] - 1.5 if box[1] > 7 else box[3] + 5.5
        plate = {"facecolor": figures.PAPER, "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
        ax.text(x, y, classes[label], color=colour, fontsize=6.5, fontweight="bold", bbox=plate)


def tiles(ax: Axes, pictures: np.ndarray, cmap: str | None = None, columns: int = 4) -> None:
    """Draw pictures (n, h, w, 3), or maps (n, h, w) from their least to their largest number, side by side in rows.

    Chapter: detectors.
    """
    pictures = np.asarray(pictures)
    if cmap is not None:
        low, high = (end((1, 2), keepdims=True) for end in (pictures.min, pictures.max))
        pictures = colormaps[cmap]((pictures - low) / np.maximum(high - low, 1e-6))[..., :3] * 255
    rows, step = math.ceil(len(pictures) / columns), 1 + GAP
    for i, picture in enumerate(pictures):
        y, x = divmod(i, columns)
        ax.imshow(picture / 255, extent=(x * step, x * step + 1, y * step + 1, y * step), interpolation="nearest")
    ax.set(xlim=(0, columns * step - GAP), ylim=(max(rows, columns) * step - GAP, 0), xticks=[], yticks=[])
    ax.set_facecolor(figures.GREY)


def matrix(ax: Axes, values: np.ndarray, cmap: str = "Blues", signed: bool = False) -> None:
    """Draw a matrix as shades over the whole panel; `signed` puts white at zero. Chapter: detectors."""
    top = max(np.abs(values).max(), 1e-6)
    ax.imshow(values, cmap=cmap, vmin=-top if signed else 0, vmax=top, aspect="auto", interpolation="nearest")
    ax.set(xticks=[], yticks=[])


def cells(
    ax: Axes, image: np.ndarray, shades: np.ndarray, colours: np.ndarray | None = None, boxes: np.ndarray = ()
) -> None:
    """Lay a grid over a picture, each cell as opaque as its shade from 0 to 1, in blue or in `colours` (h, w, 3).

    boxes: (k, 4) in pixels, drawn on top. Chapter: detectors.
    """
    height, width = shades.shape
    faces = np.broadcast_to(to_rgb(figures.BLUE), (height, width, 3)) if colours is None else colours
    scene(ax, image, dim=0.55)
    extent = (-0.5, image.shape[1] - 0.5, image.shape[0] - 0.5, -0.5)
    ax.imshow(np.dstack([faces, 0.85 * np.clip(shades, 0, 1)]), extent=extent, interpolation="nearest")
    for share in np.arange(1, height) / height:
        ax.axhline(share * image.shape[0] - 0.5, color=figures.PAPER, linewidth=0.5)
        ax.axvline(share * image.shape[1] - 0.5, color=figures.PAPER, linewidth=0.5)
    ax.set(xlim=extent[:2], ylim=extent[2:])
    for box in np.reshape(boxes, (-1, 4)) - 0.5:
        _frame(ax, box, figures.INK, 0.9)


def plane_with(ax: Axes, plane: np.ndarray, boxes: np.ndarray, colours: Sequence) -> None:
    """Draw one plane (h, w) of a map, and boxes in its own places. Chapter: detectors."""
    ax.imshow(plane, cmap="Greys", vmin=0, vmax=1.6 * max(plane.max(), 1e-6), interpolation="nearest")
    for box, colour in zip(np.asarray(boxes) - 0.5, colours, strict=True):
        _frame(ax, box, colour, 1.6)
    ax.set(xticks=[], yticks=[], xlim=(-0.5, plane.shape[1] - 0.5), ylim=(plane.shape[0] - 0.5, -0.5))
