"""Nudge the first layer a little and watch the nudge on its way down the net. Chapter: why_normalization."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from cvnotes import experiments

from .effects import Array, dense_net, scaled, split

DEPTH, NUDGE, PROBE = 16, 0.01, 250  # the nudge is a hundredth of the first kernel's length
WEIGHT_GAINS = (0.5, 1.0, 2.0)  # times the scale that keeps a signal's size: He's for ReLU, Glorot's for tanh
STARTS = {"relu": "he_normal", "tanh": "glorot_normal"}


def travelled(model: keras.Model, x: Array, gain: float, seed: int, nudge: float = NUDGE) -> tuple[Array, Array]:
    """Nudge the first kernel and compare every hidden layer's output with what it was.

    Gives each layer's change, and the same as a share of the layer's own size, (layers,) each: root mean squares.
    Normalizations use the statistics of these pictures, as in training. Chapter: why_normalization.
    """
    inner = [layer.output for layer in model.layers if isinstance(layer, layers.Activation)]
    part = keras.Model(model.inputs[0], inner)
    weights = scaled([ops.convert_to_numpy(w) for w in part.trainable_variables], gain)
    noise = np.random.default_rng(seed).normal(size=weights[0].shape).astype("float32")
    moved = weights[0] + noise * np.float32(nudge * np.linalg.norm(weights[0]) / np.linalg.norm(noise))
    before, after = (_run(part, [first, *weights[1:]], x) for first in (weights[0], moved))
    change = np.array([_size(b - a) for a, b in zip(before, after, strict=True)])
    return change, change / [_size(a) for a in before]


def _run(part: keras.Model, weights: list[Array], x: Array) -> list[Array]:
    answers, _ = part.stateless_call(weights, part.non_trainable_variables, x, training=True)
    return [ops.convert_to_numpy(answer).astype(float) for answer in answers]


def _size(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def growth(change: Array) -> Array:
    """Give the factor by which a change (..., layers) grows from layer to layer, on average.

    Raises ValueError for less than two layers, and for changes that are not above 0. Chapter: why_normalization.
    """
    change = np.asarray(change, dtype=float)
    if change.ndim == 0 or change.shape[-1] < 2 or not np.all(change > 0):
        raise ValueError(f"Give changes above 0 of two layers or more. Received: {change!r:.80}")
    return (change[..., -1] / change[..., 0]) ** (1 / (change.shape[-1] - 1))


@experiments.experiment(version=1, seeds=5)
def nudges(seed: int, scale: str) -> dict[str, list]:
    """Nudge deep nets of random weights, ReLU and tanh, at three weight gains, with and without normalization."""
    del scale
    x, found = split(seed).x[:PROBE], {}
    for activation, start in STARTS.items():
        for norm in ("plain", "before"):
            keras.utils.set_random_seed(seed)
            model = dense_net(norm, DEPTH, activation=activation, start=start)
            runs = [travelled(model, x, gain, seed) for gain in WEIGHT_GAINS]
            found[f"{activation}_{norm}_change"] = [run[0].tolist() for run in runs]
            found[f"{activation}_{norm}_share"] = [run[1].tolist() for run in runs]
    return found
