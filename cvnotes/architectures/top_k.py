"""The error that ImageNet was judged by: is the label among the k best scores?"""

from __future__ import annotations

import numpy as np

from cvnotes.checks import choice, whole

TIES = ("within", "outside", "shared")


def top_k_error(scores: np.ndarray, labels: np.ndarray, k: int = 5, *, ties: str = "within") -> float:
    r"""Share of pictures whose label is not among their `k` best scores.

    $$ \text{error} = 1 - \frac1n \sum_i \bigl[\, \#\{c : s_{ic} > s_{i y_i}\} < k \,\bigr] $$

    scores: (n, classes), the larger the better; labels: (n,) whole numbers. With `k` at or above the number of classes
    nothing can be wrong. ties: what becomes of a label whose score other classes share, where not all of them have
    room among the best: "within" counts it as found, as Keras does and the formula says; "outside" counts it as
    missed; "shared" counts the part of such labels that a blind draw would find.
    Raises ValueError for scores that are not finite, labels that are no classes, and another word for ties.
    Source: Russakovsky and others (2015), section 4.1, with k = 5. Chapter: architectures.
    """
    scores, labels = _checked(scores, labels)
    k, own = whole("k", k, 1), np.take_along_axis(scores, labels[:, None], 1)
    better, level = (scores > own).sum(1), (scores == own).sum(1)  # the label is one of those that are level
    room = np.clip(k - better, 0, level)
    found = {"within": room > 0, "outside": room == level, "shared": room / level}
    return float(1 - np.mean(found[choice("ties", ties, TIES)]))


def _checked(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scores, labels = np.asarray(scores), np.asarray(labels)
    if scores.ndim != 2 or not scores.size or scores.dtype.kind not in "fiu" or not np.isfinite(scores).all():
        raise ValueError(f"Give finite scores (n, classes). Received: {scores.dtype} of shape {scores.shape}")
    fits = labels.shape == scores.shape[:1] and labels.dtype.kind in "iu"
    if not fits or labels.min() < 0 or labels.max() >= scores.shape[1]:
        given = f"{labels.dtype} of shape {labels.shape}"
        raise ValueError(f"Give {len(scores)} labels from 0 to {scores.shape[1] - 1}. Received: {given}")
    return scores, labels
