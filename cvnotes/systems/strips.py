"""Strips of digits: several in a row, with gaps, none of a fixed width; and how far a reading is from the truth."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from cvnotes import data
from cvnotes.checks import whole

HEIGHT, NOTHING = 8, 10  # rows of a strip, and columns of the widest digit; the answer where no digit ends
GAP = 3  # the most blank columns behind a digit


class Strips(NamedTuple):
    """Images (n, 8, width, 1) in [0, 1], the answer of each column (n, width), and the digits of each strip."""

    images: np.ndarray
    ends: np.ndarray
    texts: list[list[int]]


@cache
def inked(test: bool) -> tuple[list[np.ndarray], np.ndarray]:
    """The columns of every digit that hold ink, and the labels; of the digits for training or for testing."""
    digits = data.digits()
    images, labels = (digits.test_images, digits.test_labels) if test else (digits.train_images, digits.train_labels)
    found = []
    for image in images[..., 0]:
        columns = np.flatnonzero(image.any(axis=0))
        found.append(image[:, columns[0] : columns[-1] + 1])
    return found, labels


def written(count: int, seed: int, digits: tuple[int, int] = (1, 4), *, test: bool = False) -> Strips:
    """Write strips of handwritten digits, each as wide as its ink, with 1 to 3 blank columns behind it.

    A column answers with a digit if it is the first blank one behind it, and with 10 everywhere else.
    count: how many; seed: of the dice; digits: (fewest, most) in a strip; test: digits that were kept for testing.
    All strips have the width of the widest possible. Raises ValueError for numbers below 1. Chapter: systems.
    """
    if np.shape(digits) != (2,):
        raise ValueError(f"digits must be two numbers, (fewest, most). Received: digits={digits!r}")
    fewest = whole("digits", digits[0], 1)
    most, dice = whole("digits", digits[1], fewest), np.random.default_rng(whole("seed", seed, 0))
    width = GAP + most * (HEIGHT + GAP)
    images = np.zeros((whole("count", count, 1), HEIGHT, width, 1), np.float32)
    ends, texts = np.full((count, width), NOTHING), []
    for image, answers in zip(images, ends, strict=True):
        texts.append(_write(image, answers, dice.integers(fewest, most + 1), dice, test))
    return Strips(images, ends, texts)


def _write(image: np.ndarray, answers: np.ndarray, number: int, dice: np.random.Generator, test: bool) -> list[int]:
    """Write so many digits into an empty strip, and their labels into its answers."""
    shapes, labels = inked(test)
    at, text = int(dice.integers(0, GAP)), []
    for chosen in dice.integers(len(shapes), size=number):
        drawn = shapes[chosen]
        image[:, at : at + drawn.shape[1], 0] = drawn
        at += drawn.shape[1]
        answers[at] = labels[chosen]
        text.append(int(labels[chosen]))
        at += int(dice.integers(1, GAP + 1))
    return text


def edit_distance(read: Sequence, true: Sequence) -> int:
    r"""Count the fewest insertions, deletions and replacements that turn one sequence into another.

    .. math:: d_{ij} = \min(d_{i-1,j} + 1,\; d_{i,j-1} + 1,\; d_{i-1,j-1} + [a_i \ne b_j])

    Source: Levenshtein (1966). Chapter: systems.
    """
    row = list(range(len(true) + 1))
    for i, a in enumerate(read, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(true, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def error_rate(read: Sequence[Sequence], true: Sequence[Sequence]) -> float:
    """Edits needed for each digit that is there: 0 is a perfect reading, and 1 that of a reader who says nothing.

    Raises ValueError unless there is one reading a truth, and something to read. Chapter: systems.
    """
    if len(read) != len(true) or not sum(map(len, true)):
        raise ValueError(f"Give a reading for each strip, and some digits. Received: {len(read)} for {len(true)}")
    return sum(map(edit_distance, read, true)) / sum(map(len, true))
