"""Yes or no from a distance: how often a threshold errs, either way. Chapter: matching."""

from __future__ import annotations

import numpy as np


def error_rates(distance: np.ndarray, same: np.ndarray, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Share of false accepts and of false rejects when pairs at most a threshold apart are taken for the same.

    .. math:: \mathrm{FAR}(t) = P(d \le t \mid \text{different}), \qquad \mathrm{FRR}(t) = P(d > t \mid \text{same})

    distance: (n,). same: (n,), 1 or True where a pair is of one kind. thresholds: (k,). Gives two arrays (k,).
    Raises ``ValueError`` for unequal lengths, a distance that is not finite, a threshold that is NaN, or without a pair
    of either kind. Chapter: matching.
    """
    right, wrong = _by_kind(distance, same)
    thresholds = np.asarray(thresholds, "float64")
    if np.isnan(thresholds).any():
        raise ValueError(f"A threshold must be a number; infinity is one. Received: {thresholds!r:.80}")
    accepted = [np.searchsorted(kind, thresholds, side="right") / len(kind) for kind in (wrong, right)]
    return accepted[0], 1 - accepted[1]


def roc_points(distance: np.ndarray, same: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every point that a threshold can reach: thresholds, false accepts and true accepts, from accepting none to all.

    The first threshold is -infinity; the others are the distances that occur. Arguments and errors as `error_rates`.
    Source: Fawcett (2006), whose curve this is, with distances for scores. Chapter: matching.
    """
    _by_kind(distance, same)
    thresholds = np.r_[-np.inf, np.unique(np.asarray(distance, "float64"))]
    false, missed = error_rates(distance, same, thresholds)
    return thresholds, false, 1 - missed


def roc_area(distance: np.ndarray, same: np.ndarray) -> float:
    r"""The chance that a pair of one kind is nearer than a pair of two, a tie counting half: the area under the curve.

    .. math:: A = P(d_\text{same} < d_\text{different}) + \tfrac12 P(d_\text{same} = d_\text{different})

    Arguments and errors as `error_rates`. Chapter: matching.
    """
    right, wrong = _by_kind(distance, same)
    nearer, not_further = (np.searchsorted(right, wrong, side) for side in ("left", "right"))
    return float((nearer + not_further).mean() / (2 * len(right)))


def equal_error(distance: np.ndarray, same: np.ndarray) -> tuple[float, float]:
    """The error rate at which false accepts and false rejects are equally frequent, and the threshold there.

    Between the two neighbouring points of the curve the rates are taken for straight lines in the threshold.
    Arguments and errors as `error_rates`. Chapter: matching.
    """
    thresholds, false, true = roc_points(distance, same)
    gap = false - (1 - true)  # rises from -1 to 1
    after = int(np.argmax(gap >= 0))
    before = after - 1
    share = -gap[before] / (gap[after] - gap[before])
    rate = false[before] + share * (false[after] - false[before])
    low, high = thresholds[before], thresholds[after]
    return float(rate), float(high if np.isinf(low) else low + share * (high - low))


def _by_kind(distance: np.ndarray, same: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances of pairs of one kind, and of two, each in order."""
    distance, same = np.asarray(distance, "float64"), np.asarray(same)
    fits = distance.ndim == 1 and distance.shape == same.shape and np.isfinite(distance).all()
    if not fits or not np.isin(same, (0, 1)).all() or len(set(same.tolist())) < 2:
        raise ValueError(
            "Give a finite distance for each pair, and 1 or 0 for same or not, with some of both. "
            f"Received: distances {distance.shape}, same {same.shape}: {same!r:.60}"
        )
    same = same.astype(bool)
    return np.sort(distance[same]), np.sort(distance[~same])
