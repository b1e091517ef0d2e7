"""The loss of YOLO, term by term as it was published, and with cross-entropy where later versions put it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

from cvnotes import boxes
from cvnotes.checks import choice

from .grid import Grid, Parts, split

COORD, NO_OBJECT = 5.0, 0.5  # weights of the paper
ERRORS = ("squared", "entropy")


class Terms(NamedTuple):
    """The five sums of equation 3 for each picture, weights included: (n,) each."""

    centre: Any
    size: Any
    confidence: Any
    no_object: Any
    classes: Any


def overlap(parts: Parts, wanted, grid: Grid):
    """Intersection over union of each predictor's box with the object of its own cell: (n, S, S, B), in 0 to 1.

    It is a target of the loss and the referee among predictors, so no gradient flows back through it.
    Source: Redmon et al. (2016), section 2. Chapter: yolo.
    """
    wanted = ops.convert_to_tensor(wanted, "float32")
    said = _corners(parts.xy, ops.square(parts.roots) * grid.cells)
    true = _corners(wanted[..., None, 1:3], wanted[..., None, 3:5] * grid.cells)
    shared = boxes.paired_iou(said, ops.broadcast_to(true, ops.shape(said)))
    return ops.stop_gradient(ops.where(wanted[..., None, 0] > 0, shared, 0.0))


def _corners(middle, size):
    return ops.concatenate([middle - size / 2, middle + size / 2], -1)


def chosen(parts: Parts, wanted, grid: Grid):
    """Mark the responsible predictor of each cell with an object: (n, S, S, B) of 0 and 1.

    It is the one with the highest overlap; where none overlaps, the one whose numbers are nearest, as in the authors'
    program. Source: Redmon et al. (2016), section 2.2. Chapter: yolo.
    """
    wanted = ops.convert_to_tensor(wanted, "float32")
    shared = overlap(parts, wanted, grid)
    apart = ops.sum(ops.square(parts.xy - wanted[..., None, 1:3]), -1)
    apart = apart + ops.sum(ops.square(parts.roots - ops.sqrt(wanted[..., None, 3:5])), -1)
    touching = ops.max(shared, -1, keepdims=True) > 0
    best = ops.argmax(ops.where(touching, shared, -apart), -1)
    return ops.stop_gradient(ops.one_hot(best, grid.boxes) * wanted[..., :1])


def terms(wanted, said, grid: Grid, errors: str = "squared") -> Terms:
    r"""The loss of YOLO, as five sums over the cells i and predictors j of each picture.

    .. math::
        L = \lambda_c \sum 1^{obj}_{ij} \left[(x - \hat x)^2 + (y - \hat y)^2\right]
          + \lambda_c \sum 1^{obj}_{ij} \left[(\sqrt w - \sqrt{\hat w})^2 + (\sqrt h - \sqrt{\hat h})^2\right] \\
          + \sum 1^{obj}_{ij} (C - \hat C)^2 + \lambda_n \sum 1^{noobj}_{ij} (C - \hat C)^2
          + \sum 1^{obj}_i \sum_c (p_c - \hat p_c)^2

    wanted: (n, S, S, 5 + C) of `grid_targets`; said: (n, S, S, numbers). C is the overlap of the responsible predictor,
    taken as a constant, and 0 for all others. errors: "entropy" puts cross-entropy in the place of the squares of
    confidence and classes (of outputs that are shares); boxes keep their squares. With a class for each box the last
    sum runs over responsible predictors. Raises ValueError for other errors.
    Source: Redmon et al. (2016), equation 3. Chapter: yolo.
    """
    error = {"squared": _squares, "entropy": _entropy}[choice("errors", errors, ERRORS)]
    wanted, parts = ops.convert_to_tensor(wanted, "float32"), split(said, grid)
    there = chosen(parts, wanted, grid)
    certain = error(there * overlap(parts, wanted, grid), parts.confidence)
    names = ops.broadcast_to(wanted[..., None, 5:], ops.shape(parts.classes))
    answers = there if grid.per_box else wanted[..., :1]
    unsure = -names * ops.log(_inside(parts.classes)) if errors == "entropy" else ops.square(names - parts.classes)
    return Terms(
        COORD * _sum(there[..., None] * ops.square(wanted[..., None, 1:3] - parts.xy)),
        COORD * _sum(there[..., None] * ops.square(ops.sqrt(wanted[..., None, 3:5]) - parts.roots)),
        _sum(there * certain),
        NO_OBJECT * _sum((1 - there) * certain),
        _sum(answers[..., None] * unsure),
    )


def _squares(target, share):
    return ops.square(target - share)


def _entropy(target, share):
    share = _inside(share)
    return -target * ops.log(share) - (1 - target) * ops.log(1 - share)


def _inside(share):
    """Shares a little away from 0 and 1, whose logarithms are finite."""
    return ops.clip(share, 1e-6, 1 - 1e-6)


def _sum(values):
    return ops.sum(values, tuple(range(1, len(values.shape))))


def grid_loss(grid: Grid, errors: str = "squared") -> Callable:
    """Make the loss that a model is compiled with: the mean over pictures of the five terms. Chapter: yolo."""
    choice("errors", errors, ERRORS)

    def loss(wanted, said):
        return ops.mean(sum(terms(wanted, said, grid, errors)))

    return loss
