"""One example of each kind, and a picture to name: classes that no training has seen. Chapter: matching."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes.checks import whole

from .measures import finite_rows


class Episodes(NamedTuple):
    """Row numbers of tasks: known (count, ways, shots), asked (count,), and which of the ways is right (count,)."""

    known: np.ndarray
    asked: np.ndarray
    right: np.ndarray


def draw_episodes(labels: np.ndarray, ways: int, shots: int = 1, count: int = 400, seed: int = 0) -> Episodes:
    """Draw tasks: `ways` kinds, `shots` known examples of each, and one more picture of one of them to be named.

    labels: (n,). The picture asked for is never among the known. Raises ``ValueError`` for sizes below 1 and where
    fewer than `ways` kinds have `shots` + 1 examples. Source: Lake and colleagues (2015). Chapter: matching.
    """
    labels, dice = np.asarray(labels), np.random.default_rng(whole("seed", seed, 0))
    if labels.ndim != 1:
        raise ValueError(f"Give one label for each row, (n,). Received: shape {labels.shape}")
    ways, shots, count = whole("ways", ways, 1), whole("shots", shots, 1), whole("count", count, 1)
    rows = [np.flatnonzero(labels == kind) for kind in np.unique(labels)]
    rows = [of_kind for of_kind in rows if len(of_kind) > shots]
    if len(rows) < ways:
        raise ValueError(
            f"{ways} ways need as many kinds with {shots + 1} examples or more. Received: {len(rows)} such kinds"
        )
    right = dice.integers(ways, size=count)
    drawn = np.array([_one(rows, ways, shots, dice) for _ in range(count)])
    return Episodes(drawn[:, :, :shots], drawn[np.arange(count), right, shots], right)


def _one(rows: list[np.ndarray], ways: int, shots: int, dice: np.random.Generator) -> list[np.ndarray]:
    chosen = dice.choice(len(rows), ways, replace=False)
    return [dice.choice(rows[kind], shots + 1, replace=False) for kind in chosen]


def named_right(codes: np.ndarray, episodes: Episodes) -> float:
    """The share of tasks in which the picture asked for is nearest to the right kind: to the mean of its known codes.

    codes: (n, d), one for each row that was drawn from. Of two equally near kinds the first is taken.
    Source of the mean: Snell and colleagues (2017), equation 1. Raises ``ValueError`` for codes without rows or not
    finite. Chapter: matching.
    """
    codes = finite_rows(codes)
    if max(episodes.known.max(), episodes.asked.max()) >= len(codes):
        raise ValueError(f"Give the codes of all rows that tasks were drawn from. Received: shape {codes.shape}")
    middles = codes[episodes.known].mean(axis=2)
    apart = np.linalg.norm(middles - codes[episodes.asked][:, None], axis=2)
    return float((apart.argmin(axis=1) == episodes.right).mean())
