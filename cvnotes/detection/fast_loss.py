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


def parted(wanted: Any, said: Any, classes: int) -> tuple[Any, Any, Any, Any]:
    """Cut truth (k, 5) into classes (k,) and offsets (k, 4), and a net's answers into logits and offsets.

    said: (k, classes + 1 + 4 * classes). Raises ValueError for rows of other lengths. Chapter: fast_rcnn.
    """
    if wanted.shape[-1] != 5 or said.shape[-1] != 5 * classes + 1:
        wide, told = 5 * classes + 1, f"{tuple(wanted.shape)} and {tuple(said.shape)}"
        raise ValueError(f"Give truth (k, 5) and, for {classes} classes, answers (k, {wide}). Received: {told}")
    labels, true = ops.cast(wanted[:, 0], "int32"), ops.cast(wanted[:, 1:], said.dtype)
    return labels, true, said[:, : classes + 1], said[:, classes + 1 :]


def name_loss(wanted: Any, said: Any, classes: int) -> Any:
    r"""Cross-entropy of each region, :math:`-\ln p_u`, where class u = 0 is the background: (k,).

    wanted: (k, 5), class and offsets; said: (k, classes + 1 + 4 * classes).
    Source: Girshick (2015), section 2.3. Chapter: fast_rcnn.
    """
    labels, _, logits, _ = parted(wanted, said, classes)
    return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def place_loss(wanted: Any, said: Any, classes: int) -> Any:
    r"""Smooth L1 of the true class's own four offsets, 0 for background: :math:`[u \ge 1] \sum_i s(t^u_i - v_i)`, (k,).

    Source: Girshick (2015), equations 2 and 3. Chapter: fast_rcnn.
    """
    labels, true, _, offsets = parted(wanted, said, classes)
    mine = picked(offsets, ops.maximum(labels - 1, 0))
    return ops.cast(labels > 0, said.dtype) * smooth_l1(true, mine)


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
