"""What a capsule knows: its length and direction while a digit moves, and the digit that each of its numbers draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cvnotes.checks import number, whole
from cvnotes.pooling.measures import four_ways

from .nets import CapsNet
from .peers import NUMBERS, batched, codes

STEP = 0.25  # how far a number of a capsule is moved, either way: Sabour et al. (2017), section 5.1
SWEEP = (-0.25, -0.15, -0.05, 0.05, 0.15, 0.25)

#: What is measured of a drawn digit, from its ink and the moments of where it lies.
MOMENTS = ("right", "down", "width", "height", "slant", "ink")


def own(vectors: np.ndarray, labels: np.ndarray, numbers: int = NUMBERS) -> np.ndarray:
    """The numbers of each picture's own class: codes (n, classes * numbers), labels (n,), to (n, numbers).

    Raises ValueError for labels of no class, and for more or fewer than there are pictures. Chapter: capsnet.
    """
    vectors, labels = np.asarray(vectors), np.asarray(labels)
    classes = vectors.shape[-1] // numbers
    if labels.shape != vectors.shape[:1] or np.any((labels < 0) | (labels >= classes)):
        wanted = f"Give one label from 0 to {classes - 1} a picture"
        raise ValueError(f"{wanted}. Received: {labels!r:.60} for codes {vectors.shape}")
    return vectors.reshape(len(vectors), classes, numbers)[np.arange(len(vectors)), labels]


def moved(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    r"""How far vectors (n, k) change in length and in direction, on average.

    Gives the mean of :math:`|\lVert v' \rVert / \lVert v \rVert - 1|`, and the mean angle in degrees. Raises ValueError
    for other shapes, and for vectors without a length, which point nowhere. Chapter: capsnet.
    """
    before, after = (np.asarray(each, dtype=float) for each in (before, after))
    if before.ndim != 2 or before.shape != after.shape:
        raise ValueError(f"Give vectors (n, k), twice. Received: shapes {before.shape} and {after.shape}")
    long, now = np.linalg.norm(before, axis=1), np.linalg.norm(after, axis=1)
    if not (np.all(long > 0) and np.all(now > 0)):
        raise ValueError("A vector of length 0 points nowhere. Received: at least one")
    cosine = np.clip(np.sum(before * after, 1) / (long * now), -1, 1)
    return float(np.mean(np.abs(now / long - 1))), float(np.rad2deg(np.arccos(cosine)).mean())


def motion(
    vectors: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
    labels: np.ndarray,
    pixels: Sequence[int],
    numbers: int = NUMBERS,
) -> np.ndarray:
    """Shift pictures by so many pixels, four ways: change of length and angle of their own vectors, (pixels, 2).

    vectors: a function from pictures to codes (n, classes * numbers). Chapter: capsnet.
    """
    before = own(vectors(images), labels, numbers)
    ways = [[moved(before, own(vectors(x), labels, numbers)) for x in four_ways(images, by)] for by in pixels]
    return np.mean(ways, axis=1)


def turned_to(capsules: np.ndarray, which: int, by: float) -> np.ndarray:
    """Add to one number of each capsule (n, numbers) and leave the others. Raises ValueError for no such number."""
    capsules = np.array(capsules, "float32")
    capsules[:, whole("which", which, 0, capsules.shape[1] - 1)] += number("by", by)
    return capsules


def handles(capsules: np.ndarray, labels: np.ndarray, dials: np.ndarray) -> np.ndarray:
    r"""How the capsules of a class change with each dial, on average: least squares :math:`v \approx v_0 + A\, t`.

    capsules: (n, numbers); labels: (n,), all classes there; dials: (n, m). Gives A transposed, (classes, m, numbers).
    Raises ValueError where their numbers differ. Chapter: capsnet.
    """
    if not len(capsules) == len(labels) == len(dials):
        sizes = f"{len(capsules)}, {len(labels)} and {len(dials)}"
        raise ValueError(f"Give one label and one row of dials for each capsule. Received: {sizes}")
    with_one = np.column_stack([dials, np.ones(len(dials))])
    found = [np.linalg.lstsq(with_one[labels == k], capsules[labels == k])[0][:-1] for k in np.unique(labels)]
    return np.stack(found).astype("float32")


def drawn(net: CapsNet, capsules: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Draw capsules (n, numbers) of the classes labels (n,): pictures (n, h, w, c). Chapter: capsnet."""
    classes = net.encoder.output_shape[1]
    rows = np.zeros((len(capsules), classes, np.shape(capsules)[1]), "float32")
    rows[np.arange(len(rows)), np.asarray(labels)] = capsules
    return batched(net.decoder, rows.reshape(len(rows), -1))


