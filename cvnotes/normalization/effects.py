"""What batch normalization does to training: nets with and without it, and plain descent at one fixed rate.

Chapter: why_normalization.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from cvnotes import backend, data
from cvnotes.checks import number, whole

NORMS = ("plain", "before", "after")  # no batch normalization; before the activation; after it
BATCH, EPOCHS = 64, {"quick": 15, "full": 60}
MOMENTUM = 0.9  # of the running averages: Keras's 0.99 would still remember the untrained net after 225 steps
TRAINING = 1000  # digits; of those that are left, 347 choose the learning rate and 450 are the test set

Array = np.ndarray
Curves = dict[str, list[float]]


class Given(NamedTuple):
    """Pictures and labels to train on, to choose by (val), and to report on (test)."""

    x: Array
    y: Array
    val_x: Array
    val_y: Array
    test_x: Array
    test_y: Array


def split(seed: int, count: int = TRAINING) -> Given:
    """Real digits (n, 8, 8, 1): `count` of 1,000 to train on, 347 to choose a rate by, 450 to report on.

    A seed repeats the choice; the test digits are the same for all. Raises ValueError for a count outside 1 to 1,000.
    Chapter: why_normalization.
    """
    count, digits = whole("count", count, 1, TRAINING), data.digits()
    order = np.random.default_rng(seed).permutation(len(digits.train_images))
    rows, held = order[:count], order[TRAINING:]
    x, y = digits.train_images, digits.train_labels
    return Given(x[rows], y[rows], x[held], y[held], digits.test_images, digits.test_labels)


def block(weights: layers.Layer, norm: str, activation: str, *extra: layers.Layer) -> list[layers.Layer]:
    """One layer of weights, its activation, and batch normalization before or after that, or not at all.

    extra: layers that follow the normalization. Raises ValueError for an unknown norm. Chapter: why_normalization.
    """
    if norm not in NORMS:
        raise ValueError(f"norm must be one of {', '.join(NORMS)}. Received: norm={norm!r}")
    if norm == "plain":
        return [weights, *extra, layers.Activation(activation)]
    normalize = [layers.BatchNormalization(momentum=MOMENTUM), *extra]
    bend = [layers.Activation(activation)]
    return [weights, *(normalize + bend if norm == "before" else bend + normalize)]


def dense_net(
    norm: str,
    depth: int = 6,
    width: int = 64,
    activation: str = "relu",
    start: str = "he_normal",
    extra: type | None = None,
) -> keras.Sequential:
    """A deep dense net for digits: `depth` hidden layers of `width` units; outputs are logits.

    start: how kernels are drawn. extra: a layer class, one of which follows each normalization.
    Chapter: why_normalization.
    """
    hidden = []
    for _ in range(whole("depth", depth, 1)):
        more = [] if extra is None else [extra()]
        hidden += block(layers.Dense(width, kernel_initializer=start), norm, activation, *more)
    return keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), *hidden, layers.Dense(10)])


def conv_net(
    norm: str, side: int = 8, width: int = 8, classes: int = 10, extra: Callable[[], layers.Layer] | None = None
) -> keras.Sequential:
    """Four 3x3 convolutions with ReLU, a pooling in their middle, a global average; the outputs are logits.

    extra: makes a layer, one of which follows each normalization. Chapter: why_normalization.
    """
    stages = []
    for filters in (width, width, None, 2 * width, 2 * width):
        if filters is None:
            stages.append(layers.MaxPooling2D(2))
            continue
        weights = layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal")
        stages += block(weights, norm, "relu", *([extra()] if extra else []))
    ends = [layers.GlobalAveragePooling2D(), layers.Dense(classes)]
    return keras.Sequential([keras.Input((side, side, 1)), *stages, *ends])


def learner(model: keras.Model, optimizer: str = "sgd") -> keras.Model:
    """Make a model ready for `descend`: cross-entropy on logits, plain SGD without momentum, or Adam.

    Chapter: why_normalization.
    """
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.get(optimizer), loss, metrics=["accuracy"], jit_compile=backend.jit_compile())
    return model


def descend(
    model: keras.Model,
    start: list[Array],
    given: Given,
    rate: float,
    *,
    seed: int,
    epochs: int,
    batch: int = BATCH,
) -> Curves:
    """Train a `learner` from the weights `start` by plain SGD at one rate, and give its accuracy after each epoch.

    train: of the training pictures, as the net met them during the epoch; val and test: as the net is used later.
    loss: its mean over the epoch, at most 100, and 100 where it was not finite.
    A rate may be too large on purpose: nothing stops a run that diverges.
    Raises ValueError for a rate that is not above 0, less than one epoch, or a batch that the pictures do not fill.
    Chapter: why_normalization.
    """
    rate = number("rate", rate, above=0)
    batch = whole("batch", batch, 1, len(given.x))
    model.set_weights(start)
    model.optimizer.learning_rate = float(rate)
    dice, curves = np.random.default_rng(seed), {"train": [], "val": [], "test": [], "loss": []}
    for _ in range(whole("epochs", epochs, 1)):
        order = dice.permutation(len(given.x))[: len(given.x) // batch * batch].reshape(-1, batch)
        logs = np.mean([model.train_on_batch(given.x[rows], given.y[rows]) for rows in order], axis=0)
        for name, value in (readings(model, given) | {"train": logs[1], "loss": capped(logs[0])}).items():
            curves[name].append(float(value))
    return curves


def capped(loss: float, most: float = 100.0) -> float:
    """Make a loss storable: `most` in place of anything larger, of infinity and of NaN. Chapter: why_normalization."""
    return float(min(loss, most)) if math.isfinite(loss) else most


def readings(model: keras.Model, given: Given) -> dict[str, float]:
    """Accuracy on the pictures to choose by and on the test pictures, in inference. Chapter: why_normalization."""
    both = np.concatenate([given.val_x, given.test_x])
    right = model.predict_on_batch(both).argmax(-1) == np.concatenate([given.val_y, given.test_y])
    cut = len(given.val_y)
    return {"val": float(right[:cut].mean()), "test": float(right[cut:].mean())}


def scaled(weights: list[Array], gain: float) -> list[Array]:
    """Multiply every kernel by `gain`; weights of one number a channel stay. Chapter: why_normalization."""
    return [w * np.float32(gain) if w.ndim > 1 else w for w in weights]


def first_to(goal: float, curve: Array) -> Array:
    """Find the first epoch, counted from 1, at which each curve (..., epochs) reaches the goal.

    One more than there are where none does. Raises ValueError for no curve. Chapter: why_normalization.
    """
    curve = np.asarray(curve)
    if curve.ndim == 0:
        raise ValueError(f"Give a curve (..., epochs). Received: {curve!r:.80}")
    reached = curve >= goal
    return np.where(reached.any(-1), reached.argmax(-1) + 1, curve.shape[-1] + 1)


def best_rate(val: Array) -> int:
    """Find the place of the rate with the best validation accuracy (seeds, rates), averaged over seeds.

    Raises ValueError for another shape or accuracies that are not finite. Chapter: why_normalization.
    """
    val = np.asarray(val, float)
    if val.ndim != 2 or val.size == 0 or not np.isfinite(val).all():
        raise ValueError(f"Give finite accuracies (seeds, rates). Received: shape {val.shape}")
    return int(val.mean(0).argmax())
