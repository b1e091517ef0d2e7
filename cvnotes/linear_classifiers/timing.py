"""How a cost grows: interleaved times over several sizes, and their slope on log-log axes."""

from __future__ import annotations

import math
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from cvnotes.checks import whole

Job = Callable[[], object]
#: Time that the processor gave to this process, which other programs disturb less; a wall clock where it is coarse.
CLOCK = time.process_time if time.get_clock_info("process_time").resolution < 1e-6 else time.perf_counter


class Slope(NamedTuple):
    """Exponent of a power law: the middle of all repeats, the lowest and the highest."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:5.2f}  ({self.low:.2f} to {self.high:.2f})".replace("-", "−")


def seconds(job: Job, calls: int = 1) -> float:
    """Time one call, as the average of `calls` in a row. Chapter: linear_classifiers."""
    start = CLOCK()
    for _ in range(calls):
        job()
    return (CLOCK() - start) / calls


def calls_for(job: Job, least: float = 2e-4) -> int:
    """Choose how many calls last at least so many seconds, up to 2,000, after a few calls to warm up."""
    quickest = min(seconds(job) for _ in range(5))
    return min(2000, max(1, math.ceil(least / max(quickest, 1e-7))))


def interleaved(jobs: Mapping[str, Sequence[Job]], repeats: int = 9) -> dict[str, np.ndarray]:
    """Time all jobs in turns, so that a busy moment of the machine meets them alike: name -> (repeats, sizes) seconds.

    jobs: for each name one callable a size. Chapter: linear_classifiers.
    """
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    whole("repeats", repeats, 1)
    with threadpool_limits(1):  # two threads that wait for each other on a busy machine hide every slope
        calls = {name: [calls_for(job) for job in row] for name, row in jobs.items()}
        times = [
            {name: [seconds(*pair) for pair in zip(row, calls[name], strict=True)] for name, row in jobs.items()}
            for _ in range(repeats)
        ]
    return {name: np.array([turn[name] for turn in times]) for name in jobs}


def peak_bytes(job: Job) -> int:
    """Measure how many bytes a call holds at most at one time, with what it returns. Chapter: linear_classifiers."""
    tracemalloc.start()
    try:
        job()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def slope(sizes: Sequence[float], costs: np.ndarray) -> Slope:
    r"""Fit the exponent p of $cost \propto size^p$: a straight line through the logarithms, once for every repeat.

    sizes: (n,), at least two; costs: (repeats, n) or (n,), above zero. Chapter: linear_classifiers.
    """
    costs = np.atleast_2d(np.asarray(costs, float))
    if len(sizes) < 2 or costs.shape[1] != len(sizes) or not (costs > 0).all():
        raise ValueError(
            f"slope needs two sizes or more and a cost above zero for each. Received: {sizes!r}, shape {costs.shape}"
        )
    found = np.polyfit(np.log(sizes), np.log(costs).T, 1)[0]
    return Slope(float(np.median(found)), float(found.min()), float(found.max()))


def looked_at(examples: np.ndarray, queries: np.ndarray) -> float:
    """Count to how many of the examples a KD-tree measures the distance until it knows the nearest; mean over queries.

    examples (N, D), queries (Q, D). The counter is scikit-learn's own. Source: Bentley (1975).
    Chapter: linear_classifiers.
    """
    from sklearn.neighbors import KDTree

    tree = KDTree(np.asarray(examples, float), leaf_size=2)
    tree.reset_n_calls()
    tree.query(np.asarray(queries, float), 1)
    return tree.get_n_calls() / len(queries)
