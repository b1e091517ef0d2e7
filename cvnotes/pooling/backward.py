"""How a gradient finds its way back through a window."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import Pair, pair

from .forward import CELLS, check_kind, pool2d
from .windows import Padding, borders, floats, padded, windows, with_channels

TIES = ("first", "share")


def winners(cells: np.ndarray, ties: str = "first") -> np.ndarray:
    """Weigh the cells of each window by whether they hold its maximum; the weights of a window sum to 1.

    cells: (..., oh, ow, kh, kw, c). ties: "first" gives all to the first winner in reading order, as Keras's
    max-pooling layers do; "share" splits evenly, as its global maximum does. Chapter: pooling.
    """
    if ties not in TIES:
        raise ValueError(f"ties must be one of {', '.join(TIES)}. Received: ties={ties!r}")
    if ties == "share":
        best = cells == cells.max(CELLS, keepdims=True)
        return (best / best.sum(CELLS, keepdims=True)).astype(cells.dtype)
    *lead, kh, kw, channels = cells.shape
    first = cells.reshape(*lead, kh * kw, channels).argmax(-2)
    chosen = np.arange(kh * kw)[:, None] == first[..., None, :]
    return chosen.reshape(cells.shape).astype(cells.dtype)


def slopes(x: np.ndarray, window: Pair, stride: Pair, padding: Padding, how: str, ties: str) -> np.ndarray:
    r"""Give $\partial y / \partial x$ of every cell of every window, (..., oh, ow, kh, kw, c). Chapter: pooling."""
    if how == "max":
        return winners(windows(x, window, stride, padding, fill=-np.inf), ties)
    if how == "average":
        real = windows(np.ones_like(x), window, stride, padding)
        return real / real.sum(CELLS, keepdims=True)
    cells = windows(x, window, stride, padding)
    length = np.sqrt((cells**2).sum(CELLS, keepdims=True))
    return np.divide(cells, length, out=np.zeros_like(cells), where=length > 0)


def scatter(parts: np.ndarray, shape: tuple[int, ...], stride: Pair) -> np.ndarray:
    """Add every window's cells back to where they came from: the adjoint of `windows` without padding.

    parts: (..., oh, ow, kh, kw, c); shape: of the (padded) input. Where windows overlap, their parts add up.
    """
    total = np.zeros(shape, parts.dtype)
    oh, ow, kh, kw = parts.shape[-5:-1]
    for u in range(kh):
        for v in range(kw):
            rows = slice(u, u + stride[0] * oh, stride[0])
            columns = slice(v, v + stride[1] * ow, stride[1])
            total[..., rows, columns, :] += parts[..., u, v, :]
    return total


def unframed(framed: np.ndarray, shape: tuple[int, ...], window: Pair, stride: Pair, padding: Padding) -> np.ndarray:
    """Cut the frame that `padded` added away again."""
    height, width = shape[-3:-1]
    top, left = borders(height, window[0], stride[0], padding)[0], borders(width, window[1], stride[1], padding)[0]
    return framed[..., top : top + height, left : left + width, :]


def pool2d_gradient(
    x: np.ndarray,
    upstream: np.ndarray,
    window: int | Pair = 2,
    stride: int | Pair | None = None,
    padding: Padding = "valid",
    how: str = "max",
    ties: str = "first",
) -> np.ndarray:
    r"""Carry the gradient of the output back to the input of `pool2d`.

    $$ \frac{\partial L}{\partial x_{ab}} = \sum_{\text{windows } ij \ni ab}
       \frac{\partial L}{\partial y_{ij}} \, \frac{\partial y_{ij}}{\partial x_{ab}} $$

    upstream: the gradient at the output, of the output's shape. Raises ValueError for any other shape.
    Maximum: all to the winner. Average: an equal part to each. L2: in proportion to the value, zero where all are zero.
    Source: LeCun et al. (1998), section II.B (averages). Chapter: pooling.
    """
    if check_kind(how) == "min":
        return pool2d_gradient(-floats(x), upstream, window, stride, padding, "max", ties)
    image, window = with_channels(x), pair("window", window)
    stride = window if stride is None else pair("stride", stride)
    upstream = np.asarray(upstream)
    expected = pool2d(x, window, stride, padding, how).shape
    if upstream.shape != expected:
        raise ValueError(f"upstream must have the shape of the output, {expected}. Received: shape={upstream.shape}")
    parts = slopes(image, window, stride, padding, how, ties) * with_channels(upstream)[..., None, None, :]
    framed = scatter(parts, padded(image, window, stride, padding, 0).shape, stride)
    return unframed(framed, image.shape, window, stride, padding).reshape(np.shape(x))
