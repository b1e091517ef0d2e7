"""Numbers over seeds: their spread, and the smallest difference that so few seeds could have shown."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Band(NamedTuple):
    """Mean, lowest and highest over seeds, and their number. Reads ``0.951 (0.940 to 0.962, 5 seeds)``."""

    mean: Any
    low: Any
    high: Any
    seeds: int

    def __str__(self) -> str:
        """The band in words, for single numbers."""
        return f"{self.mean:.3f} ({self.low:.3f} to {self.high:.3f}, {self.seeds} seeds)"


def bands(values: Any) -> Band:
    """Mean, minimum and maximum over the first axis (seeds); floats for a list of numbers, arrays for curves.

    Raises ``ValueError`` without a seed, and for values that are not finite numbers.
    """
    values = _finite(values)
    if values.ndim == 0 or len(values) == 0:
        raise ValueError(f"Give at least one seed along the first axis. Received: shape {values.shape}.")
    summary = (values.mean(0), values.min(0), values.max(0))
    return Band(*(map(float, summary) if values.ndim == 1 else summary), len(values))


def spread(values: Any, digits: int = 3) -> str:
    """Put numbers over seeds into words for a table: mean (lowest to highest). Raises as ``bands``."""
    band = bands(values)
    return f"{band.mean:.{digits}f} ({band.low:.{digits}f} to {band.high:.{digits}f})"


def smallest_effect(
    a: Any, b: Any, *, paired: bool = True, confidence: float = 0.95, power: float = 0.8
) -> float | np.ndarray:
    r"""The smallest true difference between the means of a and b that these seeds would probably have shown.

    .. math:: \delta = \bigl(t_{(1 + c)/2,\,\nu} + t_{p,\,\nu}\bigr)\,\mathrm{SE}

    With probability ``power`` (p) a difference of :math:`\delta` gives a two-sided t-test at ``confidence`` (c) a
    result. "No difference" means: none as large as this. a, b: one number (or curve) a seed.
    paired: seed i of a and of b share their data; SE is :math:`s_{a-b}/\sqrt n`, :math:`\nu = n - 1`.
    Otherwise Welch's: :math:`\sqrt{s_a^2/n_a + s_b^2/n_b}` with his degrees of freedom.
    Raises ``ValueError`` for fewer than two seeds, or pairs of unequal shape. Source: Cohen (1988), chapter 2.
    """
    from scipy.stats import t

    a, b = _finite(a), _finite(b)
    for name, value in (("confidence", confidence), ("power", power)):
        if not isinstance(value, (int, float)) or not 0 < value < 1:
            raise ValueError(f"{name} must lie between 0 and 1. Received: {name}={value!r}")
    if a.ndim == 0 or b.ndim == 0 or min(len(a), len(b)) < 2:
        raise ValueError(f"A spread needs at least two seeds on each side. Received: shapes {a.shape} and {b.shape}.")
    if paired and a.shape != b.shape:
        raise ValueError(f"Pairs need equal shapes: or pass paired=False. Received: {a.shape} and {b.shape}.")
    error, freedom = _paired(a - b) if paired else _welch(a, b)
    delta = (t.ppf((1 + confidence) / 2, freedom) + t.ppf(power, freedom)) * error
    return float(delta) if np.ndim(delta) == 0 else delta


def _finite(values: Any) -> np.ndarray:
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Give numbers, as many for each seed. Received: {values!r:.80}") from error
    if not np.isfinite(array).all():
        raise ValueError(f"Give finite numbers: NaN has no mean. Received: {values!r:.80}")
    return array


def _paired(difference: np.ndarray) -> tuple[np.ndarray, int]:
    return difference.std(0, ddof=1) / np.sqrt(len(difference)), len(difference) - 1


def _welch(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    parts = a.var(0, ddof=1) / len(a), b.var(0, ddof=1) / len(b)
    total = parts[0] + parts[1]
    squares = parts[0] ** 2 / (len(a) - 1) + parts[1] ** 2 / (len(b) - 1)
    fewest = min(len(a), len(b)) - 1
    return np.sqrt(total), np.where(squares > 0, total**2 / np.where(squares > 0, squares, 1), fewest)
