"""What a dream has added to a picture, in numbers: how coarse it is, where it tears, and what it stands on."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from cvnotes.checks import whole


def apart(one: np.ndarray, other: np.ndarray) -> float:
    r"""The distance of two arrays as a share of the second, :math:`\lVert u - v \rVert / \lVert v \rVert`."""
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """The cosine of the angle between two arrays, 1 for the same direction."""
    return float(np.sum(one * other) / (np.linalg.norm(one) * np.linalg.norm(other)))


def top_share(maps: np.ndarray, share: float = 0.01) -> float:
    """The part of the squared norm of answers that the loudest `share` of units has."""
    squares = np.sort(np.square(maps, dtype=float).ravel())[::-1]
    return float(squares[: max(1, round(share * squares.size))].sum() / squares.sum())


def power(detail: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Share the energy of a detail (h, w, 3) out among bands of frequency.

    edges: of the bands, in cycles a pixel, rising; returns the shares (bands,) of all energy but that of the mean.
    Chapter: hallucination.
    """
    detail = detail - detail.mean((0, 1))
    energy = (np.abs(np.fft.fft2(detail, axes=(0, 1))) ** 2).sum(-1)
    radius = np.hypot(*np.meshgrid(*(np.fft.fftfreq(side) for side in detail.shape[:2]), indexing="ij"))
    return np.histogram(radius, edges, weights=energy)[0] / energy.sum()


def coarse(detail: np.ndarray, limit: float = 1 / 16) -> float:
    """The share of energy in waves longer than 1 / `limit` pixels."""
    return float(power(detail, np.array([0, limit]))[0])


def seams(detail: np.ndarray, tile: int) -> float:
    """How much more a detail jumps across the borders of tiles than elsewhere: a ratio, 1 where no seam is."""
    tile = whole("tile", tile, 2, min(detail.shape[:2]) - 1)
    at, away = [], []
    for axis in (0, 1):
        jump = np.abs(np.diff(detail, axis=axis)).mean((1 - axis, 2))
        border = np.arange(tile - 1, len(jump), tile)
        at.append(jump[border])
        away.append(np.delete(jump, border))
    return float(np.concatenate(at).mean() / np.concatenate(away).mean())


def tint(detail: np.ndarray) -> float:
    """The share of the energy of a detail (h, w, 3) that lies in colour, and not in light: 0 for greys, at most 1.

    Three channels drawn by chance have 2/3. Chapter: hallucination.
    """
    light = detail.mean(-1, keepdims=True)
    return float(np.square(detail - light).sum() / np.square(detail).sum())


def sharpness_kept(picture: np.ndarray, photo: np.ndarray, sigma: float = 1.5) -> float:
    """The correlation of the fine detail of two pictures (h, w, 3): what a blur of `sigma` pixels takes away."""
    fine = [(each - gaussian_filter(each, (sigma, sigma, 0))).ravel() for each in (picture, photo)]
    return float(np.corrcoef(fine)[0, 1])
