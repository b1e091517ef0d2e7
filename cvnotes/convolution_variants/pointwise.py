"""The smallest window: one pixel. What is left is a matrix over the channels."""

from __future__ import annotations

import numpy as np


def pointwise(
    images: np.ndarray,
    weights: np.ndarray,
    bias: np.ndarray | float = 0.0,
) -> np.ndarray:
    r"""Convolve with a 1 x 1 window: one matrix over the channels, at every pixel.

    $$ y_{ijk} = b_k + \sum_c x_{ijc}\, w_{ck} $$

    images: (..., c), weights: (c, k), bias: (k,); returns (..., k).
    Raises ValueError when the channels do not match.
    Source: Lin et al. (2014), section 3.1. Chapter: convolution_variants.
    """
    if np.ndim(weights) != 2 or np.shape(images)[-1:] != np.shape(weights)[:1]:
        raise ValueError(
            "weights must be (channels, filters), with the channels of the image. "
            f"Received: images {np.shape(images)}, weights {np.shape(weights)}"
        )
    return images @ weights + bias


def colour_axes(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the directions of colour space along which a picture varies most, the first of them first.

    image: (h, w, c). Returns the mean colour (c,), the axes (c, c) in columns, ready as 1 x 1 weights, and the share
    of the variance along each (c,). The sign of an axis is chosen so that its weights add up to 0 or more.
    Raises ValueError for a grey image or one of one colour. Source: Hotelling (1933). Chapter: convolution_variants.
    """
    if np.ndim(image) != 3 or np.shape(image)[-1] < 2 or np.size(image) <= np.shape(image)[-1]:
        raise ValueError(f"Give (height, width, channels), channels and pixels above one. Received: {np.shape(image)}")
    pixels = np.reshape(image, (-1, np.shape(image)[-1])).astype(float)
    mean = pixels.mean(0)
    variance, axes = np.linalg.eigh(np.cov(pixels - mean, rowvar=False))
    if variance[-1] <= 0:
        raise ValueError(f"All pixels have one colour, so no direction stands out. Received: {mean.tolist()}")
    variance, axes = variance[::-1], axes[:, ::-1]
    axes = axes * np.where(axes.sum(0) < 0, -1, 1)
    return mean, axes, variance / variance.sum()
