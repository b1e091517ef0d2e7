"""One number for every window."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import Pair

from .windows import Padding, floats, windows, with_channels

KINDS = ("max", "average", "min", "l2")
CELLS = (-3, -2)  # the axes of one window in (..., oh, ow, kh, kw, c)


def check_kind(how: str) -> str:
    """Return `how`, or raise a ValueError that lists the kinds of pooling there are."""
    if how not in KINDS:
        raise ValueError(f"how must be one of {', '.join(KINDS)}. Received: how={how!r}")
    return how


def pool2d(
    x: np.ndarray,
    window: int | Pair = 2,
    stride: int | Pair | None = None,
    padding: Padding = "valid",
    how: str = "max",
) -> np.ndarray:
    r"""Pool every channel by itself: $y_{ij} = \operatorname{op}\{x_{iS+u,\,jS+v} : 0 \le u, v < F\}$.

    x: (h, w), (h, w, c) or (n, h, w, c); the answer has the same axes. how: "max", "average", "min" or "l2"
    (the root of the sum of squares). Added cells never count: they hold minus infinity for a maximum and are left
    out of an average. Raises ValueError for a window that does not fit. Chapter: pooling.
    """
    if check_kind(how) == "min":
        return -pool2d(-floats(x), window, stride, padding)
    cells = windows(x, window, stride, padding, fill=-np.inf if how == "max" else 0)
    if how == "max":
        y = cells.max(CELLS)
    elif how == "average":
        y = cells.sum(CELLS) / windows(np.ones_like(with_channels(x)), window, stride, padding).sum(CELLS)
    else:
        y = np.sqrt((cells**2).sum(CELLS))
    return y[..., 0] if np.ndim(x) == 2 else y


def global_pool(x: np.ndarray, how: str = "average") -> np.ndarray:
    """Pool each channel's whole map to one number: (..., h, w, c) becomes (..., c).

    The same as `pool2d` with a window of the size of the map. Raises ValueError for an unknown kind.
    Source: Lin, Chen and Yan (2014), section 3.2. Chapter: pooling.
    """
    x = with_channels(x)
    return pool2d(x, window=x.shape[-3:-1], how=how)[..., 0, 0, :]
