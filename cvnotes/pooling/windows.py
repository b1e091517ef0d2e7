"""Where a pooling window stops, and what it finds there."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import Pair, pair, whole
from cvnotes.convolution.sizes import output_size, same_padding
from cvnotes.convolution.windows import as_image, patches

Padding = str | int


def borders(size: int, window: int, stride: int, padding: Padding = "valid") -> Pair:
    """Give the cells (before, after) that are added along one side.

    "valid" adds none, "same" adds what makes ceil(W / S) stops, a number P adds P on each side.
    Raises ValueError for any other word and for P of more than half a window, where a window could hold nothing real.
    Chapter: pooling.
    """
    if padding == "valid":
        return 0, 0
    if padding == "same":
        return same_padding(size, window, stride)
    if isinstance(padding, str):
        raise ValueError(f'padding must be "valid", "same" or a number of cells. Received: padding={padding!r}')
    cells = whole("padding", padding, 0)
    if 2 * cells > window:
        raise ValueError(
            f"padding must be at most half the window, or a window could see nothing real. "
            f"Received: padding={padding}, window={window}"
        )
    return cells, cells


def pool_size(size: int, window: int = 2, stride: int | None = None, padding: Padding = "valid") -> int:
    r"""Count the stops of a pooling window along one side.

    $$ \left\lfloor \frac{W - F + P_\text{before} + P_\text{after}}{S} \right\rfloor + 1 $$

    size W, window F and stride S in cells; the stride is the window's side unless given. Depth never changes.
    Raises ValueError when the window is wider than the padded input. Chapter: pooling.
    """
    stride = window if stride is None else stride
    return output_size(size + sum(borders(size, window, stride, padding)), window, stride)


def floats(x: np.ndarray) -> np.ndarray:
    """Return an image or a batch as floats: what is no float becomes float64, so that nothing wraps around."""
    x = as_image(x)
    return x if np.issubdtype(x.dtype, np.floating) else x.astype(np.float64)


def with_channels(x: np.ndarray) -> np.ndarray:
    """Return floats of shape (h, w, c) or (n, h, w, c); a plain (h, w) grid gets one channel."""
    x = floats(x)
    return x[..., None] if x.ndim == 2 else x


def padded(x: np.ndarray, window: Pair, stride: Pair, padding: Padding, fill: float) -> np.ndarray:
    """Frame the two spatial axes of a (..., h, w, c) array with `fill`."""
    height, width = x.shape[-3:-1]
    frame = borders(height, window[0], stride[0], padding), borders(width, window[1], stride[1], padding)
    return np.pad(x, [(0, 0)] * (x.ndim - 3) + [*frame, (0, 0)], constant_values=fill)


def windows(
    x: np.ndarray,
    window: int | Pair = 2,
    stride: int | Pair | None = None,
    padding: Padding = "valid",
    fill: float = 0.0,
) -> np.ndarray:
    """List what every stop sees: shape (..., oh, ow, kh, kw, c) for x of shape (..., h, w, c).

    Added cells hold `fill`. Raises ValueError when the window does not fit or an argument is not a size.
    Chapter: pooling.
    """
    window = pair("window", window)
    stride = window if stride is None else pair("stride", stride)
    return patches(padded(with_channels(x), window, stride, padding, fill), window, stride)
