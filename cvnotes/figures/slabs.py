"""Volumes of numbers drawn as slabs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from cvnotes.figures.style import BLUE, INK, WIDTH, canvas

SLANT = np.array([0.42, 0.34])  # how a step into the page looks on it


def volumes(shapes: Sequence[Any], labels: Sequence[str] | None = None) -> Figure:
    """Volumes in a row: each a slab, as tall and as deep as its pixels, as thick as its channels.

    Lengths grow with the square root of the pixels and of the channels, so that 224 and 7 fit on one page; the
    numbers beside the edges are exact.

    Args:
        shapes: each (height, width, channels), or (units,) for a vector; a batch axis of ``None`` in front is dropped.
        labels: words below each slab.

    Raises:
        ValueError: for no shape, one that is not a volume, or too few labels.
    """
    boxes = [_volume(shape) for shape in shapes]
    if not boxes:
        raise ValueError("volumes needs at least one shape. Received: none")
    if labels is not None and len(labels) != len(boxes):
        raise ValueError(f"labels must name each of the {len(boxes)} shapes. Received: {len(labels)} labels")
    sizes = _lengths(np.array(boxes, float))
    left, lefts = 0.0, []
    for (_, wide, thick), label in zip(sizes, labels or [""] * len(boxes), strict=True):
        room = max(thick + wide * SLANT[0], 0.085 * max(map(len, label.split("\n"))) * 1.1)
        lefts.append(left + 0.4)
        left += room + 0.75
    top = max(tall + wide * SLANT[1] for tall, wide, _ in sizes)
    scale = min(1, WIDTH / (left + 0.2))
    fig, ax = canvas((left + 0.2) * scale, (top + 1.0) * scale + 0.1)
    ax.set(xlim=(-0.1, left + 0.1), ylim=(-0.75, top + 0.25), aspect="equal")
    ax.axis("off")
    for i, (box, lengths) in enumerate(zip(boxes, sizes, strict=True)):
        middle = (top - lengths[0] - lengths[1] * SLANT[1]) / 2
        _slab(ax, lefts[i], middle, lengths, box)
        if labels is not None:
            ax.text(lefts[i] + lengths[2] / 2, -0.42, labels[i], ha="center", va="top", fontsize=8.5)
    return fig


def _volume(shape: Any) -> tuple[int, int, int]:
    given = tuple(shape) if np.ndim(shape) else (shape,)
    sides = given[1:] if len(given) > 1 and given[0] is None else given
    whole = all(isinstance(n, (int, np.integer)) and n > 0 for n in sides)
    if not whole or len(sides) not in (1, 3):
        raise ValueError(f"A volume is (height, width, channels) or (units,), all at least 1. Received: {shape!r}")
    return (1, 1, int(sides[0])) if len(sides) == 1 else tuple(int(n) for n in sides)


def _lengths(boxes: np.ndarray) -> np.ndarray:
    """Inches of each edge: at most 1.9 for pixels and 1.3 for channels, never too thin to see."""
    space, depth = np.sqrt(boxes[:, :2]), np.sqrt(boxes[:, 2:])
    return np.hstack([np.maximum(0.1, 1.9 * space / space.max()), np.maximum(0.07, 1.3 * depth / max(depth.max(), 8))])


def _slab(ax: Axes, x: float, y: float, lengths: np.ndarray, box: tuple[int, int, int]) -> None:
    tall, wide, thick = lengths
    into = SLANT * wide
    a, b = np.array([x, y]), np.array([x + thick, y])
    up = np.array([0, tall])
    front = (a, b, b + up, a + up)
    lid = (a + up, b + up, b + up + into, a + up + into)
    side = (b, b + into, b + into + up, b + up)
    for corners, alpha in ((front, 0.10), (lid, 0.20), (side, 0.32)):
        face = to_rgba(BLUE, alpha)
        ax.add_patch(Polygon(np.array(corners), facecolor=face, edgecolor=INK, linewidth=0.8, joinstyle="round"))
    small = {"fontsize": 8, "color": INK}
    ax.text(x + thick / 2, y - 0.06, f"{box[2]:,}", ha="center", va="top", **small)
    if box[:2] != (1, 1):
        ax.text(x - 0.06, y + tall / 2, f"{box[0]}", ha="right", va="center", **small)
        middle = a + up + into / 2
        ax.text(middle[0] - 0.05, middle[1] + 0.03, f"{box[1]}", ha="right", va="bottom", **small)
