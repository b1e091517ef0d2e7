"""How many true boxes do proposals find? Chapter: selective_search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvnotes.boxes import Truth, iou
from cvnotes.checks import number, whole


def best_overlaps(proposals: Sequence[np.ndarray], truths: Sequence[Truth]) -> np.ndarray:
    """Look up the best IoU that any proposal has with each true box: (objects,) of all pictures in a row.

    proposals: boxes (n, 4) of each picture, n may be 0; truths: its true boxes.
    Raises ValueError for unequal numbers of pictures. Chapter: selective_search.
    """
    if len(proposals) != len(truths):
        raise ValueError(f"Give proposals for each picture. Received: {len(proposals)} for {len(truths)} pictures")
    found = [iou(boxes, truth.boxes).max(0, initial=0) for boxes, truth in zip(proposals, truths, strict=True)]
    return np.concatenate([np.zeros(0), *found])


def recall(best: np.ndarray, least: float = 0.5) -> float:
    """Count the share of true boxes whose best IoU (objects,) is at least `least`.

    Raises ValueError without objects. Chapter: selective_search.
    """
    if not len(best):
        raise ValueError("There is no recall without true boxes. Received: 0 objects")
    return float((np.asarray(best) >= number("least", least, 0, 1)).mean())


def by_limit(
    proposals: Sequence[np.ndarray], truths: Sequence[Truth], limits: Sequence[int]
) -> tuple[list[float], list[float]]:
    """Judge the first proposals of every picture: recall at IoU 0.5 and mean best overlap, for each limit.

    Raises ValueError as `best_overlaps` and `recall`, and for limits that are no whole numbers from 0.
    Chapter: selective_search.
    """
    limits = [whole("limits", limit, 0) for limit in np.ravel(limits)]
    best = [best_overlaps([boxes[:limit] for boxes in proposals], truths) for limit in limits]
    return [recall(found) for found in best], [float(found.mean()) for found in best]
