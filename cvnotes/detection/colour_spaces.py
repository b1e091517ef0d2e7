"""Pictures in other colour spaces, every channel from 0 to 1. Chapter: selective_search."""

from __future__ import annotations

import numpy as np
from skimage import color

from cvnotes.checks import choice

SPACES = ("rgb", "hsv", "lab", "rgi", "hue", "gray")


def to_space(pixels: np.ndarray, space: str) -> np.ndarray:
    """Bring pixels (h, w, 3), red, green and blue in [0, 1], to a colour space: (h, w, 3), or (h, w, 1).

    "rgb"; "hsv"; "lab"; "rgi", the shares of red and green and the intensity; "hue" alone; "gray", the intensity.
    A gray picture (h, w, 1) is gray in every space. Raises ValueError for an unknown space, and other shapes.
    Source: Uijlings et al. (2013), section 3.2. Chapter: selective_search.
    """
    choice("space", space, SPACES)
    pixels = np.asarray(pixels)
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or pixels.dtype.kind != "f":
        raise ValueError(f"Give floats (h, w, 3) or (h, w, 1). Received: {pixels.dtype}, {pixels.shape}")
    if pixels.shape[2] == 1 or space == "rgb":
        return pixels
    if space == "gray":
        return pixels.mean(-1, keepdims=True)
    if space == "lab":
        return np.clip((color.rgb2lab(pixels) + np.array([0, 128, 128])) / (100, 255, 255), 0, 1)
    if space == "rgi":
        return shares_and_intensity(pixels)
    return color.rgb2hsv(pixels)[..., : 1 if space == "hue" else 3]


def shares_and_intensity(pixels: np.ndarray) -> np.ndarray:
    """The shares of red and of green in each pixel, and its intensity; a third each where it is black."""
    total = pixels.sum(-1, keepdims=True)
    shares = np.where(total > 0, pixels / np.where(total > 0, total, 1), 1 / 3)
    return np.concatenate([shares[..., :2], total / 3], axis=-1)
