"""Where to look for a learning rate: draws, grids, and one training that tries them all. Chapter: tuning."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cvnotes.checks import whole

LOW, HIGH = -6, 1  # of the notes: powers of ten
SAMPLERS = ("log-uniform", "uniform", "grid")


def rates(how: str, count: int, dice: np.random.Generator, low: float = LOW, high: float = HIGH) -> np.ndarray:
    r"""Learning rates between :math:`10^\text{low}` and :math:`10^\text{high}`, (count,).

    "log-uniform": :math:`10^u` with u uniform. "uniform": uniform between the two ends. "grid": equal ratios, no dice.
    Raises ValueError for another way, fewer than one, low not below high, or powers beyond 300. Chapter: tuning.
    """
    count = whole("count", count, 1)
    if how not in SAMPLERS or not -300 <= low < high <= 300:
        raise ValueError(
            f"how must be one of {', '.join(SAMPLERS)}, low below high, both from -300 to 300. "
            f"Received: {how!r}, {low!r}, {high!r}"
        )
    if how == "log-uniform":
        return 10 ** dice.uniform(low, high, count)
    return dice.uniform(10.0**low, 10.0**high, count) if how == "uniform" else np.logspace(low, high, count)


def decade_shares(how: str, low: int = LOW, high: int = HIGH) -> np.ndarray:
    r"""The exact share of draws in each decade, (high - low,), lowest first.

    .. math:: \frac{1}{b - a} \quad\text{or}\quad \frac{10^{k+1} - 10^k}{10^b - 10^a}, \qquad a \le k < b

    Raises ValueError for another way, and for powers that are not whole numbers, low below high. Chapter: tuning.
    """
    if how not in SAMPLERS[:2]:
        raise ValueError(f"how must be one of {', '.join(SAMPLERS[:2])}. Received: how={how!r}")
    low = whole("low", low, -300, 299)
    high = whole("high", high, low + 1, 300)
    edges = 10.0 ** np.arange(low, high + 1)
    return np.full(high - low, 1 / (high - low)) if how == "log-uniform" else np.diff(edges) / (edges[-1] - edges[0])


def range_test(
    build: Callable, x: np.ndarray, y: np.ndarray, *, low: float, high: float, steps: int, batch: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Train once while the rate grows by a fixed factor each step; gives rates (n,) and the loss seen at each.

    build: gives a net with logits. Stops when the loss is no number. low, high: first and last rate of plain SGD.
    Raises ValueError for fewer than two steps, a batch that x cannot fill, and rates that do not rise from above 0.
    Source: Smith (2017), section 3.3. Chapter: tuning.
    """
    steps, batch = whole("steps", steps, 2), whole("batch", batch, 1, len(x))
    if len(x) != len(y) or not 0 < low < high < np.inf:
        raise ValueError(f"Need a label a picture and 0 < low < high. Received: {len(x)}, {len(y)}, {low!r}, {high!r}")
    import keras

    from cvnotes import backend

    keras.utils.set_random_seed(seed)
    model, dice = build(), np.random.default_rng(seed)
    growing = keras.optimizers.schedules.ExponentialDecay(low, steps - 1, high / low)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(growing), loss, jit_compile=backend.jit_compile())
    seen: list[float] = []
    while len(seen) < steps and (not seen or np.isfinite(seen[-1])):
        rows = dice.choice(len(x), batch, replace=False)
        model.reset_metrics()
        seen.append(float(model.train_on_batch(x[rows], y[rows], return_dict=True)["loss"]))
    losses = np.array([value for value in seen if np.isfinite(value)])
    return low * (high / low) ** (np.arange(len(losses)) / (steps - 1)), losses
