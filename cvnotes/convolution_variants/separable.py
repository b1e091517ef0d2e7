"""A convolution in two steps: each channel by itself, then all channels at each pixel."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole
from cvnotes.convolution import conv2d

from .grouped import as_grouped, grouped_conv


def separable_conv(
    images: np.ndarray,
    depthwise: np.ndarray,
    weights: np.ndarray,
    **options,
) -> np.ndarray:
    r"""Convolve each channel with its own filters, then mix the channels.

    $$ z_{ijc} = \sum_{uv} d_{uvc}\, x_{i+u,\,j+v,\,c}, \qquad
       y_{ijk} = \sum_c z_{ijc}\, w_{ck} $$

    images: (n, h, w, c), depthwise: (kh, kw, c, m), weights: (1, 1, c * m, k).
    options: of the first step, as for `convolution.conv2d`.
    Raises ValueError when the channels do not match.
    Source: Chollet (2017), section 2. Chapter: convolution_variants.
    """
    alone = as_grouped(depthwise)
    return conv2d(grouped_conv(images, alone, images.shape[-1], **options), weights)


def joined_kernel(depthwise: np.ndarray, weights: np.ndarray) -> np.ndarray:
    r"""Multiply the two steps into the one full kernel that gives the same answer.

    $$ k_{uvck} = \sum_m d_{uvcm}\, w_{cmk} $$

    depthwise: (kh, kw, c, m), weights: (1, 1, c * m, k). Returns (kh, kw, c, k).
    Raises ValueError when the two do not belong together. Chapter: convolution_variants.
    """
    channels, multiplier = depthwise.shape[2:]
    if weights.shape[:-1] != (1, 1, channels * multiplier):
        raise ValueError(
            "depthwise must be (kh, kw, c, m) and weights (1, 1, c * m, k). "
            f"Received: depthwise {depthwise.shape}, weights {weights.shape}"
        )
    return np.einsum("uvcm,cmk->uvck", depthwise, weights.reshape(channels, multiplier, -1))


def remaining_cost(filters: int, kernel: int) -> float:
    r"""Divide the products of a depthwise separable convolution by those of a full one: $1/K + 1/F^2$.

    filters K, kernel F (side, in pixels). It is what remains: below 1 is a saving, and its inverse says how many
    times fewer. Raises ValueError for sizes below 1. Source: Howard et al. (2017), section 3.1.
    Chapter: convolution_variants.
    """
    return 1 / whole("filters", filters, 1) + 1 / whole("kernel", kernel, 1) ** 2


def split_kernel(kernel: np.ndarray, multiplier: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Find the two steps whose joined kernel comes nearest to a full one, in the sum of squares.

    kernel: (kh, kw, c, k). For each input channel the slice (kh * kw, k) is a matrix; a separable convolution can
    have any matrix of rank `multiplier` there, and the singular value decomposition gives the nearest.
    Returns depthwise (kh, kw, c, m) and weights (1, 1, c * m, k).
    Raises ValueError for a multiplier above the highest rank. Source: Eckart and Young (1936).
    Chapter: convolution_variants.
    """
    height, width, channels, filters = kernel.shape
    whole("multiplier", multiplier, 1, min(height * width, filters))
    slices = kernel.reshape(-1, channels, filters).transpose(1, 0, 2)
    left, values, right = np.linalg.svd(slices, full_matrices=False)
    left, right = left * np.sqrt(values)[:, None], right * np.sqrt(values)[..., None]
    depthwise = left[..., :multiplier].transpose(1, 0, 2).reshape(height, width, channels, multiplier)
    return depthwise, right[:, :multiplier].reshape(1, 1, channels * multiplier, filters)


def kept_by_rank(kernel: np.ndarray) -> np.ndarray:
    """Share of a kernel's squares that the nearest separable one keeps, by multiplier.

    kernel: (kh, kw, c, k). Returns min(kh * kw, k) numbers that rise to 1.
    Source: Eckart and Young (1936). Chapter: convolution_variants.
    """
    slices = kernel.reshape(-1, *kernel.shape[2:]).transpose(1, 0, 2)
    squares = np.linalg.svd(slices, compute_uv=False) ** 2
    return np.cumsum(squares.sum(0)) / squares.sum()
