"""Rows for the tables of the chapter on augmentation: numbers over seeds in, words out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cvnotes.experiments import smallest_effect, spread
from cvnotes.tuning.tables import effect

Found = Mapping[str, np.ndarray]
GROUNDS = ("plain", "nuisance", "message")


def verdict(one: np.ndarray, other: np.ndarray) -> str:
    """helps, hurts, or not seen: an effect below the smallest that so many seeds would have shown."""
    gain = np.mean(one - other)
    if abs(gain) < smallest_effect(one, other):
        return "not seen"
    return "helps" if gain > 0 else "hurts"


def ablation(found: Found, names: Sequence[str]) -> list[list[str]]:
    """Each operation on the three test grounds: effect and verdict."""
    rows = []
    for i, name in enumerate(names):
        pairs = [(found[f"with_{ground}"][:, i], found[f"without_{ground}"][:, i]) for ground in GROUNDS]
        rows.append([name, *(text for pair in pairs for text in (effect(*pair), verdict(*pair)))])
    return rows


def beside_first(runs: np.ndarray, names: Sequence[str]) -> list[list[str]]:
    """Each column of runs (seeds, n): accuracy, and its effect beside the first column."""
    return [[name, spread(runs[:, i]), effect(runs[:, i], runs[:, 0]) if i else "–"] for i, name in enumerate(names)]


def turned(found: Found, names: Sequence[str]) -> list[list[str]]:
    """Each rotation: accuracy, its effect beside none, and how often two pairs of digits are swapped."""
    swaps = [[f"{found[key][:, i].mean():.3f}" for key in ("69", "25")] for i in range(len(names))]
    return [row + more for row, more in zip(beside_first(found["test"], names), swaps, strict=True)]


def colours(found: Found, names: Sequence[str], keys: Sequence[str]) -> list[list[str]]:
    """Each shift of colour on each test: mean accuracy, and its effect beside none."""
    rows = []
    for i, name in enumerate(names):
        means = [f"{found[key][:, i].mean():.3f}" for key in keys]
        effects = [f" ({effect(found[key][:, i], found[key][:, 0])})" if i else "" for key in keys]
        rows.append([name, *(mean + more for mean, more in zip(means, effects, strict=True))])
    return rows


def cropped(found: Found) -> list[list[str]]:
    """One view against ten, for the net that saw middle windows and the one that saw random ones."""
    pairs = {
        "middle windows": (found["middle"][:, 0], found["middle_ten"]),
        "random windows": (found["random_one"], found["random_ten"]),
    }
    return [[name, spread(one), spread(ten), effect(ten, one)] for name, (one, ten) in pairs.items()]


def heads(found: Found, tasks: Sequence[str]) -> list[list[str]]:
    """Each task: accuracy with a dense and with an averaging head, and the effect of the second."""
    rows = []
    for i, task in enumerate(tasks):
        dense, average = (found[f"{name}_test"][:, i] for name in ("dense", "average"))
        rows.append([task, spread(dense), spread(average), effect(average, dense)])
    return rows
