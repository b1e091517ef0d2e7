"""A convolution layer grown in four rungs of plain loops. Slow on purpose: every line is one idea."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cvnotes.checks import whole

from .sizes import output_size
from .windows import as_image


def rung_plain(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    r"""Slide a kernel over a grey image: $y_{ij} = \sum_{uv} k_{uv}\, x_{i+u,\,j+v}$, counted from 0.

    image: (h, w), kernel: (kh, kw); returns (h-kh+1, w-kw+1). Raises ValueError when the kernel does not fit.
    Source: Goodfellow et al. (2016), equation 9.6. Chapter: convolution.
    """
    image, kernel = as_image(image, (2,)), np.asarray(kernel)
    kh, kw = kernel.shape
    out = np.zeros((output_size(image.shape[0], kh), output_size(image.shape[1], kw)), np.result_type(image, kernel))
    for i, j in np.ndindex(out.shape):
        out[i, j] = np.sum(image[i : i + kh, j : j + kw] * kernel)
    return out


def rung_strided(image: np.ndarray, kernel: np.ndarray, stride: int = 1, padding: int = 0) -> np.ndarray:
    r"""Add a border of zeros and a longer step: $y_{ij} = \sum_{uv} k_{uv}\, x_{iS+u-P,\,jS+v-P}$.

    image: (h, w), kernel: (kh, kw); stride S and padding P (on each side) in pixels; returns (oh, ow).
    Raises ValueError when the kernel does not fit. Source: Dumoulin and Visin (2016). Chapter: convolution.
    """
    image, kernel = as_image(image, (2,)), np.asarray(kernel)
    kh, kw = kernel.shape
    sides = output_size(image.shape[0], kh, stride, padding), output_size(image.shape[1], kw, stride, padding)
    padded, out = np.pad(image, padding), np.zeros(sides, np.result_type(image, kernel))
    for i, j in np.ndindex(out.shape):
        out[i, j] = np.sum(padded[i * stride :, j * stride :][:kh, :kw] * kernel)
    return out


def rung_channels(
    volume: np.ndarray, filters: np.ndarray, bias: np.ndarray, stride: int = 1, padding: int = 0
) -> np.ndarray:
    r"""Sum over the input channels, add one bias, and stack one map per filter.

    $$ y_{ijo} = b_o + \sum_{c} \sum_{uv} k_{uvco}\, x_{iS+u-P,\,jS+v-P,\,c} $$

    volume: (h, w, c), filters: (kh, kw, c, o) as in Keras, bias: (o,); returns (oh, ow, o).
    Raises ValueError when the channels or the biases do not match the filters. Chapter: convolution.
    """
    check_channels(volume, filters, bias)
    maps = []
    for o in range(filters.shape[3]):
        channels = [rung_strided(volume[..., c], filters[..., c, o], stride, padding) for c in range(volume.shape[-1])]
        maps.append(np.sum(channels, axis=0) + bias[o])
    return np.stack(maps, axis=-1)


def rung_batch(
    batch: np.ndarray, filters: np.ndarray, bias: np.ndarray, stride: int = 1, padding: int = 0
) -> np.ndarray:
    """Do the same to every image of a batch: the whole forward pass of a convolution layer.

    batch: (n, h, w, c), filters: (kh, kw, c, o), bias: (o,); returns (n, oh, ow, o).
    Raises ValueError where `rung_channels` does. Chapter: convolution.
    """
    return np.stack([rung_channels(volume, filters, bias, stride, padding) for volume in batch])


def check_channels(volume: np.ndarray, filters: np.ndarray, bias: np.ndarray | None = None) -> None:
    """Raise a ValueError unless filters are (kh, kw, c, o), c is the depth of the volume, and biases are (o,)."""
    if np.ndim(filters) != 4:
        raise ValueError(
            f"filters must have the shape (kh, kw, channels, filters). Received: shape={np.shape(filters)}"
        )
    if np.shape(volume)[-1] != filters.shape[2]:
        raise ValueError(
            f"a filter spans the whole depth of its input: the volume has {np.shape(volume)[-1]} channels, "
            f"the filters have {filters.shape[2]}. Received: volume {np.shape(volume)}, filters {filters.shape}"
        )
    if bias is not None and np.shape(bias) != (filters.shape[3],):
        raise ValueError(
            f"bias must hold one number for each of {filters.shape[3]} filters. Received: {np.shape(bias)}"
        )


def loop_nd(signal: np.ndarray, filters: np.ndarray) -> np.ndarray:
    r"""Slide filters along any number of axes: one for sound, two for a picture, three for a clip.

    signal: (a1, ..., ad, c), filters: (k1, ..., kd, c, o); returns (a1-k1+1, ..., ad-kd+1, o). Stride 1, no padding.
    Raises ValueError when the axes or the channels do not match. Chapter: convolution.
    """
    axes = filters.ndim - 2
    if signal.ndim != axes + 1 or signal.shape[-1] != filters.shape[-2]:
        raise ValueError(
            "axes do not match: a signal (a1, ..., ad, c) needs filters (k1, ..., kd, c, o). "
            f"Received: signal {signal.shape}, filters {filters.shape}"
        )
    sides = [output_size(a, k) for a, k in zip(signal.shape[:-1], filters.shape[:axes], strict=True)]
    out = np.zeros((*sides, filters.shape[-1]), np.result_type(signal, filters))
    for place in np.ndindex(*sides):
        window = signal[tuple(slice(p, p + k) for p, k in zip(place, filters.shape[:axes], strict=True))]
        out[place] = np.tensordot(window, filters, axes=axes + 1)
    return out


def numbered_steps(
    image: np.ndarray,
    window: int,
    answer: Callable[[np.ndarray], float],
    stride: int = 1,
    *,
    row_step: bool = True,
    limit: int = 100,
) -> list[tuple[int, int, float]]:
    """Follow the list of steps by hand and write down (row, column, answer) at each stop.

    Place the window, work out its answer, step right; at the end of the row go back to the left and, with
    `row_step`, one stride down. Without it the first row comes round until `limit` stops are spent.
    image: (h, w); window and stride in pixels; answer: a product sum plus bias for a convolution, `np.max` for pooling.
    Raises ValueError for a stride below 1. Chapter: convolution.
    """
    stride = whole("stride", stride, 1)
    stops, row = [], 0
    while row + window <= image.shape[0] and len(stops) < limit:
        column = 0
        while column + window <= image.shape[1] and len(stops) < limit:
            seen = image[row : row + window, column : column + window]
            stops.append((row, column, float(answer(seen))))
            column += stride
        row += stride if row_step else 0
    return stops
