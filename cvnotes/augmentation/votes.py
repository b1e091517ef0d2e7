"""Augmentation at test: several views of a picture, one answer. Chapter: augmentation."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from scipy.special import softmax

from cvnotes.pooling.measures import four_ways, rotate

WAYS = ("one view", "moved", "turned", "mirrored")


def views(images: np.ndarray, how: str) -> list[np.ndarray]:
    """Several views of pictures (n, h, w, c), the pictures themselves first.

    how: "one view"; "moved" by a pixel four ways; "turned" by 8 degrees both ways; "mirrored".
    Raises ValueError for another, and for other shapes. Chapter: augmentation.
    """
    if np.ndim(images) != 4:
        raise ValueError(f"Give images (n, height, width, channels). Received: shape {np.shape(images)}")
    more = {
        "one view": lambda: [],
        "moved": lambda: four_ways(images, 1),
        "turned": lambda: [rotate(images, 8.0), rotate(images, -8.0)],
        "mirrored": lambda: [images[:, :, ::-1]],
    }
    if how not in more:
        raise ValueError(f"how must be one of {', '.join(WAYS)}. Received: how={how!r}")
    return [images, *more[how]()]


def average_vote(model: keras.Model, seen: Sequence[np.ndarray]) -> np.ndarray:
    """The mean probability of each class over several views (views, n, ...): (n, classes). The model gives logits.

    Raises ValueError for no views, or views of unequal shapes. Chapter: augmentation.
    """
    shapes = sorted({np.shape(view) for view in seen})
    if len(shapes) != 1:
        raise ValueError(f"Give views of one shape, one at least. Received: {len(seen)} views of shapes {shapes}")
    given = [keras.ops.convert_to_numpy(model(np.ascontiguousarray(view), training=False)) for view in seen]
    return np.mean(softmax(np.asarray(given, float), axis=-1), axis=0)
