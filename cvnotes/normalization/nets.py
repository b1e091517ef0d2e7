"""Dense nets in NumPy with our own batch normalization inside: its gradient by hand is what trains them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cvnotes import data
from cvnotes.backpropagation import Dense, Layer, Network, ReLU, batches, sgd_step
from cvnotes.checks import whole

from .batch import EPSILON, batch_norm, batch_norm_gradient


class BatchNorm(Layer):
    """Batch normalization with the statistics of the batch. Remembers its input.

    weights: gamma and beta, (channels,) each. Chapter: normalization.
    """

    def __init__(self, channels: int, epsilon: float = EPSILON):
        super().__init__(np.ones(channels), np.zeros(channels))
        self.epsilon = epsilon

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.kept = (x,)
        return batch_norm(x, *self.weights, self.epsilon)

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        given = self.kept[0], upstream, self.weights[0], self.epsilon
        for_x, *self.gradients = batch_norm_gradient(*given)
        return for_x


class Tanh(Layer):
    """The hyperbolic tangent: smooth, where ReLU has a kink. Remembers its output. Chapter: normalization."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.kept = (np.tanh(x),)
        return self.kept[0]

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        return upstream * (1 - self.kept[0] ** 2)


def dense_net(
    sizes: Sequence[int],
    normalized: bool,
    seed: int = 0,
    activation: type[Layer] = ReLU,
    epsilon: float = EPSILON,
) -> Network:
    """Dense layers with activations between them, each hidden one followed by batch normalization if `normalized`.

    sizes: of the input, the hidden layers and the scores. Weights are drawn as He et al. (2015) advise for ReLU, and
    as Glorot and Bengio (2010) do otherwise; a seed draws the same ones with and without normalization.
    Raises ValueError for fewer than two sizes or any below 1. Chapter: normalization.
    """
    sizes = [whole("sizes", size, 1) for size in sizes]
    if len(sizes) < 2:
        raise ValueError(f"sizes needs inputs and scores at least. Received: sizes={sizes}")
    dice, layers = np.random.default_rng(seed), []
    for i, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        weights = dice.normal(0, np.sqrt((2 if activation is ReLU else 1) / inputs), (inputs, outputs))
        layers.append(Dense(weights, np.zeros(outputs)))
        if i < len(sizes) - 2:
            layers += [*([BatchNorm(outputs, epsilon)] if normalized else []), activation()]
    return Network(layers)


def kernels(network: Network) -> list[np.ndarray]:
    """The weight matrices of the dense layers, from the input to the scores."""
    return [layer.weights[0] for layer in network.layers if isinstance(layer, Dense)]


def slopes(network: Network) -> list[np.ndarray]:
    """The gradients of `kernels`, as the last call of `loss` filled them."""
    return [layer.gradients[0] for layer in network.layers if isinstance(layer, Dense)]


@functools.cache
def rows() -> tuple[np.ndarray, np.ndarray]:
    """Real digits as rows of 64 numbers with mean zero, in double precision, and their labels."""
    digits = data.digits()
    flat = digits.train_images.reshape(len(digits.train_images), -1).astype(float)
    centred = flat - flat.mean(0)
    centred.setflags(write=False)  # all callers share it
    return centred, digits.train_labels


class Walk(NamedTuple):
    """What SGD did to the first layer, step by step, for each unit.

    lengths: of the weight column, (steps + 1, units); spreads: standard deviation over the batch of what goes into the
    ReLU; gammas: ones without normalization; cosines: of the column and its gradient, (steps, units) each.
    """

    lengths: np.ndarray
    spreads: np.ndarray
    gammas: np.ndarray
    cosines: np.ndarray


def walk(normalized: bool, seed: int = 0, steps: int = 300, rate: float = 2.0, epsilon: float = 1e-5) -> Walk:
    """Train 64-32-10 by plain SGD, without momentum or weight decay, and follow the units of its first layer.

    Raises ValueError for less than one step. Chapter: normalization.
    """
    steps = whole("steps", steps, 1)
    (x, labels), network = rows(), dense_net((64, 32, 10), normalized, seed, epsilon=epsilon)
    first, last = network.layers[0], network.layers[1 if normalized else 0]  # before the ReLU
    kept = Walk([np.linalg.norm(first.weights[0], axis=0)], [], [], [])
    for chosen in list(batches(len(x), 64, -(-steps // (len(x) // 64)), seed))[:steps]:
        network.loss(x[chosen], labels[chosen])
        (weight, _), slope = first.weights, first.gradients[0]
        sizes = np.linalg.norm(slope, axis=0) * kept.lengths[-1]
        kept.cosines.append((weight * slope).sum(0) / np.maximum(sizes, 1e-30))
        kept.spreads.append(last.forward(last.kept[0]).std(0))
        kept.gammas.append(np.abs(last.weights[0]) if normalized else np.ones(weight.shape[1]))
        sgd_step(network, rate)
        kept.lengths.append(np.linalg.norm(first.weights[0], axis=0))
    return Walk(*map(np.array, kept))
