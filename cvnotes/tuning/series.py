"""A series whose pictures know their neighbours: where shuffling tells the test what it should not know."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole


def random_walk(length: int, seed: int) -> np.ndarray:
    """A series in which each value is the one before plus a normal step: (length,). Chapter: tuning."""
    return np.random.default_rng(seed).normal(size=whole("length", length, 2)).cumsum()


def nearest_error(values: np.ndarray, *, shuffled: bool, seed: int, held_out: float = 0.25) -> float:
    """Predict each held-out value by the known value nearest in time; the mean squared error beside the variance.

    shuffled: hold out a random quarter, as for pictures; otherwise the last quarter, as the future is.
    0 is perfect; a guess of the mean would give about 1. values: (n,). held_out: the share that is asked for.
    Raises ValueError for a series that does not vary or has other axes, and a share that leaves nothing on one side.
    Chapter: tuning.
    """
    values = np.asarray(values)
    if values.ndim != 1 or values.dtype.kind not in "fiu" or not 0 < np.var(values if values.size else 0) < np.inf:
        raise ValueError(f"Give a row of numbers that vary. Received: {values.dtype} of shape {values.shape}")
    n = len(values)
    last = int(n * (1 - held_out)) if 0 < held_out < 1 else 0
    if not 0 < last < n:
        raise ValueError(f"held_out must leave values on both sides. Received: held_out={held_out!r} of {n} values")
    rows = np.random.default_rng(seed).permutation(n) if shuffled else np.arange(n)
    known, asked = np.sort(rows[:last]), rows[last:]
    nearest = known[np.abs(asked[:, None] - known[None]).argmin(1)]
    return float(np.mean((values[asked] - values[nearest]) ** 2) / values.var())
