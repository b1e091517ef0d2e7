"""For each operation two test grounds: where it is a nuisance, and where it is the message. Chapter: augmentation."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from cvnotes import data
from cvnotes.checks import whole
from cvnotes.pooling.measures import four_ways, rotate

SIDE, COUNT = 16, 200  # of the canvas in pixels; training pictures
Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]
Question = Callable[[np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]


class Task(NamedTuple):
    """Pictures (n, 16, 16, 1) and labels (n,) for training, then those for testing."""

    x: np.ndarray
    y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray


@functools.cache
def canvases() -> data.Digits:
    """The real digits, 12 pixels high, on black canvases of 16."""
    small, frame = data.digits(12), [(0, 0), (2, 2), (2, 2), (0, 0)]
    train, test = (np.pad(images, frame) for images in (small.train_images, small.test_images))
    return data.Digits(train, small.train_labels, test, small.test_labels)


def few_digits(seed: int, count: int = COUNT) -> Task:
    """`count` training digits chosen by the seed, and all 450 test digits. Raises ValueError if there are fewer."""
    d = canvases()
    whole("count", count, 1, len(d.train_labels))
    rows = np.random.default_rng(seed).permutation(len(d.train_labels))[:count]
    return Task(d.train_images[rows], d.train_labels[rows], d.test_images.copy(), d.test_labels)


# Nuisances: what happens to test digits, made without the layer that is to help -------------------------------------


def by_turns(*changed: np.ndarray) -> np.ndarray:
    """Picture i from set i, i, ... in turn."""
    stacked = np.stack(changed)
    return stacked[np.arange(stacked.shape[1]) % len(changed), np.arange(stacked.shape[1])]


def _light(images, dice):
    gain, lift = dice.uniform(0.2, 0.6, (len(images), 1, 1, 1)), dice.uniform(0, 0.4, (len(images), 1, 1, 1))
    return (images * gain + lift).astype("float32")


def _bar(images, dice):
    start = dice.integers(2, SIDE - 6, len(images))[:, None]
    columns = np.arange(SIDE)[None]
    hidden = (columns >= start) & (columns < start + 3)
    return np.where(hidden[:, None, :, None], np.float32(0.5), images)


NUISANCES: dict[str, tuple[str, Change]] = {
    "noise": ("grain", lambda x, dice: (x + dice.uniform(-0.6, 0.6, x.shape)).astype("float32")),
    "whitening": ("other light", _light),
    "dropped pixels": ("dead pixels", lambda x, dice: x * (dice.random((1, SIDE, SIDE, 1)) > 0.3)),
    "rotation": ("turned by 25°", lambda x, dice: by_turns(rotate(x, 25.0), rotate(x, -25.0))),
    "blur": ("out of focus", lambda x, dice: ndimage.uniform_filter(x, (1, 3, 3, 1))),
    "translation": ("moved by 3 pixels", lambda x, dice: by_turns(*four_ways(x, 3))),
    "flip": ("seen in a mirror", lambda x, dice: x[:, :, ::-1].copy()),
    "cutout": ("behind a bar", _bar),
}

# Messages: questions whose answer is the very thing that the operation changes --------------------------------------


def _one_of(kinds: int, x: np.ndarray, dice: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    labels = dice.permutation(np.arange(len(x)) % kinds)
    return labels, labels[:, None, None, None]


def _grain(x, dice):
    y, at = _one_of(2, x, dice)
    return (x + dice.normal(0, np.where(at, 0.25, 0.1), x.shape)).astype("float32"), y


def _exposure(x, dice):
    y, at = _one_of(3, x, dice)
    return (x * (0.6 + 0.2 * at)).astype("float32"), y


def _stars(x, dice):
    y, _ = _one_of(4, x, dice)
    order = dice.permuted(np.tile(np.arange(SIDE * SIDE), (len(x), 1)), axis=1)
    return (order <= y[:, None]).astype("float32").reshape(-1, SIDE, SIDE, 1), y


def _lean(x, dice):
    y, at = _one_of(2, x, dice)
    return np.where(at, rotate(x, 15.0), rotate(x, -15.0)).astype("float32"), y


def _focus(x, dice):
    y, at = _one_of(3, x, dice)
    grades = [x, *(ndimage.gaussian_filter(x, (0, sigma, sigma, 0)) for sigma in (0.6, 1.0))]
    return np.choose(at, grades).astype("float32"), y


def _place(x, dice):
    y, at = _one_of(2, x, dice)
    return np.where(at, np.roll(x, 1, axis=2), np.roll(x, -1, axis=2)), y


def _mirror(x, dice):
    y, at = _one_of(2, x, dice)
    return np.where(at, x[:, :, ::-1], x), y


def _spot(x, dice):
    y, _ = _one_of(4, x, dice)
    dimmed = 0.5 * x
    for picture, label, (r, c) in zip(dimmed, y, dice.integers(0, 6, (len(x), 2)), strict=True):
        picture[r + 8 * (label // 2) :, c + 8 * (label % 2) :][:2, :2] = 1
    return dimmed, y


MESSAGES: dict[str, tuple[str, Question]] = {
    "noise": ("how grainy?", _grain),
    "whitening": ("how bright?", _exposure),
    "dropped pixels": ("how many stars?", _stars),
    "rotation": ("which lean?", _lean),
    "blur": ("how sharp?", _focus),
    "translation": ("left or right?", _place),
    "flip": ("in a mirror?", _mirror),
    "cutout": ("which quarter?", _spot),
}


def message(name: str, seed: int) -> Task:
    """The task whose answer is what operation `name` changes. Raises ValueError for a name not in `MESSAGES`."""
    if name not in MESSAGES:
        raise ValueError(f"name must be one of {', '.join(MESSAGES)}. Received: name={name!r}")
    plain, ask = few_digits(seed), MESSAGES[name][1]
    (x, y), (test_x, test_y) = (
        ask(images, np.random.default_rng([seed, i])) for i, images in enumerate((plain.x, plain.test_x))
    )
    return Task(x, y, test_x, test_y)


def nuisance(name: str, seed: int) -> np.ndarray:
    """The 450 test digits after what operation `name` is to prepare for. Raises ValueError for an unknown name."""
    if name not in NUISANCES:
        raise ValueError(f"name must be one of {', '.join(NUISANCES)}. Received: name={name!r}")
    return NUISANCES[name][1](canvases().test_images, np.random.default_rng([seed, 2]))
