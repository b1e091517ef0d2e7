"""Inputs with holes: what nets do with numbers that are not there, and how they can be taught to do without."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import layers

from cvnotes import data, experiments
from cvnotes.checks import choice, number

MISSING = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)  # shares of pixels
FILLS = ("zero", "mean")
ARMS = {"zeros": ("zero", False), "means": ("mean", False), "holes": ("zero", True)}  # fill, taught with holes


def holed(images: np.ndarray, share: float, dice: np.random.Generator) -> np.ndarray:
    """Pictures (n, h, w, c) with NaN at a share of their pixels, each drawn by itself.

    Raises ValueError for a share outside 0 to 1.
    """
    gone = dice.random(images.shape[:3]) < number("share", share, 0, 1)
    return np.where(gone[..., None], np.nan, images)


def filled(images: np.ndarray, fill: str, mean: np.ndarray) -> np.ndarray:
    """Put 0 or the mean picture (h, w, c) into the holes: two channels a picture, with the second 1 where it is real.

    images: (n, h, w, 1), NaN where there is nothing. Raises ValueError for a fill that is not in FILLS.
    """
    seen = ~np.isnan(images)
    value = 0.0 if choice("fill", fill, FILLS) == "zero" else mean
    return np.concatenate([np.where(seen, images, value), seen], axis=-1).astype("float32")


def reader(channels: int = 2) -> keras.Model:
    """A small ConvNet for digits of 8 × 8 with a channel that says which pixels are real: ten logits."""
    inputs = x = keras.Input((8, 8, channels))
    for filters in (16, 32):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Dense(32, activation="relu")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(10, name="logits")(x))


def digging(most: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    """An augmentation: every picture loses a share of its pixels, drawn from 0 to `most`, and its mask says which."""

    def dig(pictures: np.ndarray, dice: np.random.Generator) -> np.ndarray:
        share = dice.uniform(0, most, len(pictures))[:, None, None, None]
        return pictures * (dice.random((*pictures.shape[:3], 1)) >= share)

    return dig


def taught(with_holes: bool, fill: str, seed: int, epochs: int = 12) -> keras.Model:
    """Train a `reader` on whole digits, or on digits of which up to six tenths are missing."""
    d = data.digits()
    net = reader()
    whole = filled(d.train_images, fill, d.train_images.mean(0))
    augment = digging(0.6) if with_holes else None
    experiments.fit(net, whole, d.train_labels, epochs=epochs, batch=32, rate=2e-3, seed=seed, augment=augment)
    return net


def read(net: keras.Model, fill: str, share: float, seed: int) -> float:
    """Accuracy on test digits that lack a share of their pixels."""
    d = data.digits()
    images = holed(d.test_images, share, np.random.default_rng(seed))
    return experiments.accuracy(net, filled(images, fill, d.train_images.mean(0)), d.test_labels)
