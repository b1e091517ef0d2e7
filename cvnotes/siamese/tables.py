"""Rows for the tables of the chapter on siamese nets: stored numbers in, words out. Chapter: siamese."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cvnotes.experiments import spread

from .mining import MINING
from .parts import PARTS
from .trials import MARGINS

Stored = Mapping[str, np.ndarray]


def judged(stored: Stored, arm: str) -> list[str]:
    """Mean distances of one kind and of two, their ratio, and the share of right neighbours, over seeds."""
    same, different = stored[f"{arm} same"], stored[f"{arm} different"]
    ratio = spread(same / different, 2) if np.min(different) > 1e-3 else "–"  # of codes on one point it means nothing
    return [short(same), short(different), ratio, spread(stored[f"{arm} read"])]


def short(values: np.ndarray) -> str:
    """The mean over seeds with three digits, or all before the point, however large or small."""
    mean = float(np.mean(values))
    return f"{mean:.0f}" if mean >= 100 else f"{mean:.3g}"


def signs(stored: Stored, titles: Mapping[str, str]) -> list[list[str]]:
    """For each twin: what became of the distances."""
    return [[title, *judged(stored, when)] for when, title in titles.items()]


def halves(stored: Stored) -> list[list[str]]:
    """For each part of the triplet loss: what became of the distances."""
    return [[part, *judged(stored, part)] for part in PARTS]


WAYS = {
    "hard, squared": "hard, squared",
    "small steps": "hard, squared, small steps",
    "plain": "hard, plain",
    "semi-hard": "semi-hard, squared",
    "semi-hard first": "hard, squared, after semi-hard",
}


def collapse(stored: Stored) -> list[list[str]]:
    """For each way to train: the last loss, the spread of the codes, and the share of right neighbours."""
    return [
        [words, *(spread(stored[f"{arm} {name}"], 2) for name in ("losses", "spread", "read"))]
        for arm, words in WAYS.items()
    ]


def rulers(stored: Stored) -> list[list[str]]:
    """For each choice of triplets and margin: mean distances in margins, and the share of right neighbours."""
    rows = []
    for mining in MINING:
        for margin in MARGINS:
            arm = f"{mining} {margin:g}"
            apart = [f"{np.mean(stored[f'{arm} {kind}']) / margin:.2f}" for kind in ("same", "different")]
            rows.append([mining, f"{margin:g}", *apart, spread(stored[f"{arm} read"], 2)])
    return rows


def towers(stored: Stored, weights: Mapping[str, int]) -> list[list[str | int]]:
    """For each kind of towers: their weights, and the shares of digits found first and among ten."""
    return [
        [kind, count, spread(stored[f"{kind} first"]), spread(stored[f"{kind} ten"])] for kind, count in weights.items()
    ]
