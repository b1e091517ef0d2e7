"""An exemplar pasted into other pictures at a known place: does the peak of the score map find it?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from cvnotes.checks import whole
from cvnotes.data.clips import Clips

from .correlation import cross_correlation
from .windows import cut, middles


class Pasted(NamedTuple):
    """Pictures (n, h, w, 3), each with its exemplar (n, e, e, 3) pasted in, first pixel at ``corners`` (n, 2): x, y."""

    pictures: np.ndarray
    exemplars: np.ndarray
    corners: np.ndarray


def paste(clips: Clips, count: int, side: int, seed: int) -> Pasted:
    """Cut the first object out of the first frame of a clip, and paste the window into the frame of the next clip.

    count: pictures; the clips are gone through in turn. Each window lands where the dice say, wholly in the picture.
    Raises ValueError for fewer than two clips, and a window larger than the picture. Chapter: tracking.
    """
    if len(clips) < 2:
        raise ValueError(f"Paste from one clip into another: give at least two. Received: {clips}")
    high, wide = clips.images.shape[2:4]
    whole("side", side, 1, min(high, wide))
    turn, dice = np.arange(whole("count", count, 0)) % len(clips), np.random.default_rng(seed)
    exemplars = cut(clips.images[turn, 0], middles(clips.full_boxes[turn, 0, 0]), side)
    pictures = clips.images[(turn + 1) % len(clips), 0].copy()
    corners = dice.integers(0, [wide - side + 1, high - side + 1], (count, 2))
    for picture, one, (x, y) in zip(pictures, exemplars, corners, strict=True):
        picture[y : y + side, x : x + side] = one
    return Pasted(pictures, exemplars, corners)


def whole_maps(
    encode: Any, found: Pasted, compare: Callable[[Any, Any], Any] = cross_correlation, batch: int = 25
) -> np.ndarray:
    """Score every place of whole pictures, each with its own exemplar: (n, rows, columns).

    encode: pictures to maps, such as an encoder; compare: maps and codes to scores; batch: pictures at a time.
    Raises ValueError without a picture, and for a batch below 1. Chapter: tracking.
    """
    if not len(found.pictures):
        raise ValueError("Give at least one picture: without any, the size of the maps is not known. Received: none")
    rows = [slice(i, i + batch) for i in range(0, len(found.pictures), whole("batch", batch, 1))]
    parts = [compare(encode(found.pictures[row]), encode(found.exemplars[row])) for row in rows]
    return np.concatenate([ops.convert_to_numpy(part) for part in parts])


def strides_off(maps: np.ndarray, corners: np.ndarray, stride: int) -> np.ndarray:
    """How far the peak of each map (n, rows, columns) lies from the place of the exemplar, in strides: (n,).

    corners: (n, 2), first pixels x, y. Raises ValueError for other shapes and scores that are not finite.
    Chapter: tracking.
    """
    maps, corners = np.asarray(maps), np.asarray(corners)
    if maps.ndim != 3 or corners.shape != (len(maps), 2) or not np.isfinite(maps).all():
        shapes = f"{maps.shape} and {corners.shape}"
        raise ValueError(f"Give finite maps (n, rows, columns) and corners (n, 2). Received: {shapes}")
    row, column = np.unravel_index(maps.reshape(len(maps), np.prod(maps.shape[1:])).argmax(axis=1), maps.shape[1:])
    return np.linalg.norm(np.stack([column, row], axis=1) - corners / whole("stride", stride, 1), axis=1)
