"""What Faster R-CNN is trained on: two losses of the network that proposes, two of the head that judges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from keras import ops

from cvnotes import boxes as geometry
from cvnotes.boxes import Truth

from . import faster_ops
from .rpn import labels

LOSSES = ("rpn_class", "rpn_box", "class", "box")
HALF = 0.5  # overlap from which a proposal counts as the object; also the most of a draw that may hold one


class Draw(NamedTuple):
    """How many boxes of a picture a training step looks at."""

    anchors: int = 64  #: drawn for the losses of the RPN; the paper draws 256 of about 20,000
    before: int = 64  #: proposals with the best scores
    proposals: int = 32  #: of these after doubles have been moved to the end
    judged: int = 16  #: of these and of the true boxes, drawn for the losses of the head


FEW = Draw()


def targets(truths: Sequence[Truth], anchors: np.ndarray) -> np.ndarray:
    """Put all that training must know of pictures into one array, a row a picture: (n, 5 m + anchors), 32-bit floats.

    m: the most objects of a picture, at least 1; for each its class (-1: none there) and corners; then for each anchor
    the object that it is to answer for, as `rpn.labels` says. Raises ValueError as it does. Chapter: faster_rcnn.
    """
    match = np.array([labels(anchors, truth) for truth in truths], np.float32).reshape(len(truths), len(anchors))
    most = max([len(truth.boxes) for truth in truths], default=0)
    objects = np.tile(np.float32([-1, 0, 0, 1, 1]), (len(truths), max(most, 1), 1))
    for row, truth in zip(objects, truths, strict=True):
        row[: len(truth.boxes)] = np.column_stack([truth.labels, truth.boxes])
    return np.concatenate([objects.reshape(len(truths), objects.shape[1] * 5), match], axis=1)


def unpacked(wanted, count: int):
    """Take rows of `targets` apart: labels (n, m), corners (n, m, 4), and the object of each of `count` anchors."""
    most = (wanted.shape[1] - count) // 5
    objects = ops.reshape(ops.cast(wanted[:, :-count], "float32"), (-1, most, 5))
    return objects[..., 0], objects[..., 1:], ops.cast(wanted[:, -count:], "int32")


def rpn_losses(logits, offsets, anchors, corners, match, noise, count: int):
    r"""Judge what the RPN says of anchors drawn by lot: is there an object, and how must the anchor move?

    .. math:: L_\text{class} = \frac1N \sum_{i} H(p_i^*, p_i), \qquad
              L_\text{box} = \frac1N \sum_{i} p_i^* \, \ell_1(t_i^* - t_i)

    over N drawn anchors of the batch, with :math:`p^* = 1` for those that answer for an object.
    logits (n, a), offsets (n, a, 4), anchors (a, 4), corners (n, m, 4) of objects, match (n, a), noise (n, a) from 0 to
    1; count: anchors drawn a picture. Gives two numbers.
    Source: Ren et al. (2015), equation 1; both sums over N, and no factor between them. Chapter: faster_rcnn.
    """
    full, empty = ops.cast(match >= 0, "float32"), ops.cast(ops.equal(match, -1), "float32")
    places = faster_ops.drawn(full, empty, noise, count, HALF)
    match, logits, offsets = (faster_ops.taken(one, places) for one in (match, logits, offsets))
    full, counted = ops.cast(match >= 0, "float32"), ops.cast(match >= -1, "float32")
    mine, true = ops.take(anchors, places, axis=0), faster_ops.taken(corners, ops.maximum(match, 0))
    wrong = ops.softplus(logits) - full * logits
    off = geometry.smooth_l1(faster_ops.encoded(true, mine), offsets)
    number = ops.maximum(ops.sum(counted), 1.0)
    return ops.sum(wrong * counted) / number, ops.sum(off * full) / number


def chosen(proposals, objects, corners, noise, count: int):
    """Draw the boxes that the head is to judge, of proposals and true boxes: corners, classes and true corners.

    proposals (n, k, 4); objects (n, m) classes, -1: none there; corners (n, m, 4); noise (n, m + k) from 0 to 1.
    Gives (n, count, 4), (n, count) classes with 0 for nothing, and (n, count, 4). A box that shares half with an object
    holds it; rows of -1, which `targets` fills up with, are drawn too, as boxes of nothing.
    Source: Girshick (2015), section 2.3. Chapter: faster_rcnn.
    """
    found = ops.concatenate([corners, proposals], axis=1)
    overlap = faster_ops.shared(found, corners) * ops.cast(objects >= 0, "float32")[:, None]
    match, holds = ops.argmax(overlap, axis=2), ops.cast(ops.max(overlap, axis=2) >= HALF, "float32")
    places = faster_ops.drawn(holds, 1 - holds, noise, count, HALF)
    found, match, holds = (faster_ops.taken(one, places) for one in (found, match, holds))
    return found, (faster_ops.taken(objects, match) + 1) * holds, faster_ops.taken(corners, match)


def head_losses(logits, offsets, found, classes, true):
    r"""Judge what the head says of boxes: which class, and how must they move? The multi-task loss of Fast R-CNN.

    .. math:: L_\text{class} = \frac1N \sum_{i} H(c_i, \hat p_i), \qquad
              L_\text{box} = \frac1N \sum_{i:\, c_i > 0} \ell_1(t_i - \hat t_i)

    logits (k, classes + 1), the first of nothing; offsets (k, 4); found, true (k, 4); classes (k,). Gives two numbers.
    Source: Girshick (2015), equation 1, with lambda 1. Chapter: faster_rcnn.
    """
    answers = ops.one_hot(ops.cast(classes, "int32"), logits.shape[-1])
    wrong = -ops.sum(answers * ops.log_softmax(logits, axis=-1), axis=-1)
    off = geometry.smooth_l1(faster_ops.encoded(true, found), offsets)
    return ops.mean(wrong), ops.mean(off * ops.cast(classes > 0, "float32"))
