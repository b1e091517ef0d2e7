"""What a code still knows: the pose that a straight line can read from it, class by class."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeCV

PENALTIES = np.logspace(-4, 3, 8)  # for codes of deviation 1


def explained(seen: np.ndarray, told: np.ndarray, new: np.ndarray, true: np.ndarray) -> np.ndarray:
    r"""Read targets from codes by ridge regression: the share of their variance that it explains, on new pictures.

    .. math:: R^2 = 1 - \frac{\sum (t - \hat t)^2}{\sum (t - \bar t)^2}

    seen: codes (n, k) with targets told (n, m); new: codes (n', k) with targets true (n', m). Gives (m,); 0 is a guess
    of the mean. Leave-one-out error picks the penalty. Raises ValueError for rows that do not fit. Chapter: capsnet.
    """
    missed, spread = squares(seen, told, new, true)
    return 1 - missed / spread


def squares(seen: np.ndarray, told: np.ndarray, new: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two sums of squares of `explained`: what ridge regression misses, and what the mean misses, (m,) each."""
    seen, told, new, true = (np.asarray(each, dtype=float) for each in (seen, told, new, true))
    given = [each.shape for each in (seen, told, new, true)]
    if [len(shape) for shape in given] != [2] * 4 or given[0][1:] != given[2][1:] or given[1][1:] != given[3][1:]:
        raise ValueError(f"Give codes (n, k) and targets (n, m), twice. Received: shapes {given}")
    scale = seen.std() or 1.0  # one for all numbers: a code's quiet numbers stay quiet
    guess = RidgeCV(PENALTIES).fit(seen / scale, told).predict(new / scale).reshape(true.shape)
    return np.sum((true - guess) ** 2, 0), np.sum((true - told.mean(0)) ** 2, 0)


def main_parts(seen: np.ndarray, new: np.ndarray, numbers: int) -> tuple[np.ndarray, np.ndarray]:
    """Keep so many principal components of codes (n, k), found on those seen. Chapter: capsnet."""
    found = PCA(min(numbers, *seen.shape), svd_solver="full").fit(seen)
    return found.transform(seen), found.transform(new)


def by_class(
    seen: tuple, new: tuple, numbers: int | None = None, own: bool = False, together: bool = False
) -> np.ndarray | float:
    """Read targets from codes one class at a time: the share of the variance within classes explained, (m,).

    seen, new: codes (n, k), labels (n,) and targets (n, m). numbers: keep so many of each code: those of the class's
    own capsule (own), else principal components. together: one share for all targets. Chapter: capsnet.
    """
    sums = []
    for label in np.unique(seen[1]):
        (a, told), (b, true) = ((codes[labels == label], t[labels == label]) for codes, labels, t in (seen, new))
        if own:
            mine = np.s_[:, label * numbers : (label + 1) * numbers]
            a, b = a[mine], b[mine]
        elif numbers is not None:
            a, b = main_parts(a, b, numbers)
        sums.append(squares(a, told, b, true))
    missed, spread = np.sum(sums, axis=(0, 2) if together else 0)
    return 1 - missed / spread
