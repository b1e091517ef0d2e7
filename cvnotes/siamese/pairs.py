"""Pairs of pictures to compare: as many of one kind as of two. Chapter: siamese."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole


def draw_pairs(labels: np.ndarray, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw pairs of row numbers (count, 2) and whether both rows carry one label (count,), 1 and 0 in turn.

    labels: (n,) whole numbers. The first of a pair is any row that has such a partner, the second any partner but
    itself. Raises ``ValueError`` where no pair of one label, or none of two, can be formed. Chapter: siamese.
    """
    labels, dice = np.asarray(labels), np.random.default_rng(whole("seed", seed, 0))
    counts = dict(zip(*np.unique(labels, return_counts=True), strict=True))
    if labels.ndim != 1 or len(counts) < 2 or max(counts.values()) < 2 or (labels != labels).any():  # NaN is no label
        raise ValueError(f"Give a row of labels, two of them equal and two not. Received: {labels!r:.80}")
    same = np.arange(whole("count", count, 0)) % 2 == 0
    repeated = np.flatnonzero([counts[label] > 1 for label in labels])
    first = np.where(same, dice.choice(repeated, count), dice.integers(len(labels), size=count))
    second = np.array([_partner(labels, i, s, dice) for i, s in zip(first, same, strict=True)], dtype=int)
    return np.stack([first, second], axis=1), same * 1


def _partner(labels: np.ndarray, row: int, same: bool, dice: np.random.Generator) -> int:
    fits = (labels == labels[row]) == same
    fits[row] = False
    return int(dice.choice(np.flatnonzero(fits)))
