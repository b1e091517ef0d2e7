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

    shape: height and width. Each pair comes once; pixels are counted row by row. Raises ValueError for sides below 1.
    Chapter: grabcut.
    """
    height, width = pair("shape", shape)
    place = np.arange(height * width).reshape(height, width)
    ends = [
        (place[:, :-1], place[:, 1:], 1),
        (place[:-1], place[1:], 1),
        (place[:-1, :-1], place[1:, 1:], np.sqrt(2)),
        (place[:-1, 1:], place[1:, :-1], np.sqrt(2)),
    ]
    columns = zip(*((one.ravel(), other.ravel(), np.full(one.size, gap)) for one, other, gap in ends), strict=True)
    return Links(*(np.concatenate(column) for column in columns))


def differences(image: np.ndarray) -> tuple[Links, np.ndarray]:
    """Pairs of neighbours of a picture (h, w, channels), and the squared distance of the colours of each, (m,)."""
    picture = checked_picture(image)
    links, colours = neighbours(picture.shape[:2]), picture.reshape(-1, picture.shape[2])
    return links, ((colours[links.first] - colours[links.second]) ** 2).sum(axis=1)


def contrast(image: np.ndarray) -> float:
    r"""Measure what a usual difference between neighbours is: beta, in 1 over colour squared; 0 for a flat picture.

    .. math:: \beta = \frac{1}{2 \, \langle \lVert z_m - z_n \rVert^2 \rangle}

    image: (h, w, channels). Raises ValueError as `checked_picture`.
    Source: Boykov and Jolly (2001); Rother, Kolmogorov and Blake (2004), equation 5. Chapter: grabcut.
    """
    return _beta(differences(image)[1])


def _beta(squares: np.ndarray) -> float:
    """`contrast`, from the squared differences."""
    usual = squares.mean() if squares.size else 0.0
    return float(0.5 / usual) if usual > 0 else 0.0


def smoothness(image: np.ndarray, gamma: float = GAMMA) -> tuple[Links, np.ndarray]:
    r"""Price the border between neighbours: high within a smooth patch, low across an edge.

    .. math:: w_{mn} = \frac{\gamma}{\lVert m - n \rVert} \exp\bigl(-\beta \lVert z_m - z_n \rVert^2\bigr)

    image: (h, w, channels); gamma: at least 0. Returns the pairs and their prices, (m,).
    Raises ValueError for a negative gamma, and as `checked_picture`.
    Source: Rother, Kolmogorov and Blake (2004), equation 4. Chapter: grabcut.
    """
    gamma, (links, squares) = number("gamma", gamma, 0), differences(image)
    return links, gamma * (np.exp(-_beta(squares) * squares) / links.distance)
