"""Smoothing labels after the net: neighbours of like colour should have like labels, by mean field.

Chapter: segmentation_strategies.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes.checks import number, whole


class Pull(NamedTuple):
    """How neighbours pull at each other: see `pulls`."""

    strength: float = 1.0  #: w, in nats; 0 leaves every pixel to itself
    colour: float = 0.15  #: deviation of colours that count as alike, as a share of white
    near: float = 2.0  #: deviation of the distance, in pixels
    radius: int = 3  #: pixels further than this, in rows or columns, do not pull


USUAL = Pull()


def checked(pull: Pull) -> Pull:
    """Read how neighbours pull. Raises ValueError for a strength below 0, and others that are not above."""
    if not isinstance(pull, Pull):
        raise ValueError(f"Give Pull(strength, colour, near, radius). Received: {pull!r:.80}")
    strength, radius = number("strength", pull.strength, 0), whole("radius", pull.radius, 1)
    return Pull(strength, number("colour", pull.colour, above=0), number("near", pull.near, above=0), radius)


def offsets(radius: int) -> list[tuple[int, int]]:
    """Half of a square window: (rows, columns) such that each pair of neighbours comes once."""
    steps = range(-radius, radius + 1)
    return [(down, right) for down in range(radius + 1) for right in steps if down > 0 or right > 0]


def sides(offset: tuple[int, int]) -> tuple[tuple, tuple]:
    """Slices of maps (..., h, w): all pixels that have a neighbour at the offset, and those neighbours."""
    down, right = offset
    rows = (slice(None, -down or None), slice(down, None))
    columns = (slice(None, -right or None), slice(right, None))
    if right < 0:
        columns = (slice(-right, None), slice(None, right))
    return (..., rows[0], columns[0]), (..., rows[1], columns[1])


def pulls(picture: np.ndarray, pull: Pull = USUAL) -> dict[tuple[int, int], np.ndarray]:
    r"""How strongly each pixel and its neighbour at each offset pull at each other.

    .. math:: k_{ij} = w \exp\Bigl( -\frac{|p_i - p_j|^2}{2 \theta_p^2} - \frac{|I_i - I_j|^2}{2 \theta_c^2} \Bigr)

    picture: (h, w, 3) from 0 to 255; for each of `offsets(radius)` an array with a number for each pair.
    Raises ValueError for another shape, numbers beyond 0 to 255, and a pull that is no pull.
    Source: Krähenbühl and Koltun (2011), equation 3, cut to a window. Chapter: segmentation_strategies.
    """
    pull, picture = checked(pull), np.asarray(picture, np.float32)
    if picture.ndim != 3 or picture.shape[2] != 3 or not ((picture >= 0) & (picture <= 255)).all():
        raise ValueError(f"Give one picture (h, w, 3) of finite numbers from 0 to 255. Received: {picture.shape}")
    colours, found = np.moveaxis(picture / 255, -1, 0), {}
    for offset in offsets(pull.radius):
        here, there = sides(offset)
        apart = np.square(colours[here] - colours[there]).sum(0) / pull.colour**2
        distance = (offset[0] ** 2 + offset[1] ** 2) / pull.near**2
        found[offset] = pull.strength * np.exp(-(apart + distance) / 2)
    return found


def pulled(shares: np.ndarray, found: dict[tuple[int, int], np.ndarray]) -> np.ndarray:
    r"""What all neighbours of each pixel say, weighted: :math:`\sum_j k_{ij}\, q_j(l)`, (classes, h, w).

    Classes come first, since whole rows of pixels are then added at once. Chapter: segmentation_strategies.
    """
    total = np.zeros_like(shares)
    for offset, weights in found.items():
        here, there = sides(offset)
        total[here] += weights * shares[there]
        total[there] += weights * shares[here]
    return total


def softmax(logits: np.ndarray, axis: int = -1) -> np.ndarray:
    """Shares of each class from logits, which lie along an axis."""
    shares = np.exp(logits - logits.max(axis, keepdims=True))
    return shares / shares.sum(axis, keepdims=True)


def fitting(logits: np.ndarray, found: dict[tuple[int, int], np.ndarray]) -> np.ndarray:
    """Read logits (h, w, classes) to which pulls belong. Raises ValueError for NaN, and for pulls of another size."""
    logits = np.asarray(logits)
    fits = logits.ndim == 3 and logits.size and logits.dtype.kind in "fiu" and np.isfinite(logits).all()
    if not fits or not found or any(logits[..., 0][sides(o)[0]].shape != k.shape for o, k in found.items()):
        raise ValueError(f"Give finite logits (h, w, classes) and pulls of that picture. Received: {logits.shape}")
    return logits


def mean_field(logits: np.ndarray, found: dict[tuple[int, int], np.ndarray], steps: int) -> np.ndarray:
    r"""Shares of each class at each pixel, after its neighbours have been heard `steps` times.

    .. math:: q_i(l) \leftarrow \frac{1}{Z_i} \exp\Bigl( a_i(l) + \sum_{j \ne i} k_{ij}\, q_j(l) \Bigr)

    logits: a, (h, w, classes), of a net; found: `pulls` of the picture. Starts from the net's own shares; all pixels
    change at once. Gives (h, w, classes). Raises ValueError for NaN, and for the pulls of a picture of another size.
    Source: Krähenbühl and Koltun (2011), algorithm 1, with the Potts model. Chapter: segmentation_strategies.
    """
    said = np.ascontiguousarray(np.moveaxis(fitting(logits, found), -1, 0))
    shares = softmax(said, 0)
    for _ in range(whole("steps", steps, 0)):
        shares = softmax(said + pulled(shares, found), 0)
    return np.moveaxis(shares, 0, -1)
