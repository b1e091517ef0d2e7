"""How much two boxes share: intersection over union, and its generalisation to boxes that share nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from .formats import area, rows

CELLS = 128_000  # of a table at a time: planes of so many numbers stay in a processor's cache
LEAST = 1e-12  # stands for an area of 0 below a fraction's line: 0 / LEAST is 0


def sides(boxes: np.ndarray, others: np.ndarray, axis: int, inner: bool = True) -> np.ndarray:
    """Length along one axis (0 is x) that each box shares with each other, or of what holds both: (n, m).

    One plane of n x m, worked on in place: stacking corners as n x m x 2 first would cost several times the memory.
    """
    first, last = (np.minimum, np.maximum) if inner else (np.maximum, np.minimum)
    length = first.outer(boxes[:, axis + 2], others[:, axis + 2])
    length -= last.outer(boxes[:, axis], others[:, axis])
    return np.maximum(length, 0, out=length)


def planes(boxes: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Area that each box shares with each other, and area of their union: (n, m) each."""
    common = sides(boxes, others, 0)
    common *= sides(boxes, others, 1)
    union = np.add.outer(area(boxes), area(others))
    union -= common
    return common, union


def overlap(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of checked boxes."""
    common, union = planes(boxes, others)
    common /= np.maximum(union, LEAST, out=union)
    return common


def generalised(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Generalised intersection over union of checked boxes."""
    common, union = planes(boxes, others)
    hull = sides(boxes, others, 0, inner=False) * sides(boxes, others, 1, inner=False)
    waste = (hull - union) / np.maximum(hull, LEAST)
    return common / np.maximum(union, LEAST) - waste


def in_blocks(measure: Callable[[np.ndarray, np.ndarray], np.ndarray], boxes: object, others: object) -> np.ndarray:
    """Fill the table (n, m) of a measure a few rows at a time; read and check the boxes once."""
    boxes, others = rows("boxes", boxes), rows("others", others)
    table = np.empty((len(boxes), len(others)), np.result_type(boxes, others))
    block = max(1, CELLS // max(1, len(others)))
    for start in range(0, len(boxes), block):
        table[start : start + block] = measure(boxes[start : start + block], others)
    return table


def iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    r"""Give the intersection over union of every box with every other.

    $$ \operatorname{IoU}(A, B) = \frac{|A \cap B|}{|A \cup B|} = \frac{|A \cap B|}{|A| + |B| - |A \cap B|} $$

    boxes: (n, 4), others: (m, 4), corners x0, y0, x1, y1; the answer is (n, m), from 0 to 1. A box without area has 0
    with all, itself included. Raises ValueError for other shapes, NaN, and x1 < x0 or y1 < y0.
    Source: Jaccard (1901); Everingham et al. (2010), section 4.2. Chapter: boxes.
    """
    return in_blocks(overlap, boxes, others)


def giou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    r"""Give the generalised intersection over union of every box with every other.

    $$ \operatorname{GIoU}(A, B) = \operatorname{IoU}(A, B) - \frac{|C| - |A \cup B|}{|C|}, \qquad
       C \text{ the smallest box that holds both} $$

    boxes: (n, 4), others: (m, 4); the answer is (n, m), above -1, at most 1; 0 where C has no area.
    Raises ValueError as `iou`. Source: Rezatofighi et al. (2019), algorithm 2. Chapter: boxes.
    """
    return in_blocks(generalised, boxes, others)


def paired_sides(boxes: Any, others: Any, inner: bool = True) -> Any:
    """Width and height, (..., 2), that pairs of boxes share, or of what holds both; 0 where they share none."""
    first, last = (ops.minimum, ops.maximum) if inner else (ops.maximum, ops.minimum)
    length = ops.subtract(first(boxes[..., 2:], others[..., 2:]), last(boxes[..., :2], others[..., :2]))
    return ops.maximum(length, 0.0)


def paired_planes(boxes: Any, others: Any) -> tuple[Any, Any, Any, Any]:
    """Read pairs of boxes as tensors; give them back with the areas of intersection and union."""
    boxes, others = ops.convert_to_tensor(boxes, "float32"), ops.convert_to_tensor(others, "float32")
    mine, theirs = tuple(boxes.shape), tuple(others.shape)
    if mine[-1:] != (4,) or theirs[-1:] != (4,):
        raise ValueError(f"Boxes must have shape (..., 4). Received: {mine} and {theirs}")
    if len(mine) != len(theirs) or any(None not in two and len(set(two)) > 1 for two in zip(mine, theirs, strict=True)):
        raise ValueError(f"Pairs need two boxes each, as many on both sides. Received: {mine} and {theirs}")
    common, mine, theirs = (
        ops.prod(paired_sides(*two), axis=-1) for two in ((boxes, others), (boxes,) * 2, (others,) * 2)
    )
    return boxes, others, common, mine + theirs - common


def paired_iou(boxes: Any, others: Any) -> Any:
    """Give the intersection over union pair by pair, as a tensor through which gradients flow: (..., 4) each to (...).

    A box whose end comes before its beginning, as a net may say, counts as one without area: IoU 0, gradient 0.
    Raises ValueError for different shapes, or a last axis that is not 4. Source and formula: `iou`. Chapter: boxes.
    """
    _, _, common, union = paired_planes(boxes, others)
    return common / ops.maximum(union, LEAST)


def paired_giou(boxes: Any, others: Any) -> Any:
    """Give the generalised intersection over union pair by pair, as a tensor with gradients: (..., 4) each to (...).

    Boxes that do not touch have a gradient too: the box that holds both shrinks as they come nearer.
    Raises ValueError for different shapes, or a last axis that is not 4. Source and formula: `giou`. Chapter: boxes.
    """
    boxes, others, common, union = paired_planes(boxes, others)
    hull = ops.prod(paired_sides(boxes, others, inner=False), axis=-1)
    return common / ops.maximum(union, LEAST) - (hull - union) / ops.maximum(hull, LEAST)
