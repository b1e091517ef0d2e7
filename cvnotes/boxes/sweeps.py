"""A score threshold for use: what is right, found and said twice above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cvnotes.checks import number

from .detections import Detections, Truth
from .judging import Ranking, ranking, thresholds


class Sweep(NamedTuple):
    """What is left above each score threshold, all classes together. Arrays of one number for each threshold."""

    precision: np.ndarray  #: share of the boxes above it that are right; NaN where there are none
    recall: np.ndarray  #: share of the objects that they find
    duplicates: np.ndarray  #: boxes an object that repeat what a surer box has found
    alarms: np.ndarray  #: boxes a picture that are on no object of their class


def sweep(found: Sequence[Detections], truths: Sequence[Truth], levels: Sequence[float], iou: float = 0.5) -> Sweep:
    """Count what is left where only boxes with a score of at least each of `levels` are kept.

    Raises ValueError for pictures without any object, not as many truths as pictures, or levels that are no numbers.
    Chapter: average_precision.
    """
    levels = np.array([number("levels", level) for level in np.ravel(levels)])
    ranked, objects = ranking(found, truths, thresholds(number("iou", iou)), None)
    count = sum(objects.values())
    if not count:
        raise ValueError("No picture has an object that counts, so there is no recall. Received: only empty truths")
    right, wrong, again = ranked.hits[0], ranked.misses[0], repeats(ranked)
    above = ranked.scores >= levels[:, None]
    hits, misses, doubles = ((above & kind).sum(1) for kind in (right, wrong, again))
    precision = np.where(hits + misses, hits / np.maximum(hits + misses, 1), np.nan)
    return Sweep(precision, hits / count, doubles / count, (misses - doubles) / len(truths))


def repeats(ranked: Ranking) -> np.ndarray:
    """Tell which boxes say again what is known: near an object of their class that a surer box has. First overlap.

    Chapter: average_precision.
    """
    return ranked.misses[0] & ranked.near[0]


def f1(told: Sweep) -> np.ndarray:
    r"""Harmonic mean of precision and recall, :math:`F_1 = 2PR / (P + R)`, for each threshold; 0 where both are 0.

    Chapter: average_precision.
    """
    precision = np.nan_to_num(told.precision)
    return 2 * precision * told.recall / np.maximum(precision + told.recall, 1e-12)
