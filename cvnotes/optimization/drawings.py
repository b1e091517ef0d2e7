"""The pictures of the chapter optimization. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures

from . import quadratic, rules
from .ravine import COLOURS, FAMILIES, TITLES

DASHES = ("-", (0, (5, 1.6)), (0, (1.4, 1.4)))


def draw_factors(low: float = 1.0, high: float = 100.0, mu: float = 0.9) -> Figure:
    """Draw, against the rate, the factor by which the slowest direction of a bowl shrinks in a step."""
    fig, ax = figures.canvas(5.8, 3.5)
    rates = np.geomspace(1e-3, 0.06, 240)
    names = {"plain": (0.0062, 0.984), "momentum": (0.0235, 0.941), "Nesterov": (0.0062, 0.938)}
    for i, (kind, place) in enumerate(names.items()):
        factors = [quadratic.radius(kind, [low, high], rate, mu) for rate in rates]
        ax.plot(rates, factors, color=COLOURS[i], linestyle=DASHES[i])
        ax.plot(quadratic.limit(kind, high, mu), 1, "o", color=COLOURS[i], markersize=7)
        ax.text(*place, kind, color=COLOURS[i], fontweight="bold", ha="center", va="center")
    ax.axhline(1, color=figures.GREY, linewidth=0.8)
    ax.text(0.00105, 1.004, "above: diverges", color=figures.GREY, fontsize=9, va="bottom")
    ax.set(xscale="log", xlabel="rate", ylabel="factor of the slowest direction", ylim=(0.91, 1.05))
    ticks = [0.001, 0.002, 0.005, 0.01, 0.02, 0.04]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    return fig


def step_lengths(name: str, gradients: Sequence[float], **settings: bool) -> np.ndarray:
    """How far a rule moves a single weight at each step, in units of the rate, when fed these gradients."""
    rule = {"SGD": rules.sgd, "Adagrad": rules.adagrad, "RMSProp": rules.rmsprop, "Adam": rules.adam}[name]
    feed = iter(gradients)
    places = rules.walk(rule, lambda w: [next(feed)], np.zeros(1), len(gradients), rate=1.0, **settings)
    return np.abs(np.diff(places[:, 0]))


def draw_lengths() -> Figure:
    """Draw the length of the steps while the gradient is 1, then a tenth; and Adam's first steps with and without."""
    fig, (left, right) = figures.canvas(6.2, 3.4, columns=2, width_ratios=[1.35, 1])
    gradients = [1.0] * 60 + [0.1] * 60
    looks = ((figures.INK, "-"), (figures.PURPLE, (0, (5, 1.6))), (figures.GREEN, (0, (1.4, 1.4))),
             (figures.ORANGE, (0, (6, 1.5, 1.4, 1.5))))  # fmt: skip
    for name, (colour, dash) in zip(("SGD", "Adagrad", "RMSProp", "Adam"), looks, strict=True):
        left.plot(np.arange(1, 121), step_lengths(name, gradients), color=colour, linestyle=dash, label=name)
    left.axvline(60.5, color=figures.GREY, linewidth=0.8)
    left.set(yscale="log", ylim=(0.005, 4), xlabel="step", ylabel="length of a step / rate", yticks=[0.01, 0.1, 1])
    left.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    left.minorticks_off()
    left.set_title("gradient 1, from step 61 on 0.1")
    left.legend(loc="lower left", frameon=False, labelspacing=0.25, handlelength=2.2)
    steps = np.arange(1, 61)
    for corrected, colour, name, height in (
        (False, figures.BLUE, "uncorrected", 5.6),
        (True, figures.ORANGE, "corrected", 1.45),
    ):
        right.plot(steps, step_lengths("Adam", [1.0] * 60, corrected=corrected), color=colour)
        right.text(60, height, name, color=colour, fontweight="bold", ha="right", va="bottom")
    right.set(ylim=(0, 7.5), xlabel="step", title="Adam, gradient 1")
    return fig


def _panels(height: float, ylabel: str) -> tuple[Figure, Sequence[Axes]]:
    fig, axes = figures.canvas(6.0, height, columns=2, sharey=True)
    for ax, title in zip(axes, TITLES, strict=True):
        ax.set_title(title)
    axes[0].set_ylabel(ylabel)
    return fig, axes


def draw_gaps(found: Mapping[str, np.ndarray]) -> Figure:
    """Draw how far above the lowest loss each rule is after each epoch: mean over seeds, and their spread."""
    fig, axes = _panels(3.3, "loss above the lowest")
    for ax, family in zip(axes, FAMILIES, strict=True):
        for i, name in enumerate(family):
            _band(ax, np.arange(1, found[name].shape[1] + 1), found[name], i, name)
        ax.set(yscale="log", xlabel="epoch", ylim=(0.004, 3))
        ax.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
        ax.minorticks_off()
        ax.legend(loc="upper right", frameon=False)
    return fig


def draw_rates(rates: Sequence[float], found: Mapping[str, np.ndarray], defaults: Mapping[str, float]) -> Figure:
    """Draw accuracy against the rate for both families; a hollow mark where Keras's default rate lies."""
    fig, axes = _panels(3.4, "accuracy, validation digits")
    for ax, family in zip(axes, FAMILIES, strict=True):
        for i, name in enumerate(family):
            runs = found[f"{name}_validation"]
            _band(ax, rates, runs, i, name)
            at = float(np.interp(np.log(defaults[name]), np.log(rates), runs.mean(0)))
            ax.plot(defaults[name], at, "o", color=COLOURS[i], markerfacecolor=figures.PAPER, markersize=7)
        ax.set(xscale="log", xlabel="learning rate", ylim=(0, 1.42), yticks=np.linspace(0, 1, 6))
        ax.set_xticks([0.001, 0.01, 0.1, 1], ["0.001", "0.01", "0.1", "1"])
        ax.minorticks_off()
        ax.grid(axis="y")
        ax.legend(loc="upper right", frameon=False, labelspacing=0.25)
    return fig


def _band(ax: Axes, x: Sequence[float], runs: np.ndarray, i: int, name: str) -> None:
    ax.plot(x, runs.mean(0), color=COLOURS[i], linestyle=DASHES[i], label=name)
    ax.fill_between(x, runs.min(0), runs.max(0), color=COLOURS[i], alpha=0.13, linewidth=0)
