"""The pictures that the designs of the page compete on: digits in noise, digits moved, digits in corners."""

from __future__ import annotations

import functools

import keras
import numpy as np
from keras import layers

from cvnotes import data
from cvnotes.checks import choice, whole
from cvnotes.introduction.features import Labelled

PICTURE, CLASSES = (16, 16, 1), 10
NOISE, MOVE = 0.5, 2  # deviation of the noise, as a share of white; pixels in each direction
PLACES = ("corner", "middle")


def in_noise(images: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Bury pictures in fresh noise; as ``augment`` of ``experiments.fit`` no noise is seen twice."""
    return (images + dice.normal(0, NOISE, images.shape)).astype(np.float32)


def moved(images: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Move each picture (n, h, w, c) by up to two pixels in any direction; its rim must be dark, and comes round."""
    steps = dice.integers(-MOVE, MOVE + 1, (len(images), 2))
    return np.stack([np.roll(image, step, (0, 1)) for image, step in zip(images, steps, strict=True)])


TASKS = {"noise": in_noise, "moved": moved}


@functools.lru_cache(maxsize=4)
def task(name: str, seed: int) -> tuple[Labelled, Labelled]:
    """Give real digits, 16 x 16, in the split of a seed: half to train on, half to test on, the test ones changed.

    name: "noise" (digits fill the picture; heavy noise) or "moved" (12 x 12 on a dark ground, moved by up to two
    pixels); the training digits are as they were, and change anew at each step with ``TASKS[name]``.
    Raises ValueError for another name. Chapter: layer_patterns.
    """
    choice("name", name, TASKS)
    edge = MOVE if name == "moved" else 0
    d = data.digits(PICTURE[0] - 2 * edge, test_fraction=0.5, seed=seed)
    train, test = (np.pad(x, [(0, 0), (edge, edge), (edge, edge), (0, 0)]) for x in (d.train_images, d.test_images))
    return (train, d.train_labels), (TASKS[name](test, np.random.default_rng(seed)), d.test_labels)


def trimmed(image: np.ndarray) -> np.ndarray:
    """Cut a picture (h, w) down to the rows and columns that hold ink."""
    rows, columns = (np.flatnonzero(image.max(axis) > 0.1) for axis in (1, 0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def placed(images: np.ndarray, place: str, seed: int) -> np.ndarray:
    """Put digits (n, 8, 8, 1) on a dark canvas of 16 x 16, the ink flush with a corner drawn by chance, or amid.

    place: "corner" or "middle" (at least four dark pixels on every side). Returns (n, 16, 16, 1).
    Raises ValueError for another place. Chapter: layer_patterns.
    """
    choice("place", place, PLACES)
    corners = np.random.default_rng(seed).integers(0, 2, (len(images), 2))
    out = np.zeros((len(images), *PICTURE), np.float32)
    for canvas, image, corner in zip(out, images, corners, strict=True):
        ink = trimmed(image[..., 0])
        room = np.subtract(PICTURE[:2], ink.shape)
        top, left = room * corner if place == "corner" else room // 2
        canvas[top : top + ink.shape[0], left : left + ink.shape[1], 0] = ink
    return out


def digits(place: str, seed: int) -> tuple[Labelled, Labelled]:
    """Give the real digits of a seed's split, to train and to test on, all in a corner or all in the middle."""
    d = data.digits(seed=seed)
    pairs = (d.train_images, d.train_labels, 2 * seed), (d.test_images, d.test_labels, 2 * seed + 1)
    return tuple((placed(images, place, dice), labels) for images, labels, dice in pairs)


def unpooled(padding: str, depth: int = 3, width: int = 12) -> keras.Model:
    """Stack convolutions of 3 x 3 and keep the maximum of each channel: equal weights with any padding; ten scores.

    Raises ValueError for a padding that Keras does not know. Chapter: layer_patterns.
    """
    choice("padding", padding, ("same", "valid"))
    stack = [layers.Conv2D(width, 3, padding=padding, activation="relu") for _ in range(whole("depth", depth, 1))]
    return keras.Sequential([keras.Input(PICTURE), *stack, layers.GlobalMaxPooling2D(), layers.Dense(CLASSES)])
