"""From a mask in a small grid to the pixels of a box, and back. Chapter: instances."""

from __future__ import annotations

import numpy as np

from cvnotes.boxes.formats import rows
from cvnotes.checks import pair, whole


def paste(grids: np.ndarray, boxes: np.ndarray, size: int | tuple[int, int]) -> np.ndarray:
    r"""Stretch each grid over its box and put it down in an empty picture: (k, m, m), (k, 4) -> float32 (k, h, w).

    The middle of pixel column c lies in the grid at

    .. math:: u_c = \frac{c + \tfrac12 - x_0}{x_1 - x_0}\, m - \tfrac12

    and reads the two cells beside it in proportion to how near they are, at the rim the last one; rows likewise.
    Pixels whose middle is outside of the box are 0. size: of the picture, one number or (height, width).
    Raises ValueError for grids and boxes that do not pair, NaN, and boxes without width or height.
    Source: He et al. (2017), section 3.1 (inference). Chapter: instances.
    """
    (height, width), grids, boxes = pair("size", size), np.asarray(grids, np.float32), solid(boxes)
    if grids.ndim != 3 or len(grids) != len(boxes) or 0 in grids.shape[1:] or not np.isfinite(grids).all():
        raise ValueError(
            f"Give a grid (m, m) of finite numbers for each of {len(boxes)} boxes. Received: {grids.shape}"
        )
    down = spread_weights(boxes[:, 1::2], height, grids.shape[1])
    across = spread_weights(boxes[:, 0::2], width, grids.shape[2])
    return down @ grids @ across.transpose(0, 2, 1)


def spread_weights(ends: np.ndarray, length: int, cells: int) -> np.ndarray:
    """The share of every cell in every pixel of a line: (k, length, cells); rows of zeros outside the ends (k, 2)."""
    low, high = ends[:, :1], ends[:, 1:]
    middle = np.arange(length, dtype=np.float32) + 0.5
    place = (middle - low) / (high - low) * cells - 0.5
    return hats(place, cells) * ((middle > low) & (middle < high))[..., None]


def hats(place: np.ndarray, count: int) -> np.ndarray:
    """The share of each of `count` numbers in a row at places (k, n) between them: (k, n, count), rows add up to 1."""
    place = np.clip(place, 0, count - 1)[..., None]
    return np.maximum(0, 1 - np.abs(place - np.arange(count, dtype=np.float32)))


def cut(masks: np.ndarray, boxes: np.ndarray, cells: int) -> np.ndarray:
    r"""Read masks in their boxes, (k, h, w), (k, 4) -> float32 (k, cells, cells): the way back from `paste`.

    Cell i reads the picture at its middle, :math:`x_0 + (i + \tfrac12)(x_1 - x_0)/m`, between four pixels; outside of
    the picture there is nothing. Raises ValueError as `paste`. Source: He et al. (2017), section 3. Chapter: instances.
    """
    masks, boxes, cells = np.asarray(masks, np.float32), solid(boxes), whole("cells", cells, 1)
    if masks.ndim != 3 or len(masks) != len(boxes) or 0 in masks.shape[1:] or not np.isfinite(masks).all():
        raise ValueError(
            f"Give a mask (h, w) of finite numbers for each of {len(boxes)} boxes. Received: {masks.shape}"
        )
    down = read_weights(boxes[:, 1::2], masks.shape[1], cells)
    across = read_weights(boxes[:, 0::2], masks.shape[2], cells)
    return down @ masks @ across.transpose(0, 2, 1)


def read_weights(ends: np.ndarray, length: int, cells: int) -> np.ndarray:
    """The share of every pixel of a line in every cell between two ends (k, 2): (k, cells, length).

    Rows of zeros where the middle of a cell is outside the picture.
    """
    low, high = ends[:, :1], ends[:, 1:]
    middle = low + (high - low) * ((np.arange(cells, dtype=np.float32) + 0.5) / cells)
    return hats(middle - 0.5, length) * ((middle >= 0) & (middle <= length))[..., None]


def solid(boxes: np.ndarray) -> np.ndarray:
    """Read boxes (k, 4) with width and height. Raises ValueError for others. Chapter: instances."""
    found = rows("boxes", boxes).astype(np.float32)
    flat = (found[:, 2:] <= found[:, :2]).any(axis=1)
    if flat.any():
        raise ValueError(f"A box needs width and height to hold a mask. Received: {found[flat][0].tolist()}")
    return found
