r"""How far a box is from the true one: losses for training, in keras.ops.

Each takes the truth first, then what a net says, both (..., 4), and gives one number for each box, (...,).
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import ops

from cvnotes.checks import choice, number, whole

from .overlap import paired_giou, paired_iou

NAMES = ("squared", "absolute", "smooth_l1", "iou", "giou")


def squared(truth, said):
    r"""Sum of squared differences of the four numbers, :math:`\sum_k (t_k - \hat t_k)^2`: (..., 4) to (...,).

    The L2 loss of the notes. Its gradient grows with the error. Chapter: localization.
    """
    return ops.sum(ops.square(ops.subtract(said, truth)), axis=-1)


def absolute(truth, said):
    r"""Sum of absolute differences of the four numbers, :math:`\sum_k |t_k - \hat t_k|`: (..., 4) to (...,).

    The L1 loss. Its gradient has one size, however large the error. Chapter: localization.
    """
    return ops.sum(ops.abs(ops.subtract(said, truth)), axis=-1)


def smooth_l1(truth, said, beta: float = 1.0):
    r"""Squared near zero, absolute beyond `beta`: (..., 4) to (...,), summed over the four numbers.

    .. math:: \sum_k \begin{cases} d_k^2 / 2\beta & |d_k| < \beta \\ |d_k| - \beta / 2 & \text{else} \end{cases},
        \qquad d_k = \hat t_k - t_k

    It is Huber's loss over beta. beta has the unit of the boxes: 1 suits offsets that were divided by their usual
    size, and not shares of a picture, none of which are off by 1.
    Raises ValueError for a beta that is not above 0. Source: Girshick (2015), equations 2 and 3, with beta 1.
    Chapter: localization.
    """
    beta = number("beta", beta, above=0)
    off = ops.abs(ops.subtract(said, truth))
    return ops.sum(ops.where(off < beta, off * off / (2 * beta), off - beta / 2), axis=-1)


def iou_loss(truth, said):
    r"""One minus intersection over union of corners x0, y0, x1, y1: (..., 4) to (...,), from 0 to 1.

    Scale does not matter, and boxes that do not touch give no gradient. Source: Yu et al. (2016), who take
    :math:`-\ln` of the same ratio. Chapter: localization.
    """
    return 1 - paired_iou(truth, said)


def giou_loss(truth, said):
    """One minus generalised intersection over union of corners: (..., 4) to (...,), from 0 to 2.

    Boxes that do not touch are drawn together. Source: Rezatofighi et al. (2019), algorithm 1. Chapter: localization.
    """
    return 1 - paired_giou(truth, said)


def corners(boxes):
    """Turn middle and size into corners, in any unit: x, y, w, h (..., 4) to x0, y0, x1, y1 (..., 4), differentiable.

    Chapter: localization.
    """
    middle, half = boxes[..., :2], boxes[..., 2:] / 2
    return ops.concatenate([middle - half, middle + half], axis=-1)


def picked(boxes, labels):
    """From one box (n, 4) or one a class (n, 4 * classes), take for each example the row of its label: (n, 4).

    A box that does not depend on the class is the row of every label. Chapter: localization.
    """
    boxes = ops.reshape(boxes, (-1, boxes.shape[-1] // 4, 4))
    if boxes.shape[1] == 1:
        return boxes[:, 0]
    mine = ops.one_hot(ops.cast(labels, "int32"), boxes.shape[1], dtype=boxes.dtype)
    return ops.sum(ops.expand_dims(mine, -1) * boxes, axis=1)


def box_loss(name: str, beta: float = 1.0) -> Callable:
    """Give the loss of a name as a function of truth and prediction, both x, y, w, h (..., 4).

    The losses by overlap look at corners, the others at the four numbers as they are; beta is for "smooth_l1".
    Raises ValueError for another name or beta. Chapter: localization.
    """
    beta = number("beta", beta, above=0)
    by_number = {"squared": squared, "absolute": absolute, "smooth_l1": lambda t, s: smooth_l1(t, s, beta)}
    by_overlap = {"iou": iou_loss, "giou": giou_loss}
    if choice("name", name, NAMES) in by_number:
        return by_number[name]
    return lambda truth, said: by_overlap[name](corners(truth), corners(said))


def two_head_loss(classes: int, box: Callable, class_weight: float = 1.0, box_weight: float = 1.0) -> Callable:
    r"""Give the loss of both heads, for a net of `heads.two_heads` and targets (n, 5): the label, then x, y, w, h.

    .. math:: L = w_c \, H(\text{label}, \text{scores}) + w_b \, \ell(\text{box}, \text{the label's row})

    with cross-entropy H and a box loss as `box_loss` gives it. A weight of 0 leaves a head untrained. Of one box a
    class, the row of the *true* class is compared: the others get no gradient from this picture.
    Raises ValueError for a weight below 0, or less than one class. Chapter: localization.
    """
    classes = whole("classes", classes, 1)
    class_weight, box_weight = number("class_weight", class_weight, 0), number("box_weight", box_weight, 0)

    def loss(targets, outputs):
        labels, truth = targets[:, 0], targets[:, 1:]
        named = keras.losses.sparse_categorical_crossentropy(labels, outputs[:, :classes], from_logits=True)
        return class_weight * named + box_weight * box(truth, picked(outputs[:, classes:], labels))

    return loss
