"""Two weights of a linear unit, learned from inputs that may all be positive: the path that they take.

Chapter: activations. NumPy alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes.checks import whole

TARGET = np.array([1.0, -1.0])  # the weights to be found, from (0, 0): one must grow, the other must shrink
WIDTH = 1.0  # inputs are spread evenly over an interval of this length
NEAR = 0.05  # arrived: this share of the first distance is left


class Walk(NamedTuple):
    """A path of two weights: the places (steps + 1, 2), and for each step whether both gradients had one sign."""

    places: np.ndarray
    same: np.ndarray

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.same)

    @property
    def detour(self) -> float:
        """Length of the path over the straight line between its ends; 1 is straight."""
        legs = np.linalg.norm(np.diff(self.places, axis=0), axis=1)
        return float(legs.sum() / np.linalg.norm(self.places[-1] - self.places[0]))


def safe_rate(offset: float) -> float:
    """Give the largest learning rate with which no single example can be overshot: one over the largest |x|².

    Raises ValueError for an offset that is not finite. Chapter: activations.
    """
    if not abs(offset) < np.inf:
        raise ValueError(f"offset must be a finite number. Received: offset={offset!r}")
    return 1 / (2 * (abs(offset) + WIDTH / 2) ** 2)


def walk(offset: float, batch: int = 1, rate: float | None = None, seed: int = 0, most: int = 5000) -> Walk:
    r"""Learn two weights by gradient descent on squared errors until 95 % of the way is done.

    $$ w \leftarrow w - \eta \,\frac1B \sum_{i=1}^{B} \bigl( (w - w^*)^\top x_i \bigr)\, x_i $$

    Inputs lie evenly in a square of side 1 around (offset, offset): all positive for an offset of 0.5 or more.
    batch: examples a step, new ones each. rate: `safe_rate(offset)` unless given. most: steps at the most.
    Raises ValueError for a rate that is not above 0, and for sizes below 1. Chapter: activations.
    """
    whole("batch", batch, 1)
    rate = safe_rate(offset) if rate is None else rate
    if not 0 < rate < np.inf:
        raise ValueError(f"rate must be a number above 0. Received: rate={rate!r}")
    dice, places, same = np.random.default_rng(seed), [np.zeros(2)], []
    for _ in range(whole("most", most, 1)):
        x = offset + dice.uniform(-WIDTH / 2, WIDTH / 2, (batch, 2))
        gradient = ((x @ (places[-1] - TARGET))[:, None] * x).mean(0)
        same.append(gradient.prod() > 0)
        places.append(places[-1] - rate * gradient)
        if np.linalg.norm(places[-1] - TARGET) <= NEAR * np.linalg.norm(TARGET):
            break
    return Walk(np.array(places), np.array(same))


def summary(offset: float, batch: int, rate: float | None = None, seeds: int = 20) -> dict[str, np.ndarray]:
    """Walk once with each seed: the share of steps with one sign, the detour and the number of steps, (seeds,) each.

    Arguments and errors as `walk`. Chapter: activations.
    """
    walks = [walk(offset, batch, rate, seed) for seed in range(whole("seeds", seeds, 1))]
    return {
        "same": np.array([w.same.mean() for w in walks]),
        "detour": np.array([w.detour for w in walks]),
        "steps": np.array([float(w.steps) for w in walks]),
    }
