"""Boxes that do not look at the picture: all there are, a grid of windows, or chance. Chapter: selective_search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvnotes.checks import number, whole

#: Sides of square windows in pixels where nothing is known of the objects; each has about twice the area of the last.
BLIND = (8, 11, 16, 23, 32, 45)


def count_boxes(height: int, width: int) -> int:
    r"""Count the boxes with whole corners in a picture of height h and width w.

    .. math:: \frac{w (w + 1)}{2} \cdot \frac{h (h + 1)}{2}

    Raises ValueError for sides below 1. Chapter: selective_search.
    """
    height, width = whole("height", height, 1), whole("width", width, 1)
    return (width * (width + 1) // 2) * (height * (height + 1) // 2)


def steps(room: int, side: int, share: float) -> int:
    """Count the places of a window along `room` pixels, edges included, at most `share` of its side apart."""
    return int(np.ceil(room / (share * side))) + 1


def grid(height: int, width: int, side: int, share: float) -> np.ndarray:
    """Place square windows over a picture from edge to edge, at most `share` of a side apart: (n, 4)."""
    x, y = (np.linspace(0, room, steps(room, side, share)) for room in (width - side, height - side))
    corners = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    return np.concatenate([corners, corners + side], axis=1)


def sliding_windows(height: int, width: int, limit: int, sides: Sequence[int] = BLIND) -> np.ndarray:
    """Slide square windows of several sides over a picture, as near to each other as `limit` boxes allow.

    The step is the same share of the side for all sides, the smallest hundredth that keeps to the limit.
    Returns float32 (n, 4), x0, y0, x1, y1, n at most `limit`.
    Raises ValueError for a side that does not fit, for none, or for a limit below four windows of each side.
    Chapter: selective_search.
    """
    height, width = whole("height", height, 1), whole("width", width, 1)
    if np.ndim(sides) != 1 or not len(sides):
        raise ValueError(f"Windows need a sequence of sides in pixels, at least one. Received: sides={sides!r}")
    sides = [whole("sides", side, 1, min(height, width)) for side in sides]
    limit, percent = whole("limit", limit, 4 * len(sides)), 1
    while sum(steps(width - k, k, percent / 100) * steps(height - k, k, percent / 100) for k in sides) > limit:
        percent += 1
    return np.concatenate([grid(height, width, side, percent / 100) for side in sides]).astype(np.float32)


def random_boxes(
    height: int, width: int, count: int, seed: int = 0, sides: tuple[float, float] | None = None
) -> np.ndarray:
    """Draw boxes by chance: float32 (count, 4).

    sides None: two columns and two rows, each of the lines between pixels equally likely. Or (smallest, largest):
    width and height between the two, in pixels, anywhere.
    Raises ValueError for sides that do not fit. Chapter: selective_search.
    """
    height, width, count = whole("height", height, 1), whole("width", width, 1), whole("count", count, 0)
    generator = np.random.default_rng(whole("seed", seed, 0))
    if sides is None:
        x, y = (np.sort(_two(generator, n, count), axis=1) for n in (width, height))
        return np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], axis=1).astype(np.float32)
    fit = np.shape(sides) == (2,) and 0 < number("sides", sides[0]) <= number("sides", sides[1]) <= min(height, width)
    if not fit:
        raise ValueError(f"Give (smallest, largest) from 0 to {min(height, width)} pixels. Received: sides={sides!r}")
    side = generator.uniform(*sides, (count, 2))
    corner = generator.random((count, 2)) * (np.array([width, height]) - side)
    return np.concatenate([corner, corner + side], axis=1).astype(np.float32)


def _two(generator: np.random.Generator, last: int, count: int) -> np.ndarray:
    """Draw two different whole numbers from 0 to `last`, `count` times: (count, 2)."""
    first, step = generator.integers(0, last + 1, count), generator.integers(1, last + 1, count)
    return np.stack([first, (first + step) % (last + 1)], axis=1)
