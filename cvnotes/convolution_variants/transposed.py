"""Transposed convolution, built three times: by stamps, by stuffed zeros, by a transposed matrix."""

from __future__ import annotations

import numpy as np

from cvnotes import convolution
from cvnotes.checks import Pair, whole

from .dilated import spread

Crop = tuple[Pair, Pair]  # ((top, left), (height, width)): where the answer is cut from the full canvas


def transposed_size(
    size: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    extra: int = 0,
) -> int:
    r"""Count the cells that a transposed convolution gives along one side.

    $$ (i - 1)\,S + F - 2P + o $$

    size i, kernel F, stride S and padding P (taken off each side) in cells;
    extra o, added at the end. Raises ValueError where nothing would be left.
    Source: Dumoulin and Visin (2016), relationship 14. Chapter: transposed_convolution.
    """
    size, kernel = whole("size", size, 1), whole("kernel", kernel, 1)
    stride, padding = whole("stride", stride, 1), whole("padding", padding, 0)
    full = (size - 1) * stride + kernel + whole("extra", extra, 0)
    if full <= 2 * padding:
        raise ValueError(f"padding {padding} on both sides takes off all {full} cells.")
    return full - 2 * padding


def crop_for(size: int, kernel: int, stride: int, padding: str | int = "valid") -> Pair:
    """Give where Keras starts to cut along one side, and how many cells it keeps.

    "valid" keeps every stamp; "same" keeps size*stride cells. Where the kernel is smaller than the stride, both add
    cells at the end that no stamp reaches. A number is taken off each side. Chapter: transposed_convolution.
    """
    if padding == "valid":
        return 0, size * stride + max(kernel - stride, 0)
    if padding == "same":
        return max(kernel - stride, 0) // 2, size * stride
    if isinstance(padding, str):
        raise ValueError(f'padding must be "valid", "same" or a number. Received: padding={padding!r}')
    return padding, transposed_size(size, kernel, stride, padding)


def cut(canvas: np.ndarray, crop: Crop) -> np.ndarray:
    """Cut a piece out of a canvas (h, w, c); what lies beyond its end is zero."""
    out = np.zeros((*crop[1], *canvas.shape[2:]), canvas.dtype)
    (top, left), (height, width) = crop
    piece = canvas[top : top + height, left : left + width]
    out[: piece.shape[0], : piece.shape[1]] = piece
    return out


def crop_of(x: np.ndarray, kernel: np.ndarray, stride: int, padding: str | int) -> Crop:
    """`crop_for` along both sides of x (h, w, c), for a kernel (kh, kw, o, c)."""
    sides = [crop_for(*pair, stride, padding) for pair in zip(x.shape[:2], kernel.shape[:2], strict=True)]
    return tuple(zip(*sides, strict=True))


def checked(x: np.ndarray, kernel: np.ndarray, stride: int, *, square: bool = True) -> tuple:
    """Read a picture (h, w, c), a kernel (kh, kw, o, c) and a stride; ValueError where they do not fit."""
    x, kernel = np.asarray(x), np.asarray(kernel)
    sides = kernel.shape[:2]
    if x.ndim != 3 or kernel.ndim != 4 or not x.size or x.shape[2] != kernel.shape[3] or (square and len({*sides}) > 1):
        wanted = "a square kernel (k, k, o, c)" if square else "a kernel (kh, kw, o, c)"
        raise ValueError(f"Give a picture (h, w, c) and {wanted}. Received: {x.shape} and {kernel.shape}")
    if np.result_type(x, kernel).kind in "biu":  # a sum of bytes does not fit a byte
        x = x.astype(float)
    return x, kernel, whole("stride", stride, 1)


def by_stamps(
    x: np.ndarray,
    kernel: np.ndarray,
    stride: int = 1,
    padding: str | int = "valid",
) -> np.ndarray:
    r"""Let every input cell stamp the kernel onto the output, and add the stamps up.

    $$ y_{iS+u,\; jS+v} \mathrel{+}= x_{ij}\, k_{uv} $$

    x: (h, w, c); kernel: (kh, kw, o, c), as Keras stores it; returns (oh, ow, o).
    Chapter: transposed_convolution.
    """
    x, kernel, stride = checked(x, kernel, stride, square=False)
    (height, width, _), (kh, kw, out, _) = x.shape, kernel.shape
    canvas = np.zeros(((height - 1) * stride + kh, (width - 1) * stride + kw, out))
    for i in range(height):
        for j in range(width):
            top, left = i * stride, j * stride
            canvas[top : top + kh, left : left + kw] += kernel @ x[i, j]
    return cut(canvas, crop_of(x, kernel, stride, padding))


def stuffed(x: np.ndarray, kernel: int, stride: int = 1, padding: int = 0) -> np.ndarray:
    """Prepare the input: S-1 zeros between neighbours, F-1-P zeros around.

    x: (h, w) or (h, w, c); where P exceeds F-1, cells are cut off instead.
    Raises ValueError for a negative padding. Chapter: transposed_convolution.
    """
    frame, inner = kernel - 1 - whole("padding", padding, 0), spread(x, stride)
    if frame >= 0:
        return convolution.pad(inner, frame)
    return inner[-frame:frame, -frame:frame]


def turned(kernel: np.ndarray) -> np.ndarray:
    """Turn each filter by 180 degrees, and swap its channels.

    (kh, kw, a, b) becomes (kh, kw, b, a).
    Chapters: transposed_convolution, backpropagation.
    """
    return kernel[::-1, ::-1].swapaxes(2, 3)


def by_stuffing(x: np.ndarray, kernel: np.ndarray, stride: int = 1, padding: str | int = "valid") -> np.ndarray:
    r"""Stuff zeros between the cells, frame them with F-1-P zeros, and convolve with the turned kernel at stride 1.

    The kernel is square. x: (h, w, c); kernel: (k, k, o, c); returns (oh, ow, o).
    Source: Dumoulin and Visin (2016), section 4.5. Chapter: transposed_convolution.
    """
    x, kernel, stride = checked(x, kernel, stride)
    if not isinstance(padding, str):
        ready = stuffed(x, len(kernel), stride, padding)
        return convolution.conv2d(ready[None], turned(kernel))[0]
    ready = stuffed(x, len(kernel), stride)
    canvas = convolution.conv2d(ready[None], turned(kernel))[0]
    return cut(canvas, crop_of(x, kernel, stride, padding))


def by_matrix(
    x: np.ndarray,
    kernel: np.ndarray,
    stride: int = 1,
    padding: int = 0,
) -> np.ndarray:
    r"""Multiply by the transpose of the convolution's matrix: $y = W^\top x$.

    x: (h, w, c); kernel: (k, k, o, c); padding P in cells a side; returns (oh, ow, o).
    Source: Dumoulin and Visin (2016), section 4.1. Chapter: transposed_convolution.
    """
    x, kernel, stride = checked(x, kernel, stride)
    sides = [transposed_size(side, len(kernel), stride, padding) for side in x.shape[:2]]
    shape = (*sides, kernel.shape[2])
    matrix = convolution.conv_matrix(kernel, shape, stride, padding)
    return (matrix.T @ x.ravel()).reshape(shape)
