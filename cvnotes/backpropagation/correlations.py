"""The same two gradients as they are derived: each is a correlation, and only one of them turns the kernel."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import Pair, pair
from cvnotes.convolution import conv2d, output_size, pad
from cvnotes.convolution.matrices import Padding
from cvnotes.convolution_variants import turned

from .adjoints import check_filters, check_upstream, frame_of


def loop_gradients(
    image: np.ndarray,
    filters: np.ndarray,
    upstream: np.ndarray,
    stride: int = 1,
    padding: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Send every product of the forward sum back: each factor gets the other.

    image: (h, w, c), filters: (kh, kw, c, o), upstream: (oh, ow, o); stride and
    padding (each side) in pixels. Returns the gradients for the image and for the
    filters. Slow on purpose. Chapter: backpropagation.
    """
    sides = zip(image.shape[:2], filters.shape[:2], strict=True)
    stops = [output_size(*side, stride, padding) for side in sides]
    check_upstream(upstream[None], (1, *stops))
    padded = np.pad(image, [(padding, padding)] * 2 + [(0, 0)])
    for_image, for_filters = np.zeros_like(padded), np.zeros_like(filters)
    kh, kw = filters.shape[:2]
    for i, j, o in np.ndindex(upstream.shape):
        top, left = i * stride, j * stride
        window = np.s_[top : top + kh, left : left + kw]
        for_image[window] += upstream[i, j, o] * filters[..., o]
        for_filters[..., o] += upstream[i, j, o] * padded[window]
    height, width = image.shape[:2]
    return for_image[padding:][:height, padding:][:, :width], for_filters


def stuffed(upstream: np.ndarray, stride: int | Pair) -> np.ndarray:
    """Put S - 1 zeros between neighbours: (n, oh, ow, o) becomes (n, (oh-1)S + 1, (ow-1)S + 1, o)."""
    rows, columns = pair("stride", stride)
    images, height, width, count = upstream.shape
    wide = np.zeros((images, (height - 1) * rows + 1, (width - 1) * columns + 1, count), upstream.dtype)
    wide[:, ::rows, ::columns] = upstream
    return wide


def back_to_input(
    filters: np.ndarray,
    upstream: np.ndarray,
    shape: tuple[int, ...],
    stride: int | Pair = 1,
    padding: Padding = "valid",
    dilation: int | Pair = 1,
) -> np.ndarray:
    """Correlate the stuffed, framed upstream with the turned kernel.

    The frame has d(F-1) - P zeros before; after it as many, and the rows that no
    window reached. A negative number cuts rows off. Arguments and result as
    `adjoints.input_gradient`. Chapter: backpropagation.
    """
    kernel, dilation = filters.shape[:2], pair("dilation", dilation)
    frame, stops = frame_of(shape, kernel, pair("stride", stride), padding, dilation)
    check_filters(filters, upstream, shape)
    check_upstream(upstream, (shape[0], *stops))
    wide = stuffed(upstream, stride)
    for axis in (0, 1):
        reach = dilation[axis] * (kernel[axis] - 1)
        before = reach - frame[axis][0]
        after = shape[axis + 1] + reach - wide.shape[axis + 1] - before
        wide = framed(wide, axis + 1, before, after)
    return conv2d(wide, turned(filters), dilation=dilation)


def framed(array: np.ndarray, axis: int, before: int, after: int) -> np.ndarray:
    """Add zeros at both ends of an axis, or cut entries off where a number is negative."""
    cut = [slice(None)] * array.ndim
    cut[axis] = slice(max(-before, 0), array.shape[axis] - max(-after, 0))
    zeros = [(0, 0)] * array.ndim
    zeros[axis] = max(before, 0), max(after, 0)
    return np.pad(array[tuple(cut)], zeros)


def back_to_filters(
    batch: np.ndarray,
    upstream: np.ndarray,
    kernel: int | Pair,
    stride: int | Pair = 1,
    padding: Padding = "valid",
    dilation: int | Pair = 1,
) -> np.ndarray:
    """Correlate the padded input with the upstream. Nothing is turned.

    The images of the batch play the channels; stride and dilation change places.
    Arguments and result as `adjoints.filter_gradient`. Chapter: backpropagation.
    """
    kernel, stride = pair("kernel", kernel), pair("stride", stride)
    dilation = pair("dilation", dilation)
    frame, stops = frame_of(batch.shape, kernel, stride, padding, dilation)
    check_upstream(upstream, (len(batch), *stops))
    pictures = pad(batch, frame).transpose(3, 1, 2, 0)  # one for each channel
    taps = upstream.transpose(1, 2, 0, 3)  # a filter as large as the output
    sums = conv2d(pictures, taps, stride=dilation, dilation=stride)
    return sums[:, : kernel[0], : kernel[1]].transpose(1, 2, 0, 3)


def unreached(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Count the rows at the end of a padded side that no window reaches: their gradient is zero."""
    stops = output_size(size, kernel, stride, padding, dilation)
    return size + 2 * padding - ((stops - 1) * stride + dilation * (kernel - 1) + 1)
