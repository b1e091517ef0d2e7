"""What comes in, read once or refused with a message: arrays of numbers, shares, strengths.

Chapters: regularization, dropout.
"""

from __future__ import annotations

import math
import numbers

import numpy as np


def floats(name: str, values: np.ndarray) -> np.ndarray:
    """Numbers as floats, whole ones too, so that no square wraps around. Raises ValueError for anything else."""
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be an array of numbers. Received: {array.dtype} of shape {array.shape}")
    return array if array.dtype.kind == "f" else array.astype(float)


def share(name: str, value: float) -> float:
    """Read a number from 0 to 1. Raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= value <= 1:
        raise ValueError(f"{name} is a share from 0 to 1. Received: {name}={value!r}")
    return float(value)


def strength(name: str, value: float) -> float:
    """Read a finite number of at least 0. Raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= value < math.inf:
        raise ValueError(f"{name} must be a number of at least 0. Received: {name}={value!r}")
    return float(value)
