"""Who is quicker: functions timed in turns, so that whatever else the machine does meets them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

import numpy as np

from cvnotes.checks import whole

Name = TypeVar("Name", bound=Hashable)


def race(
    calls: Mapping[Name, Callable[[], object]], rounds: int, *, warm: int = 2, seed: int = 0
) -> dict[Name, np.ndarray]:
    """Time functions side by side: each round runs all of them once, in an order drawn anew.

    warm: rounds beforehand that are not timed, in which graphs are built and caches filled. seed: of the orders.
    Returns the seconds of each round, (rounds,), for each name. Seconds belong to one machine: keep ratios.
    Raises ``ValueError`` for fewer than one round.
    """
    rounds, warm = whole("rounds", rounds, 1), whole("warm", warm, 0)
    names, dice = list(calls), np.random.default_rng(seed)
    seconds: dict[Name, list[float]] = {name: [] for name in names}
    for turn in range(warm + rounds):
        for i in dice.permutation(len(names)):
            start = time.perf_counter()
            calls[names[i]]()
            if turn >= warm:
                seconds[names[i]].append(time.perf_counter() - start)
    return {name: np.array(found) for name, found in seconds.items()}
