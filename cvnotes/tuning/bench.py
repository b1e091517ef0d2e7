"""One net compiled once and trained again and again: other rates, other orders, other seeds. Chapter: tuning."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import keras
import numpy as np

from cvnotes import backend, data, experiments, models
from cvnotes.checks import whole

ORDERS = ("each pass", "once", "sorted")
BATCH, EPOCHS = 32, {"quick": 10, "full": 40}


@functools.cache
def digits() -> data.Digits:
    """The real digits, 8 x 8."""
    return data.digits()


def conv_net() -> keras.Model:
    """The small ConvNet of the book on 8 x 8 digits, 2,338 parameters."""
    return models.build("small-convnet", input_shape=(8, 8, 1), width=8)


def visits(
    labels: np.ndarray, epochs: int, batch: int, dice: np.random.Generator, order: str = "each pass"
) -> np.ndarray:
    """The rows that training visits, pass after pass: (epochs * whole batches * batch,).

    order: shuffled anew for "each pass", shuffled "once", or "sorted" by label.
    labels: (n,). What fills no whole batch is left out of that pass.
    Raises ValueError for another order, sizes below 1, a batch above n, and labels that are no row.
    Chapter: tuning.
    """
    if order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}. Received: order={order!r}")
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise ValueError(f"labels must be a row (n,). Received: shape {labels.shape}")
    n, epochs = len(labels), whole("epochs", epochs, 1)
    batch = whole("batch", batch, 1, n)
    first = dice.permutation(n)
    if order == "sorted":
        first = first[np.argsort(labels[first], kind="stable")]
    rows = [dice.permutation(n) if order == "each pass" else first for _ in range(epochs)]
    return np.concatenate([each[: n // batch * batch] for each in rows])


class Bench:
    """A net, a loss and an optimizer, compiled once; each `train` starts from fresh weights.

    build: gives the net. optimizer: its rate is set by `train`. loss: cross-entropy on logits unless given.
    Chapter: tuning.
    """

    def __init__(
        self,
        build: Callable[[], keras.Model],
        optimizer: keras.optimizers.Optimizer,
        loss: keras.losses.Loss | None = None,
    ):
        self.build, self.model = build, build()
        loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(optimizer, loss, jit_compile=backend.jit_compile())
        optimizer.build(self.model.trainable_variables)
        self.blank = [keras.ops.convert_to_numpy(v) for v in optimizer.variables]

    def restart(self, seed: int, rate: float | None = None) -> keras.Model:
        """Give the net the first weights of a seed and the optimizer an empty memory."""
        keras.utils.set_random_seed(seed)
        self.model.set_weights(self.build().get_weights())
        for variable, value in zip(self.model.optimizer.variables, self.blank, strict=True):
            variable.assign(value)
        if rate is not None:
            self.model.optimizer.learning_rate = rate
        return self.model

    def train(
        self,
        x: np.ndarray,
        y: np.ndarray,
        *,
        seed: int,
        epochs: int,
        rate: float | None = None,
        batch: int = BATCH,
        steps: int | None = None,
        order: str = "each pass",
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> keras.Model:
        """Train from the first weights of a seed; rate None keeps the optimizer's own (or its schedule).

        steps: stop after so many, if the passes do not end before.
        Raises ValueError as `visits`, for fewer than one step, and unless there is one label a picture.
        """
        if len(x) != len(y):
            raise ValueError(f"Give one label a picture. Received: {len(x)} pictures and {len(y)} labels")
        last = None if steps is None else whole("steps", steps, 1) * batch
        rows = visits(y, epochs, batch, np.random.default_rng(seed), order)[:last]
        model = self.restart(seed, rate)
        model.fit(x[rows], y[rows], batch_size=batch, shuffle=False, verbose=0, callbacks=list(callbacks))
        return model


def score(model: keras.Model) -> float:
    """Accuracy on the test digits; a net whose weights are no longer numbers answers 0 to everything."""
    return experiments.accuracy(model, digits().test_images, digits().test_labels)
