"""Eight narrow Gaussians on a circle: data of which each mode is known, so that coverage can be counted.

Chapter: gans. NumPy and SciPy alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from cvnotes.checks import number, whole

MODES, RADIUS, SIGMA = 8, 2.0, 0.1
NEAR = 3.0  # a sample belongs to a mode within so many deviations of its centre
LEAST = 0.25  # a mode is covered when it gets at least this share of its fair share, 1/8 of the samples


class Coverage(NamedTuple):
    """How well samples match the ring: modes covered, share of samples near a mode, and share near each (modes,)."""

    covered: int
    quality: float
    shares: np.ndarray


def centres(modes: int = MODES, radius: float = RADIUS) -> np.ndarray:
    """Give the middles of the modes, evenly around a circle: (modes, 2). Raises ValueError for fewer than one."""
    angle = 2 * np.pi * np.arange(whole("modes", modes, 1)) / modes
    return number("radius", radius, above=0) * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def draw(count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw samples from the ring, each mode equally likely: (count, 2), float32."""
    chosen = rng.integers(MODES, size=whole("count", count, 0))
    return (centres()[chosen] + SIGMA * rng.normal(size=(count, 2))).astype("float32")


def judge(samples: np.ndarray) -> Coverage:
    r"""Count the modes that samples cover, and how many of them lie within three deviations of a mode.

    A mode is covered when it gets at least a quarter of its fair share: :math:`n_k \ge \tfrac14 \cdot n / 8`.
    Samples of the ring itself score 8 and :math:`1 - e^{-9/2} = 0.989`.
    samples: (n, 2); of none, no mode is covered and the quality is 0. Raises ValueError for other shapes or NaN.
    After Metz et al. (2017) and Srivastava et al. (2017). Chapter: gans.
    """
    samples = _points("samples", samples)
    if len(samples) == 0:
        return Coverage(0, 0.0, np.zeros(MODES))
    near = cdist(samples, centres()) <= NEAR * SIGMA
    shares = near.mean(0)
    return Coverage(int((shares >= LEAST / MODES).sum()), float(near.any(1).mean()), shares)


def energy_distance(a: np.ndarray, b: np.ndarray) -> float:
    r"""How far two clouds are from being draws of one distribution; 0 in the limit if and only if they are.

    .. math:: 2\,E|X - Y| - E|X - X'| - E|Y - Y'|

    a, b: (n, d) and (m, d). The mean over all pairs of different points, so it may fall a little below 0.
    Raises ValueError for fewer than two points, NaN, or other shapes. Szekely and Rizzo (2013). Chapter: gans.
    """
    a, b = _points("a", a, None), _points("b", b, None)
    if min(len(a), len(b)) < 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"Give two or more points in each cloud, of one dimension. Received: {a.shape}, {b.shape}")
    within = sum(cdist(c, c).sum() / (len(c) * (len(c) - 1)) for c in (a, b))
    return float(2 * cdist(a, b).mean() - within)


def _points(name: str, values: np.ndarray, width: int | None = 2) -> np.ndarray:
    points = np.asarray(values, dtype=float)
    if points.ndim != 2 or (width and points.shape[1] != width) or not np.isfinite(points).all():
        wanted = f"(n, {width})" if width else "(n, d)"
        raise ValueError(f"{name} must be finite points {wanted}. Received: shape {points.shape}, finite or not")
    return points
