"""Three other ways to look for the least energy: try everything, ask each pixel alone, and flip one at a time."""

from __future__ import annotations

import numpy as np

from .flow import checked, energy
from .links import Links

MOST = 20  # pixels: a million labellings


def every_labelling(
    background: np.ndarray, thing: np.ndarray, links: Links, weights: np.ndarray
) -> tuple[np.ndarray, float]:
    """Try all 2^n labellings of a tiny picture: the best (h, w), and its energy.

    Raises ValueError as `minimum_cut`, and for more than 20 pixels. Chapter: grabcut.
    """
    background, thing, weights = checked(background, thing, links, weights)
    pixels = background.size
    if not 0 < pixels <= MOST:
        raise ValueError(f"All labellings can be tried for 1 to {MOST} pixels. Received: {pixels}")
    best, chunk = (np.inf, 0), 2**16
    for start in range(0, 2**pixels, chunk):
        numbers = np.arange(start, min(start + chunk, 2**pixels))
        labels = (numbers[:, None] >> np.arange(pixels)) & 1 > 0
        own = np.where(labels, np.ravel(thing), np.ravel(background)).sum(axis=1)
        found = own + (labels[:, links.first] != labels[:, links.second]) @ weights
        best = min(best, (float(found.min()), int(numbers[found.argmin()])))
    return (best[1] >> np.arange(pixels) & 1 > 0).reshape(np.shape(background)), best[0]


def cheapest_pixels(background: np.ndarray, thing: np.ndarray) -> np.ndarray:
    """Give each pixel the label that costs less, whatever its neighbours have: (h, w). Chapter: grabcut."""
    return np.asarray(thing) < np.asarray(background)


def one_by_one(background: np.ndarray, thing: np.ndarray, links: Links, weights: np.ndarray) -> np.ndarray:
    """Flip the one pixel that saves most, until none does: a local minimum, (h, w), begun from `cheapest_pixels`.

    Raises ValueError as `minimum_cut`.
    Source: Besag (1986), iterated conditional modes, with the best flip in place of the next. Chapter: grabcut.
    """
    background, thing, weights = checked(background, thing, links, weights)
    labels = cheapest_pixels(background, thing)
    bare = np.ravel(np.subtract(thing, background))
    while True:
        flat = labels.ravel()
        apart = np.where(flat[links.first] != flat[links.second], -weights, weights)
        gain = np.where(flat, -bare, bare) + sum(np.bincount(ends, apart, flat.size) for ends in links[:2])
        flipped = np.arange(flat.size) == gain.argmin()
        after = (flat ^ flipped).reshape(labels.shape)
        if not gain.min() < 0 or not energy(after, background, thing, links, weights) < energy(
            labels, background, thing, links, weights
        ):
            return labels
        labels = after
