"""How often a pixel is used, by where it lies; and how zeros at the border tell a net where it is."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from cvnotes import backend
from cvnotes.checks import choice, whole


def _stack(depth: int, kernel: int, padding: str, channels: int, initializer: str, side: int) -> keras.Model:
    options = {"padding": padding, "use_bias": False, "kernel_initializer": initializer}
    convolutions = [layers.Conv2D(channels, kernel, **options) for _ in range(depth)]
    return keras.Sequential([keras.Input((side, side, 1)), *convolutions])


def contributions(side: int, kernel: int = 3, depth: int = 1, padding: str = "valid") -> np.ndarray:
    r"""Count for each pixel the ways on which it enters the last map of a stack of convolutions, (side, side).

    Every weight is one, so that the gradient of the sum of all outputs counts these ways:
    $\partial \sum_{ij} y_{ij} / \partial x_{ab}$. For one layer: the number of outputs that use the pixel.
    side, kernel in pixels. Raises ValueError for a stack that leaves no pixel, and for another padding.
    Chapter: layer_patterns.
    """
    side, depth = whole("side", side, 1), whole("depth", depth, 1)
    choice("padding", padding, ("valid", "same"))
    if padding == "valid" and side - depth * (whole("kernel", kernel, 1) - 1) < 1:
        raise ValueError(f"{depth} layers of {kernel} leave nothing of {side} pixels: a larger side, or fewer layers.")
    stack = _stack(depth, kernel, padding, 1, "ones", side)
    gradient = backend.value_and_grad(lambda x: ops.sum(stack(x)))(np.ones((1, side, side, 1), "float32"))[1]
    return gradient[0, ..., 0]


def places_told_apart(side: int, depth: int, padding: str, channels: int = 8, seed: int = 0) -> np.ndarray:
    """Run an untrained stack on a page without any content, and number the places that it tells apart, (h, w).

    Equal numbers: no channel differs by more than a ten-thousandth of the largest. Without zeros at the border all
    places are one.
    Chapter: layer_patterns.
    """
    keras.utils.set_random_seed(seed)
    stack = _stack(depth, 3, padding, channels, "he_normal", side)
    maps = ops.convert_to_numpy(stack(np.ones((1, side, side, 1), "float32")))[0]
    rows = maps.reshape(-1, channels)
    apart = np.abs(rows[:, None] - rows).max(-1)
    first = (apart <= 1e-4 * np.abs(rows).max()).argmax(1)  # the first place that is like this one
    return np.unique(first, return_inverse=True)[1].reshape(maps.shape[:2])
