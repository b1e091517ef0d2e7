"""The pictures of the chapter regularization. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures

from .stopping import stopped

Stored = Mapping[str, np.ndarray]


def log_axis(ax: Axes, ticks: Sequence[float], name: str) -> None:
    """A logarithmic axis with these numbers and no others."""
    ax.set_xscale("log")
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set_xlabel(name)


def courses(found: Stored) -> Figure:
    """Draw the loss on own and on validation digits after every pass, for right and for noisy labels."""
    fig, axes = figures.canvas(7.2, 3.2, columns=2, sharey=True)
    titles = {"right": "all labels right", "noisy": "a fifth of the labels wrong"}
    for ax, (labels, title) in zip(axes, titles.items(), strict=True):
        x = np.arange(1, found[f"{labels}_own_loss"].shape[1] + 1)
        lines = {"own": found[f"{labels}_own_loss"], "new": found[f"{labels}_val_loss"]}
        ax.set(title=title, ylim=(0, 2))  # before the curves, whose names keep their distance in it
        figures.curves(x, lines, xlabel="", ylabel="", ax=ax)
        log_axis(ax, (1, 10, 100), "passes over the digits")
    axes[0].set_ylabel("log loss")
    return fig


def zeros(strengths: Sequence[float], found: Stored) -> Figure:
    """Draw the share of exact zeros, and the accuracy, against the strength of L1, for both kinds of step."""
    fig, axes = figures.canvas(7.2, 3.0, columns=2)
    panels = {"zeros": ("exact zeros, first layer", (-0.04, 1)), "test": ("accuracy, new digits", (0.85, 1))}
    for ax, (key, (title, limits)) in zip(axes, panels.items(), strict=True):
        lines = {"proximal": found[f"proximal_{key}"], "slope": found[f"slope_{key}"]}
        ax.set(title=title, ylim=limits)
        figures.curves(strengths, lines, xlabel="", ylabel="", ax=ax)
        log_axis(ax, (1e-4, 1e-3), "strength λ")
    return fig


def stopping_course(losses: Sequence[float], best: int, end: int) -> Figure:
    """Draw one course of the validation loss: the best pass, and the pass at which patience ends."""
    fig, ax = figures.canvas(6.2, 2.9)
    x = np.arange(1, len(losses) + 1)
    ax.plot(x, losses, color=figures.BLUE)
    ax.plot(best, losses[best - 1], "o", color=figures.ORANGE, markersize=8)
    ax.annotate("best: kept", (best, losses[best - 1]), xytext=(0, -16), textcoords="offset points",
                ha="center", color=figures.ORANGE, fontweight="bold")  # fmt: skip
    ax.axvline(end, color=figures.GREY, linestyle="--", linewidth=1.2)
    ax.annotate("patience ends", (end, max(losses)), xytext=(6, -4), textcoords="offset points", va="top")
    ax.set(xlabel="passes over the digits", ylabel="log loss, new digits", ylim=(min(losses) - 0.2, None))
    ax.grid(axis="y")
    return fig


def two_brakes(rate: float, steps: int) -> Figure:
    """Draw how much of each direction L2 and early stopping keep, against its curvature, at strength 1/(rate steps)."""
    fig, ax = figures.canvas(6.2, 3.0)
    h = np.geomspace(1e-3, 0.9 / rate, 60)
    strength = 1 / (rate * steps)
    lines = {"stopped": stopped(h, rate, steps), "L2": h / (h + strength)}
    figures.curves(h, lines, xlabel="", ylabel="share of the way", ax=ax)
    log_axis(ax, [t for t in (1e-3, 1e-2, 1e-1, 1, 10) if t <= h[-1]], "curvature h of a direction")
    ax.set_ylim(0, 1.05)
    return fig


def ensemble_sizes(found: Stored, labels: str) -> Figure:
    """Draw log loss and accuracy of k averaged nets, and of one net of equal total size, less the mean member's."""
    fig, axes = figures.canvas(7.2, 3.0, columns=2)
    k = np.arange(1, found[f"{labels}_mean_loss"].shape[1] + 1)
    for ax, key, name in zip(axes, ("loss", "right"), ("log loss", "accuracy"), strict=True):
        member = found[f"{labels}_member_{key}"].mean(1, keepdims=True)
        large = (found[f"{labels}_large_{key}"][:, None] - member) * np.ones(len(k))
        lines = {"averaged": found[f"{labels}_mean_{key}"] - member, "one large": large}
        figures.curves(k, lines, xlabel="nets", ylabel="", ax=ax)
        ax.axhline(0, color=figures.INK, linewidth=1, linestyle=":")
        ax.set(title=f"{name}, against a member", xticks=k)
    return fig


def ranking(by_error: Mapping[str, Stored], by_loss: Mapping[str, Stored], order: Sequence[str]) -> Figure:
    """Draw accuracy and log loss on test digits for every remedy: bars to the mean, a dot for each seed."""
    fig, axes = figures.canvas(7.4, 0.36 * len(order) + 0.9, columns=2, sharey=True)
    sides = ((axes[0], by_error, "test", "accuracy"), (axes[1], by_loss, "test_loss", "log loss"))
    for ax, found, key, name in sides:
        figures.bars({kind: found[kind][key] for kind in order}, xlabel=f"{name}, test digits", ax=ax)
        ax.tick_params(axis="y", length=0)
    axes[0].set_xlim(0, 1.12)
    return fig
