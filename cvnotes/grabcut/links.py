"""Which pixels are neighbours, and what it costs to part two of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes.checks import number, pair

GAMMA = 50.0  # weight of the borders, as in the paper


class Links(NamedTuple):
    """Pairs of neighbours: the numbers of both pixels, row by row, and how far apart they lie, (m,) each."""

    first: np.ndarray
    second: np.ndarray
    distance: np.ndarray


def checked_picture(image: np.ndarray) -> np.ndarray:
    """Read a picture as floats (h, w, channels). Raises ValueError for another shape, no pixel, or NaN."""
    picture = np.asarray(image)
    if picture.ndim != 3 or picture.size == 0 or picture.dtype.kind not in "fiu":
        raise ValueError(f"A picture has the shape (h, w, channels). Received: {picture.dtype} of {picture.shape}")
    if not np.isfinite(picture).all():
        raise ValueError("Colours must be finite. Received: a picture with NaN or infinite values")
    return picture.astype(np.float64)


def neighbours(shape: tuple[int, int]) -> Links:
    """List every pair of pixels that touch, side by side or corner to corner: eight neighbours for a pixel inside.

    shape: height and width. Each pair comes once; pixels are counted row by row. Chapter: grabcut.
    """
    height, width = pair("shape", tuple(shape))
    place = np.arange(height * width).reshape(height, width)
    ends = [
        (place[:, :-1], place[:, 1:], 1),
        (place[:-1], place[1:], 1),
        (place[:-1, :-1], place[1:, 1:], np.sqrt(2)),
        (place[:-1, 1:], place[1:, :-1], np.sqrt(2)),
    ]
    columns = zip(*((one.ravel(), other.ravel(), np.full(one.size, gap)) for one, other, gap in ends), strict=True)
    return Links(*(np.concatenate(column) for column in columns))


def differences(image: np.ndarray, links: Links) -> np.ndarray:
    """Squared distance of the colours of each pair, (m,)."""
    colours = checked_picture(image).reshape(-1, np.shape(image)[-1])
    return ((colours[links.first] - colours[links.second]) ** 2).sum(axis=1)


def contrast(image: np.ndarray) -> float:
    r"""Measure what a usual difference between neighbours is: beta, in 1 over colour squared; 0 for a flat picture.

    .. math:: \beta = \frac{1}{2 \, \langle \lVert z_m - z_n \rVert^2 \rangle}

    image: (h, w, channels). Raises ValueError as `checked_picture`.
    Source: Boykov and Jolly (2001); Rother, Kolmogorov and Blake (2004), equation 5. Chapter: grabcut.
    """
    found = differences(image, neighbours(np.shape(image)[:2]) if np.ndim(image) == 3 else None)
    usual = found.mean() if found.size else 0.0
    return float(0.5 / usual) if usual > 0 else 0.0


def smoothness(image: np.ndarray, gamma: float = GAMMA) -> tuple[Links, np.ndarray]:
    r"""Price the border between neighbours: high within a smooth patch, low across an edge.

    .. math:: w_{mn} = \frac{\gamma}{\lVert m - n \rVert} \exp\bigl(-\beta \lVert z_m - z_n \rVert^2\bigr)

    image: (h, w, channels); gamma: at least 0. Returns the pairs and their prices, (m,).
    Raises ValueError for a negative gamma, and as `checked_picture`.
    Source: Rother, Kolmogorov and Blake (2004), equation 4. Chapter: grabcut.
    """
    beta, links = contrast(image), neighbours(np.shape(image)[:2])
    prices = np.exp(-beta * differences(image, links)) / links.distance
    return links, number("gamma", gamma, 0) * prices
