"""Non-maximum suppression: of many boxes around one object, keep the best."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import number, whole

from .detections import Detections, checked_detections, checked_labels, checked_scores
from .formats import rows
from .overlap import overlap

BLOCK = 64  # boxes compared with each other at once


def nms_loop(boxes: np.ndarray, scores: np.ndarray, iou: float = 0.5) -> list[int]:
    """Take the best box, drop the remaining boxes that overlap it by more than `iou`, and again until none is left.

    The plain loop, for reading; `nms` takes the same and keeps the same boxes, faster.
    Source: Felzenszwalb et al. (2010), section 7.2. Chapter: average_precision.
    """
    boxes = rows("boxes", boxes)
    waiting = np.argsort(-checked_scores(scores, len(boxes)), kind="stable")
    kept = []
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(int(best))
        shared = overlap(boxes[[best]], boxes[waiting])[0]
        waiting = waiting[shared <= iou]
    return kept


def nms(boxes: np.ndarray, scores: np.ndarray, iou: float = 0.5, limit: int | None = None) -> np.ndarray:
    """Keep the boxes that no better kept box overlaps by more than `iou`: their indices (k,), best first.

    boxes: (n, 4) corners x0, y0, x1, y1 in pixels, negative ones too; scores: (n,), of equals the first one wins.
    limit: keep at most so many. A block of the best is thinned first; what it keeps thins all the rest at once.
    Raises ValueError for other shapes, what is no finite number, or an iou outside 0 to 1.
    Source: Felzenszwalb et al. (2010), section 7.2. Chapter: average_precision.
    """
    boxes, iou = rows("boxes", boxes), number("iou", iou, 0, 1)
    waiting = np.argsort(-checked_scores(scores, len(boxes)), kind="stable")
    limit = len(waiting) if limit is None else whole("limit", limit, 0)
    kept = waiting[:0]
    while len(waiting) and len(kept) < limit:
        block, waiting = waiting[:BLOCK], waiting[BLOCK:]
        best = block[survivors(overlap(boxes[block], boxes[block]) > iou)]
        waiting = waiting[~(overlap(boxes[waiting], boxes[best]) > iou).any(axis=1)]
        kept = np.concatenate([kept, best])
    return kept[:limit]


def survivors(clashes: np.ndarray) -> np.ndarray:
    """Which of n boxes, best first, no better survivor clashes with: bool (n,) from bool (n, n).

    Chapter: average_precision.
    """
    alive = np.ones(len(clashes), bool)
    for i in range(len(clashes)):
        if alive[i]:
            alive[i + 1 :] &= ~clashes[i, i + 1 :]
    return alive


def class_nms(
    boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, iou: float = 0.5, limit: int | None = None
) -> np.ndarray:
    """Suppress within each class by itself: the indices (k,) of all that is kept, best first.

    labels: (n,) whole numbers from 0; else as `nms`. limit: of all classes together.
    Raises ValueError as `nms` does. Chapter: average_precision.
    """
    boxes = rows("boxes", boxes)
    scores, labels = checked_scores(scores, len(boxes)), checked_labels(labels, len(boxes))
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    kept = [group[nms(boxes[group], scores[group], iou)] for group in groups]
    kept = np.sort(np.concatenate([*kept, np.zeros(0, int)]))
    order = np.argsort(-scores[kept], kind="stable")
    return kept[order][: None if limit is None else whole("limit", limit, 0)]


def soft_nms(
    boxes: np.ndarray, scores: np.ndarray, sigma: float = 0.5, least: float = 1e-3, limit: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    r"""Lower the scores of boxes that overlap a better one instead of dropping them: (kept, their new scores).

    .. math:: s_i \leftarrow s_i \, e^{-\mathrm{IoU}(b_i, b)^2 / \sigma}

    for each box i that waits when b, the best of those that wait, is taken; scores from 0 to 1.
    It ends when no score above `least` waits. Best first; of equals the first one wins; limit: keep at most so many.
    Raises ValueError as `nms` does, and for scores outside 0 to 1 or a sigma not above 0.
    Source: Bodla et al. (2017), section 3; `tf.image` writes twice its sigma for ours. Chapter: average_precision.
    """
    boxes, sigma = rows("boxes", boxes), number("sigma", sigma, above=0)
    scores, least = checked_scores(scores, len(boxes)), number("least", least, 0, 1)
    if ((scores < 0) | (scores > 1)).any():
        raise ValueError(f"Give scores from 0 to 1: lowering means to multiply. Received: {scores!r}")
    limit = len(scores) if limit is None else whole("limit", limit, 0)
    kept, final, scores = [], [], np.where(scores > least, scores, 0)
    while len(kept) < limit and scores.any():
        best = int(np.argmax(scores))
        kept.append(best)
        final.append(scores[best])
        scores = scores * np.exp(-(overlap(boxes[[best]], boxes)[0] ** 2) / sigma)
        scores[best] = 0
        scores[scores <= least] = 0
    return np.array(kept, int), np.array(final)


def suppress(found: Detections, iou: float = 0.5, least: float | None = None, limit: int | None = None) -> Detections:
    """Clean up what a detector says of one picture: drop scores below `least`, then suppress within each class.

    In the other order the same is left, since a box is only ever dropped for the sake of a better one.
    least: None keeps all scores, those below 0 too. Arguments and errors as `class_nms`. Chapter: average_precision.
    """
    found = checked_detections(found)
    if least is not None:
        found = Detections(*(field[found.scores >= number("least", least)] for field in found))
    kept = class_nms(*found, iou, limit)
    return Detections(*(field[kept] for field in found))


def soften(found: Detections, sigma: float = 0.5, least: float = 1e-3) -> Detections:
    """Apply `soft_nms` within each class of what a detector says of one picture; surest first.

    Arguments and errors as `soft_nms`. Chapter: average_precision.
    """
    found = checked_detections(found)
    groups = [np.flatnonzero(found.labels == label) for label in np.unique(found.labels)]
    parts = [(group, *soft_nms(found.boxes[group], found.scores[group], sigma, least)) for group in groups]
    kept = np.concatenate([*(group[taken] for group, taken, _ in parts), np.zeros(0, int)])
    scores = np.concatenate([*(lowered for _, _, lowered in parts), np.zeros(0)])
    order = np.lexsort((kept, -scores))
    return Detections(found.boxes[kept[order]], scores[order], found.labels[kept[order]])
