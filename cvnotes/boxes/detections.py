"""What a detector says of one picture, and what is true of it: boxes with scores and labels, boxes with labels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes.data import Scenes

from .formats import rows


class Detections(NamedTuple):
    """What a detector says of one picture: k boxes, how sure it is of each, and the class of each.

    Chapter: average_precision.
    """

    boxes: np.ndarray  #: (k, 4) corners x0, y0, x1, y1 in pixels; outside the picture is allowed
    scores: np.ndarray  #: (k,) larger is surer; only their order counts
    labels: np.ndarray  #: (k,) classes, whole numbers from 0


class Truth(NamedTuple):
    """What is true of one picture: g boxes, the class of each, and which of them the judge should not count.

    Chapter: average_precision.
    """

    boxes: np.ndarray  #: (g, 4) corners x0, y0, x1, y1 in pixels
    labels: np.ndarray  #: (g,) classes, whole numbers from 0
    ignore: np.ndarray | None = None  #: (g,) True: neither found nor missed; None: all count


def truths(scenes: Scenes) -> list[Truth]:
    """Read the truth of scenes, one `Truth` a picture: boxes around what can be seen, hidden objects left out.

    Raises ValueError for what are no scenes. Chapter: average_precision.
    """
    if not isinstance(scenes, Scenes):
        raise ValueError(f"Give data.scenes(...), or a slice of them. Received: {type(scenes).__name__}")
    seen = (scenes.labels >= 0) & (scenes.occlusion < 1)
    pictures = zip(scenes.boxes, scenes.labels, seen, strict=True)
    return [Truth(boxes[there], labels[there]) for boxes, labels, there in pictures]


def checked_scores(scores: np.ndarray, count: int) -> np.ndarray:
    """Read one finite score for each of `count` boxes. Raises ValueError for others. Chapter: average_precision."""
    given = np.asarray(scores)
    if (
        given.shape != (count,)
        or (count and given.dtype.kind not in "fiu")
        or not np.isfinite(given.astype(float)).all()
    ):
        raise ValueError(f"Give one finite score for each of {count} boxes. Received: {given!r}")
    return given.astype(float)


def checked_labels(labels: np.ndarray, count: int) -> np.ndarray:
    """Read one class for each of `count` boxes: whole numbers from 0. Raises ValueError. Chapter: average_precision."""
    given = np.asarray(labels)
    if given.shape != (count,) or (count and (given.dtype.kind not in "iu" or given.min() < 0)):
        raise ValueError(f"Give one class for each of {count} boxes, whole numbers from 0. Received: {given!r}")
    return given.astype(int)


def checked_detections(found: Detections) -> Detections:
    """Read what a detector says of one picture. Raises ValueError for what does not fit. Chapter: average_precision."""
    if not isinstance(found, Detections):
        raise ValueError(f"Give Detections(boxes, scores, labels) of one picture. Received: {type(found).__name__}")
    boxes = rows("boxes", found.boxes).astype(float)
    return Detections(boxes, checked_scores(found.scores, len(boxes)), checked_labels(found.labels, len(boxes)))


def checked_truth(truth: Truth) -> Truth:
    """Read the truth of one picture, flags filled in. Raises ValueError for others. Chapter: average_precision."""
    if not isinstance(truth, Truth):
        raise ValueError(f"Give Truth(boxes, labels) of one picture. Received: {type(truth).__name__}")
    boxes = rows("boxes", truth.boxes).astype(float)
    ignore = np.zeros(len(boxes), bool) if truth.ignore is None else np.asarray(truth.ignore)
    if ignore.shape != (len(boxes),) or (len(boxes) and ignore.dtype != bool):
        raise ValueError(f"Give one truth value for each of {len(boxes)} boxes as ignore. Received: {ignore!r}")
    return Truth(boxes, checked_labels(truth.labels, len(boxes)), ignore.astype(bool))
