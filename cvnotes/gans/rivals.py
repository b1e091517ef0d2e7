"""Makers of digits that learn little or nothing, to measure a generator against; and a search for copies.

Chapter: generators. NumPy and SciPy alone.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from cvnotes.checks import whole

FAINT = 1e-8  # variance for pixels that are the same in every picture: Cholesky's root, one on every machine, needs it


def normal_pixels(pictures: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw from one normal law with mean and covariance of the pixels, cut to [0, 1]: (count, h, w, 1).

    pictures: (n, h, w, 1). Raises ValueError for fewer than two, other shapes, or NaN. Chapter: generators.
    """
    pictures = _pictures(pictures, 2)
    rows = pictures.reshape(len(pictures), -1)
    spread = np.cov(rows.T) + FAINT * np.eye(rows.shape[1])
    drawn = rng.multivariate_normal(rows.mean(0), spread, whole("count", count, 0), method="cholesky")
    return np.clip(drawn, 0, 1).reshape(-1, *pictures.shape[1:]).astype("float32")


def normal_by_class(pictures: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw from a normal law of its own for every class, as often as it occurs: (count, h, w, 1).

    pictures: (n, h, w, 1); labels: (n,), two or more pictures of each. Raises ValueError as above, and for labels that
    are not as many. Chapter: generators.
    """
    pictures, labels = _pictures(pictures, 2), np.asarray(labels)
    if labels.shape != (len(pictures),):
        raise ValueError(f"Give one label a picture. Received: {labels.shape} for {len(pictures)} pictures")
    known, parts = rng.choice(labels, whole("count", count, 0)), []
    for label, often in zip(*np.unique(known, return_counts=True), strict=True):
        parts.append(normal_pixels(pictures[labels == label], int(often), rng))
    return rng.permutation(np.concatenate([np.zeros((0, *pictures.shape[1:]), "float32"), *parts]))


def shuffled_pixels(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shuffle the pixels of each picture: the same greys, no shape. (n, h, w, 1). Raises ValueError as above."""
    pictures = _pictures(pictures, 0)
    return rng.permuted(pictures.reshape(len(pictures), -1), axis=1).reshape(pictures.shape)


def nearest(pictures: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find for each picture the known one that is nearest: distances (n,) over all pixels, and places (n,).

    A copy has distance 0. Raises ValueError if nothing is known, for shapes that differ, or NaN. Chapter: generators.
    """
    pictures, known = _pictures(pictures, 0), _pictures(known, 1)
    if pictures.shape[1:] != known.shape[1:]:
        raise ValueError(f"Pictures must be of one size. Received: {pictures.shape} and {known.shape}")
    apart = cdist(pictures.reshape(len(pictures), known[0].size), known.reshape(len(known), -1))
    return apart.min(1), apart.argmin(1)


def _pictures(values: np.ndarray, least: int) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 4 or len(values) < least or not np.isfinite(values).all():
        raise ValueError(
            f"Give {least} or more finite pictures (n, h, w, 1). Received: shape {values.shape}, finite or not"
        )
    return values
