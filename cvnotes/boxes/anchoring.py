"""Boxes that wait at fixed places, and which true box each of them is to answer for."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import Pair, number, pair

from .overlap import iou

BACKGROUND, IGNORED = -1, -2


def shapes(sizes: tuple[float, ...], ratios: tuple[float, ...]) -> np.ndarray:
    """Width and height of the anchors of one place, (A, 2): every size in every ratio, ratios fastest."""
    sizes = [number("sizes", one, above=0) for one in np.ravel(sizes)]
    roots = [number("ratios", one, above=0) ** 0.5 for one in np.ravel(ratios)]
    return np.array([(size * root, size / root) for size in sizes for root in roots]).reshape(-1, 2)


def anchors(
    shape: int | Pair, stride: int | Pair, sizes: tuple[float, ...], ratios: tuple[float, ...] = (1.0,)
) -> np.ndarray:
    r"""Lay boxes of every size and ratio on the centre of every cell of a grid.

    $$ x_a = (j + \tfrac12)\, s, \quad y_a = (i + \tfrac12)\, s, \quad w_a = S \sqrt r, \quad h_a = S / \sqrt r $$

    shape: (rows, columns) of the grid; stride s: pixels from cell to cell, (down, across); sizes S: the side of a
    square of the same area, in pixels; ratios r: width over height. The answer is (rows * columns * A, 4): row by row,
    and within a place by size, then ratio, so that reshape(rows, columns, A, 4) finds each.
    Anchors may reach over the border.
    Raises ValueError for numbers that are not above 0. Source: Ren et al. (2015), section 3.1.1. Chapter: boxes.
    """
    (high, wide), (down, across) = pair("shape", shape, 0), pair("stride", stride)
    half = shapes(sizes, ratios) / 2
    y, x = (np.arange(high) + 0.5) * down, (np.arange(wide) + 0.5) * across
    centres = np.stack(np.meshgrid(x, y), -1).reshape(-1, 1, 2)
    return np.concatenate([centres - half, centres + half], -1).reshape(-1, 4).astype("float32")


def forced(overlaps: np.ndarray) -> list[tuple[int, int]]:
    """Give every true box an anchor of its own: pairs (anchor, truth), the largest overlap (n, m) first.

    An anchor is taken once; a truth that comes too late gets its best of those left. Of equal overlaps the lower
    truth goes first, and takes the lower anchor. A truth that no free anchor touches gets none.
    """
    left, pairs = overlaps.T.copy(), []
    for _ in range(min(left.shape)):
        truth, anchor = np.unravel_index(left.argmax(), left.shape)
        if left[truth, anchor] <= 0:
            break
        pairs.append((int(anchor), int(truth)))
        left[truth], left[:, anchor] = -1, -1
    return pairs


def match(
    anchors: np.ndarray, truth: np.ndarray, positive: float = 0.5, negative: float = 0.4, force: bool = True
) -> np.ndarray:
    """Say for every anchor which true box it answers for: its index, -1 for background, -2 for neither.

    anchors: (n, 4), truth: (m, 4); the answer is (n,) whole numbers. An anchor takes the box that it shares most with
    (the lower index of equals) where IoU >= positive; it is background where IoU < negative, and ignored between.
    force: every box also gets the best anchor for itself, whatever its IoU, if they touch: greedily, the largest IoU
    first, so that two boxes with one best anchor get two (see `forced`). Works for no anchors and no boxes.
    Raises ValueError for boxes that `iou` refuses, and unless 0 < positive <= 1 and 0 <= negative <= positive.
    Source: Liu et al. (2016), section 2.2; Ren et al. (2015), section 3.1.2. Chapter: boxes.
    """
    positive = number("positive", positive, most=1, above=0)
    negative = number("negative", negative, least=0, most=positive)
    overlaps = iou(anchors, truth)
    if not overlaps.size:
        return np.full(len(overlaps), BACKGROUND)
    best, found = overlaps.max(1), overlaps.argmax(1)
    found[best < positive], found[best < negative] = IGNORED, BACKGROUND
    for anchor, box in forced(overlaps) if force else ():
        found[anchor] = box
    return found
