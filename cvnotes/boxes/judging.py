"""Which detections are right: each object is given once, to the surest box that overlaps it enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cvnotes.checks import number, whole

from .detections import Detections, Truth, checked_detections, checked_truth
from .overlap import overlap

GROUP = 64  # pictures judged side by side
FARTHER = 2.0**-30  # makes every ignored box the last resort, and changes no digit of its overlap


class Ranking(NamedTuple):
    """Detections of many pictures, judged at several overlaps; within a picture best first."""

    labels: np.ndarray  #: (n,)
    scores: np.ndarray  #: (n,)
    hits: np.ndarray  #: (t, n) True: the first to find an object that counts
    misses: np.ndarray  #: (t, n) True: finds nothing, or what another has found; neither: found an ignored box
    near: np.ndarray  #: (t, n) True: overlaps an object of its class enough, free or not


def assign(overlaps: np.ndarray, ious: np.ndarray, ignore: np.ndarray) -> np.ndarray:
    """Give each box of each picture, surest first, the free object that it overlaps most: (t, p, k), -1 for none.

    overlaps: (p, k, g), of k boxes with g objects in p pictures; ious: (t,) what must be reached; ignore: (p, g) bool,
    such an object is taken only where no other is free. Each is given once; of equal overlaps the last object wins.
    Source: Lin et al. (2014), evaluation code. Chapter: average_precision.
    """
    pictures, count, objects = overlaps.shape
    given = np.full((len(ious), pictures, count), -1)
    free = np.ones((len(ious), pictures, objects), bool)
    wish = overlaps * np.where(ignore, FARTHER, 1)[:, None]
    for place in range(count if objects else 0):
        possible = free & (overlaps[:, place] >= ious[:, None, None])
        best = objects - 1 - np.argmax(np.where(possible, wish[:, place], -1)[..., ::-1], axis=-1)
        t, p = np.nonzero(possible.any(axis=-1))
        given[t, p, place] = best[t, p]
        free[t, p, best[t, p]] = False
    return given


def surest(labels: np.ndarray, scores: np.ndarray, limit: int | None) -> np.ndarray:
    """Sort the detections of a picture, surest first, at most `limit` of each class; of equals the first is first.

    Chapter: average_precision.
    """
    order = np.argsort(-scores, kind="stable")
    if limit is None or len(order) <= limit:
        return order
    places = [np.flatnonzero(labels[order] == label)[:limit] for label in np.unique(labels)]
    return order[np.sort(np.concatenate(places))]


def table(found: Sequence[Detections], truths: Sequence[Truth]) -> tuple[np.ndarray, np.ndarray]:
    """Fill one table for all pictures: overlaps (p, k, g), -1 for other classes and empty places; ignore (p, g)."""
    most = (max(len(one.labels) for one in pictures) for pictures in (found, truths))
    overlaps = np.full((len(found), *most), -1.0)
    ignore = np.zeros((len(found), overlaps.shape[2]), bool)
    for shared, flags, one, truth in zip(overlaps, ignore, found, truths, strict=True):
        place = np.s_[: len(one.labels), : len(truth.labels)]
        shared[place] = np.where(one.labels[:, None] == truth.labels, overlap(one.boxes, truth.boxes), -1)
        flags[: len(truth.labels)] = truth.ignore
    return overlaps, ignore


def judge(found: Sequence[Detections], truths: Sequence[Truth], ious: np.ndarray) -> Ranking:
    """Judge pictures side by side, the detections of each surest first.

    Right is a detection that is given an object of its class that counts. Chapter: average_precision.
    """
    overlaps, ignore = table(found, truths)
    given = assign(overlaps, ious, ignore)
    flags = np.pad(ignore, [(0, 0), (0, 1)])  # -1, none, reads the last, which is never ignored
    ignored = flags[np.arange(len(found))[:, None], given]
    there = np.arange(overlaps.shape[1]) < np.array([[len(one.labels)] for one in found])
    labels, scores = (np.concatenate([getattr(one, name) for one in found]) for name in ("labels", "scores"))
    near = overlaps.max(axis=-1, initial=-1) >= ious[:, None, None]
    verdicts = ((given >= 0) & ~ignored, given < 0, near)
    return Ranking(labels, scores, *(verdict[:, there] for verdict in verdicts))


def read(
    found: Sequence[Detections], truths: Sequence[Truth], limit: int | None
) -> tuple[list[Detections], list[Truth]]:
    """Check all pictures, and sort the detections of each. Raises ValueError for what does not fit together."""
    if not len(found) == len(truths) > 0:
        raise ValueError(f"Give Detections and Truth for the same pictures. Received: {len(found)} and {len(truths)}")
    limit = limit if limit is None else whole("limit", limit, 1)
    checked = [checked_detections(one) for one in found]
    orders = [surest(one.labels, one.scores, limit) for one in checked]
    ordered = [Detections(*(field[order] for field in one)) for one, order in zip(checked, orders, strict=True)]
    return ordered, [checked_truth(truth) for truth in truths]


def ranking(
    found: Sequence[Detections], truths: Sequence[Truth], ious: np.ndarray, limit: int | None = 100
) -> tuple[Ranking, dict[int, int]]:
    """Judge all pictures, and count the objects of each class that has some. Raises ValueError as `read`.

    Chapter: average_precision.
    """
    found, truths = read(found, truths, limit)
    groups = [slice(start, start + GROUP) for start in range(0, len(found), GROUP)]
    parts = [judge(found[group], truths[group], ious) for group in groups]
    labels, counts = np.unique(np.concatenate([t.labels[~t.ignore] for t in truths]), return_counts=True)
    joined = [np.concatenate(field, axis=-1) for field in zip(*parts, strict=True)]
    return Ranking(*joined), dict(zip(labels.tolist(), counts.tolist(), strict=True))


def thresholds(iou: float | Sequence[float]) -> np.ndarray:
    """Read one overlap or several, above 0 to 1; 1 means: but for the rounding of the last digits, as in COCO."""
    given = [iou] if np.ndim(iou) == 0 else list(iou)
    if not given:
        raise ValueError(f"Give at least one overlap. Received: iou={iou!r}")
    return np.minimum([number("iou", one, most=1, above=0) for one in given], 1 - 1e-10)
