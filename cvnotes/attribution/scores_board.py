"""The board: every score of every method side by side, how far scores agree, and what so few seeds can show."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.stats import spearmanr

from cvnotes.checks import choice
from cvnotes.experiments import bands, smallest_effect

from .inputs import Array
from .scores_field import METHODS, NAMES

Stored = Mapping[str, Mapping[str, Array]]

TOP = 1  # the step of the cascade that the board shows: the upper third of the layers

#: Of each column: the experiment, its number, and whether high (1) or low (-1) is good.
COLUMNS = {
    "pointing": ("scores_table", "pointing", 1),
    "energy": ("scores_table", "energy", 1),
    "overlap": ("scores_table", "overlap", 1),
    "deletion": ("scores_table", "deletion", -1),
    "insertion": ("scores_table", "insertion", 1),
    "own object": ("scores_classes", "own", 1),
    "classes alike": ("scores_classes", "alike", -1),
    "top shuffled": ("scores_shuffled", "cascade", -1),
    "mark": ("scores_marked", "mark_pointing", 1),
}


def column(stored: Stored, kind: str, name: str) -> Array:
    """The numbers (seeds, entries) of one of `COLUMNS` for the net of a kind, entries as in `NAMES`, as far as it goes.

    The column "mark" is of nets taught with a mark, whatever kind is asked for. Raises ValueError for other names.
    """
    experiment, number, _ = COLUMNS[choice("name", name, COLUMNS)]
    values = np.asarray(stored[experiment][number if name == "mark" else f"{kind}_{number}"])
    return values[..., TOP] if values.ndim == 3 else values


def entry(values: Array) -> str:
    """Numbers over seeds in short: the mean, and half the way from the lowest to the highest."""
    band = bands(values)
    return f"{band.mean:.2f}±{(band.high - band.low) / 2:.2f}".replace("-", "−")


def rows(stored: Stored, kinds: tuple[str, ...]) -> list[list[str | None]]:
    """The table: a row for each method and net; nothing where a score does not apply."""
    names = (*NAMES, "true mask")
    return [[name, kind, *_entries(stored, kind, i)] for i, name in enumerate(names) for kind in kinds]


def _entries(stored: Stored, kind: str, row: int) -> list[str | None]:
    found = {name: column(stored, kind, name) for name in COLUMNS}
    found["mark"] = found["mark"] if kind == "plain" else found["mark"][:, :0]
    found |= {name: found[name][:, : len(NAMES)] for name in ("own object", "classes alike")}  # the forgery is no mask
    return [entry(values[:, row]) if row < values.shape[1] else None for values in found.values()]


def agreement(stored: Stored, kinds: tuple[str, ...]) -> Array:
    """Rank correlations between columns over the methods, mean over seeds and nets; high is good in all of them."""
    every = []
    for kind in kinds:
        turned = [sign * column(stored, kind, name)[:, : len(METHODS)] for name, (_, _, sign) in COLUMNS.items()]
        every += [spearmanr(seed, axis=1).statistic for seed in np.stack(turned, 1)]
    return np.mean(every, axis=0)


def told(stored: Stored, kind: str, name: str) -> tuple[float, list[str], str]:
    """The share of pairs of methods that so many seeds tell apart, the methods not told from the best, and the best.

    Told apart: the means differ by more than ``experiments.smallest_effect`` of their paired seeds.
    """
    values = COLUMNS[name][2] * column(stored, kind, name)[:, : len(METHODS)]
    apart = np.array([[_apart(one, other) for other in values.T] for one in values.T])
    best = int(values.mean(0).argmax())
    names = list(METHODS)
    level = [names[i] for i in np.flatnonzero(~apart[best]) if i != best]
    return float(apart[np.triu_indices(len(names), 1)].mean()), level, names[best]


def _apart(one: Array, other: Array) -> bool:
    return bool(abs((one - other).mean()) > smallest_effect(one, other))
