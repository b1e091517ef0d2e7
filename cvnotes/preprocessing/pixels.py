"""Pixel ranges and the learning rates that they are tried with: what the experiment and its picture share."""

from __future__ import annotations

import numpy as np

RANGES = {"0 to 255": (0.0, 255.0), "0 to 1": (0.0, 1.0), "−1 to 1": (-1.0, 1.0)}  # what black and white are
SGD_RATES = tuple(10.0**k for k in range(-6, 1))
ADAM_RATES = tuple(10.0**k for k in range(-4, 0))


def ranged(images: np.ndarray, name: str) -> np.ndarray:
    """Write pictures of values in [0, 1], of any shape, in one of `RANGES`, as float32.

    Raises ValueError for another range, and for what is no number from 0 to 1. Chapter: preprocessing.
    """
    if name not in tuple(RANGES):
        raise ValueError(f"name must be one of {', '.join(RANGES)}. Received: {name!r}")
    images, (low, high) = np.asarray(images), RANGES[name]
    if images.dtype.kind not in "fiub" or not np.all((images >= 0) & (images <= 1)):
        raise ValueError(f"images must hold numbers from 0 to 1: divide bytes by 255. Received: {images.dtype}")
    return (low + (high - low) * images).astype("float32")
