"""Digits with room around them, and what can be done to them: shifted, posed by known dials, laid over each other."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from scipy import ndimage

from cvnotes import data
from cvnotes.checks import number, whole

ROOM = 2  # pixels of black around a digit of 8 x 8

#: How far each dial of `posed` goes: pixels right, pixels down, degrees, times as large, share of a fatter stroke.
DIALS = {"right": (-2, 2), "down": (-2, 2), "turn": (-15, 15), "size": (0.9, 1.1), "bold": (0, 0.5)}


@functools.cache
def digits() -> data.Digits:
    """The real digits of 8 x 8 pixels in the middle of 12 x 12. Chapter: capsnet."""
    d = data.digits()
    return data.Digits(roomy(d.train_images), d.train_labels, roomy(d.test_images), d.test_labels)


def roomy(images: np.ndarray) -> np.ndarray:
    """Put `ROOM` black pixels around pictures (n, h, w, c). Chapter: capsnet."""
    return np.pad(images, [(0, 0), (ROOM, ROOM), (ROOM, ROOM), (0, 0)])


def strewn(images: np.ndarray, most: int, dice: np.random.Generator) -> np.ndarray:
    """Shift each picture (n, h, w, c) by whole pixels of its own, up to `most` either way; what enters is black.

    Raises ValueError for pictures of another shape, and for `most` below 0. Chapter: capsnet.
    """
    images, most = np.asarray(images), whole("most", most, 0)
    if images.ndim != 4:
        raise ValueError(f"Pictures must be (n, h, w, c). Received: shape {images.shape}")
    high, wide = images.shape[1:3]
    wider = np.pad(images, [(0, 0), (most, most), (most, most), (0, 0)])
    corners = dice.integers(0, 2 * most + 1, (len(images), 2))
    cut = [one[top : top + high, left : left + wide] for one, (top, left) in zip(wider, corners, strict=True)]
    return np.stack(cut) if cut else images


def shifts(most: int) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    """Give an augmentation for `experiments.fit`: `strewn` by up to so many pixels."""
    return lambda images, dice: strewn(images, most, dice)


def dials(count: int, seed: int) -> np.ndarray:
    """Draw every dial of `DIALS` evenly and by itself, (count, 5). Chapter: capsnet."""
    low, high = np.array(list(DIALS.values())).T
    return np.random.default_rng(seed).uniform(low, high, (whole("count", count, 0), len(DIALS)))


def posed(images: np.ndarray, set_to: np.ndarray) -> np.ndarray:
    """Pose each picture (n, h, w, c) as its row of dials says, (n, 5): thicken, then size, turn and shift, bilinearly.

    Turns are counter-clockwise, about the middle. Raises ValueError for rows that do not fit. Chapter: capsnet.
    """
    images, rows = np.asarray(images), np.asarray(set_to, dtype=float)
    if images.ndim != 4 or rows.shape != (len(images), len(DIALS)) or not np.isfinite(rows).all():
        wanted = f"Give one row of {', '.join(DIALS)} for each picture (n, h, w, c)"
        raise ValueError(f"{wanted}. Received: shapes {images.shape} and {rows.shape}")
    return np.array([_pose(one, *row) for one, row in zip(images, rows, strict=True)], "float32").reshape(images.shape)


def _pose(image: np.ndarray, right: float, down: float, turn: float, size: float, bold: float) -> np.ndarray:
    fat = (1 - bold) * image + bold * ndimage.grey_dilation(image, (2, 2, 1))
    angle, middle = np.deg2rad(turn), (np.array(image.shape[:2]) - 1) / 2
    back = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / number("size", size, above=0)
    start = middle - back @ (middle + np.array([down, right]))
    return np.stack([ndimage.affine_transform(layer, back, start, order=1) for layer in np.moveaxis(fat, -1, 0)], -1)


def laid_over(
    images: np.ndarray, labels: np.ndarray, count: int, seed: int, classes: int = 10, most: int = ROOM
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lay two pictures of different classes over each other, each shifted by itself: the brighter pixel stays.

    images: (n, h, w, c); labels: (n,). Gives pictures (count, h, w, c), rows (count, classes) with two ones, and the
    layers (count, 2, h, w, c). Raises ValueError where there is only one class. Chapter: capsnet.
    """
    labels, dice = np.asarray(labels), np.random.default_rng(seed)
    if len(np.unique(labels)) < 2:
        raise ValueError(f"Two classes or more are needed to lay digits over each other. Received: {labels!r:.80}")
    first = dice.integers(0, len(labels), whole("count", count, 0))
    others = [np.flatnonzero(labels != one) for one in range(classes)]
    second = np.array([dice.choice(others[labels[one]]) for one in first], dtype=int)
    both = np.stack([strewn(images[which], most, dice) for which in (first, second)], axis=1)
    rows = np.eye(classes, dtype="float32")
    return both.max(1), rows[labels[first]] + rows[labels[second]], both
