"""One training harness for the whole book, so that two models differ in nothing but themselves."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cvnotes.checks import number, whole

if TYPE_CHECKING:
    import keras

Augment = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class History:
    """What happened: a mean for each epoch of every number that the model reports, the steps taken, the seconds."""

    epochs: dict[str, list[float]] = field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0

    def __getitem__(self, name: str) -> list[float]:
        """The numbers called ``name``, one an epoch. Raises ``ValueError`` with the known names."""
        if name not in self.epochs:
            raise ValueError(f"No {name!r} in this history: it has {', '.join(self.epochs)}.")
        return self.epochs[name]


def fit(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    *,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    epochs: int,
    batch: int = 64,
    rate: float,
    seed: int,
    augment: Augment | None = None,
    loss: Any = None,
    metrics: list[Any] | None = None,
) -> History:
    """Train with Adam: hold the rate for three quarters of the steps, then let it fall to zero along a cosine.

    x, y: pictures (n, height, width, channels) and whole-number labels (n,), shuffled anew each epoch by ``seed``;
    pictures that fill no whole batch wait for the next shuffle. ``augment(pictures, generator)`` changes each batch.
    The default loss is cross-entropy on logits, with accuracy; pass ``loss`` (and ``metrics``) for another task.
    ``validation`` adds ``val_loss`` and so on. Weights at the start are the model's own: seed before it is built
    (``@experiment`` does), or pass a trained model to go on. Prints nothing; no early stopping.
    Raises ``ValueError`` if x and y differ in length, a picture holds NaN, a label is no class of the model (with the
    default loss), or a number is out of range.
    """
    _check(x, y, epochs, batch, rate)
    if loss is None:
        _check_labels(y, model.output_shape[-1])
    start, batch = time.perf_counter(), min(batch, len(x))
    per_epoch = len(x) // batch
    _compile(model, rate, epochs * per_epoch, loss, metrics)
    rng = np.random.default_rng(seed)
    history: dict[str, list[float]] = {}
    for _ in range(epochs):
        logs = _pass(model, x, y, batch, rng, augment)
        if validation is not None:
            held_out = model.evaluate(*validation, batch_size=256, verbose=0, return_dict=True)
            logs = {**logs, **{f"val_{key}": value for key, value in held_out.items()}}
        for key, value in logs.items():
            history.setdefault(key, []).append(float(value))
    return History(history, epochs * per_epoch, time.perf_counter() - start)


def _pass(
    model: keras.Model, x: np.ndarray, y: np.ndarray, batch: int, rng: np.random.Generator, augment: Augment | None
) -> dict[str, float]:
    """Show the model every whole batch once, in a new order; gives the means of what it says of each.

    Keras forgets its own mean at every call of train_on_batch.
    """
    order, told = rng.permutation(len(x)), []
    for start in range(0, len(x) - batch + 1, batch):
        chosen = order[start : start + batch]
        pictures = augment(x[chosen], rng) if augment else x[chosen]
        told.append(model.train_on_batch(pictures, y[chosen], return_dict=True))
    return {name: float(np.mean([logs[name] for logs in told])) for name in told[0]}


def accuracy(model: keras.Model, x: np.ndarray, y: np.ndarray, *, batch: int = 256) -> float:
    """The share of pictures whose largest output is that of their label.

    Raises ``ValueError`` if x and y differ in length or are empty, or y is not a row of labels.
    """
    _check_pairs(x, y)
    whole("batch", batch, 1)
    if np.ndim(y) != 1:  # (n, 1) would be compared with all n answers
        raise ValueError(f"Give one label a picture, in one row. Received: labels of shape {np.shape(y)}.")
    import keras

    # called, not predict(): that compiles anew for each model, which costs more than it saves on small data
    parts = [model(x[start : start + batch], training=False) for start in range(0, len(x), batch)]
    answers = np.concatenate([keras.ops.convert_to_numpy(part).argmax(-1) for part in parts])
    return float(np.mean(answers == np.asarray(y)))


def schedule(rate: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """The rate at each step: ``rate`` for three quarters of ``steps``, then half a cosine down to zero."""
    import keras

    hold = math.ceil(0.75 * steps)
    return keras.optimizers.schedules.CosineDecay(
        rate, decay_steps=max(steps - hold, 1), warmup_target=rate, warmup_steps=hold
    )


def _compile(model: keras.Model, rate: float, steps: int, loss: Any, metrics: list[Any] | None) -> None:
    import keras

    from cvnotes import backend

    if loss is None:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        metrics = ["accuracy"] if metrics is None else metrics
    optimizer = keras.optimizers.Adam(schedule(rate, steps))
    model.compile(optimizer, loss, metrics=metrics, jit_compile=backend.jit_compile())


def _check_pairs(x: np.ndarray, y: np.ndarray) -> None:
    if np.ndim(x) == 0 or np.ndim(y) == 0 or len(x) != len(y) or len(x) == 0:
        raise ValueError(
            f"Give as many labels as pictures, and some. Received: pictures {np.shape(x)}, labels {np.shape(y)}."
        )


def _check(x: np.ndarray, y: np.ndarray, epochs: int, batch: int, rate: float) -> None:
    _check_pairs(x, y)
    whole("epochs", epochs, 1)
    whole("batch", batch, 1)
    number("rate", rate, above=0)
    if np.asarray(x).dtype.kind not in "biuf" or not np.isfinite(x).all():
        raise ValueError("Pictures must be finite numbers: one NaN spoils every weight. Received: others among them.")


def _check_labels(y: np.ndarray, classes: int) -> None:
    """Labels out of range give a loss of NaN on one framework and an error on another: refused on all."""
    y = np.asarray(y)
    fits = y.dtype.kind in "biu" and y.shape in ((len(y),), (len(y), 1))
    if not fits or y.min() < 0 or y.max() >= classes:
        span = f", {y.min()} to {y.max()}" if y.dtype.kind in "biuf" else ""
        raise ValueError(
            f"Labels must be whole numbers (n,) from 0 to {classes - 1}, as the model has {classes} outputs; pass a "
            f"loss for another task. Received: {y.dtype} of shape {y.shape}{span}."
        )
