"""The one problem on which every remedy is tried: few digits, some with a wrong label. Chapters: regularization,
dropout.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from cvnotes import data
from cvnotes.checks import number, whole

COUNT, NOISE, WAITING = 300, 0.2, 500  # digits to learn, share of wrong labels, digits to choose settings with

Array = np.ndarray


class Problem(NamedTuple):
    """Pictures (n, 64) in [0, 1] and labels (n,): to learn from, to choose with (`val`), and to test on.

    `wrong` marks the digits to learn whose label is not the truth; `true` holds the truth.
    """

    x: Array
    y: Array
    wrong: Array
    true: Array
    val_x: Array
    val_y: Array
    test_x: Array
    test_y: Array


@functools.cache
def _digits() -> tuple[Array, Array, Array, Array]:
    d = data.digits()
    flat = (images.reshape(len(images), -1).astype(float) for images in (d.train_images, d.test_images))
    train, test = flat
    return train, d.train_labels, test, d.test_labels


def digits(seed: int, count: int = COUNT, noise: float = NOISE) -> Problem:
    """Choose `count` digits to learn and 500 others to choose settings with, and give a share of wrong labels.

    noise: from 0 to 1, of the labels to learn; a wrong label is one of the nine others. The 450 test digits are the
    same for every seed, and fewer digits of one seed are the first of more.
    Raises ValueError for more digits than there are (847) or a share out of range. Chapter: regularization.
    """
    x, y, test_x, test_y = _digits()
    count = whole("count", count, 1, len(x) - WAITING)
    number("noise", noise, 0, 1)
    dice = np.random.default_rng(seed)
    order, draws = dice.permutation(len(x)), dice.random(len(x))
    others = (y[order] + dice.integers(1, 10, len(x))) % 10  # never the truth itself
    waiting, learn = order[:WAITING], order[WAITING:][:count]
    wrong = draws[WAITING:][:count] < noise
    labels = np.where(wrong, others[WAITING:][:count], y[learn])
    return Problem(x[learn], labels, wrong, y[learn], x[waiting], y[waiting], test_x.copy(), test_y.copy())
