"""Six optimizers let loose on the same slope: the drawing to play with. Chapter: optimization."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures

from . import rules

FLAT, STEEP, STEPS = 1.0, 30.0, 50
RATES, MOMENTA = (0.01, 0.03, 0.06, 0.2), (0.5, 0.9, 0.97)
REACH = (3.0, 2.0)
FAMILIES = ("SGD", "momentum", "Nesterov"), ("Adagrad", "RMSProp", "Adam")
TITLES = ("rate times slope", "rate as length of a step")
COLOURS = (figures.INK, figures.BLUE, figures.ORANGE)
TINTS = ("#a9cfe8", "#bddaed", "#cfe4f2", "#dcebf5", "#e8f2f8", "#f2f7fa", figures.PAPER)
FAR, LOST = 3.2, 1e4  # a place and a height beyond the picture


class Land(NamedTuple):
    """A loss of two weights: its height and its gradient, the lowest height, and where to start."""

    height: Callable[[np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray], np.ndarray]
    bottom: float
    start: tuple[float, float]


def bowl(degrees: float, start: tuple[float, float]) -> Land:
    """A long valley, thirty times as steep across as along, turned by an angle; lowest at 0."""
    a = np.deg2rad(degrees)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    bend = turn @ np.diag([FLAT, STEEP]) @ turn.T
    return Land(lambda w: np.einsum("i...,ij,j...->...", w, bend, w) / 2, lambda w: bend @ w, 0.0, start)


def pass_between() -> Land:
    r"""A saddle at 0 between two hollows: :math:`4x^2 - y^2 + y^4/4`, lowest at :math:`y = \pm\sqrt 2`."""
    return Land(
        lambda w: 4 * w[0] ** 2 - w[1] ** 2 + w[1] ** 4 / 4,
        lambda w: np.array([8 * w[0], -2 * w[1] + w[1] ** 3]),
        -1.0,
        (-2.2, 0.01),
    )


LANDS = {
    "along the axes": bowl(0, (-2.6, 0.9)),
    "turned": bowl(30, (-2.6, -0.6)),
    "saddle": pass_between(),
}


def race(name: str, rate: float, mu: float, land: str) -> np.ndarray:
    """The path of one optimizer: places (n, 2); it ends where the numbers grow beyond all bounds.

    Raises ValueError for a name that is not in `rules.NAMED` and a land that is not in `LANDS`. Chapter: optimization.
    """
    for what, value, known in (("name", name, rules.NAMED), ("land", land, LANDS)):
        if value not in known:
            raise ValueError(f"{what} must be one of {', '.join(known)}. Received: {what}={value!r}")
    ground, rule = LANDS[land], rules.NAMED[name]
    settings = {"momentum": {"mu": mu}, "Nesterov": {"mu": mu}, "Adam": {"beta1": mu}}.get(name, {})
    w, state = np.array(ground.start), None
    places = [w]
    for _ in range(STEPS):
        w, state = rule(w, ground.gradient(w), state, rate=rate, **settings)
        places.append(w)
        if np.abs(w).max() > 1e3:
            break
    return np.array(places)


def draw_race(rate: float, momentum: float, land: str) -> Figure:
    """Draw the paths of both families on the ground, and below them how high each is after the last step."""
    fig, axes = figures.canvas(6.6, 4.0, rows=2, columns=2, sharex="row", height_ratios=[1.5, 1])
    ground = LANDS[land]
    for column, (title, family) in enumerate(zip(TITLES, FAMILIES, strict=True)):
        top, below = axes[0, column], axes[1, column]
        _ground(top, ground)
        for i, name in enumerate(family):
            colour = COLOURS[i]
            places = race(name, rate, momentum, land)
            inside = np.cumsum(np.abs(places).max(1) > FAR) == 0  # a path that leaves is not drawn coming back
            top.plot(*places[inside].T, "-", color=colour, linewidth=1.2)
            above = float(np.clip(ground.height(places[-1]) - ground.bottom, 1e-6, LOST))
            below.plot([1e-6, above], [i, i], color=colour, linewidth=6, solid_capstyle="butt")
        top.set_title(title)
        below.set(xscale="log", xlim=(1e-6, LOST), xticks=[1e-6, 1e-3, 1, 1e3], ylim=(2.6, -0.6))
        below.set_yticks(range(3), family)
        below.tick_params(axis="y", length=0)
        below.minorticks_off()
        below.set_xlabel(f"height above lowest, after {STEPS} steps")
    return fig


def say_race(rate: float, momentum: float, land: str) -> str:
    """Say what `draw_race` shows."""
    ground = LANDS[land]
    ends, lost = {}, []
    for name in (*FAMILIES[0], *FAMILIES[1]):
        places = race(name, rate, momentum, land)
        first, last = (float(ground.height(place) - ground.bottom) for place in (places[0], places[-1]))
        ends[name] = last / first
        lost += [name] if last > first else []
    order = [name for name in sorted(ends, key=ends.get) if name not in lost]
    where = "a saddle" if land == "saddle" else f"a ravine, {land}"
    fate = f"; higher than at the start: {', '.join(lost)}" if lost else ""
    return (
        f"Six paths of {STEPS} steps on {where}, rate {rate:g}, momentum {momentum:g}. "
        f"From lowest to highest: {', '.join(order) or 'none'}{fate}."
    )


def _ground(ax: Axes, ground: Land) -> None:
    x, y = np.meshgrid(np.linspace(-REACH[0], REACH[0], 121), np.linspace(-REACH[1], REACH[1], 81))
    height = ground.height(np.stack([x, y])) - ground.bottom
    levels = [-1, 0.2, 1, 3, 8, 20, 45, 1e9]
    ax.contourf(x, y, height, levels=levels, colors=TINTS, antialiased=False)
    ax.plot(*ground.start, "s", color=figures.INK, markersize=6)
    lowest = [(0, 0)] if ground.bottom == 0 else [(0, 2**0.5), (0, -(2**0.5))]
    for place in lowest:
        ax.plot(*place, "*", color=figures.GOLD, markersize=11, markeredgecolor=figures.INK, markeredgewidth=0.5)
    ax.set(xlim=(-REACH[0], REACH[0]), ylim=(-REACH[1], REACH[1]), xticks=[], yticks=[])
