"""Losses for `experiments.fit` that form pairs and triplets from the batch at hand. Chapter: siamese."""

from __future__ import annotations

import keras
from keras import ops

from cvnotes.checks import choice, number

from .losses import Tensor, contrastive_loss, pairwise_distances
from .mining import MINING, kinds_of, mined_triplets


@keras.saving.register_keras_serializable(package="cvnotes")
class BatchTriplets(keras.losses.Loss):
    """The triplet loss of a batch of codes with labels: ``fit(encoder, pictures, labels, loss=BatchTriplets())``.

    Takes labels (n,) and codes (n, d); margin, mining, and what is summed up: see `mined_triplets`.
    squared: whether to compare squared distances. Raises as `mined_triplets`. Chapter: siamese.
    """

    def __init__(self, margin: float = 1.0, mining: str = "semi-hard", squared: bool = False, name="batch_triplets"):
        super().__init__(name=name)
        self.margin = number("margin", margin, above=0)
        self.mining, self.squared = choice("mining", mining, MINING), choice("squared", squared, (False, True))

    def call(self, labels: Tensor, codes: Tensor) -> Tensor:
        """Give one number for the batch."""
        distance = pairwise_distances(codes, squared=self.squared)
        return mined_triplets(distance, *kinds_of(labels), self.margin, self.mining)

    def get_config(self) -> dict:
        """Give what makes an equal loss."""
        return {"margin": self.margin, "mining": self.mining, "squared": self.squared, "name": self.name}


@keras.saving.register_keras_serializable(package="cvnotes")
class BatchPairs(keras.losses.Loss):
    """The contrastive loss over all pairs of a batch of codes with labels; both kinds of pairs weigh one half.

    Takes labels (n,) and codes (n, d). margin: see `contrastive_loss`. A kind of pair that a batch lacks counts 0.
    Raises ``ValueError`` for a margin of 0 or less. Chapter: siamese.
    """

    def __init__(self, margin: float = 1.0, name="batch_pairs"):
        super().__init__(name=name)
        self.margin = number("margin", margin, above=0)

    def call(self, labels: Tensor, codes: Tensor) -> Tensor:
        """Give one number for the batch."""
        distance = pairwise_distances(codes)
        kinds = [ops.cast(kind, distance.dtype) for kind in kinds_of(labels)]
        losses = contrastive_loss(distance, kinds[0], self.margin)
        return sum(ops.sum(kind * losses) / ops.maximum(ops.sum(kind), 1) for kind in kinds) / 2

    def get_config(self) -> dict:
        """Give what makes an equal loss."""
        return {"margin": self.margin, "name": self.name}


@keras.saving.register_keras_serializable(package="cvnotes")
class BatchMatches(keras.losses.Loss):
    """The triplet loss between two towers: of all in the batch, only one's own partner is a positive.

    Takes labels (n,), one for each pair of partners, and the codes of both towers (n, 2, d); the first tower's codes
    look for partners among the second's, and the second's among the first's. margin, mining: see `mined_triplets`.
    Raises as `mined_triplets`, and for codes of another shape. Chapter: siamese.
    """

    def __init__(self, margin: float = 1.0, mining: str = "hard", name="batch_matches"):
        super().__init__(name=name)
        self.margin, self.mining = number("margin", margin, above=0), choice("mining", mining, MINING)

    def call(self, labels: Tensor, codes: Tensor) -> Tensor:
        """Give one number for the batch."""
        distance, negatives = pairwise_distances(*_sides(codes)), kinds_of(labels)[1]
        own = ops.logical_not(negatives)
        sides = distance, ops.transpose(distance)
        return sum(mined_triplets(side, own, negatives, self.margin, self.mining) for side in sides) / 2

    def get_config(self) -> dict:
        """Give what makes an equal loss."""
        return {"margin": self.margin, "mining": self.mining, "name": self.name}


def _sides(codes: Tensor) -> tuple[Tensor, Tensor]:
    if len(codes.shape) != 3 or codes.shape[1] != 2:
        raise ValueError(f"Give the codes of both towers, (n, 2, d). Received: shape {tuple(codes.shape)}")
    return codes[:, 0], codes[:, 1]
