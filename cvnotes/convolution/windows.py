"""Windows on an image, without copying a pixel."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import Pair, pair

from .sizes import output_size


def as_image(image: np.ndarray, ranks: tuple[int, ...] = (2, 3, 4)) -> np.ndarray:
    """Return an array after checking that it has one of the allowed numbers of axes.

    Raises ValueError that names the shapes allowed. Chapter: convolution.
    """
    image = np.asarray(image)
    if image.ndim not in ranks:
        names = {2: "(height, width)", 3: "(height, width, channels)", 4: "(batch, height, width, channels)"}
        allowed = " or ".join(names[rank] for rank in ranks)
        raise ValueError(f"an image must have the shape {allowed}. Received: shape={image.shape}")
    return image


def patches(image: np.ndarray, kernel: int | Pair, stride: int | Pair = 1, dilation: int | Pair = 1) -> np.ndarray:
    """See every window of an image at once: `out[i, j, u, v, c] = image[i*S + u*d, j*S + v*d, c]`.

    image: (h, w), (h, w, c) or (n, h, w, c). Returns a read-only view of shape (oh, ow, kh, kw), (oh, ow, kh, kw, c)
    or (n, oh, ow, kh, kw, c); no memory is copied.
    stride S in pixels; dilation d, the pixels between two taps; each one number or (height, width).
    Raises ValueError when the window does not fit. Chapter: convolution.
    """
    image = as_image(image)
    (kh, kw), (sh, sw), (dh, dw) = pair("kernel", kernel), pair("stride", stride), pair("dilation", dilation)
    rows = image.ndim == 4  # the row axis comes first, unless a batch stands before it
    height, width = image.shape[rows], image.shape[rows + 1]
    stops = output_size(height, kh, sh, 0, dh), output_size(width, kw, sw, 0, dw)
    shape = (*image.shape[:rows], *stops, kh, kw, *image.shape[rows + 2 :])
    dy, dx = image.strides[rows], image.strides[rows + 1]
    steps = (*image.strides[:rows], dy * sh, dx * sw, dy * dh, dx * dw, *image.strides[rows + 2 :])
    return np.lib.stride_tricks.as_strided(image, shape, steps, writeable=False)
