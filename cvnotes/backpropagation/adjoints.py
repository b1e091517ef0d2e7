"""The two gradients of a convolution, fast: windows gathered into columns, and columns scattered back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cvnotes.checks import Pair, pair
from cvnotes.convolution import output_size, pad, pad_amounts
from cvnotes.convolution.matrices import BLOCK, Padding
from cvnotes.convolution.windows import as_image

Frame = tuple[Pair, Pair]  # zeros (top, bottom) and (left, right)
Counted = tuple[Frame, Pair]  # and the stops of the window, down and across


def frame_of(shape: tuple[int, ...], kernel: Pair, stride: Pair, padding: Padding, dilation: Pair) -> Counted:
    """The zeros round an image (n, h, w, c), and how often the window then stops along each side."""
    frame = pad_amounts(shape[1:3], kernel, stride, padding, dilation)
    padded = [size + sum(zeros) for size, zeros in zip(shape[1:3], frame, strict=True)]
    stops = tuple(output_size(padded[a], kernel[a], stride[a], 0, dilation[a]) for a in (0, 1))
    return frame, stops


def taps(kernel: Pair, stops: Pair, stride: Pair, dilation: Pair) -> Iterator[tuple[int, int, slice, slice]]:
    """For each tap (u, v) of a window: the rows and columns of the padded image that it meets on its way."""
    for u, v in np.ndindex(*kernel):
        starts = u * dilation[0], v * dilation[1]
        yield u, v, *(slice(a, a + s * n, s) for a, s, n in zip(starts, stride, stops, strict=True))


def gather(
    planes: np.ndarray,
    kernel: Pair,
    stops: Pair,
    stride: Pair,
    dilation: Pair,
) -> np.ndarray:
    """Collect what each tap sees: (c, n, h, w) becomes (kh, kw, c, n, oh, ow)."""
    columns = np.empty((*kernel, *planes.shape[:2], *stops), planes.dtype)
    for u, v, rows, places in taps(kernel, stops, stride, dilation):
        columns[u, v] = planes[:, :, rows, places]
    return columns


def scatter(
    columns: np.ndarray,
    shape: Pair,
    stride: Pair,
    dilation: Pair,
) -> np.ndarray:
    """Add each tap's column back to where it came from: the transpose of `gather`."""
    kernel, stops = columns.shape[:2], columns.shape[4:]
    planes = np.zeros((*columns.shape[2:4], *shape), columns.dtype)
    for u, v, rows, places in taps(kernel, stops, stride, dilation):
        planes[:, :, rows, places] += columns[u, v]
    return planes


def filter_gradient(
    batch: np.ndarray,
    upstream: np.ndarray,
    kernel: int | Pair,
    stride: int | Pair = 1,
    padding: Padding = "valid",
    dilation: int | Pair = 1,
) -> np.ndarray:
    r"""Gradient for the filters: $\bar k_{uvco} = \sum_{nij} \bar y_{nijo}\, x_{n,\,iS+ud-P,\,jS+vd-P,\,c}$.

    batch: (n, h, w, c), the input of the layer; upstream: (n, oh, ow, o), the gradient for its output.
    kernel, stride, padding, dilation: as in `convolution.conv2d`. Returns (kh, kw, c, o) in the dtype of both arrays.
    Raises ValueError when upstream does not have the shape of the output. Chapter: backpropagation.
    """
    batch, upstream = as_image(batch, (4,)), np.asarray(upstream)
    kernel, stride, dilation = pair("kernel", kernel), pair("stride", stride), pair("dilation", dilation)
    frame, stops = frame_of(batch.shape, kernel, stride, padding, dilation)
    check_upstream(upstream, (len(batch), *stops))
    rows, count = kernel[0] * kernel[1] * batch.shape[3], upstream.shape[3]
    planes = np.ascontiguousarray(pad(batch, frame).transpose(3, 0, 1, 2))  # channels first: long rows copy faster
    total = np.zeros((rows, count), np.result_type(batch, upstream))
    for images in blocks(len(batch), rows * stops[0] * stops[1]):
        columns = gather(planes[:, images], kernel, stops, stride, dilation)
        total += columns.reshape(rows, -1) @ upstream[images].reshape(-1, count)
    return total.reshape(*kernel, batch.shape[3], count)


