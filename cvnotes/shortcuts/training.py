"""Training for the NumPy stacks: one rule of descent over all weights at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cvnotes.backpropagation import Network
from cvnotes.backpropagation.network import batches
from cvnotes.checks import number, whole
from cvnotes.optimization import adam
from cvnotes.optimization.rules import Rule

from .stacks import rows_of

BATCH = 64
Look = Callable[[int], None]


def joined(arrays: list[np.ndarray]) -> np.ndarray:
    """All numbers of some arrays in one row."""
    return np.concatenate([array.ravel() for array in arrays])


def place(network: Network, row: np.ndarray) -> None:
    """Write the numbers of `joined` back into the weights of a net."""
    start = 0
    for weight in network.weights:
        weight[...] = row[start : start + weight.size].reshape(weight.shape)
        start += weight.size


def fit(
    network: Network,
    x: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    rate: float,
    seed: int,
    rule: Rule = adam,
    look: Look | None = None,
) -> list[float]:
    """Train in place in batches of 64, by Adam or another rule of `cvnotes.optimization`; the mean loss of each epoch.

    x: (n, 64), n at least 64; labels: (n,). rate: held for three quarters of the steps, then lowered to zero in a
    straight line. look: called after each step with its number, from 1.
    Raises ValueError for rows and labels that do not fit, no epoch, and a rate that is not above 0. Chapter: shortcuts.
    """
    (x, labels), rate = rows_of(network, x, labels), number("rate", rate, above=0)
    row, state, losses = joined(network.weights), None, []
    chosen = list(batches(len(x), BATCH, whole("epochs", epochs, 1), whole("seed", seed, 0)))
    per_epoch = len(x) // BATCH
    for step, rows in enumerate(chosen):
        losses.append(network.loss(x[rows], labels[rows]))
        now = rate * min(1.0, 4 * (1 - step / len(chosen)))
        row, state = rule(row, joined(network.gradients), state, rate=now)
        place(network, row)
        if look:
            look(step + 1)
    return np.reshape(losses, (-1, per_epoch)).mean(1).tolist()
