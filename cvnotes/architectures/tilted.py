"""The task of the race: real digits, turned, resized, moved and noisy, in a field of 16 x 16."""

from __future__ import annotations

import functools

import numpy as np
from scipy.ndimage import affine_transform

from cvnotes import data
from cvnotes.checks import choice, whole

SIDE = 16
PARTS = ("train", "test", "fit", "check")
TURN, SCALE, SHIFT, NOISE = 20, (1.3, 1.8), 1.0, 0.1  # degrees, pixels of the field for one of a digit, pixels, sd

Labelled = tuple[np.ndarray, np.ndarray]


def tilted(digit: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Lay one digit (8, 8) turned, resized and moved into a field (16, 16), with noise. Chapter: architectures."""
    angle, scale = np.radians(dice.uniform(-TURN, TURN)), dice.uniform(*SCALE)
    back = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    middle = SIDE / 2 - 0.5 + dice.uniform(-SHIFT, SHIFT, 2)
    field = affine_transform(digit, back, 3.5 - back @ middle, (SIDE, SIDE), order=1)
    return field + dice.normal(0, NOISE, field.shape)


@functools.lru_cache(maxsize=8)
def pictures(seed: int, part: str, copies: int = 2) -> Labelled:
    """Give one part of the digits as a seed lays them into fields, values about -1 to 1: (n, 16, 16, 1), labels (n,).

    The digits of a part are the same for every seed, so no rate is chosen on a digit that a net is tested on.
    part: "test" is half of the 1,797, "train" the other half, "fit" and "check" two thirds and one third of
    "train". copies: fields that each digit is laid into. Raises ValueError for another part, a seed below 0 and fewer
    than one copy. Chapter: architectures.
    """
    dice = np.random.default_rng([whole("seed", seed, 0), PARTS.index(choice("part", part, PARTS))])
    split, copies = data.digits(8, test_fraction=0.5), whole("copies", copies, 1)
    images, labels = (
        (split.test_images, split.test_labels) if part == "test" else (split.train_images, split.train_labels)
    )
    third = len(images) // 3
    rows = {"fit": slice(third, None), "check": slice(third)}.get(part, slice(None))
    images, labels = np.repeat(images[rows, ..., 0], copies, 0), np.repeat(labels[rows], copies)
    fields = np.stack([tilted(image, dice) for image in images])[..., None]
    return (2 * fields - 1).astype(np.float32), labels
