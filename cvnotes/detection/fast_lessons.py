"""What Fast R-CNN learns from: whole pictures, and for each a handful of its regions, drawn anew in every step.

Chapter: fast_rcnn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from cvnotes import boxes as geometry
from cvnotes.checks import choice, number, whole

from .lessons import OBJECT, Lessons

PICTURES, REGIONS, SHARE = 16, 16, 0.25  # pictures of a step, regions of each, share of these with an object


class Step(NamedTuple):
    """What one step of a training sees: n pictures and k regions of theirs."""

    images: np.ndarray  #: uint8 (n, h, w, 3)
    boxes: np.ndarray  #: (k, 4) in pixels
    pictures: np.ndarray  #: (k,) which of the n pictures
    wanted: np.ndarray  #: (k, 5) class, 0 for background, and offsets to the true box


def wanted(given: Lessons) -> np.ndarray:
    """What a head should say of regions: (n, 5), the class, 0 for background, and the offsets to the true box.

    A region is an object from an IoU of 0.5 on; background has offsets of 0, which no loss looks at.
    Source: Girshick (2015), section 2.3. Chapter: fast_rcnn.
    """
    found = np.zeros((len(given.labels), 5), np.float32)
    near = given.iou >= OBJECT
    found[near, 0] = given.labels[near] + 1
    found[near, 1:] = geometry.encode(given.best[near], given.boxes[near])
    return found


def drawn(labels: np.ndarray, regions: int, share: float, dice: np.random.Generator) -> np.ndarray:
    """Draw rows of one picture's regions: at most a share of objects, the rest background; some twice if too few.

    labels: (n,) 0 for background. Raises ValueError for no region at all.
    Source: Girshick (2015), section 2.3. Chapter: fast_rcnn.
    """
    if not len(labels):
        raise ValueError("Give the labels of at least one region to draw from. Received: 0 regions")
    objects, rest = np.flatnonzero(labels > 0), np.flatnonzero(labels == 0)
    count = min(round(share * regions), len(objects)) if len(rest) else regions
    yes = dice.permutation(objects)[:count] if count <= len(objects) else dice.choice(objects, count)
    no = dice.choice(rest, regions - count, replace=regions - count > len(rest)) if regions > count else rest[:0]
    return np.concatenate([yes, no])


def mirrored(step: Step, which: np.ndarray, axis: int = 0) -> Step:
    """Mirror some of the pictures (n,), with their boxes and offsets: left to right (axis 0) or upside down (axis 1).

    Chapter: fast_rcnn.
    """
    images, boxes, answers = step.images.copy(), step.boxes.copy(), step.wanted.copy()
    images[which] = np.flip(images[which], 2 - axis)
    own, side = which[step.pictures], images.shape[2 - axis]
    boxes[own, axis], boxes[own, axis + 2] = side - boxes[own, axis + 2], side - boxes[own, axis]
    answers[own, 1 + axis] *= -1
    return Step(images, boxes, step.pictures, answers)


def swapped(step: Step, which: np.ndarray) -> Step:
    """Swap rows and columns of some of the pictures (n,), all of them square, and their boxes. Chapter: fast_rcnn."""
    images, boxes, answers = step.images.copy(), step.boxes.copy(), step.wanted.copy()
    images[which], own = images[which].swapaxes(1, 2), which[step.pictures]
    boxes[own], answers[own] = boxes[own][:, [1, 0, 3, 2]], answers[own][:, [0, 2, 1, 4, 3]]
    return Step(images, boxes, step.pictures, answers)


def posed(step: Step, dice: np.random.Generator, turned: bool) -> Step:
    """Mirror each picture or not, by chance; if turned, in all eight ways that a square can lie. Chapter: fast_rcnn."""
    across, down, over = dice.random((3, len(step.images))) < 0.5
    step = mirrored(step, across)
    return swapped(mirrored(step, down, 1), over) if turned else step


def steps(
    images: np.ndarray,
    given: Lessons,
    seed: int,
    *,
    pictures: int = PICTURES,
    regions: int = REGIONS,
    share: float = SHARE,
    turned: bool = False,
) -> Iterator[Step]:
    """Show every picture once, in steps of a few pictures with a few regions each; half are mirrored, by chance.

    images: (n, h, w, 3); given: their regions, of `lessons.gather`; pictures that fill no step wait for another pass;
    turned: mirror them upside down and swap rows and columns too, which suits what has no upright.
    Raises ValueError for regions of other pictures, a picture without regions, sizes and shares out of range, and where
    pictures that are not square should be turned.
    Source: Girshick (2015), section 2.3. Chapter: fast_rcnn.
    """
    regions, share = whole("regions", regions, 1), number("share", share, 0, 1)
    dice, each = np.random.default_rng(whole("seed", seed, 0)), np.bincount(given.scenes, minlength=len(images))
    if len(each) != len(images) or not each.size or not each.all():
        told = f"{len(images)} pictures, regions of {np.count_nonzero(each)} up to number {len(each) - 1}"
        raise ValueError(f"Give pictures and their own regions, at least one for each. Received: {told}")
    if choice("turned", turned, (False, True)) and images.shape[1] != images.shape[2]:
        raise ValueError(f"Only square pictures can be turned in all ways. Received: {images.shape}, turned=True")
    together, answers = min(whole("pictures", pictures, 1), len(images)), wanted(given)
    rows, order = [np.flatnonzero(given.scenes == i) for i in range(len(images))], dice.permutation(len(images))
    for start in range(0, len(images) - together + 1, together):
        chosen = order[start : start + together]
        own = np.concatenate([rows[i][drawn(answers[rows[i], 0], regions, share, dice)] for i in chosen])
        which = np.repeat(np.arange(together, dtype=np.int32), regions)
        yield posed(Step(images[chosen], given.boxes[own], which, answers[own]), dice, turned)
