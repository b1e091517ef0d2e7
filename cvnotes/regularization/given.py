"""Arrays as they are given, read once or refused with a message. Chapters: regularization, dropout."""

from __future__ import annotations

import numpy as np


def floats(name: str, values: np.ndarray) -> np.ndarray:
    """Numbers as floats, whole ones too, so that no square wraps around. Raises ValueError for anything else."""
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be an array of numbers. Received: {array.dtype} of shape {array.shape}")
    return array if array.dtype.kind == "f" else array.astype(float)
