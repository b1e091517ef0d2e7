"""The pictures of the chapter dropout, and the one to play with. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures

from .drawings import log_axis
from .dropout import every_mask
from .dropout_exact import Averages, TinyNet, enumerate_subnets

Stored = Mapping[str, np.ndarray]

PLAY_RATES = (0.2, 0.5)
MASKS = tuple(range(16))
SEEN = np.array([1.0, 0.5, -0.5])  # what the net to play with looks at
COLUMNS = (0.0, 1.0, 2.0)


@functools.cache
def play_net() -> TinyNet:
    """The net to play with: three inputs, four hidden units that all speak for SEEN, two classes."""
    w1 = np.array([[1.0, -0.5, 0.5, 1.5], [1.0, 1.0, 0.0, -1.0], [0.5, -1.5, -1.0, 0.5]])
    w2 = np.array([[1.6, -0.4], [-1.2, 0.6], [0.2, 1.4], [0.9, -1.1]])
    return TinyNet(w1, np.zeros(4), w2, np.array([-0.2, 0.2]))


@functools.cache
def play_answers(rate: float) -> Averages:
    """All sixteen sub-nets of the net to play with, and their averages."""
    return enumerate_subnets(play_net(), SEEN, rate, "hidden")


def draw_thinned(rate: float, mask: int) -> Figure:
    """Draw one sub-net, its probability of class A, and those of both averages and of the scaled net."""
    kept, found = every_mask(4)[mask], play_answers(rate)
    fig, (left, right) = figures.canvas(5.4, 2.5, columns=2, width_ratios=[1.15, 1])
    _draw_net(left, kept)
    rows = {
        "this sub-net": found.every[mask, 0],
        "mean of 16": found.arithmetic[0],
        "geometric": found.geometric[0],
        "scaled net": found.scaled[0],
    }
    colours = (figures.ORANGE, figures.BLUE, figures.GREEN, figures.INK)
    for i, (value, colour) in enumerate(zip(rows.values(), colours, strict=True)):
        right.barh(i, value, height=0.55, color=colour, alpha=0.85)
        right.annotate(f"{value:.3f}", (value, i), xytext=(4, 0), textcoords="offset points", va="center")
    right.set_yticks(range(4), list(rows))
    right.set(xlim=(0, 1.18), ylim=(3.5, -0.5), xlabel="probability of A", xticks=[0, 0.5, 1])
    left.set_title(f"rate {rate:g}: {int(kept.sum())} of 4 units kept")
    return fig


def _draw_net(ax: Axes, kept: np.ndarray) -> None:
    net = play_net()
    layers = [np.linspace(1, -1, n) * reach for n, reach in ((3, 0.75), (4, 1.0), (2, 0.4))]
    alive = [np.ones(3), kept, np.ones(2)]
    for i, weights in enumerate((net.w1, net.w2)):
        for a, b in np.ndindex(weights.shape):
            if alive[i][a] and alive[i + 1][b] and weights[a, b]:
                colour = figures.BLUE if weights[a, b] > 0 else figures.GOLD
                ends = (COLUMNS[i], COLUMNS[i + 1]), (layers[i][a], layers[i + 1][b])
                ax.plot(*ends, color=colour, linewidth=0.6 + 1.2 * abs(weights[a, b]), zorder=1)
    for i, (x, places) in enumerate(zip(COLUMNS, layers, strict=True)):
        for y, on in zip(places, alive[i], strict=True):
            look = {"markerfacecolor": figures.SKY if on else figures.PAPER, "markeredgecolor": figures.INK}
            ax.plot(x, y, "o", markersize=17, zorder=2, **look)
            if not on:
                ax.plot(x, y, "x", markersize=9, color=figures.GREY, zorder=3)
    for name, y in zip("AB", layers[2], strict=True):
        ax.text(2, y, name, ha="center", va="center", zorder=4)
    ax.set(xlim=(-0.25, 2.25), ylim=(-1.25, 1.25))
    ax.axis("off")


def say_thinned(rate: float, mask: int) -> str:
    """Say what `draw_thinned` shows."""
    kept, found = every_mask(4)[mask], play_answers(rate)
    units = ", ".join(str(i + 1) for i in np.flatnonzero(kept)) or "none"
    chance = np.prod(np.where(kept, 1 - rate, rate))
    return (
        f"Rate {rate:g}, mask {mask}: hidden units kept: {units}; this mask comes up with probability {chance:.4f}. "
        f"The sub-net gives A {found.every[mask, 0]:.3f}; the mean of all sixteen is {found.arithmetic[0]:.3f}, "
        f"their geometric mean {found.geometric[0]:.3f}, the scaled net {found.scaled[0]:.3f}."
    )


def all_answers(cases: Mapping[str, Averages]) -> Figure:
    """Draw for each case the first class's probability from every sub-net, both means and the scaled net."""
    fig, axes = figures.canvas(7.2, 2.9, columns=len(cases), sharey=True)
    for ax, (name, found) in zip(np.atleast_1d(axes), cases.items(), strict=True):
        ax.hist(found.every[:, 0], bins=np.linspace(0, 1, 21), color=figures.SKY)
        for value, colour, dash, label in (
            (found.arithmetic[0], figures.ORANGE, "-", "mean"),
            (found.geometric[0], figures.GREEN, "-", "geometric"),
            (found.scaled[0], figures.INK, ":", "scaled net"),
        ):
            ax.axvline(value, color=colour, linestyle=dash, linewidth=2.2, label=label)
        ax.set(title=name, xlabel="probability", xlim=(0, 1), xticks=[0, 0.5, 1])
    np.atleast_1d(axes)[0].set_ylabel("sub-nets")
    np.atleast_1d(axes)[0].legend(loc="upper right")
    return fig


