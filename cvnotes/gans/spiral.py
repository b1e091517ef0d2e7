"""The figure to play with: two players around a saddle point, by method, learning rate and curvature.

Chapter: gans.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures

from .games import METHODS, averages, growth, path, radius

RATES = (0.05, 0.1, 0.3, 1.0)
CURVED = (0.0, 0.1, 1.0)
ROUNDS = 120
REACH = 2.6  # of the axes; a path that leaves them is cut
HUES = {"simultaneous": figures.ORANGE, "alternating": figures.BLUE, "extragradient": figures.GREEN}


def draw_game(method: str, rate: float, curve: float) -> Figure:
    """Draw the path of the two players with the mean of their places, and beside it the distance from the saddle."""
    places = path(method, rate, ROUNDS, (curve, curve))
    fig, (left, right) = figures.canvas(5.4, 2.9, columns=2, width_ratios=[1, 1.15])
    _plane(left, places, HUES[method])
    _distance(right, places, HUES[method])
    left.set_title(method)
    right.set_title(f"× {growth(method, rate, (curve, curve)):.3f} a round")
    return fig


def _plane(ax: Axes, places: np.ndarray, hue: str) -> None:
    inside = np.clip(places, -50, 50)
    ax.plot(*inside.T, "-", color=hue, linewidth=1)
    ax.plot(*inside.T, "o", color=hue, markersize=2)
    ax.plot(*np.clip(averages(places), -50, 50).T, ":", color=figures.INK, linewidth=1.4)
    ax.plot(*places[0], "s", color=figures.INK, markersize=6)
    ax.plot(0, 0, "+", color=figures.INK, markersize=12, markeredgewidth=1.6)
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal", xlabel="x, wants less", ylabel="y, wants more")


def _distance(ax: Axes, places: np.ndarray, hue: str) -> None:
    floor, top = 1e-2, 1e2
    for each, look in ((places, {"color": hue}), (averages(places), {"color": figures.INK, "linestyle": ":"})):
        ax.plot(np.clip(radius(each), floor, top), **look)
    ax.set(yscale="log", ylim=(floor, top), xlabel="rounds", ylabel="distance (dotted: of the mean)")
    ax.grid(axis="y")


def say_game(method: str, rate: float, curve: float) -> str:
    """Say what `draw_game` shows."""
    places = path(method, rate, ROUNDS, (curve, curve))
    factor = growth(method, rate, (curve, curve))
    fate = "flies apart" if factor > 1 + 1e-9 else "settles" if factor < 1 - 1e-9 else "goes round for ever"
    ends = [f"{_short(radius(each)[-1])}" for each in (places, averages(places))]
    own = "no curvature of their own" if curve == 0 else f"curvature {curve:g} for each"
    return (
        f"{method} play at a learning rate of {rate:g}, {own}: the path {fate}. After {ROUNDS} rounds the players are "
        f"{ends[0]} from the saddle point, the mean of their places {ends[1]}; they started at 1.41."
    )


def _short(value: float) -> str:
    return "more than 100" if value > 100 else "less than 0.01" if value < 0.01 else f"{value:.2f}"


def three_ways(rate: float = 0.2, rounds: int = 60) -> Figure:
    """Draw the paths of all methods over the same rounds of the bilinear game, one panel each."""
    fig, axes = figures.canvas(7.4, 2.8, columns=3, sharey=True)
    for ax, method in zip(axes, METHODS, strict=True):
        places = path(method, rate, rounds)
        _plane(ax, places, HUES[method])
        ax.set(title=f"{method}", ylabel="", xlim=(-5, 5), ylim=(-5, 5))
    axes[0].set_ylabel("y, wants more")
    return fig
