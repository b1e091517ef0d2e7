"""The loop around every rule: shuffle, cut into batches, one step a batch. Chapter: optimization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cvnotes.backpropagation.network import batches

from .rules import Rule

Loss = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]  # of weights and row numbers: loss and gradient


def descend(
    loss: Loss, w: np.ndarray, count: int, *, rule: Rule, epochs: int, batch: int, seed: int, **settings: Any
) -> tuple[np.ndarray, list[float]]:
    """Minibatch descent over `count` examples, in a new order each epoch.

    loss(w, rows): the mean loss of these examples and its gradient. settings: of the
    rule. Returns the weights and the loss before each step. Chapter: optimization.
    """
    state, seen = None, []
    for rows in batches(count, batch, epochs, seed):
        value, gradient = loss(w, rows)
        w, state = rule(w, gradient, state, **settings)
        seen.append(value)
    return w, seen
