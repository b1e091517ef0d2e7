"""Every operation that the notes name as one Keras layer: at work in training, idle afterwards. Chapter: augmentation.

Keras has most of them; `Whitening`, `DropPixels` and `PCAShift` are ours. All take pictures (n, h, w, c) in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

from cvnotes.checks import number

from .colours import scaled_axes

SHADES = (0.0, 1.0)  # of black and white


class RandomLayer(keras.layers.Layer):
    """A layer with dice of its own, that does something in training only.

    Its call raises ValueError for what is no batch of pictures (n, h, w, c) of floats.
    """

    def __init__(self, seed: int | None = None, **options):
        super().__init__(**options)
        self.dice = keras.random.SeedGenerator(seed)

    def call(self, images, training=False):
        """Change the pictures in training, hand them on otherwise."""
        if len(images.shape) != 4 or "float" not in keras.backend.standardize_dtype(images.dtype):
            told = f"{keras.backend.standardize_dtype(images.dtype)} of shape {tuple(images.shape)}"
            raise ValueError(f"Give pictures (n, h, w, c) as floats: divide bytes by 255. Received: {told}")
        return self.change(images) if training else images

    def compute_output_shape(self, input_shape):
        """The shape stays."""
        return input_shape


class DropPixels(RandomLayer):
    """Set a share of all pixels to black, in all channels at once; the others stay as they are.

    (`keras.layers.Dropout` drops channels apart and makes what is left brighter.)
    rate: the share, from 0 to 1. Raises ValueError for another. Chapter: augmentation.
    """

    def __init__(self, rate: float, seed: int | None = None, **options):
        super().__init__(seed, **options)
        self.rate = number("rate", rate, 0, 1)

    def change(self, images):
        """Multiply by a mask of zeros and ones, drawn anew for each picture."""
        n, height, width = ops.shape(images)[:3]
        drawn = keras.random.uniform((n, height, width, 1), seed=self.dice)
        return images * ops.cast(drawn >= self.rate, images.dtype)


class Whitening(RandomLayer):
    r"""Move each picture some way towards its whitened self, whose channels have mean 0, variance 1, no correlation.

    .. math:: x + t\,(W(x - \bar x) - x), \qquad W = C^{-1/2}, \quad t \sim \mathrm{U}(0, \text{most})

    C: covariance of the channels over the pixels of this one picture. most: the largest t, from 0 to 1.
    Whitening itself has no dice and makes no new picture; the way towards it has. Chapter: augmentation.
    """

    def __init__(self, most: float = 1.0, seed: int | None = None, **options):
        super().__init__(seed, **options)
        self.most = number("most", most, 0, 1)

    def change(self, images):
        """Mix with the whitened pictures, in a proportion drawn for each."""
        part = keras.random.uniform((ops.shape(images)[0], 1, 1, 1), 0.0, self.most, seed=self.dice)
        full = ops.cast(images, part.dtype)  # eigenvectors are not to be had in halves
        return ops.cast(full + part * (whitened(full) - full), images.dtype)


class PCAShift(RandomLayer):
    """AlexNet's shift of colours: one random colour for each picture, along the axes of `colour_axes`.

    values (3,), vectors (3, 3): of `colour_axes`. deviation: of the draws, 0.1 in the paper.
    Raises ValueError for other shapes, and pictures that have not three channels.
    Source: Krizhevsky, Sutskever and Hinton (2012), section 4.1. Chapter: augmentation.
    """

    def __init__(self, values, vectors, deviation: float = 0.1, seed: int | None = None, **options):
        super().__init__(seed, **options)
        self.axes = scaled_axes(values, vectors).astype("float32")
        self.deviation = number("deviation", deviation, 0)
        self.given = {"values": np.asarray(values).tolist(), "vectors": np.asarray(vectors).tolist(), "seed": seed}

    def get_config(self):
        """What a copy is built from, so that a net with this layer can be saved."""
        return {**super().get_config(), **self.given, "deviation": self.deviation}

    def change(self, images):
        """Add one colour to all pixels of a picture."""
        if images.shape[-1] != 3:
            raise ValueError(f"A shift of colours needs three channels. Received: shape {tuple(images.shape)}")
        draws = keras.random.normal((ops.shape(images)[0], 3), stddev=self.deviation, seed=self.dice)
        return images + ops.cast(ops.matmul(draws, self.axes.T)[:, None, None], images.dtype)


def whitened(images):
    """Give the channels of each picture mean 0, variance 1 and no correlation; without contrast it becomes all 0."""
    n, height, width, channels = ops.shape(images)
    pixels = ops.reshape(images, (n, height * width, channels))
    pixels = pixels - ops.mean(pixels, 1, keepdims=True)
    covariance = ops.matmul(ops.transpose(pixels, (0, 2, 1)), pixels) / (height * width)
    values, vectors = ops.linalg.eigh(covariance)
    scaled = vectors / ops.sqrt(ops.maximum(values, 0.0) + 1e-4)[:, None]
    root = ops.matmul(scaled, ops.transpose(vectors, (0, 2, 1)))
    return ops.reshape(ops.matmul(pixels, root), (n, height, width, channels))


class Operation(NamedTuple):
    """How to build the layer from a strength and a seed, four strengths to look at, and what the strength is."""

    build: Callable[[float, int], keras.Layer]
    strengths: Sequence[float]
    unit: str


OPERATIONS: dict[str, Operation] = {
    "noise": Operation(lambda s, seed: layers.GaussianNoise(s, seed=seed), (0.05, 0.1, 0.2, 0.4), "deviation"),
    "whitening": Operation(lambda s, seed: Whitening(s, seed), (0.1, 0.25, 0.5, 1.0), "share, at most"),
    "dropped pixels": Operation(lambda s, seed: DropPixels(s, seed), (0.1, 0.25, 0.5, 0.75), "share"),
    "rotation": Operation(
        lambda s, seed: layers.RandomRotation(s / 360, fill_mode="constant", seed=seed),
        (10, 30, 90, 180),
        "degrees, at most",
    ),
    "colour shift": Operation(
        lambda s, seed: layers.RandomHue(2 * s, value_range=SHADES, seed=seed),
        (0.05, 0.1, 0.25, 0.5),
        "of the colour wheel, at most",
    ),
    "blur": Operation(
        lambda s, seed: layers.RandomGaussianBlur(1.0, 7, (0.1, s), value_range=SHADES, seed=seed),
        (0.5, 1.0, 2.0, 3.0),
        "deviation in pixels, at most",
    ),
    "translation": Operation(
        lambda s, seed: layers.RandomTranslation(s, s, fill_mode="constant", seed=seed),
        (0.05, 0.1, 0.2, 0.4),
        "of the side, at most",
    ),
    "flip": Operation(lambda s, seed: layers.RandomFlip("horizontal", seed=seed), (0.5,) * 4, "chance"),
    "cutout": Operation(
        lambda s, seed: layers.RandomErasing(1.0, (s, s), fill_value=0.0, value_range=SHADES, seed=seed),
        (0.05, 0.1, 0.2, 0.4),
        "of the area",
    ),
}


def operation(name: str, strength: float, seed: int) -> keras.Layer:
    """The layer of an operation; its strength is told by the unit in `OPERATIONS`.

    Raises ValueError for a name that is not in `OPERATIONS`, and for a strength below 0. Chapter: augmentation.
    """
    if not isinstance(name, str) or name not in OPERATIONS:
        raise ValueError(f"There is no operation of that name. Known: {', '.join(OPERATIONS)}. Received: {name!r}")
    return OPERATIONS[name].build(number("strength", strength, 0), seed)


def in_front(first: Sequence[keras.Layer], model: keras.Model) -> keras.Model:
    """A net that changes its pictures first, in training alone, and shares its weights with `model`.

    Raises ValueError for what is no built model. Chapter: augmentation.
    """
    if not isinstance(model, keras.Model) or not model.built:
        raise ValueError(f"Give a built model, with an Input. Received: {type(model).__name__}")
    return keras.Sequential([keras.Input(model.input_shape[1:]), *first, model])
