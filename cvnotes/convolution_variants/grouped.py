"""Groups: filters that see a part of the channels, and the full kernel with zeros that they stand for."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole
from cvnotes.convolution import conv2d


def connections(channels: int, filters: int, groups: int = 1) -> np.ndarray:
    """Tell which input channel reaches which filter: booleans (channels, filters), block-diagonal for groups.

    Raises ValueError unless the groups divide channels and filters. Chapter: convolution_variants.
    """
    channels, filters, groups = (
        whole(*given) for given in (("channels", channels, 1), ("filters", filters, 1), ("groups", groups, 1))
    )
    if channels % groups or filters % groups:
        raise ValueError(
            f"groups must divide the channels and the filters. Received: channels={channels}, filters={filters}, "
            f"groups={groups}"
        )
    return np.kron(np.eye(groups, dtype=bool), np.ones((channels // groups, filters // groups), bool))


def block_diagonal(kernel: np.ndarray, groups: int) -> np.ndarray:
    """Write a grouped kernel as a full one: the same weights in blocks, else zeros.

    kernel: (kh, kw, c / groups, k) as Keras stores it. Returns (kh, kw, c, k).
    Raises ValueError unless the groups divide the filters.
    Chapter: convolution_variants.
    """
    inside, filters = kernel.shape[2:]
    seen = connections(inside * groups, filters, groups)
    return np.tile(kernel, (1, 1, groups, 1)) * seen


def grouped_conv(
    images: np.ndarray,
    kernel: np.ndarray,
    groups: int,
    bias: np.ndarray | None = None,
    **options,
) -> np.ndarray:
    """Cut channels and filters into groups, convolve each part alone, join the answers.

    images: (n, h, w, c), kernel: (kh, kw, c / groups, k); returns (n, oh, ow, k).
    bias: (k,); options: as for `convolution.conv2d`.
    Raises ValueError unless the groups divide both, and what `conv2d` raises.
    Source: Krizhevsky et al. (2012), section 3.2. Chapter: convolution_variants.
    """
    connections(images.shape[-1], kernel.shape[-1], groups)  # they must divide
    bias = np.zeros(kernel.shape[-1:], kernel.dtype) if bias is None else bias
    if np.shape(bias) != kernel.shape[-1:]:
        raise ValueError(f"Give one bias a filter. Received: bias {np.shape(bias)}")
    parts = (np.split(array, groups, axis=-1) for array in (images, kernel, bias))
    answers = [conv2d(*part, **options) for part in zip(*parts, strict=True)]
    return np.concatenate(answers, axis=-1)


def as_grouped(depthwise: np.ndarray) -> np.ndarray:
    """Store a depthwise kernel (kh, kw, c, m) as the grouped one (kh, kw, 1, c * m), with as many groups as channels.

    Chapter: convolution_variants.
    """
    height, width, channels, multiplier = depthwise.shape
    return depthwise.reshape(height, width, 1, channels * multiplier)