def redrawn(net: CapsNet, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Redraw pictures (n, h, w, c) from the capsules of their labels (n,). Chapter: capsnet."""
    return drawn(net, own(codes(net, images), labels), labels)


def alike(capsules: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Give each row (n, ...) the mean of its class: what is left when all that differs within it is taken away.

    Raises ValueError where rows and labels differ in number. Chapter: capsnet.
    """
    if len(capsules) != len(labels):
        raise ValueError(f"Give one label a row. Received: {len(capsules)} rows, {len(labels)} labels")
    found = np.empty_like(capsules)
    for label in np.unique(labels):
        found[labels == label] = capsules[labels == label].mean(0)
    return found


def share_redrawn(again: np.ndarray, images: np.ndarray, labels: np.ndarray) -> float:
    """The share of the variance of pictures (n, h, w, c) within their classes that is redrawn: 1 is perfect.

    again: what was drawn. The mean picture of each class would get 0. Chapter: capsnet.
    """
    missed = np.sum((again - images) ** 2)
    return float(1 - missed / np.sum((alike(images, labels) - images) ** 2))


def measured(pictures: np.ndarray) -> np.ndarray:
    r"""Measure digits (n, h, w, 1) by their ink :math:`p` and its moments: (n, 6), in the order of `MOMENTS`.

    Middle :math:`\bar x, \bar y` in pixels from the left and from the top; width and height
    :math:`\sqrt{\mu_{xx}}, \sqrt{\mu_{yy}}` in pixels; slant :math:`-\mu_{xy} / \mu_{yy}`, to the right as one goes up;
    ink :math:`\sum p`. Raises ValueError for other shapes, and for a picture without ink. Chapter: capsnet.
    """
    pictures = np.asarray(pictures, dtype=float)
    if pictures.ndim != 4 or pictures.shape[3] != 1 or not np.all(pictures.sum((1, 2, 3)) > 0):
        raise ValueError(f"Digits must be (n, h, w, 1) with some ink in each. Received: shape {pictures.shape}")
    p = pictures[..., 0]
    ink, (y, x) = p.sum((1, 2)), np.indices(p.shape[1:])
    mean = lambda values: np.sum(p * values, (1, 2)) / ink  # noqa: E731
    across, down = mean(x), mean(y)
    dx, dy = x - across[:, None, None], y - down[:, None, None]
    xx, yy, xy = mean(dx * dx), mean(dy * dy), mean(dx * dy)
    return np.stack([across, down, np.sqrt(xx), np.sqrt(yy), -xy / np.maximum(yy, 1e-9), ink], axis=1)


def effects(net: CapsNet, capsules: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """What each number of a capsule does to the digit drawn, (numbers, classes, moments).

    Each number goes from -STEP to STEP around the capsules (n, numbers) of real digits; the change of each moment is
    averaged over the digits of a class. Chapter: capsnet.
    """
    ends = [[measured(drawn(net, turned_to(capsules, k, s * STEP), labels)) for s in (-1, 1)] for k in range(NUMBERS)]
    change = np.array([high - low for low, high in ends])
    return np.stack([change[:, labels == label].mean(1) for label in np.unique(labels)], axis=1)


def one_meaning(effect: np.ndarray) -> np.ndarray:
    r"""How far a number does the same in all classes, for each moment: :math:`|\sum_c e_c| / \sum_c |e_c|`.

    effect: (numbers, classes, moments). Gives (numbers, moments), from 0 (classes cancel) to 1 (all the same way).
    Chapter: capsnet.
    """
    return np.abs(effect.sum(1)) / np.maximum(np.abs(effect).sum(1), 1e-12)


def by_chance(effect: np.ndarray, tries: int = 200, seed: int = 0) -> float:
    """The mean of `one_meaning` if each class had drawn the sign of its effects by itself. Chapter: capsnet."""
    signs = np.random.default_rng(seed).choice([-1, 1], (whole("tries", tries, 1), *effect.shape))
    return float(np.mean([one_meaning(effect * each).mean() for each in signs]))


def strongest(effect: np.ndarray) -> float:
    """The share of the strongest moment in all that a number does, squares summed, mean of numbers and classes.

    effect: (numbers, classes, moments), in one unit. 1 is one number, one meaning. Chapter: capsnet.
    """
    squares = np.square(effect)
    return float(np.mean(squares.max(2) / squares.sum(2)))
