"""A dense layer is a convolution whose window is the whole map, and a convolution is a dense layer with zeros."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole
from cvnotes.convolution import conv_matrix


def flat_place(row: int, column: int, channel: int, shape: tuple[int, int, int]) -> int:
    """Tell where a flattening puts a number: by row, then by pixel, then by channel.

    $$ (i W + j) D + c $$

    shape: (height, width, channels). Raises ValueError for a place outside the map.
    Chapter: convolution_variants.
    """
    height, width, channels = shape
    row, column = whole("row", row, 0, height - 1), whole("column", column, 0, width - 1)
    channel = whole("channel", channel, 0, channels - 1)
    return (row * width + column) * channels + channel


def dense_as_conv(weights: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Fold the weights of a dense layer behind a flattening into a kernel.

    weights: (h * w * c, k), shape: (h, w, c) of the map before it was flattened.
    Returns (h, w, c, k): a window as large as the map, for one answer of k numbers;
    on a larger map, for one answer at each place.
    Raises ValueError when the sizes do not match.
    Source: Long et al. (2015), section 3.1. Chapter: convolution_variants.
    """
    if np.ndim(weights) != 2 or len(weights) != np.prod(shape):
        raise ValueError(
            f"a map of {shape} flattens to {np.prod(shape)} numbers, one for each row. "
            f"Received: weights {np.shape(weights)}, shape={shape}"
        )
    return np.reshape(weights, (*shape, -1))


def conv_as_dense(
    kernel: np.ndarray, bias: np.ndarray, shape: tuple[int, int, int], stride: int = 1, padding: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Write a convolution for one size of map as the weights and biases of a dense layer between flattened maps.

    kernel: (kh, kw, c, k), bias: (k,), shape: (h, w, c), stride and padding in pixels.
    Returns weights (h * w * c, oh * ow * k) and biases (oh * ow * k,).
    Raises ValueError when the window or the biases do not fit. Chapter: convolution_variants.
    """
    if np.shape(bias) != np.shape(kernel)[3:]:
        raise ValueError(f"bias must hold one number a filter. Received: {np.shape(bias)} for {np.shape(kernel)}")
    weights = conv_matrix(kernel, shape, stride, padding).toarray().T
    return weights, np.tile(bias, weights.shape[1] // len(bias))
