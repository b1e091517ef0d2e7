"""The pictures of the chapter on gradients. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cvnotes import figures

__all__ = ["draw_directions", "draw_errors", "draw_kink", "draw_secants"]


def draw_secants(h: float = 0.8) -> Figure:
    """Draw a curve, its tangent at one place, and what the forward and the centred difference read off."""
    fig, axes = figures.canvas(7.4, 2.9, columns=2, sharey=True)
    at, x = 1.0, np.linspace(-0.4, 2.6, 200)

    def f(x):
        return np.exp(0.9 * x) / 3

    slope = 0.9 * f(at)
    rulers = {"forward": (at, at + h), "centred": (at - h, at + h)}
    for ax, (name, (a, b)) in zip(axes, rulers.items(), strict=True):
        ax.plot(x, f(x), color=figures.INK, linewidth=1.3)
        ax.plot(x, f(at) + slope * (x - at), color=figures.GREY, linestyle=(0, (5, 1.6)), linewidth=1.1)
        read = (f(b) - f(a)) / (b - a)
        ax.plot(x, f(a) + read * (x - a), color=figures.ORANGE, linewidth=1.2)
        ax.plot([a, b], [f(a), f(b)], "o", color=figures.ORANGE, markersize=6)
        ax.plot(at, f(at), "s", color=figures.INK, markersize=5)
        ax.set(xlim=(-0.4, 2.6), ylim=(-0.3, 3.0), yticks=[], title=f"{name}: slope {read:.2f}, true {slope:.2f}")
        names = {at - h: "$x - h$", at: "$x$", at + h: "$x + h$"}
        ax.set_xticks(list(names), list(names.values()))
    return fig


def draw_errors(steps: np.ndarray, errors: Mapping[str, np.ndarray]) -> Figure:
    """Draw the error of finite differences against the step, both on logarithmic scales."""
    fig, ax = figures.canvas(7.2, 3.9)
    spots = {"forward, float64": (2.5e-5, 1.2e-3), "centred, float64": (1.6e-1, 2.5e-8)}
    spots |= {"forward, float32": (1.5e-2, 0.4), "centred, float32": (1e-6, 0.12)}
    for i, (name, values) in enumerate(errors.items()):
        colour = figures.BLUE if "64" in name else figures.ORANGE
        dash = "-" if "centred" in name else (0, (4, 1.6))
        ax.plot(steps, values, color=colour, linestyle=dash, marker=("o", "s", "^", "D")[i], markersize=3.6)
        ax.text(*spots[name], name, color=colour, fontsize=9, fontweight="bold", ha="left", va="center")
    ax.set(xscale="log", yscale="log", xlabel="step h (shorter to the right)", ylabel="relative error")
    ax.set(xlim=(2e-1, 5e-13), ylim=(1e-10, 3))
    return fig


def draw_directions(plane: np.ndarray, many: np.ndarray) -> Figure:
    """Draw slopes in random directions as shares of the gradient's length: in the plane by angle, in many dimensions.

    plane: (n, 2), angle to the gradient in degrees and share. many: (n,), shares.
    """
    fig, (left, right) = figures.canvas(7.4, 2.9, columns=2)
    left.plot(*plane.T, ".", color=figures.BLUE, markersize=2)
    left.axhline(1, color=figures.ORANGE, linewidth=1.2)
    left.set(xlabel="angle to the gradient (degrees)", xticks=[-180, -90, 0, 90, 180], ylim=(-1.15, 1.25))
    left.set(ylabel="slope / length of the gradient", title="two weights")
    right.hist(many, bins=60, range=(-1, 1.1), color=figures.BLUE)
    right.axvline(1, color=figures.ORANGE, linewidth=1.2)
    right.annotate("the gradient's\nown direction", (1, right.get_ylim()[1] * 0.6), xytext=(-6, 0),
                   textcoords="offset points", ha="right", color=figures.ORANGE, fontsize=9)  # fmt: skip
    right.set(xlabel="slope / length of the gradient", yticks=[], xlim=(-1.1, 1.1), title="200 weights")
    right.set_xticks([-1, -0.5, 0, 0.5, 1])
    right.spines["left"].set_visible(False)
    return fig


def draw_kink(steps: np.ndarray, ruler: Mapping[str, np.ndarray]) -> Figure:
    """Draw what the centred ruler reads near a kink, against its step, for several distances from the kink."""
    fig, ax = figures.canvas(6.8, 3.0)
    for i, (name, values) in enumerate(ruler.items()):
        ax.plot(steps, values, color=figures.CYCLE[i], linestyle=("-", (0, (5, 1.6)), (0, (1.4, 1.4)))[i], label=name)
    ax.set(xscale="log", xlabel="step h (shorter to the right)", ylabel="slope read off", ylim=(0.4, 1.1))
    ax.set_xlim(steps.max(), steps.min())
    ax.legend(loc="center right")
    return fig
