"""What anchors can answer for: the boxes near enough to them, and the share of true boxes that have such an anchor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvnotes.checks import number

from .coding import middles
from .formats import convert, rows
from .overlap import iou

KINDS = ("all", "small", "middle", "large", "tall", "square", "wide")


def within_limits(boxes: np.ndarray, anchors: np.ndarray, cell: float) -> np.ndarray:
    """Say whether `decode_limited` can make each box of its anchor: (n, 2) truth values, for centre and size.

    boxes, anchors: (n, 4), row by row; cell: side of a grid cell in pixels.
    Raises ValueError for different lengths, an anchor without width or height, or a cell that is not above 0.
    Chapter: boxes.
    """
    cell = number("cell", cell, above=0)
    there, (middle, span) = convert(rows("boxes", boxes), "xyxy", "center_xywh"), middles("anchors", anchors)
    if len(there) != len(span):
        raise ValueError(f"Give one anchor a box. Received: {len(there)} boxes and {len(span)} anchors")
    near = np.abs(there[:, :2] - middle) <= cell / 2
    ratio = there[:, 2:] / span
    return np.stack([near.all(1), ((ratio >= 0.5) & (ratio <= 1.5)).all(1)], 1)


def best_overlaps(anchors: np.ndarray, truths: Sequence[np.ndarray]) -> np.ndarray:
    """Give every true box's IoU with its best anchor, (all boxes of all pictures,): no net does better unmoved.

    truths: one array (m, 4) a picture. Chapter: boxes.
    """
    found = [iou(anchors, truth).max(0, initial=0) for truth in truths]
    return np.concatenate(found) if found else np.zeros(0, "float32")


def kinds(boxes: np.ndarray, small: float, large: float) -> dict[str, np.ndarray]:
    """Sort boxes by size (root of the area, in pixels) and by shape (width over height beyond 2/3 and 3/2).

    boxes: (n, 4); a dictionary of truth values (n,) by the names in KINDS. Raises ValueError unless small <= large.
    Chapter: boxes.
    """
    small, large = number("small", small), number("large", large, small)
    wide, high = (rows("boxes", boxes)[:, 2:] - rows("boxes", boxes)[:, :2]).T
    side, ratio = np.sqrt(wide * high), wide / np.maximum(high, 1e-9)
    sizes = [np.ones(len(side), bool), side < small, (side >= small) & (side <= large), side > large]
    shapes = [ratio < 2 / 3, (ratio >= 2 / 3) & (ratio <= 3 / 2), ratio > 3 / 2]
    return dict(zip(KINDS, [*sizes, *shapes], strict=True))
