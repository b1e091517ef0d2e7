"""Average precision: one number for a ranking of detections, and its mean over classes and overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cvnotes.checks import choice, number, whole

from .detections import Detections, Truth
from .judging import Ranking, ranking, thresholds

COCO_IOUS = tuple(np.linspace(0.5, 0.95, 10))  # the overlaps that COCO asks for, one after the other
LEVELS = {"voc07": np.arange(11) / 10, "coco": np.linspace(0, 1, 101)}  # where precision is read, in recall
METHODS = (*LEVELS, "voc10")


class Curve(NamedTuple):
    """Precision and recall after each detection of one class, surest first."""

    recall: np.ndarray  #: (n,) share of the objects that are found by then
    precision: np.ndarray  #: (n,) share of the detections up to then that are right
    scores: np.ndarray  #: (n,) the score of each
    hits: np.ndarray  #: (n,) whether each is right
    objects: int  #: how many there are to find


def counted(ranked: Ranking, label: int, objects: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Recall and precision (t, n) after each detection of a class, and the rows of `ranked` in that order.

    Of equal scores the earlier picture comes first, then the order within the picture.
    """
    mine = np.flatnonzero(ranked.labels == label)
    mine = mine[np.argsort(-ranked.scores[mine], kind="stable")]
    right, wrong = ranked.hits[:, mine].cumsum(axis=1), ranked.misses[:, mine].cumsum(axis=1)
    return right / objects, right / np.maximum(right + wrong, 1), mine


def precision_recall(
    found: Sequence[Detections], truths: Sequence[Truth], label: int, iou: float = 0.5, limit: int | None = 100
) -> Curve:
    r"""Walk down the ranking of one class over all pictures, surest first, and say after each detection

    .. math:: \text{recall} = \frac{\text{right so far}}{\text{objects}}, \qquad
        \text{precision} = \frac{\text{right so far}}{\text{right so far} + \text{wrong so far}}

    Right is a detection that overlaps a free object of its class by at least `iou`; the surer ones choose first, so a
    second box on an object is wrong. limit: detections of a class that count in a picture, None for all.
    Raises ValueError for a class without any object (recall would be 0 / 0), or what is no detection or truth.
    Source: Everingham et al. (2010), section 4.2. Chapter: average_precision.
    """
    label, ious = whole("label", label, 0), thresholds(number("iou", iou))
    ranked, objects = ranking(found, truths, ious, limit)
    if label not in objects:
        raise ValueError(f"No object of class {label} is there to find: its recall would be 0 / 0. Known: {objects}")
    recall, precision, mine = counted(ranked, label, objects[label])
    hits, judged = ranked.hits[0, mine], ranked.hits[0, mine] | ranked.misses[0, mine]
    return Curve(recall[0, judged], precision[0, judged], ranked.scores[mine][judged], hits[judged], objects[label])


def area_under(recall: np.ndarray, precision: np.ndarray, method: str = "coco") -> float:
    r"""Bring a curve down to one number. From the right, precision is first made never to rise with recall:

    .. math:: p^*(r) = \max_{r' \ge r} p(r')

    "voc07": mean of :math:`p^*` at recall 0, 0.1 .. 1; "coco": at 0, 0.01 .. 1; "voc10": the whole area under it.
    recall, precision: (n,), recall never falling; beyond the largest recall the precision is 0.
    Raises ValueError for an unknown method.
    Source: Everingham et al. (2010), equations 1 and 2; Lin et al. (2014), evaluation code. Chapter: average_precision.
    """
    choice("method", method, METHODS)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    if method == "voc10":
        return float(np.sum(np.diff(recall, prepend=0) * best))
    return float(np.append(best, 0)[np.searchsorted(recall, LEVELS[method])].mean())


def average_precision(
    found: Sequence[Detections],
    truths: Sequence[Truth],
    label: int,
    iou: float = 0.5,
    method: str = "coco",
    limit: int | None = 100,
) -> float:
    """Say how good the ranking of one class over all pictures is, from 0 to 1: the area under precision and recall.

    Arguments and errors as `precision_recall` and `area_under`. Chapter: average_precision.
    """
    curve = precision_recall(found, truths, label, iou, limit)
    return area_under(curve.recall, curve.precision, method)


def mean_average_precision(
    found: Sequence[Detections],
    truths: Sequence[Truth],
    iou: float | Sequence[float] = 0.5,
    method: str = "coco",
    limit: int | None = 100,
) -> float:
    """Mean of the average precision over the classes that have objects, and over the overlaps asked for.

    iou: one number, or several, as `COCO_IOUS`. Detections of a class without any object are not counted, those in
    pictures without objects are. Raises ValueError where no class has an object, and as `average_precision` does.
    Source: Lin et al. (2014). Chapter: average_precision.
    """
    choice("method", method, METHODS)
    ranked, objects = ranking(found, truths, thresholds(iou), limit)
    if not objects:
        raise ValueError("No picture has an object that counts, so there is no recall. Received: only empty truths")
    each = [counted(ranked, label, count)[:2] for label, count in objects.items()]
    return float(np.mean([area_under(*rows, method) for both in each for rows in zip(*both, strict=True)]))
