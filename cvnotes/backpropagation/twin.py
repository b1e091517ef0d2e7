"""The same network in Keras: the judge of the NumPy one."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from cvnotes import backend
from cvnotes.convolution import conv2d

from . import layers as ours
from .adjoints import frame_of
from .network import Network, batches, sgd_step


class Judged(NamedTuple):
    """A convolution layer with an upstream gradient, and what automatic differentiation makes of them."""

    x: np.ndarray
    filters: np.ndarray
    upstream: np.ndarray
    steps: dict[str, Any]  # stride, padding, dilation
    for_input: np.ndarray
    for_filters: np.ndarray


def judged(kernel: tuple[int, int], stride: int, padding: Any, dilation: int = 1, side: int = 7) -> Judged:
    """Make up a layer (2 pictures, 2 channels, 3 filters) and let Keras differentiate it. Chapter: backpropagation.

    Uneven padding is put round the picture before Keras sees it, since its layers cannot be asked for it.
    """
    steps, dice = {"stride": stride, "padding": padding, "dilation": dilation}, np.random.default_rng(0)
    x, filters = dice.normal(size=(2, side, side + 1, 2)), dice.normal(size=(*kernel, 2, 3))
    upstream = dice.normal(size=conv2d(x, filters, **steps).shape)
    x, filters, upstream = (array.astype("float32") for array in (x, filters, upstream))
    frame, _ = frame_of(x.shape, kernel, (stride,) * 2, padding, (dilation,) * 2)

    def loss(both: list) -> Any:
        image = ops.pad(both[0], [(0, 0), *frame, (0, 0)])
        out = ops.conv(image, both[1], strides=stride, dilation_rate=dilation)
        return ops.sum(out * ops.convert_to_tensor(upstream))

    return Judged(x, filters, upstream, steps, *backend.value_and_grad(loss)([x, filters])[1])


def judged_layers() -> list[Judged]:
    """48 layers: three kernels, four paddings (two of them uneven), strides 1 to 3, and dilation 2 at stride 1."""
    kernels, paddings = [(2, 2), (3, 3), (2, 3)], ["valid", "same", 2, ((0, 1), (2, 1))]
    return [
        judged(kernel, stride, padding, dilation)
        for kernel, padding, (stride, dilation) in itertools.product(
            kernels, paddings, [(1, 1), (2, 1), (3, 1), (1, 2)]
        )
    ]


def keras_twin(network: Network, shape: tuple[int, int, int] = (8, 8, 1)) -> keras.Sequential:
    """Build the same layers in Keras, with copies of the same weights. shape: of one picture. Chapter: numpy_convnet.

    Raises ValueError for a layer that has no counterpart.
    """
    twin = keras.Sequential([keras.Input(shape), *map(_counterpart, network.layers)])
    twin.set_weights([weight.copy() for weight in network.weights])  # JAX may share memory with what it is given
    return twin


def _counterpart(layer: ours.Layer) -> keras.Layer:
    match layer:
        case ours.Convolution():
            filters, steps = layer.weights[0], layer.steps
            kernel, count = filters.shape[:2], filters.shape[3]
            return keras.layers.Conv2D(count, kernel, strides=steps["stride"], padding=steps["padding"])
        case ours.MaxPooling():
            return keras.layers.MaxPooling2D(layer.window)
        case ours.Dense():
            return keras.layers.Dense(len(layer.weights[1]))
        case ours.ReLU():
            return keras.layers.ReLU()
        case ours.Flatten():
            return keras.layers.Flatten()
    raise ValueError(f"Keras has no counterpart here for this layer. Received: {type(layer).__name__}")


def cross_entropy() -> keras.losses.Loss:
    """The loss of both nets: softmax cross-entropy on scores, averaged over the batch."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def keras_gradients(
    twin: keras.Sequential,
    x: np.ndarray,
    labels: np.ndarray,
) -> tuple[float, list[np.ndarray]]:
    """Loss and the gradients of all weights, by automatic differentiation."""

    def loss(weights: list) -> keras.KerasTensor:
        scores, _ = twin.stateless_call(weights, [], x, training=True)
        return cross_entropy()(labels, scores)

    return backend.value_and_grad(loss)(twin.get_weights())


def first_step(network: Network, x: np.ndarray, labels: np.ndarray, rate: float) -> dict[str, float]:
    """Let both nets take one step from the same weights: the largest differences in loss, gradients, new weights.

    The network itself is moved by that step. Chapter: numpy_convnet.
    """
    twin = keras_twin(network, x.shape[1:])
    their_loss, their_gradients = keras_gradients(twin, x, labels)
    twin.compile(keras.optimizers.SGD(rate), cross_entropy(), jit_compile=backend.jit_compile())
    twin.train_on_batch(x, labels)
    loss = network.loss(x, labels)
    sgd_step(network, rate)
    return {
        "loss": abs(loss - their_loss),
        "gradients": largest_gap(network.gradients, their_gradients),
        "new weights": largest_gap(network.weights, twin.get_weights()),
    }


def largest_gap(ours: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    """The largest difference between two lists of arrays, number by number."""
    return max(float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True))


def train_twin(
    twin: keras.Sequential,
    x: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    batch: int,
    rate: float,
    momentum: float,
    seed: int,
) -> None:
    """Train in Keras on the very batches that `network.train` takes, with the same rule of descent."""
    twin.compile(keras.optimizers.SGD(rate, momentum), cross_entropy(), jit_compile=backend.jit_compile())
    for rows in batches(len(x), batch, epochs, seed):
        twin.train_on_batch(x[rows], labels[rows])
