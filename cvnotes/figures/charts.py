"""Curves with their spread over seeds, and bars with theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes.figures.style import CYCLE, DASHES, INK, MARKERS, RULE, canvas, finite


def curves(
    x: Any,
    series: Mapping[str, Any],
    *,
    xlabel: str,
    ylabel: str,
    bands: bool = True,
    ax: Axes | None = None,
) -> Figure:
    """Lines with the mean over seeds, a band from the least to the greatest, and their names at their ends.

    Args:
        x: (n,) places on the x axis.
        series: for each name an array (seeds, n), or (n,) for one run.
        xlabel, ylabel: words and units of the axes.
        bands: draw the spread over seeds.
        ax: axes to draw on; a new figure if there is none.

    Raises:
        ValueError: for no series, more than seven, lengths that differ, or values that are not finite.
    """
    _named("series", series)
    x = finite(x, "x")
    runs = {name: np.atleast_2d(finite(values, f"series {name!r}")) for name, values in series.items()}
    _check(x, runs)
    if ax is None:
        _, ax = canvas(6.4, 3.4)
    for i, (name, values) in enumerate(runs.items()):
        every = max(1, len(x) // 12)
        look = {"color": CYCLE[i], "marker": MARKERS[i], "linestyle": DASHES[i], "markevery": every}
        ax.plot(x, values.mean(axis=0), label=name, **look)
        if bands and len(values) > 1:
            ax.fill_between(x, values.min(axis=0), values.max(axis=0), color=CYCLE[i], alpha=0.15, linewidth=0)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(axis="y")
    _name_ends(ax, x, {name: values.mean(axis=0)[-1] for name, values in runs.items()})
    return ax.figure


def _named(argument: str, given: Any) -> None:
    if not isinstance(given, Mapping):
        raise ValueError(f"{argument} must map names to numbers, as {{'max': [1, 2]}}. Received: {given!r:.80}")


def _check(x: np.ndarray, runs: Mapping[str, np.ndarray]) -> None:
    if not 1 <= len(runs) <= len(CYCLE):
        raise ValueError(f"curves draws 1 to {len(CYCLE)} series that can be told apart. Received: {len(runs)}")
    for name, values in runs.items():
        if x.ndim != 1 or values.ndim != 2 or values.shape[1] != len(x) or values.size == 0:
            raise ValueError(
                f"Each series needs the shape (seeds, {x.size}) or ({x.size},), as x has {x.size} places. "
                f"Received: {name!r} with {values.shape}"
            )


def _name_ends(ax: Axes, x: np.ndarray, ends: Mapping[str, float]) -> None:
    """Write each name beside the end of its line, and push names apart that would touch."""
    low, high = ax.get_ylim()
    step = 0.075 * (high - low)
    places: list[float] = []
    order = sorted(ends, key=ends.get)
    for name in order:
        places.append(max(ends[name], places[-1] + step) if places else ends[name])
    shift = max(0.0, places[-1] - max(high, ends[order[-1]]))
    places = [place - shift for place in places]
    for name, place in zip(order, places, strict=True):
        colour = CYCLE[list(ends).index(name)]
        ax.annotate(
            name, (x.max(), place), xytext=(9, 0), textcoords="offset points", va="center", fontsize=9,
            color=colour, fontweight="bold", annotation_clip=False,
        )  # fmt: skip


def bars(values: Mapping[str, Any], *, xlabel: str, ax: Axes | None = None) -> Figure:
    """Bars from zero to the mean over seeds, a dot for every seed, the mean in figures.

    Args:
        values: for each name a number or an array (seeds,).
        xlabel: words and unit of the axis.
        ax: axes to draw on; a new figure if there is none.

    Raises:
        ValueError: for no bar, or values that are not finite.
    """
    _named("values", values)
    runs = {name: np.atleast_1d(finite(v, f"bar {name!r}")).ravel() for name, v in values.items()}
    if not runs or any(run.size == 0 for run in runs.values()):
        raise ValueError(f"bars needs at least one bar, and a value for each. Received: {dict(values)!r}")
    if ax is None:
        _, ax = canvas(6.4, 0.42 * len(runs) + 0.75)
    for i, run in enumerate(runs.values()):
        ax.barh(i, run.mean(), height=0.56, color=CYCLE[0], alpha=0.28)
        if run.size > 1:
            ax.plot(run, np.full(run.size, i), "o", color=CYCLE[0], markersize=3.4)
        ax.annotate(
            f"{run.mean():.3g}".replace("-", "−"), (max(run.max(), 0), i), xytext=(6, 0),
            textcoords="offset points", va="center", color=INK, fontsize=9, annotation_clip=False,
        )  # fmt: skip
    ax.set_yticks(range(len(runs)), list(runs))
    ax.set(xlabel=xlabel, ylim=(len(runs) - 0.5, -0.5))
    ax.axvline(0, color=RULE, linewidth=0.8, zorder=0)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return ax.figure
