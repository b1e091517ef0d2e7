"""Rows for the tables of the chapter on activations: measured or stored numbers in, words out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cvnotes.experiments import smallest_effect, spread

from . import trials, zigzag
from .kinds import flat_share, make, slopes
from .play import OFFSETS

Row = list[str | int]
Stored = Mapping[str, np.ndarray]


def deviations(kind: str, sums: Mapping[float, np.ndarray]) -> list[Row]:
    """For sums behind weights of each deviation: the deviation of both, the share of flat units, the mean slope."""
    layer = make(kind)
    return [
        [f"{s:.3f}", f"{x.std():.1f}", f"{flat_share(layer, x):.2f}", f"{slopes(layer, x).mean():.2f}"]
        for s, x in sums.items()
    ]


def walks(told: Mapping[tuple[str, int], Mapping[str, float]]) -> list[Row]:
    """For each kind of inputs and batch: the share of steps with one sign, the detour, the number of steps."""
    return [
        [f"{name}, {batch} a step", f"{one['same']:.0%}", f"{one['detour']:.1f}", f"{one['steps']:.0f}"]
        for (name, batch), one in told.items()
    ]


def cost_of_offset() -> dict[float, tuple[float, float]]:
    """For each offset of the inputs: its largest safe rate, and the steps that it takes with one example a step."""
    return {o: (zigzag.safe_rate(o), float(zigzag.summary(o, 1)["steps"].mean())) for o in OFFSETS}


def faults(stored: Stored) -> list[Row]:
    """For each size of the first weights: flat share before training, best rate and digits read, centred and off."""
    rows = []
    for i, gain in enumerate(trials.GAINS):
        row = [f"{gain:g}"]
        for way in trials.WAYS:
            read, flat = trials.at_best(stored[f"{way}_read"]), stored[f"{way}_flat"].mean(0)
            rate = trials.FAULT_RATES[stored[f"{way}_read"].mean(0)[i].argmax()]
            row += [f"{flat[i]:.2f}", f"{rate:g}", spread(read[:, i])]
        rows.append(row)
    return rows


def shocks(stored: Stored, arms: Mapping[str, str]) -> list[Row]:
    """For each arm of `after_shock`: units killed, units dead at the end (all seeds together), digits read."""
    rows = []
    for arm, name in arms.items():
        killed = np.round(trials.HIT * stored[f"{arm}_hit"])
        left = np.round(killed * stored[f"{arm}_still"][:, -1])
        rows.append([name, int(killed.sum()), int(left.sum()), spread(stored[f"{arm}_read"])])
    return rows


def biases(stored: Stored, starts: Mapping[str, str]) -> list[Row]:
    """For each start and bias of `positive_bias`: dead units before the first step and after the last, digits read."""
    rows = []
    for start, words in starts.items():
        for bias in trials.BIASES:
            dead, read = (stored[f"{start}_{bias:g}_{what}"] for what in ("dead", "read"))
            rows.append([f"{words}, bias {bias:g}", *map(spread, (dead[:, 0], dead[:, -1], read))])
    return rows


def learned(stored: Stored, shown: int = 6) -> list[Row]:
    """For each PReLU: the slopes of some channels of the first seed; lowest, middle and highest of all."""
    rows = []
    for name, values in stored.items():
        some = " ".join(f"{value:.2f}" for value in values[0][:shown])
        rows.append([name.replace("_", " "), some, *(f"{q:.2f}" for q in np.quantile(values, [0, 0.5, 1]))])
    return rows


def sweep(stored: Stored, test: Stored, beside: str = "ReLU") -> list[Row]:
    """For each activation, best first: its best rate, accuracy, lead over another, and the least lead to be seen."""
    rows = []
    for kind in ranked(test):
        rate = trials.SWEEP_RATES[stored[f"{kind}_held"].mean(0).argmax()]
        ahead = test[kind] - test[beside]
        seen = None if kind == beside else f"{smallest_effect(test[kind], test[beside]):.3f}"
        rows.append(
            [kind, f"{rate:g}", spread(test[kind]), f"{ahead.mean().round(3) + 0:+.3f}".replace("-", "−"), seen]
        )
    return rows


def ranked(test: Stored) -> Sequence[str]:
    """Names by their mean over seeds, best first."""
    return sorted(test, key=lambda kind: -test[kind].mean())
