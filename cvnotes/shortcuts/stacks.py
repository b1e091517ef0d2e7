"""Deep nets of one width, plain and with shortcuts, in NumPy; and how large what passes through them is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes.backpropagation import Dense, Layer, Network, ReLU
from cvnotes.backpropagation.network import paired
from cvnotes.checks import choice, number, whole
from cvnotes.linear_classifiers import softmax_loss

from .blocks import Highway, Norm, Residual

KINDS = ("plain", "v1", "v2", "highway")
PIXELS, CLASSES = 64, 10


class Draws:
    """Makes layers of one net, weights as He and others (2015) draw them, biases zero, all in single precision."""

    def __init__(self, width: int, normalized: bool, gate_bias: float, seed: int):
        self.width, self.normalized, self.gate_bias = width, normalized, gate_bias
        self.dice = np.random.default_rng(seed)

    def array(self, inputs: int, outputs: int) -> np.ndarray:
        return self.dice.normal(0, np.sqrt(2 / inputs), (inputs, outputs)).astype("float32")

    def dense(self, inputs: int | None = None, outputs: int | None = None) -> Dense:
        inputs, outputs = inputs or self.width, outputs or self.width
        return Dense(self.array(inputs, outputs), np.zeros(outputs, "float32"))

    def norm(self) -> list[Layer]:
        """Batch normalization, or nothing."""
        return [Norm(self.width)] if self.normalized else []

    def behind(self, dense: Dense) -> list[Layer]:
        """A dense layer, its normalization, its ReLU."""
        return [dense, *self.norm(), ReLU()]

    def before(self, dense: Dense) -> list[Layer]:
        """The same in the other order: normalization, ReLU, dense layer."""
        return [*self.norm(), ReLU(), dense]

    def highway(self) -> Highway:
        zeros, square = np.zeros(self.width, "float32"), (self.width, self.width)
        gate = self.dice.normal(0, np.sqrt(1 / self.width), square).astype("float32")
        return Highway(self.array(*square), zeros, gate, np.full_like(zeros, self.gate_bias))


def block(kind: str, draw: Draws) -> Network:
    """Two layers of weights, wired in one of four ways.

    plain: ReLU(W ReLU(W x)); v1: ReLU(x + W ReLU(W x)); v2: x + W ReLU(W ReLU(x)); highway: two highway layers.
    Normalized, each W of the first three is followed by a batch normalization (v1, plain), or each ReLU preceded by
    one (v2). Source: He and others (2016), figure 2; "Identity mappings" (2016), figure 1. Chapter: shortcuts.
    """
    if kind == "highway":
        return Network([draw.highway(), draw.highway()])
    if kind == "v2":
        return Residual([*draw.before(draw.dense()), *draw.before(draw.dense())])
    layers = [*draw.behind(draw.dense()), draw.dense(), *draw.norm()]
    return Network([*layers, ReLU()] if kind == "plain" else [Residual(layers), ReLU()])


def stack(
    kind: str,
    blocks: int,
    *,
    width: int = 32,
    normalized: bool = False,
    gate_bias: float = -2.0,
    seed: int = 0,
) -> Network:
    """A dense net for 64 pixels and ten classes: a first layer, so many blocks, and scores.

    kind: one of `KINDS`, see `block`; normalized: with batch normalization, for all but "highway".
    Its layers: the entry, one Network a block, the exit. A seed draws the same dense weights for plain, v1 and v2.
    Raises ValueError for another kind, sizes below 1, a seed below 0, a gate bias that is no number, another
    `normalized` than True or False, and a normalized highway. Chapter: shortcuts.
    """
    choice("kind", kind, KINDS)
    if choice("normalized", normalized, (False, True)) and kind == "highway":
        raise ValueError("Highway layers come without batch normalization here. Received: normalized=True")
    draw = Draws(whole("width", width, 1), normalized, number("gate_bias", gate_bias), whole("seed", seed, 0))
    entry = draw.behind(draw.dense(PIXELS)) if kind != "v2" else [draw.dense(PIXELS)]
    body = [block(kind, draw) for _ in range(whole("blocks", blocks, 1))]
    last = [*draw.norm(), ReLU()] if kind == "v2" else []
    return Network([Network(entry), *body, Network([*last, draw.dense(None, CLASSES)])])


class Signals(NamedTuple):
    """What a batch sends through a stack, at each border between blocks, the first behind the entry.

    activations: what is handed on; gradients: of the loss in it; (n, width) each, blocks + 1 of them.
    """

    activations: list[np.ndarray]
    gradients: list[np.ndarray]


def signals(network: Network, x: np.ndarray, labels: np.ndarray) -> Signals:
    """Go forward and back once, and keep what passes between the blocks. Fills the gradients of the weights as well.

    x: (n, inputs), 64 of them for a `stack`; labels: (n,). Raises ValueError for labels and pictures that do not fit.
    Chapter: shortcuts.
    """
    x, labels = rows_of(network, x, labels)
    handed = []
    for layer in network.layers:
        x = layer.forward(x)
        handed.append(x)
    slopes = [softmax_loss(x, labels)[1]]
    for layer in reversed(network.layers):
        slopes.append(layer.backward(slopes[-1]))
    return Signals(handed[:-1], slopes[1:-1][::-1])


def rows_of(network: Network, x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays, if each row of x has a number for each row of the net's first weights, and a label."""
    x, labels = paired(x, labels)
    inputs = len(network.weights[0])
    if x.ndim != 2 or x.shape[1] != inputs or not len(x) or x.dtype.kind not in "fiu":
        raise ValueError(f"Pictures must be rows of {inputs} numbers, one row at least. Received: {x.dtype} {x.shape}")
    return x, labels


def sizes(arrays: list[np.ndarray]) -> np.ndarray:
    """The Euclidean length of each array, (len(arrays),). Chapter: shortcuts."""
    return np.array([np.linalg.norm(array) for array in arrays])


def depth(network: Network) -> int:
    """Count the layers of weights, one after another: a highway layer counts once. Chapter: shortcuts."""
    kinds = (Dense, Highway)
    return sum(isinstance(layer, kinds) for layer in flat(network))


def flat(network: Network) -> list[Layer]:
    """All layers that are no network themselves, in their order. Chapter: shortcuts."""
    return [found for layer in network.layers for found in (flat(layer) if isinstance(layer, Network) else [layer])]
