"""Real digits as points in a plane: two measures of each, so that a classifier can be seen at work."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from cvnotes import data

CLASSES = (0, 1, 2)
REACH = 2.6  # the plane is drawn from -REACH to REACH on both axes


def measures(images: np.ndarray) -> np.ndarray:
    """Say of each picture (N, 8, 8, 1) how much ink its middle holds and how high its ink lies: (N, 2).

    The middle is 2 x 2 pixels, in [0, 1]; the height is the mean row of the ink, in pixels above the centre.
    Chapter: linear_classifiers.
    """
    ink = np.asarray(images, float)[..., 0]
    rows = 3.5 - np.arange(8)
    height = (ink.sum(2) * rows).sum(1) / ink.sum((1, 2))
    return np.stack([ink[:, 3:5, 3:5].mean((1, 2)), height], axis=1)


@functools.cache
def points(count: int = 150) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the first training digits that are 0, 1 or 2: places (count, 2), labels (count,), pictures (count, 8, 8, 1).

    Places have mean 0 and spread 1 on both axes. Chapter: linear_classifiers.
    """
    d = data.digits()
    chosen = np.flatnonzero(np.isin(d.train_labels, CLASSES))[:count]
    places = measures(d.train_images[chosen])
    places = (places - places.mean(0)) / places.std(0)
    return places, d.train_labels[chosen], d.train_images[chosen]


def lattice(n: int = 120) -> np.ndarray:
    """Give n x n points that cover the plane, row by row from below: (n * n, 2)."""
    axis = (np.arange(n) + 0.5) / n * 2 * REACH - REACH
    across, up = np.meshgrid(axis, axis)
    return np.stack([across.ravel(), up.ravel()], axis=1)


def regions(predict: Callable[[np.ndarray], np.ndarray], n: int = 120) -> np.ndarray:
    """Ask a classifier about every point of the plane: classes (n, n), the first row below."""
    return predict(lattice(n)).reshape(n, n)


def bent(predict: Callable[[np.ndarray], np.ndarray], pairs: int = 4000, seed: int = 0) -> float:
    """Share of pairs of points of one region whose middle lies in another; zero where regions are convex.

    Chapter: linear_classifiers.
    """
    spots = np.random.default_rng(seed).uniform(-REACH, REACH, size=(2, pairs, 2))
    ends = predict(spots[0]), predict(spots[1])
    same = ends[0] == ends[1]
    return float(np.mean(predict(spots.mean(0))[same] != ends[0][same]))
