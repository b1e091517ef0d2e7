"""A stack of NumPy layers, and the loop that trains it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from cvnotes.checks import whole
from cvnotes.linear_classifiers import GradientCheck, check_gradient, softmax_loss

from .layers import Convolution, Dense, Flatten, Layer, MaxPooling, ReLU


class Network:
    """Layers in a row: forward through all of them, backward through all of them in the other direction.

    Chapter: numpy_convnet.
    """

    def __init__(self, layers: Sequence[Layer]):
        self.layers = list(layers)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Scores (n, classes) for a batch (n, h, w, c)."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        """Fill the gradients of all layers; returns the gradient for the batch itself."""
        for layer in reversed(self.layers):
            upstream = layer.backward(upstream)
        return upstream

    def loss(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Cross-entropy of the batch; all gradients are filled on the way."""
        loss, upstream = softmax_loss(self.forward(x), labels)
        self.backward(upstream)
        return loss

    @property
    def weights(self) -> list[np.ndarray]:
        """All weights, in the order in which Keras lists them."""
        return [array for layer in self.layers for array in layer.weights]

    @property
    def gradients(self) -> list[np.ndarray]:
        """The gradients of the last `loss`, one for each of the weights."""
        return [array for layer in self.layers for array in layer.gradients]

    def accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        """The share of pictures whose largest score is that of their label; labels (n,)."""
        _, labels = paired(x, labels)
        return float(np.mean(self.forward(x).argmax(1) == labels))


def convnet(
    seed: int = 0,
    side: int = 8,
    width: int = 8,
    dtype: str = "float32",
    swap: Mapping[type[Layer], type[Layer]] | None = None,
) -> Network:
    """Two stages of 3x3 convolution, ReLU and max pooling, then ten scores; `width` and twice as many filters.

    side: of the square grey pictures, at least 4. Weights are drawn as He et al. (2015) advise, biases start at zero.
    swap: other classes to build with, such as layers with a planted error.
    Raises ValueError for a side below 4 or other sizes below 1. Chapter: numpy_convnet.
    """
    side, width = whole("side", side, 4), whole("width", width, 1)
    dice = np.random.default_rng(seed)

    def made(kind: type[Layer], *shape: int, **options) -> Layer:
        kind = (swap or {}).get(kind, kind)
        if not shape:
            return kind(**options)
        weights = dice.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape).astype(dtype)
        return kind(weights, np.zeros(shape[-1], dtype), **options)

    layers = []
    for depth, filters in ((1, width), (width, 2 * width)):
        layers += [made(Convolution, 3, 3, depth, filters, padding="same"), made(ReLU), made(MaxPooling, window=2)]
    return Network([*layers, made(Flatten), made(Dense, 2 * width * (side // 4) ** 2, 10)])


def sgd_step(
    network: Network,
    rate: float,
    momentum: float = 0.0,
    speeds: list[np.ndarray] | None = None,
) -> None:
    """One step downhill, in place: v becomes mu v - eta w-bar, and w becomes w + v.

    rate: the learning rate eta; momentum: mu, from 0 to 1; speeds: one array v for
    each weight, kept between steps. Source: Polyak (1964). Chapter: numpy_convnet.
    """
    weights, gradients = network.weights, network.gradients
    speeds = [np.zeros_like(weight) for weight in weights] if speeds is None else speeds
    for weight, gradient, speed in zip(weights, gradients, speeds, strict=True):
        speed *= momentum
        speed -= rate * gradient
        weight += speed


def paired(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both as arrays, or raise a ValueError: one label a picture, in one row."""
    x, labels = np.asarray(x), np.asarray(labels)
    if labels.shape != x.shape[:1]:
        raise ValueError(f"Give one label a picture, in one row. Received: pictures {x.shape}, labels {labels.shape}")
    return x, labels


def batches(count: int, size: int, epochs: int, seed: int) -> Iterator[np.ndarray]:
    """Row numbers of whole batches, each epoch in a new order that the seed repeats.

    Raises ValueError for a batch larger than the count, which nothing would fill. Chapter: numpy_convnet.
    """
    dice, size = np.random.default_rng(seed), whole("batch", size, 1, count)
    for _ in range(whole("epochs", epochs, 0)):
        order = dice.permutation(count)
        yield from order[: count // size * size].reshape(-1, size)


def train(
    network: Network,
    x: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int = 20,
    batch: int = 32,
    rate: float = 0.05,
    momentum: float = 0.9,
    seed: int = 0,
) -> list[float]:
    """Train in place by stochastic gradient descent; returns the loss of every step.

    Raises ValueError unless there is one label a picture, and a batch of them. Chapter: numpy_convnet.
    """
    x, labels = paired(x, labels)
    losses, speeds = [], [np.zeros_like(weight) for weight in network.weights]
    for rows in batches(len(x), batch, epochs, seed):
        losses.append(network.loss(x[rows], labels[rows]))
        sgd_step(network, rate, momentum, speeds)
    return losses


def check_network(network: Network, x: np.ndarray, labels: np.ndarray, samples: int = 12) -> list[GradientCheck]:
    """Hold the gradient of each array of weights against a ruler, at a few places of each; nothing is moved.

    All in double precision: build with ``convnet(dtype="float64")``. Chapter: numpy_convnet.
    """
    network.loss(x, labels)
    gradients = [gradient.copy() for gradient in network.gradients]

    def checked(weight: np.ndarray, gradient: np.ndarray) -> GradientCheck:
        def loss(values: np.ndarray) -> float:
            weight[...] = values
            return softmax_loss(network.forward(x), labels)[0]

        start = weight.copy()
        found = check_gradient(loss, start, gradient, samples=samples)
        weight[...] = start
        return found

    return [checked(weight, gradient) for weight, gradient in zip(network.weights, gradients, strict=True)]
