"""What became of the distances: numbers that judge codes, none of which a loss has seen. Chapter: siamese."""

from __future__ import annotations

import numpy as np


def class_distances(codes: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Mean Euclidean distance of two codes of one class, and of two classes: codes (n, d), labels (n,).

    Raises ``ValueError`` without a pair of either kind, and for codes that are not finite. Chapter: siamese.
    """
    from scipy.spatial.distance import pdist

    codes, labels = _rows(codes, labels)
    first, second = np.triu_indices(len(labels), 1)
    apart, same = pdist(codes), labels[first] == labels[second]
    if not same.any() or same.all():
        raise ValueError(f"Give a pair of one class and a pair of two. Received: {len(codes)} labels {labels!r:.80}")
    return float(apart[same].mean()), float(apart[~same].mean())


def code_spread(codes: np.ndarray) -> float:
    r"""How far codes (n, d) are from their mean: the root of the mean square distance, 0 where all have collapsed.

    .. math:: s = \sqrt{\tfrac1n \sum_i \lVert c_i - \bar c \rVert^2}

    Raises ``ValueError`` for no codes, and for codes that are not finite. Chapter: siamese.
    """
    codes, _ = _rows(codes)
    return float(np.sqrt(codes.var(axis=0).sum()))


def nearest_neighbour(known: np.ndarray, known_labels: np.ndarray, codes: np.ndarray, labels: np.ndarray) -> float:
    """The share of codes (n, d) whose nearest known code, by Euclidean distance, carries their label.

    known, known_labels: (m, d) and (m,). Raises ``ValueError`` for unequal lengths, no codes, and codes not finite.
    Chapter: siamese.
    """
    from sklearn.neighbors import KNeighborsClassifier

    known, known_labels = _rows(known, known_labels)
    codes, labels = _rows(codes, labels)
    if known.shape[1] != codes.shape[1]:
        raise ValueError(f"Codes must have one length. Received: known {known.shape}, codes {codes.shape}")
    judge = KNeighborsClassifier(1, algorithm="brute").fit(known, known_labels)
    return float(judge.score(codes, labels))


def finite_rows(values: np.ndarray, name: str = "codes") -> np.ndarray:
    """Read rows of numbers as float64 (n, d). Raises ``ValueError`` for another shape, NaN and infinity.

    Chapters: siamese, matching.
    """
    values = np.asarray(values, "float64")
    if values.ndim != 2 or not np.isfinite(values).all():
        raise ValueError(f"Give rows of finite {name}, (number, length). Received: {name} of shape {values.shape}")
    return values


def _rows(codes: np.ndarray, labels: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    codes = finite_rows(codes)
    labels = np.zeros(len(codes)) if labels is None else np.asarray(labels)
    if not len(codes) or labels.shape != (len(codes),):
        raise ValueError(f"Give codes, and one label for each. Received: codes {codes.shape}, labels {labels.shape}")
    return codes, labels
