"""Pictures taken apart: four quarters with room around them, put together in any order."""

from __future__ import annotations

import itertools

import numpy as np

from cvnotes import data
from cvnotes.checks import whole

ORDERS = tuple(itertools.permutations(range(4)))  # which quarter stands where; the first leaves all in place
MARGIN = 2


def apart(images: np.ndarray, margin: int = MARGIN) -> np.ndarray:
    """Cut pictures into quarters and put `margin` black pixels around each: (n, h, w, c) to (n, h + 4m, w + 4m, c).

    A filter that reaches no further than the margin sees one quarter at a time.
    Raises ValueError for other shapes and odd sides. Chapter: capsules.
    """
    m = whole("margin", margin, 0)
    quarters = np.pad(quartered(images), [(0, 0), (0, 0), (m, m), (m, m), (0, 0)])
    return joined(quarters)


def scrambled(images: np.ndarray, order: tuple[int, ...] | np.ndarray) -> np.ndarray:
    """Put quarter `order[p]` at place p (top left, top right, bottom left, bottom right).

    images: (n, h, w, c), even sides. order: four places for all, or one row for each picture, (n, 4).
    Raises ValueError for other shapes, and for an order that is none. Chapter: capsules.
    """
    quarters, order = quartered(images), np.asarray(order)
    rows = np.broadcast_to(order, (len(quarters), 4)) if order.shape == (4,) else order
    fits = rows.dtype.kind in "iu" and rows.shape == (len(quarters), 4)
    if not fits or not np.array_equal(np.sort(rows, 1), np.tile(range(4), (len(rows), 1))):
        raise ValueError(f"order must hold 0, 1, 2 and 3, once or for each picture. Received: {order!r:.80}")
    return joined(np.take_along_axis(quarters, rows[:, :, None, None, None], axis=1))


def quartered(images: np.ndarray) -> np.ndarray:
    """Cut (n, h, w, c) into (n, 4, h / 2, w / 2, c). Raises ValueError for other shapes and odd sides."""
    images = np.asarray(images)
    if images.ndim != 4 or any(side % 2 for side in images.shape[1:3]):
        raise ValueError(f"Pictures must be (n, h, w, c) with even sides. Received: shape {images.shape}")
    n, h, w, c = images.shape
    blocks = images.reshape(n, 2, h // 2, 2, w // 2, c).swapaxes(2, 3)
    return blocks.reshape(n, 4, h // 2, w // 2, c)


def joined(quarters: np.ndarray) -> np.ndarray:
    """Put (n, 4, h, w, c) together again: (n, 2h, 2w, c). Raises ValueError for other shapes."""
    if np.ndim(quarters) != 5 or np.shape(quarters)[1] != 4:
        raise ValueError(f"Quarters must be (n, 4, h, w, c). Received: shape {np.shape(quarters)}")
    n, _, h, w, c = quarters.shape
    return quarters.reshape(n, 2, 2, h, w, c).swapaxes(2, 3).reshape(n, 2 * h, 2 * w, c)


def turned_inside(images: np.ndarray) -> np.ndarray:
    """Turn the four pixels of each 2 x 2 window half around, and nothing else. Raises ValueError for odd sides."""
    quartered(images)  # refuses what cannot be cut
    images = np.asarray(images)
    n, h, w, c = images.shape
    return images.reshape(n, h // 2, 2, w // 2, 2, c)[:, :, ::-1, :, ::-1].reshape(images.shape)


def orders(count: int, seed: int) -> np.ndarray:
    """Draw an order for each of `count` pictures, (count, 4), never the one that leaves all in place.

    Raises ValueError for a count below 0. Chapter: capsules.
    """
    drawn = np.random.default_rng(seed).integers(1, len(ORDERS), whole("count", count, 0))
    return np.array(ORDERS)[drawn].reshape(-1, 4)


def digits() -> data.Digits:
    """The real digits of 8 x 8 pixels, apart: 16 x 16. Chapter: capsules."""
    d = data.digits()
    return data.Digits(apart(d.train_images), d.train_labels, apart(d.test_images), d.test_labels)
