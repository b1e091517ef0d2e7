"""Windows cut out of a picture: how many there are, ten of them to vote, and what they are worth. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvnotes.checks import whole


def crop_places(side: int, window: int) -> int:
    r"""How many places a square window has in a square picture: :math:`(S - W + 1)^2`.

    side: S, window: W, in pixels. Raises ValueError if the window does not fit. Chapter: augmentation.
    """
    return (side - whole("window", window, 1, whole("side", side, 1)) + 1) ** 2


def random_crop(images: np.ndarray, window: int, dice: np.random.Generator, flip: bool = True) -> np.ndarray:
    """Cut a window out of each picture (n, h, w, c) at a place of its own, mirrored one time in two: (n, W, W, c).

    Raises ValueError if the window does not fit, for other shapes, and for dice that are no generator of NumPy.
    Source: AlexNet, section 4.1. Chapter: augmentation.
    """
    n, height, width = _shape("images (n, height, width, channels)", images, 4)[:3]
    whole("window", window, 1, min(height, width))
    if not isinstance(dice, np.random.Generator):
        raise ValueError(f"dice must be numpy.random.default_rng(seed). Received: dice={dice!r}")
    rows, columns = dice.integers(height - window + 1, size=n), dice.integers(width - window + 1, size=n)
    cut = [image[r : r + window, c : c + window] for image, r, c in zip(images, rows, columns, strict=True)]
    mirrored = dice.random(n) < 0.5 if flip else np.zeros(n, bool)
    return np.stack([image[:, ::-1] if turn else image for image, turn in zip(cut, mirrored, strict=True)])


def ten_crops(images: np.ndarray, window: int) -> np.ndarray:
    """The four corners, the middle, and the mirror image of each: (n, h, w, c) -> (10, n, W, W, c), the middle first.

    Raises ValueError if the window does not fit, and for other shapes.
    Source: AlexNet, section 4.1. Chapter: augmentation.
    """
    height, width = _shape("images (n, height, width, channels)", images, 4)[1:3]
    window = whole("window", window, 1, min(height, width))
    down, right = height - window, width - window
    places = [(down // 2, right // 2), (0, 0), (0, right), (down, 0), (down, right)]
    five = np.stack([images[:, r : r + window, c : c + window] for r, c in places])
    return np.concatenate([five, five[:, :, :, ::-1]])


def all_crops(image: np.ndarray, window: int, flip: bool = True) -> np.ndarray:
    """Every crop of one picture (h, w, c), and its mirror image: (places, W, W, c).

    Raises ValueError if the window does not fit, and for another shape. Chapter: augmentation.
    """
    whole("window", window, 1, min(_shape("one image (height, width, channels)", image, 3)[:2]))
    views = np.lib.stride_tricks.sliding_window_view(image, (window, window), axis=(0, 1))
    flat = views.reshape(-1, image.shape[-1], window, window).transpose(0, 2, 3, 1)
    return np.concatenate([flat, flat[:, :, ::-1]]) if flip else flat


def worth(level: float, counts: Sequence[int], curve: Sequence[float]) -> float:
    """How many pictures, read off a learning curve, come to a level of accuracy.

    counts: pictures, growing; curve: accuracy at each. Between two counts the line is straight over their logarithm;
    a curve that falls back counts as level there; outside, the nearest count is given.
    Raises ValueError if the two differ in length, counts do not grow from above 0, or a level is no finite number.
    Chapter: augmentation.
    """
    counts, curve = np.asarray(counts, float), np.asarray(curve, float)
    if counts.shape != curve.shape or counts.ndim != 1 or not counts.size or np.any(np.diff(counts, prepend=0) <= 0):
        raise ValueError(f"Give growing counts and as many levels. Received: {counts.shape} and {curve.shape}")
    if not (np.isfinite(level) and np.isfinite(curve).all()):
        raise ValueError(f"Levels must be finite numbers. Received: level={level}, curve={curve.tolist()}")
    levels, first = np.unique(np.maximum.accumulate(curve), return_index=True)  # the first count that comes to each
    return float(np.exp(np.interp(level, levels, np.log(counts[first]))))


def _shape(wanted: str, images: np.ndarray, axes: int) -> tuple[int, ...]:
    """The shape of an array that has so many axes and something in it, or ValueError."""
    shape = np.shape(images)
    if len(shape) != axes or 0 in shape:
        raise ValueError(f"Give {wanted}, none of them 0. Received: shape {shape}")
    return shape
