"""Rows for the tables of the chapter on tuning: numbers over seeds in, words out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cvnotes.experiments import smallest_effect, spread

from .schedules import KINDS, by_hand

Found = Mapping[str, np.ndarray]


def effect(one: np.ndarray, other: np.ndarray) -> str:
    """Mean lead of one over the other / smallest lead that so many seeds would have shown."""
    return f"{np.mean(one - other):+.3f} / {smallest_effect(one, other):.3f}"


def verdict_row(rule: str, one: np.ndarray, other: np.ndarray, verdict: str) -> list[str]:
    """A rule, its effect, the spread of the effect, the smallest effect visible, the verdict."""
    lead = one - other
    span = f"{lead.min():+.3f} to {lead.max():+.3f}"
    return [rule, f"{lead.mean():+.3f}", span, f"{smallest_effect(one, other):.3f}", verdict]


def geometric(values: np.ndarray) -> float:
    """The geometric mean over seeds."""
    return float(np.exp(np.log(values).mean()))


def planted(found: Found, bugs: Sequence[str]) -> list[list[str]]:
    """Each bug: seeds that pass the check, its loss, the share named rightly, the price in the end."""
    rows = []
    for i, bug in enumerate(bugs):
        passed, loss, right = (found[key][:, i] for key in ("passed", "loss", "right"))
        seen = f"{np.median(loss):.2f}" if abs(np.median(loss)) < 1e4 else "far below 0"
        rows.append(
            [bug, f"{passed.sum():.0f} of {len(passed)}", seen, f"{right.mean():.2f}", spread(found["test"][:, i])]
        )
    return rows


def order(found: Found, batches: Sequence[int], orders: Sequence[str]) -> list[list[str]]:
    """Each order and batch size: accuracy, and its effect beside a new order in each pass."""
    rows = []
    for batch in batches:
        for how in orders:
            values, base = found[f"{how}_{batch}"], found[f"{orders[0]}_{batch}"]
            rows.append([f"{how}, {batch}", spread(values), "–" if how == orders[0] else effect(values, base)])
    return rows


def schedules(found: Found, rates: Sequence[float]) -> list[list[str]]:
    """Each schedule: accuracy from each rate, and its mean rate beside a constant one."""
    area = {kind: by_hand(kind, 1.0, 420)(np.arange(420)).mean() for kind in KINDS}
    return [
        [kind, *(spread(found[f"{kind}_test"][:, i]) for i in range(len(rates))), f"{area[kind]:.2f}"] for kind in KINDS
    ]


def leads(found: Found, pairs: Sequence[tuple[str, str]], key: str = "test") -> list[list[str]]:
    """For each pair the effect of the first over the second in each column."""
    rows = []
    for one, other in pairs:
        a, b = found[f"{one}_{key}"], found[f"{other}_{key}"]
        rows.append([f"{one} over {other}", *(effect(a[:, i], b[:, i]) for i in range(a.shape[1]))])
    return rows


def momentum(found: Found, names: Sequence[str]) -> list[list[str]]:
    """Each rule for momentum: accuracy at each rate, and the loss on training digits at the middle one."""
    return [
        [name, *map(spread, found[f"{name}_test"].T), f"{found[f'{name}_loss'][:, 1].mean():.3f}"] for name in names
    ]


def best_ratios(found: Found, families: Mapping[str, Sequence[float]]) -> list[list[str]]:
    """Each optimizer at its best rate: accuracy, median ratio, ratio early and late, growth of the kernels."""
    rows = []
    for name, rates in families.items():
        top = int(found[f"{name}_test"].mean(0).argmax())
        means = [geometric(found[f"{name}_{key}"][:, top]) for key in ("ratio", "first", "last", "grown")]
        rows.append([name, f"{rates[top]:g}", spread(found[f"{name}_test"][:, top]), *(f"{m:.2g}" for m in means)])
    return rows


def longer(short: Found, long: Found, families: Mapping[str, Sequence[float]], part: slice) -> list[list[str]]:
    """The same rates over ten and forty passes: accuracies, their difference, the ratio of the long trainings."""
    rows = []
    for name in ("SGD", "Adam"):
        for i, rate in enumerate(families[name][part]):
            before, after = short[f"{name}_test"][:, part][:, i], long[f"{name}_test"][:, i]
            ratio = geometric(long[f"{name}_ratio"][:, i])
            rows.append(
                [f"{name}, {rate:.2g}", f"{before.mean():.3f}", spread(after), effect(after, before), f"{ratio:.1e}"]
            )
    return rows


def clipping(found: Found, starts: Sequence[str], clips: Sequence[str]) -> list[list[str]]:
    """Each rule: accuracy from each start, and its effect beside no clipping."""
    rows = []
    for clip in clips:
        cells = []
        for start in starts:
            values, bare = found[f"{start}_{clip}"], found[f"{start}_{clips[0]}"]
            cells += [spread(values), "–" if clip == clips[0] else effect(values, bare)]
        rows.append([clip, *cells])
    return rows


def noise_constant(found: Found, when: str, batches: Sequence[int], count: int) -> np.ndarray:
    """What should not depend on the batch: squared distance times B (N - 1) / (N - B)."""
    sizes = np.array(batches)
    return found[f"{when}_noise"].mean(0) * sizes * (count - 1) / (count - sizes)


def samplers(found: Found, names: Sequence[str], good: float) -> list[list[str]]:
    """Each sampler: best of its draws, share of good draws, chance that at least one of twenty is good."""
    rows = []
    for how in names:
        best, hits = found[f"{how}_test"].max(1), float((found[f"{how}_test"] > good).mean())
        chance = "–" if how == "grid" else f"{1 - (1 - hits) ** 20:.0%}"
        rows.append([how, spread(best), f"{hits:.0%}", chance])
    return rows
