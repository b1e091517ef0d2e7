"""What SSD is trained on: the class of every box that counts, the offsets of those that hold an object."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from keras import ops

from cvnotes import boxes
from cvnotes.checks import number


def hard_negatives(losses, negative, counts):
    """Mark the hardest negatives of each picture: (n, boxes) of zeros and ones.

    losses: (n, boxes) of being wrong about the class; negative: (n, boxes), 1 for a box that holds nothing;
    counts: (n,) how many to take at most. No gradient flows through the choice.
    Source: Liu et al. (2016), section 2.2. Chapter: ssd.
    """
    kept = ops.where(negative > 0, ops.stop_gradient(losses), -1.0)
    rank = ops.cast(ops.argsort(ops.argsort(-kept, axis=1), axis=1), losses.dtype)
    return ops.cast(rank < counts[:, None], losses.dtype) * negative


def multibox_loss(ratio: float | None = 3.0) -> Callable:
    r"""Make the loss of SSD: cross-entropy of classes over positives and chosen negatives, smooth L1 of offsets.

    .. math:: L = \frac{1}{N} \Bigl( \sum_{i \in \mathrm{pos}} \bigl( H(c_i, \hat p_i) + \ell_1(t_i - \hat t_i) \bigr)
              + \sum_{i \in \mathrm{neg}} H(0, \hat p_i) \Bigr)

    with N positives in the batch. Wanted: (n, boxes, 5), the class (0 nothing, -1 left out) and four offsets;
    said: (n, boxes, classes + 5). ratio: negatives for each positive, the hardest of the same picture; None: all.
    Raises ValueError for a ratio below 0. Source: Liu et al. (2016), equations 1 to 3. Chapter: ssd.
    """
    if ratio is not None:
        number("ratio", ratio, 0)

    def loss(wanted, said):
        wanted = ops.cast(wanted, said.dtype)
        label, positive = wanted[..., 0], ops.cast(wanted[..., 0] > 0, said.dtype)
        negative = ops.cast(ops.equal(label, 0), said.dtype)
        wrong = _cross_entropy(ops.cast(ops.maximum(label, 0), "int32"), said[..., :-4])
        if ratio is not None:
            negative = hard_negatives(wrong, negative, ratio * ops.sum(positive, axis=1))
        off = boxes.smooth_l1(wanted[..., 1:], said[..., -4:])
        total = ops.sum(wrong * (positive + negative)) + ops.sum(off * positive)
        return total / ops.maximum(ops.sum(positive), 1.0)

    return loss


def _cross_entropy(label, logits):
    """Minus the logarithm of the share that the softmax gives the label."""
    shares = ops.log_softmax(logits, axis=-1)
    return -ops.squeeze(ops.take_along_axis(shares, label[..., None], axis=-1), axis=-1)


def thinned(wanted: np.ndarray, ratio: float = 3.0, seed: int = 0) -> np.ndarray:
    """Leave out negatives by lot: of each picture `ratio` for each positive stay, all others become -1.

    wanted: (n, boxes, 5) as `ssd.targets` gives them; a copy is returned. The rival of `hard_negatives`. Chapter: ssd.
    """
    wanted, dice = wanted.copy(), np.random.default_rng(seed)
    for row in wanted:
        nothing = np.flatnonzero(row[:, 0] == 0)
        spared = number("ratio", ratio, 0) * np.count_nonzero(row[:, 0] > 0)
        row[dice.permutation(nothing)[int(spared) :], 0] = -1
    return wanted
