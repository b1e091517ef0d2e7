"""An encoder of faces, and batches that are drawn person by person. Chapter: faces."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from cvnotes import experiments
from cvnotes.checks import whole

from .batches import BatchTriplets
from .losses import Tensor

MARGIN, RATE = 0.3, 4e-3  # chosen with people of the validation pile


def face_encoder(
    shape: Sequence[int] = (32, 32, 3), codes: int = 32, filters: Sequence[int] = (16, 32, 64)
) -> keras.Model:
    """Make a ConvNet from pictures (n, height, width, channels), 0 .. 255, to codes of length 1 (n, codes).

    filters: of 3 x 3 convolutions with stride 2 and ReLU, before a dense layer of twice as many units as there are
    numbers in a code. Weights are drawn when it is made: seed before.
    Raises ``ValueError`` for sizes below 1. Chapter: faces.
    """
    x = inputs = keras.Input([whole("shape", size, 1) for size in shape])
    x = layers.Rescaling(1 / 127.5, -1)(x)
    for width in filters:
        x = layers.Conv2D(whole("filters", width, 1), 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Dense(2 * whole("codes", codes, 1), activation="relu")(layers.Flatten()(x))
    x = layers.Dense(codes)(x)
    return keras.Model(inputs, layers.UnitNormalization()(x), name="face_encoder")


@keras.saving.register_keras_serializable(package="cvnotes")
class LotTriplets(BatchTriplets):
    """The triplet loss of a batch of lots: codes (n, each, d), one label (n,) for all pictures of a lot.

    Options and errors as `BatchTriplets`. Chapter: faces.
    """

    def __init__(self, margin: float = MARGIN, mining: str = "semi-hard", squared: bool = False, name="lot_triplets"):
        super().__init__(margin, mining, squared, name)

    def call(self, labels: Tensor, codes: Tensor) -> Tensor:
        """Give one number for the batch."""
        each, long = codes.shape[1:]
        return super().call(ops.repeat(ops.reshape(labels, (-1,)), each), ops.reshape(codes, (-1, long)))


def of_lots(encoder: keras.Model, each: int) -> keras.Model:
    """Make a net that reads lots (n, each, h, w, c) and gives their codes (n, each, d). Chapter: faces."""
    lots = keras.Input((whole("each", each, 2), *encoder.input_shape[1:]))
    codes = encoder(ops.reshape(lots, (-1, *encoder.input_shape[1:])))
    return keras.Model(lots, ops.reshape(codes, (-1, each, codes.shape[-1])))


def teach(
    encoder: keras.Model,
    images: np.ndarray,
    people: np.ndarray,
    *,
    steps: int,
    seed: int,
    lots: int = 24,
    each: int = 4,
) -> experiments.History:
    """Train on `steps` batches of `lots` people with `each` pictures of them, by semi-hard triplets.

    A batch of single pictures would hold few pairs of one person; this one holds as many whatever the number of people.
    images: (n, h, w, c). people: (n,). Raises ``ValueError`` where a person has fewer than `each` pictures.
    Source of such batches: Hermans, Beyer and Leibe (2017), section 2. Chapter: faces.
    """
    rows = [np.flatnonzero(people == person) for person in np.unique(people)]
    if len(rows) < 2 or min(map(len, rows)) < each:
        counts = f"{len(rows)} people, the rarest with {min(map(len, rows), default=0)}"
        raise ValueError(f"Training needs two people or more, with {each} pictures each. Received: {counts}")

    def drawn(chosen: np.ndarray, dice: np.random.Generator) -> np.ndarray:
        return np.stack([images[dice.choice(rows[one], each, replace=False)] for one in chosen])

    asked = np.resize(np.arange(len(rows)), whole("steps", steps, 1) * whole("lots", lots, 2))
    options = {"epochs": 1, "batch": lots, "rate": RATE, "seed": seed, "loss": LotTriplets(), "augment": drawn}
    return experiments.fit(of_lots(encoder, each), asked, asked, **options)