def long_courses(marks: Sequence[int], found: Stored, rates: Sequence[float]) -> Figure:
    """Draw validation loss and error over many passes, for right and for noisy labels and each rate."""
    fig, axes = figures.canvas(7.4, 5.6, rows=2, columns=2)
    limits = {"right": {"loss": (0, 0.5), "error": (0, 0.15)}, "noisy": {"loss": (0.3, 1.1), "error": (0.05, 0.35)}}
    for row, (key, name) in zip(axes, {"loss": "log loss", "error": "error"}.items(), strict=True):
        for ax, labels in zip(row, ("right", "noisy"), strict=True):
            lines = {f"rate {rate:g}": found[f"{labels}_{rate}_{key}"] for rate in rates}
            ax.set(title=f"{labels} labels: {name}", ylim=limits[labels][key])
            figures.curves(marks, lines, xlabel="", ylabel="", ax=ax)
            log_axis(ax, (1, 10, 100), "passes")
    return fig


def knock_outs(removed: Sequence[float], found: Stored, rates: Sequence[float]) -> Figure:
    """Draw accuracy against the share of hidden units that were silenced at test."""
    fig, ax = figures.canvas(6.2, 3.2)
    lines = {f"rate {rate:g}": found[f"{rate}_right"] for rate in rates}
    figures.curves(removed, lines, xlabel="share of hidden units silenced", ylabel="accuracy, new digits", ax=ax)
    ax.set_ylim(0.3, 1)
    return fig


def gains(groups: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draw the gain over no dropout, a dot for each seed: a panel for each group, a row for each net.

    The axis is even from -0.02 to 0.02 and logarithmic beyond, so that points and fractions of points are both seen.
    """
    fig, axes = figures.canvas(7.4, 3.0, columns=len(groups), sharey=True, sharex=True)
    for ax, (title, rows) in zip(np.atleast_1d(axes), groups.items(), strict=True):
        for i, values in enumerate(rows.values()):
            colour = figures.BLUE if values.mean() > 0 else figures.ORANGE
            ax.plot(values, np.full(len(values), i), "o", color=colour, markersize=3.6, alpha=0.6)
            ax.plot(values.mean(), i, "|", color=figures.INK, markersize=15, markeredgewidth=2.2)
        ax.axvline(0, color=figures.GREY, linewidth=1)
        ax.set_xscale("symlog", linthresh=0.02)
        ax.set_xticks([-0.5, -0.1, -0.02, 0, 0.02], ["−0.5", "−0.1", "−0.02", "0", "0.02"])
        ax.minorticks_off()
        ax.set_yticks(range(len(rows)), list(rows))
        ax.set(title=title, ylim=(len(rows) - 0.5, -0.5), xlim=(-0.9, 0.12), xlabel="gain in accuracy")
    return fig
