"""The same layer as matrix products: windows laid out as rows, or the image laid out as one long vector."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from cvnotes.checks import Pair, pair

from .rungs import check_channels
from .sizes import output_size, same_padding
from .windows import as_image, patches

Padding = str | int | Pair | tuple[Pair, Pair]  # a word, pixels per side, or ((top, bottom), (left, right))

BLOCK = 2**18  # windows are laid out this many numbers at a time, so that they stay in the processor's cache
FILLS = {"zeros": "constant", "edge": "edge", "reflect": "reflect", "symmetric": "symmetric", "wrap": "wrap"}


def pad_amounts(sides: Pair, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair) -> tuple[Pair, Pair]:
    """Turn "valid", "same", a number per side or ((top, bottom), (left, right)) into the last of these.

    All in pixels, (height, width). Raises ValueError for any other word. Chapter: convolution.
    """
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        return tuple(same_padding(*axis) for axis in zip(sides, kernel, stride, dilation, strict=True))
    if isinstance(padding, str):
        raise ValueError(f'padding must be "valid", "same" or numbers. Received: padding={padding!r}')
    if np.shape(padding) == (2, 2):
        return tuple(pair("padding", side, 0) for side in padding)
    rows, columns = pair("padding", padding, 0)
    return (rows, rows), (columns, columns)


def pad(image: np.ndarray, padding: int | Pair | tuple[Pair, Pair], fill: str = "zeros") -> np.ndarray:
    """Put a border round the rows and columns of an image.

    image: (h, w), (h, w, c) or (n, h, w, c); padding: a number per side or ((top, bottom), (left, right)) in pixels;
    fill: "zeros", "edge" (repeat the border), "reflect", "symmetric" or "wrap".
    Raises ValueError for an unknown fill, and for "same", which needs a kernel. Chapter: convolution.
    """
    image = as_image(image)
    if isinstance(padding, str):
        raise ValueError(
            f"padding must be numbers of pixels; `same_padding` counts them. Received: padding={padding!r}"
        )
    if fill not in FILLS:
        raise ValueError(f"fill must be one of {', '.join(FILLS)}. Received: fill={fill!r}")
    rows, columns = pad_amounts((1, 1), (1, 1), (1, 1), padding, (1, 1))
    batch, channels = [(0, 0)] * (image.ndim == 4), [(0, 0)] * (image.ndim > 2)
    return np.pad(image, [*batch, rows, columns, *channels], mode=FILLS[fill])


def im2col(batch: np.ndarray, kernel: int | Pair, stride: int | Pair = 1, dilation: int | Pair = 1) -> np.ndarray:
    """Lay every window out as one row of a matrix.

    batch: (n, h, w, c); returns (n*oh*ow, kh*kw*c), in the order in which Keras stores a kernel.
    Raises ValueError when the window does not fit. Source: Chellapilla et al. (2006). Chapter: convolution.
    """
    windows = patches(as_image(batch, (4,)), kernel, stride, dilation)
    return windows.reshape(int(np.prod(windows.shape[:3])), -1)


def conv2d(
    batch: np.ndarray,
    filters: np.ndarray,
    bias: np.ndarray | None = None,
    stride: int | Pair = 1,
    padding: Padding = "valid",
    dilation: int | Pair = 1,
) -> np.ndarray:
    r"""Run a convolution layer as one matrix product: $Y = \mathrm{im2col}(X)\,W + b$.

    batch: (n, h, w, c), filters: (kh, kw, c, o), bias: (o,) or None; padding: "valid", "same", pixels per side
    or ((top, bottom), (left, right)); dilation d, the pixels between two taps.
    Returns (n, oh, ow, o) in the dtype of batch and filters; small whole numbers become int64.
    Raises ValueError when the channels or biases do not match or the window does not fit.
    Source: Chellapilla et al. (2006). Chapter: convolution.
    """
    batch = as_image(batch, (4,))
    check_channels(batch, filters, bias)
    kernel, stride, dilation = filters.shape[:2], pair("stride", stride), pair("dilation", dilation)
    padded = pad(batch, pad_amounts(batch.shape[1:3], kernel, stride, padding, dilation))
    sides = [output_size(padded.shape[a + 1], kernel[a], stride[a], 0, dilation[a]) for a in (0, 1)]
    weights = filters.reshape(-1, filters.shape[3])
    dtype = np.result_type(padded, weights)
    if dtype.kind in "biu":  # a sum of bytes does not fit a byte
        dtype = np.result_type(dtype, int)
    out = np.empty((len(batch), *sides, filters.shape[3]), dtype)
    step = max(1, BLOCK // (sides[0] * sides[1] * len(weights)))
    for i in range(0, len(batch), step):
        rows = im2col(padded[i : i + step], kernel, stride, dilation)
        part = out[i : i + step].reshape(len(rows), -1)
        np.matmul(rows, weights, out=part, dtype=dtype)
    whole_numbers = out.dtype.kind in "iu"  # a fraction in the bias must not be cut off
    return out if bias is None else out + np.asarray(bias, None if whole_numbers else out.dtype)


def conv_matrix(kernel: np.ndarray, shape: tuple[int, ...], stride: int = 1, padding: int = 0) -> sparse.csr_array:
    """Write the layer as one sparse matrix, so that `out.ravel() == matrix @ image.ravel()`.

    kernel: (kh, kw) with shape (h, w), or (kh, kw, c, o) with shape (h, w, c); padding in pixels per side.
    Returns a scipy.sparse array with oh*ow*o rows and h*w*c columns: a (doubly block) Toeplitz matrix at stride 1.
    Taps that fall on the zero border are left out. Raises ValueError when the window does not fit.
    Source: Goodfellow et al. (2016), section 9.1. Chapter: convolution.
    """
    filters = np.asarray(kernel) if np.ndim(kernel) == 4 else np.reshape(kernel, (*np.shape(kernel), 1, 1))
    height, width, channels = (*shape, 1)[:3]
    kh, kw, depth, count = filters.shape
    sides = output_size(height, kh, stride, padding), output_size(width, kw, stride, padding)
    if depth != channels:
        raise ValueError(
            f"a filter spans the whole depth of its input: the kernel has {depth} channels, the image {channels}. "
            f"Received: kernel {np.shape(kernel)}, shape={shape}"
        )
    i, j, u, v, c, o = np.indices((*sides, kh, kw, channels, count)).reshape(6, -1)
    y, x = i * stride + u - padding, j * stride + v - padding
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    rows, columns = (i * sides[1] + j) * count + o, (y * width + x) * channels + c
    entries = filters[u, v, c, o][inside], (rows[inside], columns[inside])
    return sparse.csr_array(entries, shape=(sides[0] * sides[1] * count, height * width * channels))
