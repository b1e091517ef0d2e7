"""Regions of interest: read boxes of any size from a map, each into one small grid, by the maximum or by sampling.

Written in keras.ops, so that a net can hold it: gradients flow to the maps and, by sampling, to the boxes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from cvnotes.checks import Pair, number, pair, whole

from .formats import FARTHEST, rows

OUTSIDE = 1.0  # cells beyond the map at which a sample still reads the map's edge; farther out it reads 0


class Reading(keras.Operation):
    """One node of a symbolic model, in the place of the many operations of which a reading is made."""

    def __init__(self, fn: Callable[[Any, Any, Any], Any], size: Pair):
        super().__init__()
        self.fn, self.size = fn, size

    def call(self, maps, boxes, pictures):
        return self.fn(*tensors(maps, boxes, pictures))

    def compute_output_spec(self, maps, boxes, pictures):
        return keras.KerasTensor((boxes.shape[0], *self.size, maps.shape[-1]), floating(maps))


def read(maps: Any, boxes: Any, pictures: Any, size: Pair, fn: Callable[[Any, Any, Any], Any]) -> Any:
    """Check maps (n, H, W, C), boxes (k, 4) and the number of each box's map (k,), and hand them to `fn` as tensors.

    Arrays and lists are checked for values too; tensors, which a net may hold without any yet, for their shape alone.
    Raises ValueError for other shapes, for maps without a cell or of complex numbers, for pictures that are no whole
    numbers, and for arrays as `formats.rows` does or with a number that no map has.
    """
    if not hasattr(boxes, "shape") or isinstance(boxes, np.ndarray):
        boxes = rows("boxes", boxes)
    if not hasattr(pictures, "shape") or isinstance(pictures, np.ndarray):
        pictures = numbers(pictures, maps.shape[0] if len(getattr(maps, "shape", ())) == 4 else None)
    given = maps, boxes, pictures
    shapes = tuple(tuple(getattr(each, "shape", ())) for each in given)
    counts = {size for size in (*shapes[1][:1], *shapes[2][:1]) if size is not None}
    if len(shapes[0]) != 4 or shapes[1][1:] != (4,) or len(shapes[2]) != 1 or len(counts) > 1:
        raise ValueError(f"Give maps (n, H, W, C), boxes (k, 4) and pictures (k,). Received: {shapes}")
    if 0 in shapes[0][1:3]:
        raise ValueError(f"Give maps of at least a cell, for pooling of known height and width. Received: {shapes[0]}")
    if "int" not in (kind := keras.backend.standardize_dtype(pictures.dtype)):
        raise ValueError(f"pictures must be whole numbers (k,). Received: shape={shapes[2]}, dtype={kind}")
    floating(maps)
    symbolic = any(isinstance(each, keras.KerasTensor) for each in given)
    return Reading(fn, size)(*given) if symbolic else fn(*tensors(*given))


def floating(maps: Any) -> str:
    """The type of what is read: that of the maps, or float32 where they hold whole numbers.

    Raises ValueError for complex numbers, of which a half would be lost.
    """
    found = keras.backend.standardize_dtype(maps.dtype)
    if "complex" in found:
        raise ValueError(f"maps must hold real numbers. Received: dtype={found}")
    return found if "float" in found else "float32"


def tensors(maps: Any, boxes: Any, pictures: Any) -> tuple[Any, Any, Any]:
    """Bring maps, boxes and pictures to the types that are computed with."""
    return ops.cast(maps, floating(maps)), ops.cast(boxes, "float32"), ops.cast(pictures, "int32")


def numbers(pictures: object, count: int | None) -> np.ndarray:
    """Read which map each box is read from, (k,): whole numbers from 0 to count - 1."""
    read = np.asarray(pictures)
    read = read.astype("int32") if read.shape == (0,) else read
    if read.dtype.kind not in "iu" or read.ndim != 1:
        raise ValueError(f"pictures must be whole numbers (k,). Received: shape={read.shape}, dtype={read.dtype}")
    if len(read) and (read.min() < 0 or (count is not None and read.max() >= count)):
        raise ValueError(f"pictures must be numbers of maps, below {count}. Received: {read.min()} to {read.max()}")
    return read


def nearest(values: Any) -> Any:
    """Round to the nearest whole number, halves away from zero, as C does (NumPy and Keras round halves to even).

    What lies beyond 1e9 is brought back to it, so that 32 bits hold it, and the count of cells between two ends.
    """
    size = ops.minimum(ops.abs(values), FARTHEST)
    whole_part = ops.floor(size)
    up = ops.cast(size - whole_part >= 0.5, size.dtype)
    return ops.cast(ops.sign(values) * (whole_part + up), "int32")


def bins(first: Any, last: Any, count: int, side: int) -> tuple[Any, Any]:
    r"""Cut the cells first..last of a line into `count` bins: the first cell of each, and the first behind it.

    .. math:: \Bigl[\, s + \Bigl\lfloor \frac{i\, n}{m} \Bigr\rfloor, \; s + \Bigl\lceil \frac{(i + 1)\, n}{m}
        \Bigr\rceil \Bigr), \qquad n = \max(e - s + 1, 1)

    first, last: s and e, whole numbers (k,), e belongs to the region; side: cells of the line, at which bins are cut
    off. Returns two of (k, count); a bin that lies outside ends where it begins. Counted in whole numbers: torchvision
    divides in 32 bits, and where m (n / m) comes out above n (57 cells in 7 bins) reads one cell too many.
    i n is taken apart into i m (n // m) + i (n mod m), which stays small where n is huge. Chapter: fast_rcnn.
    """
    cells = ops.expand_dims(ops.maximum(last - first + 1, 1), 1)
    each, rest = ops.floor_divide(cells, count), ops.mod(cells, count)
    place = np.arange(count, dtype="int32")[None]
    low = ops.multiply(each, place) + ops.floor_divide(ops.multiply(rest, place), count)
    high = ops.multiply(each, place + 1) + ops.floor_divide(ops.multiply(rest, place + 1) + (count - 1), count)
    return tuple(ops.clip(ops.expand_dims(first, 1) + each, 0, side) for each in (low, high))


def doubled(maps: Any, axis: int) -> list[Any]:
    """Maxima over 1, 2, 4, ... cells of an axis from each cell on, as far as the map goes: a list of maps."""
    found, reach, side = [maps], 1, maps.shape[axis]
    while 2 * reach <= side:
        ahead = ops.take(found[-1], np.minimum(np.arange(side) + reach, side - 1), axis=axis)
        found.append(ops.maximum(found[-1], ahead))
        reach *= 2
    return found


def two_spans(low: Any, high: Any, side: int) -> tuple[Any, list[Any]]:
    """Cover the cells low..high - 1 by two spans of one length, a power of two: its exponent, and their two starts."""
    length = ops.maximum(high - low, 1)
    exponents = np.floor(np.log2(np.maximum(np.arange(side + 1), 1))).astype("int32")
    exponent = ops.take(exponents, length)
    last = ops.minimum(low, side - 1) + length - ops.take(2**exponents, length)
    return exponent, [ops.minimum(low, side - 1), last]


def roi_pool(maps: Any, boxes: Any, pictures: Any, size: int | Pair, scale: float = 1.0) -> Any:
    r"""Take the maximum of each bin of each box: RoI pooling, (k, h, w, C).

    A box is brought to the map and rounded to whole cells, both ends included; its cells are cut into h x w bins, which
    share a cell where they do not come out even. A bin with no cell on the map gives 0.

    .. math:: s = \lfloor \sigma x_0 \rceil, \quad e = \lfloor \sigma x_1 \rceil, \quad y_i = \max_{c \in \text{bin}_i}
        M_c, \qquad \text{bins as in } \texttt{bins}

    maps: (n, H, W, C), H and W known; boxes: (k, 4) corners x0, y0, x1, y1 in pixels of the picture, k may be 0;
    pictures: (k,) which of the n maps; size: h x w, or one number for both; scale: sigma, cells of the map a pixel.
    The gradient goes to a largest cell of each bin, and none to the boxes. Maxima of bins of any size come from tables
    of maxima over 1, 2, 4, ... cells, four look-ups a bin.
    Raises ValueError for other shapes, sizes below 1, a scale that is not above 0, and bad boxes.
    Source: Girshick (2015), section 2.1; rounding and bins as in torchvision.ops.roi_pool. Chapter: fast_rcnn.
    """
    size, scale = pair("size", size), number("scale", scale, above=0)
    return read(maps, boxes, pictures, size, lambda *given: largest(*given, size, scale))


def largest(maps: Any, boxes: Any, pictures: Any, size: Pair, scale: float) -> Any:
    """`roi_pool` of checked tensors."""
    height, width, depth = maps.shape[1:]
    if not height or not width:
        raise ValueError(f"Pooling needs maps of known height and width, roi_align does not. Received: {maps.shape}")
    down, across = size
    x0, y0, x1, y1 = (nearest(boxes[:, i] * scale) for i in range(4))
    (top, bottom), (left, right) = bins(y0, y1, down, height), bins(x0, x1, across, width)
    (tall, tops), (wide, lefts) = two_spans(top, bottom, height), two_spans(left, right, width)
    tables = [table for strip in doubled(maps, 1) for table in doubled(strip, 2)]
    flat = ops.reshape(ops.stack(tables, axis=1), (-1, depth))
    table = ops.reshape(pictures, (-1, 1, 1)) * height.bit_length() + tall[:, :, None]
    table = table * width.bit_length() + wide[:, None, :]
    corners = [(start[:, :, None], edge[:, None, :]) for start in tops for edge in lefts]
    cells = [(table * height + start) * width + edge for start, edge in corners]
    found = functools.reduce(ops.maximum, [ops.take(flat, cell, axis=0) for cell in cells])
    filled = ops.logical_and((bottom > top)[:, :, None], (right > left)[:, None, :])
    return ops.where(filled[..., None], found, ops.zeros_like(found))


def hats(low: Any, high: Any, count: int, samples: int, side: Any, dtype: str) -> Any:
    r"""Share of each cell of a line in each of `count` bins from low to high: (k, count, side).

    A sample at s reads cell c with weight max(0, 1 - |s - c|); the bin is the mean of its samples.
    """
    place = (np.arange(count * samples, dtype="float32") + 0.5) / (count * samples)
    place = ops.expand_dims(low, 1) + ops.multiply(ops.expand_dims(high - low, 1), place)
    end = ops.cast(side - 1, "float32")
    inside = ops.logical_and(place >= -OUTSIDE, place <= end + OUTSIDE)
    place = ops.minimum(ops.maximum(place, 0.0), end)
    weight = ops.maximum(0.0, 1 - ops.abs(ops.subtract(place[:, :, None], ops.arange(side, dtype="float32"))))
    weight = weight * ops.cast(inside, "float32")[:, :, None]
    return ops.cast(ops.mean(ops.reshape(weight, (-1, count, samples, side)), axis=2), dtype)


def roi_align(
    maps: Any,
    boxes: Any,
    pictures: Any,
    size: int | Pair,
    scale: float = 1.0,
    samples: int = 2,
    aligned: bool = True,
) -> Any:
    r"""Read each bin of each box between the cells of the map: RoI align, (k, h, w, C).

    Nothing is rounded: a box is cut into h x w equal bins, each the mean of samples x samples bilinear readings.
    Down and across separate, so a box is two products with matrices of hats:

    .. math:: Y = A_y\, M A_x^\top, \qquad A_x[i, c] = \frac1S \sum_{j=1}^{S} \max\bigl(0,\; 1 - |s_{ij} - c|\bigr),
        \qquad s_{ij} = \sigma x_0 - a + \Bigl(i + \frac{j - 1/2}{S}\Bigr) \frac{\sigma (x_1 - x_0)}{w}

    with a one half: the value of cell c stands at its middle, c + 1/2. `aligned=False` is the older rule, a = 0 and
    boxes at least one cell wide, which reads half a cell too far to the right and down.
    Up to one cell outside the map a sample reads its edge, beyond that 0. All cells of a map enter the products, most
    with weight 0: one that is NaN or infinite spoils every box of that map.

    maps, boxes, pictures, size, scale: as in `roi_pool`; samples: S, for each bin and axis, at least 1.
    Gradients flow to maps and boxes. Raises ValueError as `roi_pool`, for fewer samples, and for an `aligned` that is
    neither True nor False.
    Source: He et al. (2017), section 3; details as in torchvision.ops.roi_align. Chapter: fast_rcnn.
    """
    size, scale, samples = pair("size", size), number("scale", scale, above=0), whole("samples", samples, 1)
    if not isinstance(aligned, bool):
        raise ValueError(f"aligned must be True or False. Received: aligned={aligned!r}")
    return read(maps, boxes, pictures, size, lambda *given: sampled(*given, size, scale, samples, aligned))


def sampled(maps: Any, boxes: Any, pictures: Any, size: Pair, scale: float, samples: int, aligned: bool) -> Any:
    """`roi_align` of checked tensors."""
    (down, across), (height, width) = size, ops.shape(maps)[1:3]
    x0, y0, x1, y1 = (boxes[:, i] * scale - (0.5 if aligned else 0.0) for i in range(4))
    if not aligned:
        x1, y1 = ops.maximum(x1, x0 + 1), ops.maximum(y1, y0 + 1)
    read_x = hats(x0, x1, across, samples, width, maps.dtype)
    read_y = hats(y0, y1, down, samples, height, maps.dtype)
    mine = ops.take(maps, pictures, axis=0)
    return ops.einsum("khy,kywc->khwc", read_y, ops.matmul(read_x[:, None], mine))
