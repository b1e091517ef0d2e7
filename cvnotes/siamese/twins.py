"""One encoder called twice, and its cousin with two towers. Chapter: siamese."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from cvnotes.checks import choice, whole

from .losses import distances

Tensor = Any


def encoder(
    shape: Sequence[int] = (8, 8, 1),
    codes: int = 16,
    *,
    filters: Sequence[int] = (),
    hidden: Sequence[int] = (64,),
    unit: bool = False,
    name: str = "encoder",
) -> keras.Model:
    """Make a small net that turns a picture into a code: (n, height, width, channels) -> (n, codes).

    filters: of 3 x 3 convolutions with ReLU, each but the first with stride 2. hidden: widths of the dense layers with
    ReLU that follow. codes: numbers in a code, from a last layer without activation. unit: whether to divide each code
    by its length, which puts all of them on a sphere. Weights are drawn when it is made: seed before.
    Raises ``ValueError`` for sizes below 1. Chapter: siamese.
    """
    x = inputs = keras.Input(_sizes("shape", shape))
    for i, width in enumerate(_sizes("filters", filters)):
        x = layers.Conv2D(width, 3, strides=1 if i == 0 else 2, padding="same", activation="relu")(x)
    x = layers.Flatten()(x)
    for width in _sizes("hidden", hidden):
        x = layers.Dense(width, activation="relu")(x)
    x = layers.Dense(whole("codes", codes, 1), name="code")(x)
    x = layers.UnitNormalization()(x) if choice("unit", unit, (False, True)) else x
    return keras.Model(inputs, x, name=name)


def _sizes(name: str, sizes: Sequence[int]) -> list[int]:
    if not isinstance(sizes, (tuple, list)):
        raise ValueError(f"{name} must be a list of sizes. Received: {name}={sizes!r}")
    return [whole(name, size, 1) for size in sizes]


@keras.saving.register_keras_serializable(package="cvnotes")
class Twin(keras.Model):
    """The distance of two pictures as an encoder sees them: one tower called twice, or two towers.

    left: turns a picture into a code. right: the tower of the second picture, `left` itself unless given; two towers
    make a *pseudo*-siamese net. Call it with a pair [a, b], each (n, ...), or with one array of pairs (n, 2, ...);
    it answers with Euclidean distances (n,). Source: Bromley and colleagues (1993). Chapter: siamese.
    """

    def __init__(self, left: keras.Model, right: keras.Model | None = None, name: str = "twin"):
        super().__init__(name=name)
        self.left = left
        self.right = left if right is None else right
        self.built = self.left.built and self.right.built

    def build(self, pairs_shape: Any) -> None:
        """Leave it to the towers, which build themselves when they are called."""

    def call(self, pairs: Tensor) -> Tensor:
        """Give a distance for each pair."""
        a, b = _both(pairs)
        return distances(self.left(a), self.right(b))

    def get_config(self) -> dict:
        """Give both towers, or the one."""
        towers = {"left": self.left, "right": None if self.right is self.left else self.right}
        saved = {key: tower and keras.saving.serialize_keras_object(tower) for key, tower in towers.items()}
        return {**saved, "name": self.name}

    @classmethod
    def from_config(cls, config: dict) -> Twin:
        """Make an equal net."""
        towers = {key: config[key] and keras.saving.deserialize_keras_object(config[key]) for key in ("left", "right")}
        return cls(**towers, name=config["name"])


def _both(pairs: Tensor) -> Sequence[Tensor]:
    if isinstance(pairs, (list, tuple)):
        if len(pairs) == 2:
            return pairs
        raise ValueError(f"Give [a, b], or pairs (n, 2, ...). Received: a list of {len(pairs)}")
    if len(pairs.shape) < 3 or pairs.shape[1] != 2:
        raise ValueError(f"Give [a, b], or pairs (n, 2, ...). Received: shape {tuple(pairs.shape)}")
    return pairs[:, 0], pairs[:, 1]


def codes_of(net: keras.Model, pictures: np.ndarray, batch: int = 512) -> np.ndarray:
    """Give the codes of pictures (n, ...) as an array (n, codes), `batch` at a time.

    Raises ``ValueError`` for a batch below 1. Chapter: siamese.
    """
    pictures, batch = np.asarray(pictures), whole("batch", batch, 1)
    if not len(pictures):  # TensorFlow cannot convolve no picture
        return np.zeros((0, *(size or 0 for size in net.output_shape[1:])), "float32")
    rows = [pictures[at : at + batch] for at in range(0, len(pictures), batch)]
    return np.concatenate([ops.convert_to_numpy(net(some, training=False)) for some in rows])
