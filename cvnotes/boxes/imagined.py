"""A detector that nobody trained: true boxes, shaken, repeated, missed and mixed up, with false alarms among them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvnotes import data
from cvnotes.checks import number, whole
from cvnotes.data import Scenes

from .detections import Detections, Truth, checked_truth
from .overlap import overlap

SIDE, SIZES = 64, (9.0, 28.0)  # pixels: where false alarms lie, and how large they are


def imagine(
    truths: Sequence[Truth],
    seed: int = 0,
    *,
    copies: float = 6,
    blur: float = 0.1,
    alarms: float = 3,
    missed: float = 0.05,
    mixed: float = 0.05,
    trust: float = 0.6,
    classes: int = 10,
) -> list[Detections]:
    r"""Say what a detector with these faults would say of pictures of 64 x 64 whose truth is known.

    .. math:: s = \text{trust} \cdot \mathrm{IoU} + (1 - \text{trust}) \cdot u, \qquad u \text{ drawn from } 0 \ldots 1

    is the score of a box with this overlap with its object; a false alarm has IoU 0.
    copies: boxes on each object, on average, at least one; blur: how far they stray, in widths and heights;
    alarms: boxes on nothing, on average a picture; missed: share of objects without a box; mixed: share of boxes with
    a class by lot. Picture i of a seed has its own dice. Raises ValueError for numbers out of range.
    Chapter: average_precision.
    """
    rates = {
        "copies": number("copies", copies, 1),
        "alarms": number("alarms", alarms, 0),
        "blur": number("blur", blur, 0, 1),
        "missed": number("missed", missed, 0, 1),
        "mixed": number("mixed", mixed, 0, 1),
        "trust": number("trust", trust, 0, 1),
        "classes": whole("classes", classes, 1),
    }
    dice = (np.random.default_rng([whole("seed", seed, 0), i]) for i in range(len(truths)))
    return [_imagined(checked_truth(truth), die, **rates) for truth, die in zip(truths, dice, strict=True)]


def _imagined(truth: Truth, die: np.random.Generator, *, copies, alarms, blur, missed, mixed, trust, classes):
    count = len(truth.boxes)
    repeats = (1 + die.poisson(copies - 1, count)) * (die.random(count) >= missed)
    owner = np.repeat(np.arange(count), repeats)
    near = shaken(truth.boxes[owner], blur, die)
    quality = overlap(near, truth.boxes)[np.arange(len(near)), owner]
    labels = np.where(die.random(len(near)) < mixed, die.integers(0, classes, len(near)), truth.labels[owner])
    far = anywhere(die.poisson(alarms), die)
    quality = np.concatenate([quality, np.zeros(len(far))])
    scores = trust * quality + (1 - trust) * die.random(len(quality))
    return Detections(np.concatenate([near, far]), scores, np.concatenate([labels, die.integers(0, classes, len(far))]))


def shaken(boxes: np.ndarray, blur: float, die: np.random.Generator) -> np.ndarray:
    """Move boxes (n, 4) by normal steps of `blur` times their size, and stretch them by as much.

    Chapter: average_precision.
    """
    middle, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    middle = middle + blur * size * die.normal(size=size.shape)
    half = size * np.exp(blur * die.normal(size=size.shape)) / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def anywhere(count: int, die: np.random.Generator) -> np.ndarray:
    """Draw boxes (count, 4) whose middles lie anywhere in a picture of 64 x 64. Chapter: average_precision."""
    middle, half = die.uniform(0, SIDE, (count, 2)), die.uniform(*SIZES, (count, 2)) / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def in_a_row(pattern: Sequence[int], missed: int = 0) -> tuple[list[Detections], list[Truth]]:
    """Build a ranking to count by hand: one picture, one class, detections surest first, 1 right and 0 wrong.

    missed: objects that no detection is on. Returns what `average_precision` takes.
    Raises ValueError for other numbers. Chapter: average_precision.
    """
    right = np.array([whole("pattern", one, 0, 1) for one in pattern] + [1] * whole("missed", missed, 0), bool)
    left = 20.0 * np.arange(len(right))
    squares = np.stack([left, 0 * left, left + 10, 0 * left + 10], axis=1)
    count, labels = len(pattern), np.zeros(len(right), int)
    found = Detections(squares[:count], np.linspace(1, 0.1, count), labels[:count])
    return [found], [Truth(squares[right], labels[right])]


def crowds(count: int, seed: int = 0) -> Scenes:
    """Draw scenes in which four to eight objects of one class, crosses, hide parts of each other.

    Raises ValueError as `data.scenes`. Chapter: average_precision.
    """
    return data.scenes(count, seed=seed, objects=(4, 8), classes="cross", overlap=0.9, clutter=0.2)
