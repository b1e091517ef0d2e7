"""A pipeline with an error in it: what `overfit_check` is to find. Chapter: tuning."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np

from cvnotes import backend

from .bench import conv_net
from .overfit import Feed

RATE = 3e-3  # of Adam


class Pipeline(NamedTuple):
    """A compiled net, what happens to the data once, and what happens to each batch."""

    model: keras.Model
    load: Feed
    feed: Feed


def plain(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hand on what came."""
    return x, y


def _mixed_labels(seed: int) -> Feed:
    dice = np.random.default_rng(seed)
    return lambda x, y: (x, dice.permutation(y))


def _frozen(which: int) -> Callable[[], keras.Model]:
    def build() -> keras.Model:
        model = conv_net()
        with_weights = [layer for layer in model.layers if layer.weights]
        with_weights[which].trainable = False
        return model

    return build


class Probabilities(keras.layers.Layer):
    """A softmax written out: Keras on TensorFlow sees through its own `Softmax` and takes it away with a warning."""

    def call(self, scores):
        """Exponentials over their sum."""
        raised = keras.ops.exp(scores - keras.ops.max(scores, -1, keepdims=True))
        return raised / keras.ops.sum(raised, -1, keepdims=True)


def _softmax_too() -> keras.Model:
    model = conv_net()
    return keras.Model(model.input, Probabilities()(model.output))


def _wrong_sign(labels, scores):
    return -keras.losses.sparse_categorical_crossentropy(labels, scores, from_logits=True)


#: What each pipeline does otherwise: build, loss, load or feed. The last two are functions of a seed.
BUGS: dict[str, dict] = {
    "no bug": {},
    "labels mixed in every batch": {"feed": _mixed_labels},
    "labels mixed once": {"load": _mixed_labels},
    "pictures all zero": {"load": lambda seed: lambda x, y: (np.zeros_like(x), y)},
    "softmax twice": {"build": _softmax_too},
    "wrong sign of the loss": {"loss": _wrong_sign},
    "first layer frozen": {"build": _frozen(0)},
    "last layer frozen": {"build": _frozen(-1)},
    "rate a thousand times too low": {"rate": RATE / 1000},
}


def pipeline(bug: str, seed: int) -> Pipeline:
    """Build the pipeline with one of `BUGS` in it; the seed draws weights and permutations.

    Raises ValueError for another bug. Chapter: tuning.
    """
    if bug not in BUGS:
        raise ValueError(f"bug must be one of {', '.join(BUGS)}. Received: bug={bug!r}")
    other = BUGS[bug]
    keras.utils.set_random_seed(seed)
    model = other.get("build", conv_net)()
    loss = other.get("loss") or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(other.get("rate", RATE)), loss, jit_compile=backend.jit_compile())
    keep = lambda seed: plain  # noqa: E731
    return Pipeline(model, other.get("load", keep)(seed), other.get("feed", keep)(seed))
