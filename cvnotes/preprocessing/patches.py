"""Rows to look at: patches of photographs, faces, and the mixed units of the wines. No Keras here."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from cvnotes import data
from cvnotes.checks import whole

from .scaling import numbers

SIDE, EXTENT = 12, 512  # of a patch and of the photographs that patches are cut from, in pixels
PHOTOS = ("astronaut", "cat", "coffee", "coins", "flower", "gravel", "pagoda", "rocket")


@functools.cache
def photo_patches(count: int = 6000, seed: int = 0) -> np.ndarray:
    """Cut grey patches of 12 x 12 pixels out of eight photographs, flattened: (count, 144), values in [0, 1]."""
    rng = np.random.default_rng(seed)
    each = -(-whole("count", count, 1) // len(PHOTOS))
    found = []
    for name in PHOTOS:
        picture = data.photo(name, size=EXTENT, gray=True)[..., 0]
        corners = rng.integers(EXTENT - SIDE + 1, size=(each, 2))
        found += [picture[i : i + SIDE, j : j + SIDE].ravel() for i, j in corners]
    rows = np.array(found)[rng.permutation(len(found))[:count]].astype(float)
    rows.flags.writeable = False  # kept for the next caller
    return rows


@functools.cache
def face_rows() -> tuple[np.ndarray, np.ndarray]:
    """Eighty faces with their mirror images, and twenty other faces: (160, 625) and (20, 625), values in [0, 1]."""
    pictures, labels = data.faces()
    faces = pictures[labels == 1][..., 0].astype(float)
    train = np.concatenate([faces[:80], faces[:80, :, ::-1]])
    both = train.reshape(len(train), -1), faces[80:].reshape(20, -1)
    for rows in both:
        rows.flags.writeable = False  # kept for the next caller
    return both


def tiles(name: str, across: int = 16) -> np.ndarray:
    """Cut the middle of a photograph into patches that lie side by side, in rows: (across * across, 144)."""
    wide = whole("across", across, 1, EXTENT // SIDE) * SIDE
    start = (EXTENT - wide) // 2
    middle = data.photo(name, size=EXTENT, gray=True)[start : start + wide, start : start + wide, 0].astype(float)
    return middle.reshape(across, SIDE, across, SIDE).swapaxes(1, 2).reshape(-1, SIDE * SIDE)


def joined(rows: np.ndarray) -> np.ndarray:
    """Lay patches of `tiles` side by side again: (n * n, 144) to a picture (12 n, 12 n).

    Raises ValueError for other shapes. Chapter: preprocessing.
    """
    across = round(len(rows) ** 0.5)
    if np.shape(rows) != (across**2, SIDE**2):
        raise ValueError(f"rows must be (n * n, {SIDE**2}). Received: shape {np.shape(rows)}")
    return rows.reshape(across, across, SIDE, SIDE).swapaxes(1, 2).reshape(across * SIDE, -1)


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Correlate each row with its counterpart, and average: 1 if they look the same but for brightness and contrast.

    Rows that are all of one grey look like nothing, and are left out. one, other: (N, D).
    Raises ValueError for shapes that differ, and if nothing is left. Chapter: preprocessing.
    """
    one, other = numbers(one), numbers(other)
    if one.ndim != 2 or one.shape != other.shape:
        raise ValueError(f"Give rows of equal shapes, (N, D). Received: {one.shape} and {other.shape}")
    a, b = (rows - rows.mean(axis=1, keepdims=True) for rows in (one, other))
    lengths = np.sqrt((a**2).sum(1) * (b**2).sum(1))
    seen = lengths > 1e-9
    if not seen.any():
        raise ValueError(f"Every row is of one grey, which looks like nothing. Received: shape {one.shape}")
    return float(np.mean((a * b).sum(1)[seen] / lengths[seen]))


def noise_gain(
    transform: Callable[[np.ndarray], np.ndarray], x: np.ndarray, sigma: float = 1e-3, seed: int = 0
) -> float:
    """Add noise of a given size to rows, and see how much larger it leaves a transform than it entered.

    transform: rows to rows. x: (N, D). sigma: deviation of the noise, above 0, in units of x. Chapter: preprocessing.
    """
    noise = np.random.default_rng(seed).normal(0, sigma, x.shape)
    return float(np.std(transform(x + noise) - transform(x)) / np.std(noise))
