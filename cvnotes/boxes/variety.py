"""Pictures whose boxes differ in size and shape: scenes as they are, squeezed side by side, and flattened in a pile."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes import data
from cvnotes.checks import whole

from .formats import clip

SIDE, RADIUS = 64, (0.1, 0.45)


class Pictures(NamedTuple):
    """Pictures (n, 64, 64, 3) as bytes, and for each the true boxes (m, 4). Chapter: boxes."""

    images: np.ndarray
    truths: list[np.ndarray]


def side_by_side(images: np.ndarray, truths: list[np.ndarray], axis: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Halve two pictures along one axis (0 is down, 1 across) and put them beside each other; boxes go with them."""
    halved = images[:, ::2] if axis == 0 else images[:, :, ::2]
    joined = np.concatenate([halved[::2], halved[1::2]], axis + 1)
    shrink, move = np.ones(4, "float32"), np.zeros(4, "float32")
    shrink[1 - axis :: 2], move[1 - axis :: 2] = 0.5, SIDE / 2
    pairs = zip(truths[::2], truths[1::2], strict=True)
    return joined, [np.concatenate([first * shrink, second * shrink + move]) for first, second in pairs]


def variety(count: int, seed: int) -> Pictures:
    """Draw pictures of 64 x 64 pixels, a third each: as they are, two squeezed side by side, two flattened in a pile.

    So boxes are about square, twice as high as wide, or twice as wide as high, and their sides go from a few pixels to
    most of the picture. Raises ValueError for a count that is no multiple of 3. Chapter: boxes.
    """
    if whole("count", count, 3) % 3:
        raise ValueError(f"count must be a multiple of 3. Received: count={count!r}")
    third = count // 3
    scenes = data.scenes(5 * third, seed=whole("seed", seed, 0), objects=(1, 2), radius=RADIUS)
    truths = [clip(boxes[labels >= 0], SIDE) for boxes, labels in zip(scenes.boxes, scenes.labels, strict=True)]
    parts = [(scenes.images[:third], truths[:third])]
    for axis, first in ((1, third), (0, 3 * third)):
        chosen = slice(first, first + 2 * third)
        parts.append(side_by_side(scenes.images[chosen], truths[chosen], axis))
    return Pictures(np.concatenate([p[0] for p in parts]), [box for p in parts for box in p[1]])
