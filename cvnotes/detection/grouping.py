"""Join the two most alike neighbours, again and again, until one region is left. Chapter: selective_search."""

from __future__ import annotations

import heapq
from functools import partial
from typing import NamedTuple

import numpy as np

from .regions import Regions, join, with_room
from .segments import touching
from .similarity import MEASURES, likeness


class Hierarchy(NamedTuple):
    """All regions of a picture: n segments, then the n - 1 unions as they were made. Chapter: selective_search."""

    labels: np.ndarray  #: (h, w) the segment of each pixel, from 0
    merges: np.ndarray  #: (n - 1, 2) the two regions that became region n, n + 1, ...
    likeness: np.ndarray  #: (n - 1,) how alike those two were
    regions: Regions  #: 2n - 1 rows; the last is the whole picture


def group(labels: np.ndarray, regions: Regions, measures: str = MEASURES) -> Hierarchy:
    """Join the two most alike neighbours until one region is left; of equals, those with the lowest numbers.

    labels: (h, w) segments from 0; regions: their descriptions; measures: letters of "CTSF".
    A union is compared with the neighbours of its two parts, and with nobody else.
    Source: Uijlings et al. (2013), algorithm 1. Chapter: selective_search.
    """
    count, regions = len(regions.size), with_room(regions)
    compare = partial(compared, regions, area=labels.size, measures=measures)
    around, merges, scores = neighbours(touching(labels), count), [], []
    queue = [entry for i in around for entry in compare(i, [j for j in around[i] if j > i])]
    heapq.heapify(queue)
    while len(merges) < count - 1:
        minus, i, j = heapq.heappop(queue)
        if i not in around or j not in around:
            continue  # one of the two is already part of a larger region
        new = count + len(merges)
        join(regions, i, j, new)
        merges.append((i, j))
        scores.append(-minus)
        for entry in compare(new, replace(around, i, j, new)):
            heapq.heappush(queue, entry)
    return Hierarchy(labels, np.array(merges, int).reshape(-1, 2), np.array(scores), regions)


def neighbours(pairs: np.ndarray, count: int) -> dict[int, set[int]]:
    """Who touches whom: the neighbours of each of `count` regions, from pairs (m, 2)."""
    around = {i: set() for i in range(count)}
    for i, j in pairs.tolist():
        around[i].add(j)
        around[j].add(i)
    return around


def replace(around: dict[int, set[int]], i: int, j: int, new: int) -> list[int]:
    """Let `new` take the place of i and j among their neighbours, in `around` itself; return its neighbours."""
    around[new] = (around.pop(i) | around.pop(j)) - {i, j}
    for k in around[new]:
        around[k] -= {i, j}
        around[k].add(new)
    return sorted(around[new])


def compared(regions: Regions, i: int, others: list[int], area: int, measures: str) -> list[tuple[float, int, int]]:
    """Compare region i with others: (minus the likeness, lower number, higher), so that the likest sorts first."""
    if not others:
        return []
    scores = likeness(regions, i, np.array(others), area, measures).tolist()
    return [(-s, min(i, j), max(i, j)) for s, j in zip(scores, others, strict=True)]
