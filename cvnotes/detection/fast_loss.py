"""The multi-task loss: one number for a wrong name and, where there is an object, for a box that is off.

Chapter: fast_rcnn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from cvnotes.boxes import smooth_l1
from cvnotes.boxes.losses import picked
from cvnotes.checks import number, whole


def parted(said: Any, classes: int) -> tuple[Any, Any]:
    """Cut a net's answers (k, classes + 1 + 4 * classes) into logits and offsets. Chapter: fast_rcnn."""
    return said[:, : classes + 1], said[:, classes + 1 :]


def name_loss(wanted: Any, said: Any, classes: int) -> Any:
    r"""Cross-entropy of each region, :math:`-\ln p_u`, where class u = 0 is the background: (k,).

    wanted: (k, 5), class and offsets; said: (k, classes + 1 + 4 * classes).
    Source: Girshick (2015), section 2.3. Chapter: fast_rcnn.
    """
    logits, _ = parted(said, classes)
    labels = ops.cast(wanted[:, 0], "int32")
    return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def place_loss(wanted: Any, said: Any, classes: int) -> Any:
    r"""Smooth L1 of the true class's own four offsets, 0 for background: :math:`[u \ge 1] \sum_i s(t^u_i - v_i)`, (k,).

    Source: Girshick (2015), equations 2 and 3. Chapter: fast_rcnn.
    """
    _, offsets = parted(said, classes)
    labels = ops.cast(wanted[:, 0], "int32")
    mine = picked(offsets, ops.maximum(labels - 1, 0))
    return ops.cast(labels > 0, said.dtype) * smooth_l1(ops.cast(wanted[:, 1:], said.dtype), mine)


def multi_task_loss(classes: int, weight: float = 1.0) -> Callable:
    r"""Give the loss of a detector's head, over truth (k, 5) and answers (k, classes + 1 + 4 * classes).

    .. math:: L = \frac1k \sum \Bigl( -\ln p_u + \lambda\, [u \ge 1] \sum_{i \in \{x, y, w, h\}} s(t^u_i - v_i) \Bigr)

    u is the true class (0 is background), p the softmax of the logits, v the offsets wanted, t^u those said for the
    true class, s the smooth L1; weight: lambda. The mask [u >= 1] leaves boxes of background out.
    Raises ValueError for less than one class and a weight below 0.
    Source: Girshick (2015), equation 1. Chapter: fast_rcnn.
    """
    classes, weight = whole("classes", classes, 1), number("weight", weight, 0)

    def loss(wanted, said):
        return name_loss(wanted, said, classes) + weight * place_loss(wanted, said, classes)

    return loss


def parts(classes: int) -> list[Callable]:
    """The two parts of the loss as functions "name" and "place", to be watched in training. Chapter: fast_rcnn."""

    def name(wanted, said):
        return name_loss(wanted, said, classes)

    def place(wanted, said):
        return place_loss(wanted, said, classes)

    return [name, place]
