"""The optimizers of Keras on the same path: what each is called there, and which settings make the two one.

Chapter: optimization.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from cvnotes.checks import whole

from . import rules

FAMILY = ("SGD", "momentum", "Nesterov", "Adagrad", "RMSProp", "Adam")


class Twin(NamedTuple):
    """A rule of ours with its settings, and a function that makes its equal in Keras; both lack only the rate."""

    rule: rules.Rule
    settings: dict[str, Any]
    make: Callable[[float], keras.Optimizer]


def twins(mu: float = 0.9) -> dict[str, Twin]:
    """Give each optimizer of the chapter by name, as Keras's defaults have it; mu: of momentum and Nesterov."""
    optimizers = keras.optimizers
    return {
        "SGD": Twin(rules.sgd, {}, optimizers.SGD),
        "momentum": Twin(rules.momentum, {"mu": mu}, lambda rate: optimizers.SGD(rate, momentum=mu)),
        "Nesterov": Twin(rules.nesterov, {"mu": mu}, lambda rate: optimizers.SGD(rate, momentum=mu, nesterov=True)),
        "Adagrad": Twin(rules.adagrad, {"initial": 0.1, "inside": True}, optimizers.Adagrad),
        "RMSProp": Twin(rules.rmsprop, {"inside": True}, optimizers.RMSprop),
        "Adam": Twin(rules.adam, {"eps_hat": True, "powers": np.float32}, optimizers.Adam),
        "AdamW": Twin(rules.adamw, {"decay": 0.004, "eps_hat": True, "powers": np.float32}, optimizers.AdamW),
    }


def keras_walk(optimizer: keras.Optimizer, gradient: Callable, start: Any, steps: int) -> np.ndarray:
    """Take steps with an optimizer of Keras, in float32: all places, (steps + 1, *shape).

    gradient: a function of the weights as an array. Chapter: optimization.
    """
    weights = keras.Variable(np.asarray(start, "float32"))
    optimizer.build([weights])
    places = [keras.ops.convert_to_numpy(weights.value).copy()]
    for _ in range(whole("steps", steps, 0)):
        slope = np.asarray(gradient(places[-1]), "float32")
        optimizer.apply([keras.ops.convert_to_tensor(slope)], [weights])
        places.append(keras.ops.convert_to_numpy(weights.value).copy())
    return np.array(places)


def apart(
    rule: rules.Rule, optimizer: keras.Optimizer, gradient: Callable, start: Any, steps: int = 100, **settings: Any
) -> float:
    """How far a rule of ours ever is from an optimizer of Keras when both are fed the same gradients.

    Those are the gradients at Keras's places: some rules magnify the last digit of a
    difference, and then two equal rules would part ways. Chapter: optimization.
    """
    theirs = keras_walk(optimizer, gradient, start, steps)
    feed = iter(theirs[:-1])
    ours = rules.walk(rule, lambda w: gradient(next(feed)), theirs[0], steps, **settings)
    return float(np.abs(ours - theirs).max())
