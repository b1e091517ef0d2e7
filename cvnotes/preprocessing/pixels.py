"""Pixel ranges and the learning rates that they are tried with: what the experiment and its picture share."""

from __future__ import annotations

import numpy as np

RANGES = {"0 to 255": (0.0, 255.0), "0 to 1": (0.0, 1.0), "−1 to 1": (-1.0, 1.0)}  # what black and white are
SGD_RATES = tuple(10.0**k for k in range(-6, 1))
ADAM_RATES = tuple(10.0**k for k in range(-4, 0))


def ranged(images: np.ndarray, name: str) -> np.ndarray:
    """Write pictures of values in [0, 1] in one of `RANGES`. Raises ValueError for another. Chapter: preprocessing."""
    if name not in RANGES:
        raise ValueError(f"name must be one of {', '.join(RANGES)}. Received: {name!r}")
    low, high = RANGES[name]
    return (low + (high - low) * np.asarray(images)).astype("float32")
