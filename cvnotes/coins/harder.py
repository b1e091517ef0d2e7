"""The photograph made harder, one thing at a time: its truth stays what it is."""

from __future__ import annotations

import numpy as np

from . import truth
from .ground import noise


def negative(grey: np.ndarray) -> np.ndarray:
    """Dark coins on bright ground."""
    return 255 - grey


def sloped(grey: np.ndarray) -> np.ndarray:
    """Light that falls from the left to the right, by 160 grey levels: where the ground is bright it grows brighter."""
    return grey + 160 * (0.5 - np.linspace(0, 1, grey.shape[1]))


def grained(grey: np.ndarray) -> np.ndarray:
    """Coarse grain over everything, with a deviation of 25 grey levels."""
    return grey + 25 * noise(1.0)[: grey.shape[0], : grey.shape[1]]


def faint(grey: np.ndarray) -> np.ndarray:
    """A quarter of the contrast, and noise with a deviation of 6 grey levels."""
    return grey.mean() + 0.25 * (grey - grey.mean()) + 6 * noise(0.0)[: grey.shape[0], : grey.shape[1]]


WAYS = {"negative": negative, "sloped light": sloped, "coarse grain": grained, "faint": faint}


def photographs() -> dict[str, np.ndarray]:
    """Give the photograph as nets see it, and in each of the WAYS: bytes (height, width, 3) by name. Chapter: coins."""
    seen = truth.photograph()
    grey = seen[..., 0].astype(float)
    made = {name: np.uint8(np.rint(way(grey).clip(0, 255))) for name, way in WAYS.items()}
    return {"as it is": seen, **{name: np.repeat(one[..., None], 3, -1) for name, one in made.items()}}
