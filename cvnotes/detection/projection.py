"""From the picture to its map: a proposal's corners, divided by the stride, and what rounding them costs.

Chapter: fast_rcnn.
"""

from __future__ import annotations

import numpy as np

from cvnotes import boxes as geometry
from cvnotes.boxes.formats import rows
from cvnotes.checks import choice, number, pair

from .regression import paired_iou

RULES = ("exact", "nearest", "outward", "pooling")


def projected(boxes: np.ndarray, stride: float, rule: str = "exact") -> np.ndarray:
    r"""Bring boxes to a map: corners in cells, (n, 4).

    .. math:: \text{exact: } \frac{x}{s}, \qquad \text{nearest: } \Bigl\lfloor \frac{x}{s} \Bigr\rceil, \qquad
        \text{outward: } \Bigl\lfloor \frac{x_0}{s} \Bigr\rfloor, \Bigl\lceil \frac{x_1}{s} \Bigr\rceil, \qquad
        \text{pooling: } \Bigl\lfloor \frac{x_0}{s} \Bigr\rceil, \Bigl\lfloor \frac{x_1}{s} \Bigr\rceil + 1

    boxes: (n, 4) in pixels of the picture; stride: pixels a cell; rule: one of RULES. "pooling" is what `roi_pool`
    does: corners are rounded to cells, of which the last belongs to the region, so that it ends one further.
    Raises ValueError for another rule, a stride that is not above 0, and bad boxes. Chapter: fast_rcnn.
    """
    choice("rule", rule, RULES)
    cells = rows("boxes", boxes) / number("stride", stride, above=0)
    if rule == "exact":
        return cells
    if rule == "outward":
        return np.concatenate([np.floor(cells[:, :2]), np.ceil(cells[:, 2:])], axis=1)
    nearest = np.sign(cells) * np.floor(np.abs(cells) + 0.5)
    return nearest + (np.array([0, 0, 1, 1], cells.dtype) if rule == "pooling" else 0)


def errors(boxes: np.ndarray, stride: float, rule: str) -> np.ndarray:
    """How far the projection moves each edge of a box, in pixels of the picture: (n, 4), above 0 to the right and down.

    Raises ValueError as `projected`. Chapter: fast_rcnn.
    """
    return projected(boxes, stride, rule) * stride - rows("boxes", boxes)


def kept(boxes: np.ndarray, stride: float, rule: str) -> np.ndarray:
    """IoU of each box with the region that is read in its place, (n,).

    Raises ValueError as `projected`. Chapter: fast_rcnn.
    """
    return paired_iou(rows("boxes", boxes), projected(boxes, stride, rule) * stride)


def coverage(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """How many boxes of whole pixels lie over each pixel of a picture of size (height, width): of that shape.

    What a box has outside the picture is cut off. Raises ValueError for bad boxes and sizes. Chapter: fast_rcnn.
    """
    count = np.zeros(pair("size", size), int)
    for x0, y0, x1, y1 in np.round(geometry.clip(rows("boxes", boxes), size)).astype(int):
        count[y0:y1, x0:x1] += 1
    return count
