"""The Frechet distance between two clouds of features, each taken for a normal law.

Chapter: generators. NumPy alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Cloud(NamedTuple):
    """What the distance knows of a cloud: its mean (d,) and its covariance (d, d)."""

    mean: np.ndarray
    covariance: np.ndarray


def cloud(points: np.ndarray) -> Cloud:
    """Give mean and covariance of points (n, d). Raises ValueError for fewer than two, other shapes, or NaN."""
    points = np.asarray(points, dtype=float)
    if points.ndim != 2 or len(points) < 2 or not points.shape[1] or not np.isfinite(points).all():
        raise ValueError(f"Give two or more finite points (n, d). Received: shape {points.shape}, finite or not")
    return Cloud(points.mean(0), np.cov(points.T).reshape(points.shape[1], -1))


def between(a: Cloud, b: Cloud) -> float:
    r"""Measure how far two normal laws are apart, in the squared unit of their coordinates.

    .. math:: |\mu_a - \mu_b|^2 + \operatorname{tr}\bigl(C_a + C_b - 2 (C_a^{1/2} C_b\, C_a^{1/2})^{1/2}\bigr)

    The squared 2-Wasserstein distance of the two; on a line :math:`(\mu_a - \mu_b)^2 + (\sigma_a - \sigma_b)^2`.
    Raises ValueError for NaN, and for covariances that do not fit, are not symmetric, or have a negative eigenvalue.
    Dowson and Landau (1982), equation 4. Chapter: generators.
    """
    a, b = (Cloud(*(np.asarray(part, dtype=float) for part in law)) for law in (a, b))
    if a.mean.shape != b.mean.shape:
        raise ValueError(f"The laws must be of one dimension. Received: {a.mean.shape} and {b.mean.shape}")
    half = _root(a)
    _root(b)
    mixed = np.linalg.eigvalsh(half @ b.covariance @ half)
    overlap = np.sqrt(np.maximum(mixed, 0)).sum()  # eigenvalues that are zero may come out as -1e-17
    apart = np.square(a.mean - b.mean).sum() + np.trace(a.covariance) + np.trace(b.covariance)
    return float(max(apart - 2 * overlap, 0.0))


def _root(law: Cloud) -> np.ndarray:
    """The symmetric root of a covariance."""
    matrix, size = law.covariance, law.mean.size
    if law.mean.ndim != 1 or matrix.shape != (size, size) or not np.allclose(matrix, matrix.T):
        raise ValueError(f"A covariance is finite and symmetric, (d, d). Received: {law.mean.shape}, {matrix.shape}")
    if not np.isfinite(law.mean).all():
        raise ValueError(f"A mean is finite. Received: {law.mean}")
    values, axes = np.linalg.eigh(matrix)
    if values.min() < -1e-8 * max(abs(values).max(), 1):
        raise ValueError(f"A covariance has no negative eigenvalue. Received: {values.min():.3g}")
    return (axes * np.sqrt(np.maximum(values, 0))) @ axes.T


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Measure the Frechet distance between points (n, d) and (m, d). Raises ValueError as `cloud` and `between` do."""
    return between(cloud(a), cloud(b))
