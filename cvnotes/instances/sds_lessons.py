"""What the six steps learn from: regions of training scenes, each with the object that it shares most with.

Chapter: instances.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cvnotes.data.scenes import Scene, Scenes
from cvnotes.detection import warping
from cvnotes.detection.lessons import Lessons

from . import foreground, refining
from .masks import mask_boxes, mask_iou


class Pieces(NamedTuple):
    """Regions of scenes, cut out in two ways, and what the coarse masks of the objects in them look like."""

    lessons: Lessons  #: crops of the boxes; every overlap is one of masks
    masked: np.ndarray  #: uint8 (n, side, side, 3) crops with the background filled
    own: np.ndarray  #: (n, cells, cells) the region itself in its widened box
    aim: np.ndarray  #: (n, cells, cells) the object in that box

    def take(self, which: np.ndarray) -> Pieces:
        """Some of the regions. Chapter: instances."""
        return Pieces(self.lessons.take(which), *(field[which] for field in self[1:]))


def gather(scenes: Scenes, proposals: Sequence[np.ndarray], colour: np.ndarray) -> Pieces:
    """Cut out the true masks and the proposed regions of scenes, and compare each with the truth.

    proposals: bool (n, h, w) for each scene; colour: of the filled background. Raises ValueError for scenes without an
    object, or unless there is one array of proposals a scene. Chapter: instances.
    """
    if not isinstance(scenes, Scenes) or len(scenes) != len(proposals) or not len(scenes) or scenes.counts.min() < 1:
        told = f"{len(scenes)} scenes and {len(proposals)} arrays"
        raise ValueError(f"Give scenes with objects, and an array of proposals for each. Received: {told}")
    parts = [_one(i, *row, colour) for i, row in enumerate(zip(scenes, proposals, strict=True))]
    lessons = Lessons(*(np.concatenate(field) for field in zip(*(part[0] for part in parts), strict=True)))
    return Pieces(lessons, *(np.concatenate(field) for field in zip(*(part[1:] for part in parts), strict=True)))


def _one(place: int, scene: Scene, proposals: np.ndarray, colour: np.ndarray) -> Pieces:
    """The regions of one scene."""
    seen = scene.occlusion < 1
    true, labels = scene.masks[seen], scene.labels[seen]
    masks = np.concatenate([true, proposals])
    iou, boxes = mask_iou(masks, true), mask_boxes(masks)
    best = iou.argmax(axis=1)
    shared = np.zeros((len(scene.classes), len(masks)), np.float32)
    np.maximum.at(shared, labels, iou.T)
    lessons = Lessons(
        warping.crops(scene.image, boxes), boxes, np.full(len(masks), place), np.arange(len(masks)) < len(true),
        mask_boxes(true)[best], labels[best], iou.max(axis=1), shared.T,
    )  # fmt: skip
    own, aim = (refining.coarse(some, boxes) for some in (masks, true[best]))
    return Pieces(lessons, foreground.masked_crops(scene.image, masks, colour), own, aim)
