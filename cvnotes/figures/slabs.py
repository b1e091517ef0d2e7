"""Volumes of numbers drawn as slabs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from cvnotes.figures.style import BLUE, INK, WIDTH, sheet

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
    spans = sizes[:, 2] + sizes[:, 1] * SLANT[0]  # how much of the page each slab takes
    rooms = np.maximum(spans + 0.35, [_text_width(label) for label in labels or [""] * len(boxes)]) + 0.3
    middles = np.cumsum(rooms) - rooms / 2 + 0.1
    top = (sizes[:, 0] + sizes[:, 1] * SLANT[1]).max()
    below = 0.28 if labels is None else 0.5 + 0.16 * max(label.count("\n") for label in labels)
    scale = min(1, WIDTH / (rooms.sum() + 0.2))
    fig, ax = sheet((rooms.sum() + 0.2) * scale, (top + 0.3 + below) * scale)
    ax.set(xlim=(0, rooms.sum() + 0.2), ylim=(-below, top + 0.3))
    for i, (box, (tall, wide, thick)) in enumerate(zip(boxes, sizes, strict=True)):
        left, bottom = middles[i] - spans[i] / 2 + 0.1, (top - tall - wide * SLANT[1]) / 2
        _slab(ax, left, bottom, (tall, wide, thick), box)
        if labels is not None:
            ax.text(middles[i], -0.28, labels[i], ha="center", va="top", fontsize=8.5)
    return fig


def _text_width(label: str) -> float:
    return 0.078 * max(map(len, label.split("\n")))


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


def _slab(ax: Axes, x: float, y: float, lengths: tuple[float, float, float], box: tuple[int, int, int]) -> None:
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
