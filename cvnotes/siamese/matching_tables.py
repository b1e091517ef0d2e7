"""Rows for the tables of the page matching: stored numbers in, words out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cvnotes.experiments import spread

from .trials_hands import HANDS
from .trials_matching import BITS, HELD
from .trials_pages import LESSONS

Stored = Mapping[str, np.ndarray]


def unseen(stored: Stored) -> list[list[str]]:
    """For each three kinds held out and each code: area there and on the kinds that were learned, 3-way one-shot."""
    rows = []
    for held in HELD:
        kinds = "".join(map(str, held))
        for code in ("pixels", "twin", "classifier"):
            numbers = [spread(stored[f"{kinds} {code} {name}"], 2) for name in ("seen", "area", "named")]
            rows.append([", ".join(map(str, held)), code, *numbers])
    return rows


def hands(stored: Stored) -> list[list[str]]:
    """For each way to compare: equal error rates against other hands and against copies, and 20-way one-shot."""
    rows = []
    for arm in ("pixels", *HANDS):
        errors = [spread(100 * stored[f"{arm} {kind} error"], 1) for kind in ("other", "copy")]
        rows.append([arm, str(HANDS[arm][0]) if arm in HANDS else "–", *errors])
    return rows


def hashing(stored: Stored) -> list[list[str]]:
    """For each code: the gap from angle / pi, recall at ten with 16, 64 and 256 bits, and right labels."""
    chosen = [BITS.index(bits) for bits in (16, 64, 256)]
    rows = []
    for code in ("pixels", "untrained", "trained"):
        recalls = [spread(stored[f"{code} recall"][:, i], 2) for i in chosen]
        rows.append([code, *recalls, spread(stored[f"{code} label"])])
    return rows


def pages(stored: Stored) -> list[list[str]]:
    """For each way to search: the share of queries whose page is found first, and among ten."""
    ways = {"TF-IDF": "TF-IDF", **{arm: f"twin, {arm}" for arm in LESSONS}}
    ways |= {f"{arm} + words": f"both, {arm}" for arm in LESSONS if LESSONS[arm]}
    return [[words, *(spread(stored[f"{way} {name}"], 2) for name in ("first", "ten"))] for way, words in ways.items()]
