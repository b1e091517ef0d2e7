"""The triplet loss taken apart: what each half does without the other, and what the hinge is for. Chapter: siamese."""

from __future__ import annotations

import keras
from keras import ops

from cvnotes.checks import choice, number

from .losses import Tensor, pairwise_distances, triplet_loss
from .mining import every, kinds_of, mean_over


def pull_only(to_positive: Tensor, to_negative: Tensor, margin: float) -> Tensor:
    """Bring the positive nearer, and nothing else."""
    return to_positive


def push_only(to_positive: Tensor, to_negative: Tensor, margin: float) -> Tensor:
    """Drive the negative away up to the margin, and nothing else."""
    return ops.relu(margin - to_negative)


def no_hinge(to_positive: Tensor, to_negative: Tensor, margin: float) -> Tensor:
    """Bring the positive nearer and drive the negative away, without an end."""
    return to_positive - to_negative


PARTS = {"both": triplet_loss, "pull only": pull_only, "push only": push_only, "no hinge": no_hinge}


class PartLoss(keras.losses.Loss):
    """One of the losses in `PARTS`, averaged over all triplets of a batch of codes (n, d) with labels (n,).

    Raises ``ValueError`` for another name, and for a margin of 0 or less. Chapter: siamese.
    """

    def __init__(self, part: str = "both", margin: float = 1.0):
        super().__init__(name="part_loss")
        self.part, self.margin = choice("part", part, PARTS), number("margin", margin, above=0)

    def call(self, labels: Tensor, codes: Tensor) -> Tensor:
        """Give one number for the batch."""
        to_positive, to_negative, valid = every(pairwise_distances(codes), *kinds_of(labels))
        nothing = ops.zeros_like(to_positive + to_negative)
        losses = PARTS[self.part](to_positive + nothing, to_negative + nothing, self.margin)
        return mean_over(losses, valid)
