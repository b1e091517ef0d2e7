"""Two heads on one eye: which of five shapes is it, and which of five shapes are there? Chapter: captioning."""

from __future__ import annotations

import keras
import numpy as np
from scipy.special import expit, softmax

from cvnotes import experiments
from cvnotes.data.scenes import Scenes
from cvnotes.transfer import codes

from . import calibration, encoder, words

BINS = 10
TRAIN, TEST = 300, 600


def head(codes: np.ndarray, targets: np.ndarray, exclusive: bool, seed: int) -> keras.Model:
    """Train a linear layer on codes (n, features): softmax over labels (n,), or a sigmoid for each of (n, classes).

    Gives logits. exclusive: exactly one class a picture. Chapter: captioning.
    """
    keras.utils.set_random_seed(seed)
    net = keras.Sequential([keras.Input(codes.shape[1:]), keras.layers.Dense(len(words.KINDS))])
    loss = None if exclusive else keras.losses.BinaryCrossentropy(from_logits=True)
    experiments.fit(net, codes, targets, epochs=60, batch=25, rate=2e-2, seed=seed, loss=loss)
    return net


def both_heads(seed: int) -> tuple[keras.Model, keras.Model, keras.Model]:
    """Give the stored eye of a seed, a softmax head for scenes with one shape, a sigmoid head for one or two."""
    eye = encoder.stored_encoder(seed)
    one, some = words.views(TRAIN, 3 * seed + 1, objects=1), words.views(TRAIN, 3 * seed + 1)
    single = head(codes(eye, one.floats, "largest"), one.labels[:, 0], True, seed)
    present = encoder.presence(some)[:, : len(words.KINDS)]
    return eye, single, head(codes(eye, some.floats, "largest"), present, False, seed)


def chances(eye: keras.Model, net: keras.Model, scenes: Scenes, exclusive: bool) -> np.ndarray:
    """Probabilities (n, classes) that a head gives: softmax when exclusive, a sigmoid for each class otherwise."""
    logits = keras.ops.convert_to_numpy(net(codes(eye, scenes.floats, "largest")))
    return softmax(logits, axis=-1) if exclusive else expit(logits)


def two_kinds(count: int, seed: int) -> Scenes:
    """Paint scenes with two objects, and keep those in which the shapes differ."""
    found = words.views(count, seed, objects=2)
    return found[np.flatnonzero(found.labels[:, 0] != found.labels[:, 1])]


def both_pass(chances: np.ndarray, scenes: Scenes) -> float:
    """Share of scenes in which the probabilities of both shapes that are there are above one half."""
    return float(np.mean(np.all(np.take_along_axis(chances, scenes.labels, 1) > 0.5, axis=1)))


@experiments.experiment(version=1, seeds=5)
def presence(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Put scenes with one shape and with two before both heads; bins of confidence are stored as sums."""
    eye, single, several = both_heads(seed)
    one, two = words.views(TEST, 3 * seed + 2, objects=1), two_kinds(TEST, 3 * seed + 2)
    alone, pair = (chances(eye, single, scenes, True) for scenes in (one, two))
    marks = chances(eye, several, two, False)
    sure, right = alone.max(1), alone.argmax(1) == one.labels[:, 0]
    place = np.clip(np.ceil(sure * BINS).astype(int) - 1, 0, BINS - 1)
    return {
        "accuracy": float(right.mean()),
        "error": calibration.calibration_error(sure, right, BINS),
        "softmax_sum": float(np.abs(pair.sum(1) - 1).max()),
        "softmax_both": both_pass(pair, two),
        "sigmoid_both": both_pass(marks, two),
        "sigmoid_sum": float(marks.sum(1).mean()),
        "sigmoid_exact": float(np.mean(np.all((marks > 0.5) == (encoder.presence(two)[:, :5] > 0), axis=1))),
        "softmax_first": float(np.mean([pair[i].argmax() in row for i, row in enumerate(two.labels)])),
        "bin_counts": np.bincount(place, minlength=BINS),
        "bin_sure": np.bincount(place, weights=sure, minlength=BINS),
        "bin_right": np.bincount(place, weights=right, minlength=BINS),
    }