def input_gradient(
    filters: np.ndarray,
    upstream: np.ndarray,
    shape: tuple[int, ...],
    stride: int | Pair = 1,
    padding: Padding = "valid",
    dilation: int | Pair = 1,
) -> np.ndarray:
    r"""Gradient for the input: $\bar x_{nabc} = \sum_{iS+ud-P=a} \sum_{jS+vd-P=b} \sum_o
    \bar y_{nijo}\, k_{uvco}$.

    filters: (kh, kw, c, o); upstream: (n, oh, ow, o), the gradient for the output; shape: (n, h, w, c) of the input.
    stride, padding, dilation: as in `convolution.conv2d`. Returns an array of that shape, in the dtype of both arrays.
    Raises ValueError when shape, filters and upstream do not belong together. Chapter: backpropagation.
    """
    filters, upstream, shape = np.asarray(filters), np.asarray(upstream), tuple(shape)
    check_filters(filters, upstream, shape)
    kernel, stride, dilation = filters.shape[:2], pair("stride", stride), pair("dilation", dilation)
    frame, stops = frame_of(shape, kernel, stride, padding, dilation)
    check_upstream(upstream, (shape[0], *stops))
    padded = tuple(size + sum(zeros) for size, zeros in zip(shape[1:3], frame, strict=True))
    weights = filters.reshape(-1, filters.shape[3])
    out = np.empty(shape, np.result_type(filters, upstream))
    inside = tuple(slice(zeros[0], zeros[0] + size) for size, zeros in zip(shape[1:3], frame, strict=True))
    for images in blocks(shape[0], len(weights) * stops[0] * stops[1]):
        columns = weights @ upstream[images].reshape(-1, filters.shape[3]).T
        columns = columns.reshape(*kernel, shape[3], -1, *stops)
        planes = scatter(columns, padded, stride, dilation)
        out[images] = planes[:, :, *inside].transpose(1, 2, 3, 0)
    return out


def bias_gradient(upstream: np.ndarray) -> np.ndarray:
    r"""Gradient for the biases: $\bar b_o = \sum_{nij} \bar y_{nijo}$, since each bias is added everywhere.

    upstream: (..., o); returns (o,). Chapter: backpropagation.
    """
    upstream = np.asarray(upstream)
    return upstream.reshape(-1, upstream.shape[-1]).sum(0)


def blocks(images: int, each: int) -> Iterator[slice]:
    """Cut a batch so that a block's columns, `each` numbers for an image, stay in the processor's cache."""
    step = max(1, BLOCK // each)
    return (slice(i, i + step) for i in range(0, images, step))


def check_upstream(upstream: np.ndarray, wanted: tuple[int, ...]) -> None:
    """Raise a ValueError unless upstream is (n, oh, ow, o) with the stops of the window in the middle."""
    if upstream.ndim != 4 or upstream.shape[:3] != wanted:
        raise ValueError(
            f"upstream must have the shape of the output, ({', '.join(map(str, wanted))}, filters). "
            f"Received: shape={upstream.shape}"
        )


def check_filters(filters: np.ndarray, upstream: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raise a ValueError unless filters (kh, kw, c, o) fit the input's channels and the upstream's filters."""
    if filters.ndim != 4 or len(shape) != 4 or filters.shape[2] != shape[3] or filters.shape[3] != upstream.shape[-1]:
        raise ValueError(
            "filters (kh, kw, c, o), an input of shape (n, h, w, c) and upstream (n, oh, ow, o) must share c and o. "
            f"Received: filters {filters.shape}, shape={shape}, upstream {upstream.shape}"
        )
