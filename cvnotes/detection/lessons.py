"""What R-CNN learns from: the regions of training scenes, each with the object that it shares most with.

Chapter: rcnn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cvnotes import boxes as geometry
from cvnotes.boxes.formats import rows
from cvnotes.checks import number, whole
from cvnotes.data.scenes import Scenes

from . import warping

OBJECT, OTHER = 0.5, 0.3  # an object from this IoU on for the CNN; no object up to this IoU for the SVMs


class Lessons(NamedTuple):
    """n regions: the true boxes and the proposals of all scenes."""

    crops: np.ndarray  #: uint8 (n, side, side, 3)
    boxes: np.ndarray  #: (n, 4) in pixels
    scenes: np.ndarray  #: (n,) number of the scene
    true: np.ndarray  #: (n,) whether the region is a true box itself
    best: np.ndarray  #: (n, 4) the true box with the greatest IoU
    labels: np.ndarray  #: (n,) its class
    iou: np.ndarray  #: (n,) and that IoU
    shared: np.ndarray  #: (n, classes) greatest IoU with an object of each class

    def take(self, which: np.ndarray) -> Lessons:
        """Some of the regions. Chapter: rcnn."""
        return Lessons(*(field[which] for field in self))

    @property
    def classes(self) -> int:
        """How many classes there are, the background left out."""
        return self.shared.shape[1]

    @property
    def answers(self) -> np.ndarray:
        """What the CNN should say of each region: its class from IoU 0.5 on, else the background, the last number."""
        return np.where(self.iou >= OBJECT, self.labels, self.classes)


def gather(scenes: Scenes, proposals: Sequence[np.ndarray], side: int = warping.SIDE, way: str = "warp") -> Lessons:
    """Cut out the true boxes and the proposals of scenes, and compare each with the truth.

    proposals: (n, 4) for each scene. Raises ValueError for scenes without an object, or unless there is one array of
    proposals a scene. Chapter: rcnn.
    """
    if not isinstance(scenes, Scenes):
        raise ValueError(f"Give data.scenes(...), or a slice of them. Received: {type(scenes).__name__}")
    if len(scenes) != len(proposals) or not len(scenes) or np.min(scenes.counts) < 1:
        raise ValueError(
            "Give scenes with objects, and an array of proposals for each. "
            f"Received: {len(scenes)} scenes, {int(np.sum(scenes.counts == 0))} of them empty, {len(proposals)} arrays"
        )
    each = enumerate(zip(scenes.images, geometry.truths(scenes), proposals, strict=True))
    parts = [_one(i, *row, len(scenes.classes), side, way) for i, row in each]
    return Lessons(*(np.concatenate(field) for field in zip(*parts, strict=True)))


def _one(
    place: int, image: np.ndarray, truth: geometry.Truth, proposals: np.ndarray, classes: int, side: int, way: str
) -> Lessons:
    """The regions of one scene."""
    boxes = np.concatenate([truth.boxes, rows("proposals", proposals).astype(np.float32)])
    iou = geometry.iou(boxes, truth.boxes)
    best, true = iou.argmax(axis=1), np.arange(len(boxes)) < len(truth.boxes)
    shared = np.zeros((classes, len(boxes)), np.float32)
    np.maximum.at(shared, truth.labels, iou.T)
    pieces, scenes = warping.crops(image, boxes, side, way), np.full(len(boxes), place)
    return Lessons(pieces, boxes, scenes, true, truth.boxes[best], truth.labels[best], iou.max(axis=1), shared.T)


def balanced(lessons: Lessons, ratio: float, seed: int) -> Lessons:
    """Keep all objects and, of the background, `ratio` times as many regions, drawn by chance.

    Raises ValueError for a ratio below 0. Chapter: rcnn.
    """
    ratio, seed = number("ratio", ratio, 0), whole("seed", seed, 0)
    background = lessons.answers == lessons.classes
    objects, rest = np.flatnonzero(~background), np.flatnonzero(background)
    count = min(len(rest), int(ratio * len(objects)))
    drawn = np.random.default_rng(seed).choice(rest, count, replace=False)
    return lessons.take(np.sort(np.concatenate([objects, drawn])))
