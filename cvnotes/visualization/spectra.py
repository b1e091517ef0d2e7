"""What a picture that excites is made of: how fine, of how many waves, and how many copies of one thing."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole


def power(pictures: np.ndarray) -> np.ndarray:
    """The power of each frequency in pictures (n, s, s, c), channels added up, their means taken off: (n, s, s)."""
    pictures = pictures - pictures.mean((1, 2), keepdims=True)
    return (np.abs(np.fft.fft2(pictures, axes=(1, 2))) ** 2).sum(-1)


def frequencies(side: int) -> np.ndarray:
    """The distance of each frequency from zero, in cycles a pixel, as `power` lays them out: (side, side)."""
    line = np.fft.fftfreq(side)
    return np.hypot(line[:, None], line)


def _shares(pictures: np.ndarray) -> np.ndarray:
    found = power(pictures)
    return found / np.maximum(found.sum((1, 2), keepdims=True), 1e-20)


def fine_share(pictures: np.ndarray, above: float = 0.25) -> np.ndarray:
    """The share of power above a frequency in cycles a pixel: (n,). Chapter: activation_maximization."""
    return _shares(pictures)[:, frequencies(pictures.shape[1]) > above].sum(-1)


def mean_frequency(pictures: np.ndarray) -> np.ndarray:
    r"""How fine each picture is: $\sum |f| E(f) / \sum E(f)$, in cycles a pixel, (n,)."""
    return (_shares(pictures) * frequencies(pictures.shape[1])).sum((1, 2))


def wave_count(pictures: np.ndarray) -> np.ndarray:
    r"""Of how many waves a picture is made: $1 / \sum p_f^2$ over pairs of frequencies f and -f, (n,).

    1 for a single grating, half of all frequencies for noise. p: shares of power. Chapter: activation_maximization.
    """
    return 0.5 / np.maximum((_shares(pictures) ** 2).sum((1, 2)), 1e-20)


def pieces(answers: np.ndarray, still: np.ndarray) -> np.ndarray:
    r"""Of how many answers pictures are put together: $(\sum e)^2 / \sum e^2$ over all filters and places, (n,).

    answers: maps (n, h, w, c) of a first layer; still: its answers (h, w, c) to a flat picture; e: squared differences.
    Chapter: activation_maximization.
    """
    e = ((answers - still) ** 2).reshape(len(answers), -1).astype(float)
    return e.sum(1) ** 2 / np.maximum((e**2).sum(1), 1e-30)


def extent(pictures: np.ndarray) -> np.ndarray:
    """How wide pictures (n, h, w, c) around zero are: twice the root mean square distance from their centre, (n,)."""
    weight = (pictures**2).sum(-1)
    weight = weight / weight.sum((1, 2), keepdims=True)
    y, x = np.indices(weight.shape[1:])
    centre = [(weight * axis).sum((1, 2), keepdims=True) for axis in (y, x)]
    return 2 * np.sqrt((weight * ((y - centre[0]) ** 2 + (x - centre[1]) ** 2)).sum((1, 2)))


def copies(answers: np.ndarray, apart: int, share: float = 0.5) -> int:
    """Count the peaks of a map (h, w) that reach a share of the highest and lie further apart than `apart` places.

    By scikit-image's `peak_local_max`. Chapter: activation_maximization.
    """
    from skimage.feature import peak_local_max

    if answers.max() <= 0:
        return 0
    options = {"min_distance": whole("apart", apart, 1), "threshold_rel": share, "exclude_border": False}
    return len(peak_local_max(np.asarray(answers, float), **options))


def pasted(patch: np.ndarray, canvas: np.ndarray, row: int, column: int) -> np.ndarray:
    """Copy a canvas (h, w, c) and lay a patch on it, its top left corner at a place; what juts out is cut off."""
    out = canvas.copy()
    height, width = canvas.shape[:2]
    top, left = max(row, 0), max(column, 0)
    part = patch[top - row : max(height - row, 0), left - column : max(width - column, 0)]
    out[top : top + part.shape[0], left : left + part.shape[1]] = part
    return out
