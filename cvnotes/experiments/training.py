"""One training harness for the whole book, so that two models differ in nothing but themselves."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

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
    Raises ``ValueError`` if x and y differ in length or a number is out of range.
    """
    _check(x, y, epochs, batch, rate)
    start, batch = time.perf_counter(), min(batch, len(x))
    per_epoch = len(x) // batch
    _compile(model, rate, epochs * per_epoch, loss, metrics)
    rng = np.random.default_rng(seed)
    history: dict[str, list[float]] = {}
    for _ in range(epochs):
        order = rng.permutation(len(x))
        model.reset_metrics()
        for step in range(per_epoch):
            chosen = order[step * batch : (step + 1) * batch]
            pictures = augment(x[chosen], rng) if augment else x[chosen]
            logs = model.train_on_batch(pictures, y[chosen], return_dict=True)
        if validation is not None:
            held_out = model.evaluate(*validation, batch_size=256, verbose=0, return_dict=True)
            logs = {**logs, **{f"val_{key}": value for key, value in held_out.items()}}
        for key, value in logs.items():
            history.setdefault(key, []).append(float(value))
    return History(history, epochs * per_epoch, time.perf_counter() - start)


def accuracy(model: keras.Model, x: np.ndarray, y: np.ndarray, *, batch: int = 256) -> float:
    """The share of pictures whose largest output is that of their label.

    Raises ``ValueError`` if x and y differ in length or are empty.
    """
    if len(x) != len(y) or len(x) == 0:
        raise ValueError(f"Give as many labels as pictures, and some. Received: {len(x)} pictures, {len(y)} labels.")
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


def _check(x: np.ndarray, y: np.ndarray, epochs: int, batch: int, rate: float) -> None:
    if len(x) != len(y) or len(x) == 0:
        raise ValueError(f"Give as many labels as pictures, and some. Received: {len(x)} pictures, {len(y)} labels.")
    if epochs < 1 or batch < 1 or rate <= 0:
        raise ValueError(
            f"epochs and batch are at least 1, rate is above 0. Received: {epochs} epochs, batch {batch}, rate {rate}."
        )
