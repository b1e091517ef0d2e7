"""The experiments of the page on integrated gradients."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from cvnotes import attribution, data, experiments
from cvnotes.visualization import subjects

from . import paths

STORED = ("sums", "pieces")
SCENES = 8
ALPHAS = np.linspace(0, 1, 21)

#: How far a live run of `pieces` may be from the stored one: another processor trains other weights.
TOLERANCE = {"kinks": 4, "slope": 0.2, **dict.fromkeys(paths.RULES, 0.2)}


def scenes(net: keras.Model, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The first test scenes that a net names rightly, (count, 64, 64, 3), and their classes, (count,)."""
    drawn = subjects.test_views(4 * count, seed)
    truth = subjects.answers(drawn)
    right = keras.ops.convert_to_numpy(net(drawn.floats)).argmax(1) == truth
    chosen = np.flatnonzero(right)[:count]
    return drawn.floats[chosen], truth[chosen]


def changes(net: keras.Model, images: np.ndarray, classes: np.ndarray, baseline: float = 0.0) -> np.ndarray:
    """By how much the score of its class is higher for each picture than for the baseline, (n,)."""
    there = keras.ops.convert_to_numpy(net(images))[np.arange(len(images)), classes]
    start = keras.ops.convert_to_numpy(net(np.full_like(images[:1], baseline)))[0, classes]
    return there - start


def total(maps: np.ndarray) -> np.ndarray:
    """The sum of each map, (n,)."""
    return maps.sum(axis=tuple(range(1, maps.ndim)))


def missed(maps: np.ndarray, change: np.ndarray) -> float:
    """How far sums of maps are from the changes that they should explain, over the mean size of a change."""
    return float(np.mean(np.abs(total(maps) - change)) / np.mean(np.abs(change)))


@experiments.experiment(version=1, seeds=5)
def sums(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Explain SCENES scenes to a plain net from black: how far sums of attributions miss the change of the score.

    One number for each method, and for integrated gradients a row over `paths.STEPS` for each rule.
    """
    net = subjects.subject("plain", seed)
    images, classes = scenes(net, SCENES, seed)
    change = changes(net, images, classes)
    found = {
        "slope": missed(attribution.input_x_gradient(net, images, classes), change),
        "deeplift": missed(attribution.deeplift(net, images, classes), change),
    }
    for rule in paths.RULES:
        maps = [attribution.integrated_gradients(net, images, classes, steps=n, rule=rule) for n in paths.STEPS]
        found[rule] = [missed(each, change) for each in maps]
    return found


def dense_reader(seed: int, epochs: int = 10) -> keras.Model:
    """Train a dense net, 64-32-32-10, on digits of 8 × 8."""
    d = data.digits()
    sizes = [layers.Dense(32, activation="relu"), layers.Dense(32, activation="relu"), layers.Dense(10)]
    net = keras.Sequential([keras.Input((64,)), *sizes])
    x = d.train_images.reshape(-1, 64)
    experiments.fit(net, x, d.train_labels, epochs=epochs, batch=32, rate=3e-3, seed=seed)
    return net


def weights_of(net: keras.Model) -> paths.Weights:
    """Kernel and bias of each dense layer, in double precision."""
    found = [layer.get_weights() for layer in net.layers if isinstance(layer, layers.Dense)]
    return [(kernel.astype(float), bias.astype(float)) for kernel, bias in found]


@experiments.experiment(version=1, seeds=5)
def pieces(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Integrate a dense net on 20 test digits exactly, and by rules with `paths.STEPS`: mean error over mean size.

    `kinks`: how often a ReLU switches on the way from black, on average.
    """
    net, d = dense_reader(seed), data.digits()
    x, black = d.test_images[:20].reshape(-1, 64), np.zeros(64)
    weights, classes = weights_of(net), keras.ops.convert_to_numpy(net(x)).argmax(1)
    true = np.array([paths.exact(weights, one, black, k) for one, k in zip(x, classes, strict=True)])
    found = {"kinks": float(np.mean([len(paths.kinks(weights, black, one.astype(float))) - 2 for one in x]))}
    for rule in paths.RULES:
        maps = [
            attribution.integrated_gradients(net, x, classes, steps=n, rule=rule, batch_size=1000) for n in paths.STEPS
        ]
        found[rule] = [float(np.abs(each - true).mean() / np.abs(true).mean()) for each in maps]
    found["slope"] = float(np.abs(attribution.input_x_gradient(net, x, classes) - true).mean() / np.abs(true).mean())
    return found
