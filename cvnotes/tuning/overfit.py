"""Can the net learn a handful by heart? A check before any long training. Chapter: tuning."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cvnotes.checks import whole

if TYPE_CHECKING:
    import keras

Feed = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


class Verdict(NamedTuple):
    """What `overfit_check` found: passed or not, the last loss, the share named rightly, steps taken, and why."""

    passed: bool
    loss: float
    right: float
    steps: int
    words: str


def handful(x: np.ndarray, y: np.ndarray, each: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """The first few pictures of every class, in the order of the classes: 20 of the ten digits.

    Raises ValueError if a class has fewer than `each`, or there is not one label a picture. Chapter: tuning.
    """
    x, y, each = np.asarray(x), np.asarray(y), whole("each", each, 1)
    if y.ndim != 1 or x.shape[:1] != y.shape or not y.size:
        raise ValueError(f"Give one label a picture, and one picture at least. Received: {x.shape} and {y.shape}")
    rows = [np.flatnonzero(y == label)[:each] for label in np.unique(y)]
    if min(map(len, rows)) < each:
        raise ValueError(f"every class needs {each} pictures. Received: a class with {min(map(len, rows))}")
    return x[np.concatenate(rows)], y[np.concatenate(rows)]


def overfit_check(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    *,
    feed: Feed | None = None,
    steps: int = 300,
    tolerance: float = 0.05,
) -> Verdict:
    """Train a compiled classifier on the same few pictures until its loss is about 0, or give up and say why.

    x, y: a handful with at least two classes, labels (n,) from 0. feed: the last piece of the training pipeline, called
    at every step: what it returns is what the net sees. The net's own loss and optimizer are used; afterwards both
    are as they were. Dropout and penalties keep a loss above 0: switch them off, or raise `tolerance`.
    Raises ValueError if the model is not compiled, x and y do not fit, or a number is out of range. Chapter: tuning.
    """
    x, y = _checked(model, x, y, tolerance)
    steps, feed = whole("steps", steps, 1), feed or (lambda x, y: (x, y))
    loss, taken = np.inf, 0
    with _restored(model):
        while taken < steps and not 0 <= loss < tolerance and not np.isnan(loss):
            model.reset_metrics()
            loss = float(model.train_on_batch(*feed(x, y), return_dict=True)["loss"])
            taken += 1
        seen, wanted = feed(x, y)
        right = float(np.mean(_array(model(seen, training=False)).argmax(-1) == wanted))
    passed, words = _judged(loss, right, guessing(y), tolerance)
    return Verdict(passed, loss, right, taken, words)


def guessing(y: np.ndarray) -> float:
    """The least cross-entropy of a net that cannot see: the entropy of the labels (n,), in nats. Chapter: tuning."""
    if not len(y):
        raise ValueError("Give at least one label. Received: none")
    shares = np.unique(y, return_counts=True)[1] / len(y)
    return float(-np.sum(shares * np.log(shares)))


def _judged(loss: float, right: float, chance: float, tolerance: float) -> tuple[bool, str]:
    if not np.isfinite(loss):
        return False, "the loss is no number any more: lower the rate, look for a division by zero"
    if loss < 0:
        return False, "the loss is below zero: its sign, or its labels, are wrong"
    if loss < tolerance and right == 1:
        return True, "learned by heart"
    if right == 1:
        return False, "all answers right, yet the loss stays up: loss and last layer do not belong together"
    if loss > 0.8 * chance:
        return False, "no better than guessing: pictures and labels do not belong together, or nothing moves"
    return False, "learned in part: too small, too slow, or partly stuck"


@contextlib.contextmanager
def _restored(model: keras.Model) -> Iterator[None]:
    """Within it a model may learn; afterwards its weights and its optimizer are as they were, whatever happened."""
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    kept = [np.array(_array(variable)) for variable in variables]
    try:
        yield
    finally:
        for variable, value in zip(variables, kept, strict=True):
            variable.assign(value)


def _array(tensor: Any) -> np.ndarray:
    import keras

    return keras.ops.convert_to_numpy(tensor)


def _checked(model: keras.Model, x: np.ndarray, y: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    if not getattr(model, "compiled", False):
        raise ValueError("compile the model first: its own loss and optimizer are checked too. Received: not compiled")
    if not tolerance > 0:  # no loss would ever be low enough
        raise ValueError(f"tolerance must be above 0. Received: tolerance={tolerance!r}")
    x, y = np.asarray(x), np.asarray(y)
    if y.ndim != 1 or x.shape[:1] != y.shape or len(np.unique(y)) < 2:
        raise ValueError(f"Give one label a picture, of two classes or more. Received: {x.shape} and {y.shape}")
    classes = model.output_shape[-1]
    if y.dtype.kind not in "iu" or y.min() < 0 or y.max() >= classes:
        raise ValueError(
            f"Labels are whole numbers from 0 to {classes - 1}. Received: {y.dtype}, {y.min()} to {y.max()}"
        )
    return x, y
