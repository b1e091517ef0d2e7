"""Dense nets whose units can be watched while they learn: who is dead, and how fast the signal fades."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from cvnotes import backend, data
from cvnotes.checks import whole

from .kinds import make


@functools.cache
def digits() -> data.Digits:
    """The real digits as rows of 64 pixels, less the mean training digit. Chapter: activations."""
    d = data.digits()
    mean = d.train_images.mean(0)
    rows = [(images - mean).reshape(len(images), -1) for images in (d.train_images, d.test_images)]
    return data.Digits(rows[0], d.train_labels, rows[1], d.test_labels)


def scaled(gain: float = 1.0) -> keras.Initializer:
    """Draw weights from a normal distribution of deviation gain / sqrt(inputs).

    Raises ValueError for a gain that is not above 0. Chapter: activations.
    """
    if not gain > 0:
        raise ValueError(f"gain must be above 0. Received: gain={gain!r}")
    return keras.initializers.VarianceScaling(gain**2, "fan_in", "untruncated_normal")


def stack(
    kind: str | Callable[[], keras.Layer], widths: Sequence[int], gain: float = 2**0.5, bias: float = 0.0
) -> keras.Model:
    """Build dense layers over 64 pixels, each followed by an activation of one kind, and ten scores.

    kind: a name of `KINDS`, or a function that makes a layer. gain: deviation of the weights times sqrt(inputs).
    bias: of every hidden unit at the start. Layers are named sum1, act1, sum2 ... and scores.
    Raises ValueError for an unknown kind, and without a hidden layer. Chapter: activations.
    """
    if not len(widths):
        raise ValueError("widths must hold one hidden layer or more. Received: none")
    inputs = x = keras.Input((64,))
    for i, width in enumerate(widths, 1):
        start = {"kernel_initializer": scaled(gain), "bias_initializer": keras.initializers.Constant(bias)}
        x = layers.Dense(width, name=f"sum{i}", **start)(x)
        activation = make(kind) if isinstance(kind, str) else kind()
        activation.name = f"act{i}"
        x = activation(x)
    return keras.Model(inputs, layers.Dense(10, kernel_initializer=scaled(), name="scores")(x))


def sums(net: keras.Model, x: np.ndarray) -> list[np.ndarray]:
    """What the hidden units of a `stack` add up before their activation, x: (n, 64): (n, width) for each layer."""
    hidden = {layer.name: layer.output for layer in net.layers if layer.name.startswith("sum")}
    found = keras.Model(net.input, hidden)(x, training=False)
    return [ops.convert_to_numpy(found[name]) for name in hidden]


def dead(net: keras.Model, x: np.ndarray) -> list[np.ndarray]:
    """Which hidden units of a `stack` add up to nothing positive for any input x: (width,) truth values a layer.

    With a ReLU behind it, such a unit answers 0 to every input of x and gets no gradient. Chapter: activations.
    """
    return [each.max(0) <= 0 for each in sums(net, x)]


def follow(
    net: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    look: Callable[[keras.Model], Any],
    *,
    optimizer: keras.Optimizer,
    steps: int,
    every: int,
    seed: int,
    batch: int = 32,
) -> list[Any]:
    """Train for some steps with any optimizer; note what `look(net)` says at step 0, every, 2 * every ...

    x: (n, 64); y: labels (n,).
    Raises ValueError for counts below 1, fewer pictures than a batch, or other than one label a picture.
    Chapter: activations.
    """
    steps, every = whole("steps", steps, 1), whole("every", every, 1)
    if whole("batch", batch, 1) > len(x):
        raise ValueError(f"batch must be at most the number of pictures. Received: batch={batch}, {len(x)} pictures")
    if len(x) != len(y):
        raise ValueError(f"Give one label a picture. Received: {len(x)} pictures and {len(y)} labels")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile(optimizer, loss, jit_compile=backend.jit_compile())
    dice, order, notes = np.random.default_rng(seed), np.array([], int), [look(net)]
    for step in range(1, steps + 1):
        if len(order) < batch:
            order = dice.permutation(len(x))
        chosen, order = order[:batch], order[batch:]
        net.train_on_batch(x[chosen], y[chosen])
        if step % every == 0:
            notes.append(look(net))
    return notes


def signals_back(net: keras.Model, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The root mean square of the gradient that reaches the sums of each hidden layer of a `stack`, (layers,).

    A zero is added to every sum, and the loss is differentiated by these zeros. Chapter: activations.
    """
    hidden = [layer for layer in net.layers if layer.name.startswith(("sum", "act"))]
    zeros = [np.zeros((len(x), layer.units), "float32") for layer in hidden if layer.name.startswith("sum")]
    labels = ops.convert_to_tensor(y)

    def loss(extra: list) -> Any:
        a, waiting = ops.convert_to_tensor(x), iter(extra)
        for layer in hidden:
            a = layer(a, training=False)
            a = a + next(waiting) if layer.name.startswith("sum") else a
        scores = net.get_layer("scores")(a)
        return ops.mean(keras.losses.sparse_categorical_crossentropy(labels, scores, from_logits=True))

    return np.array([np.sqrt(np.mean(g**2)) for g in backend.value_and_grad(loss)(zeros)[1]])
