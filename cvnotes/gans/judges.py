"""Judges of made digits: two classifiers trained on real ones, and what they say of a heap of pictures.

Chapter: generators. Real digits come in three heaps that share no picture: to learn from, to compare with, and spare.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from cvnotes import data, experiments
from cvnotes.transfer import keeping

from . import frechet

SURE = 0.9  # the chance that a judge must give to the digit it names
FEATURES = 24  # numbers in the layer before the answer, where the distance is measured
JUDGES = ("first", "second")


class Heaps(NamedTuple):
    """Real digits (n, 8, 8, 1) in [0, 1]: to learn from, with their labels; to compare with; and spare ones."""

    learn: np.ndarray
    labels: np.ndarray
    compare: np.ndarray
    spare: np.ndarray


class Verdict(NamedTuple):
    """What is said of a heap of pictures: recognised share, digits in effect (1 to 10), Frechet distance."""

    recognised: float
    kinds: float
    distance: float


@functools.lru_cache(maxsize=1)
def heaps() -> Heaps:
    """Give 1,078 digits to learn from, 360 to compare with and 359 spare ones. Chapter: generators."""
    learn, labels, rest, _ = data.digits(test_fraction=0.4)
    return Heaps(learn, labels, rest[::2], rest[1::2])


def judge_net() -> keras.Sequential:
    """Build a small classifier of digits 8x8; its last layer but one gives the features. Chapter: generators."""
    return keras.Sequential([
        keras.Input((8, 8, 1)),
        layers.Conv2D(24, 3, padding="same", activation="relu"),
        layers.Conv2D(32, 3, 2, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dropout(0.3, seed=1),
        layers.Dense(FEATURES, "relu", name="features"),
        layers.Dense(10),
    ])  # fmt: skip


def taught(seed: int) -> keras.Sequential:
    """Train a judge on the digits to learn from, each shifted by up to a pixel. Chapter: generators."""
    keras.utils.set_random_seed(seed)
    net = judge_net()
    experiments.fit(net, *heaps()[:2], epochs=30, batch=64, rate=2e-3, seed=seed)
    return net


@functools.lru_cache(maxsize=1)
def judges() -> dict[str, keras.Sequential]:
    """Give both judges with their stored weights. Chapter: generators."""
    found = {}
    for name in JUDGES:
        found[name] = judge_net()
        found[name].set_weights(keeping.load_weights("judges", name))
    return found


def store() -> None:
    """Train both judges from different seeds, and store their weights. Chapter: generators."""
    nets = {name: taught(100 + seed).get_weights() for seed, name in enumerate(JUDGES)}
    keeping.save_weights("judges", nets, "python -m cvnotes.gans judges")


def features(pictures: np.ndarray) -> np.ndarray:
    """Give what the first judge sees before it answers: (n, 24). Raises ValueError as `verdict`."""
    x = _pictures(pictures)
    for layer in judges()["first"].layers[:-1]:
        x = layer(x, training=False)
    return keras.ops.convert_to_numpy(x)


def chances(pictures: np.ndarray) -> np.ndarray:
    """Give the chances that each judge gives to each digit: (2, n, 10). Raises ValueError as `verdict`."""
    x = _pictures(pictures)
    answers = [keras.ops.softmax(net(x, training=False)) for net in judges().values()]
    return np.stack([keras.ops.convert_to_numpy(answer) for answer in answers])


def recognised(said: np.ndarray) -> np.ndarray:
    """Tell which pictures both judges call the same digit, each with a chance of 0.9 or more: (n,) of booleans.

    said: (2, n, 10), as `chances` gives them. Chapter: generators.
    """
    agreed = said[0].argmax(1) == said[1].argmax(1)
    return agreed & (said.max(2) >= SURE).all(0)


def kinds(said: np.ndarray) -> float:
    r"""Count the digits in effect: the exponential of the entropy of the mean chances, from 1 to 10.

    .. math:: e^{-\sum_k \bar p_k \log \bar p_k}

    said: (2, n, 10), at least one picture. Chapter: generators.
    """
    mean = said.mean((0, 1))
    return float(np.exp(-np.sum(mean * np.log(np.maximum(mean, 1e-12)))))


def verdict(pictures: np.ndarray) -> Verdict:
    """Judge a heap of pictures (n, 8, 8, 1): recognised share, digits in effect, distance to the real ones apart.

    The distance is Frechet's between features, against the heap to compare with; judges learned from another heap.
    Raises ValueError for fewer than two pictures, other shapes, or NaN. Chapter: generators.
    """
    said = chances(_pictures(pictures, 2))
    apart = frechet.between(_compared(), frechet.cloud(features(pictures)))
    return Verdict(float(recognised(said).mean()), kinds(said), apart)


@functools.lru_cache(maxsize=1)
def _compared() -> frechet.Cloud:
    return frechet.cloud(features(heaps().compare))


def _pictures(values: np.ndarray, least: int = 1) -> np.ndarray:
    values = np.asarray(values, dtype="float32")
    if values.shape[1:] != (8, 8, 1) or len(values) < least or not np.isfinite(values).all():
        raise ValueError(
            f"Give {least} or more finite pictures (n, 8, 8, 1). Received: shape {values.shape}, finite or not"
        )
    return values
