"""Steepest descent in the plane: a bowl, a path of steps against its gradient, and the drawing to play with.

Chapter: gradients.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures
from cvnotes.checks import whole

FLAT, STEEP = 1.0, 8.0  # curvatures along the valley and across it
ANGLE = np.deg2rad(25)
AXES = np.array([[np.cos(ANGLE), -np.sin(ANGLE)], [np.sin(ANGLE), np.cos(ANGLE)]])
BEND = AXES @ np.diag([FLAT, STEEP]) @ AXES.T
RATES = (0.01, 0.05, 0.12, 0.2, 0.24, 0.26)
STARTS = {"on the slope": (-1.6, 1.5), "in the valley": (-2.6, -1.2), "across": (0.9, -1.7)}
REACH, STEPS = (3.4, 2.4), 25


def bowl(w: np.ndarray) -> tuple[float, np.ndarray]:
    r"""A loss of two weights, :math:`\tfrac12 w^\top A w`, and its gradient :math:`A w`; lowest at 0.

    The eigenvalues of A are 1 along the valley and 8 across it. Chapter: gradients.
    """
    w = np.asarray(w, float)
    return float(w @ BEND @ w / 2), BEND @ w


def path(start: tuple[float, float], rate: float, steps: int = STEPS) -> np.ndarray:
    """The places that plain steps downhill visit, the start included: (steps + 1, 2)."""
    places = [np.array(start, float)]
    for _ in range(whole("steps", steps, 0)):
        places.append(places[-1] - rate * bowl(places[-1])[1])
    return np.array(places)


def draw_descent(rate: float, origin: str) -> Figure:
    """Draw the path on the bowl's level lines, and the loss at every step."""
    places = path(STARTS[origin], rate)
    fig, (left, right) = figures.canvas(7.4, 3.1, columns=2, width_ratios=[1.5, 1])
    _levels(left)
    inside = np.abs(places).max(axis=1) < 40
    left.plot(*places[inside].T, "-o", color=figures.ORANGE, markersize=3.6, linewidth=1.1)
    left.plot(*places[0], "s", color=figures.INK, markersize=6.5)
    left.plot(0, 0, "*", color=figures.GREEN, markersize=13)
    values = np.array([bowl(place)[0] for place in places])
    right.plot(np.maximum(values, 1e-9), color=figures.ORANGE)
    right.set(yscale="log", ylim=(1e-7, 1e4), xlabel="step", ylabel="loss", xlim=(0, STEPS))
    right.axhline(values[0], color=figures.GREY, linewidth=0.8, linestyle=":")
    return fig


def say_descent(rate: float, origin: str) -> str:
    """Say what `draw_descent` shows."""
    values = [bowl(place)[0] for place in path(STARTS[origin], rate)]
    if values[-1] > values[0]:
        end = "every step lands higher on the other side, and the path leaves the picture"
    elif values[-1] < 1e-3 * values[0]:
        end = "the path comes close to the lowest point"
    else:
        end = "the path does not arrive at the lowest point"
    flips = rate * STEEP > 1
    how = "in zigzags across the valley" if flips else "without crossing the valley"
    return (
        f"Level lines of a long valley and {STEPS} steps with learning rate {rate:g}, starting {origin}: {how}, {end}. "
        f"The loss goes from {values[0]:.2g} to {values[-1]:.2g}."
    )


def _levels(ax: Axes) -> None:
    x, y = np.meshgrid(np.linspace(-REACH[0], REACH[0], 141), np.linspace(-REACH[1], REACH[1], 101))
    values = np.einsum("i...,ij,j...->...", np.stack([x, y]), BEND, np.stack([x, y])) / 2
    levels = [0.1, 0.5, 1.5, 4, 8, 14, 22]
    ax.contour(x, y, values, levels=levels, colors=[figures.SKY], linewidths=0.9)
    ax.set(xlim=(-REACH[0], REACH[0]), ylim=(-REACH[1], REACH[1]), aspect="equal", xticks=[], yticks=[])
    ax.set(xlabel="first weight", ylabel="second weight")
