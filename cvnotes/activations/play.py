"""The two figures to play with: an activation under inputs of any scale, and two weights on their way.

Chapter: activations.
"""

from __future__ import annotations

import functools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm

from cvnotes import figures

from .kinds import FLAT, answers, make, slopes
from .zigzag import TARGET, WIDTH, safe_rate, summary, walk

PLAYED = ("sigmoid", "tanh", "ReLU", "leaky ReLU", "ELU", "GELU", "SiLU")
SCALES = (0.25, 1.0, 4.0, 16.0)
OFFSETS, BATCHES = (0.0, 0.5, 1.0, 2.0), (1, 8, 64)
EVEN = norm.ppf((np.arange(2000) + 0.5) / 2000)  # standard normal numbers without chance


@functools.cache
def facts(kind: str, scale: float) -> dict[str, np.ndarray | float]:
    """What a named activation does to normal numbers of a deviation: answers, their mean, flat share, mean slope."""
    layer, x = make(kind), EVEN * scale
    steep = slopes(layer, x)
    out = answers(layer, x)
    return {"out": out, "mean": out.mean(), "flat": np.mean(np.abs(steep) < FLAT), "slope": steep.mean()}


def draw_activation(kind: str, scale: float) -> Figure:
    """Draw curve and slope above the inputs that come in, and beside them a histogram of what goes out."""
    told = facts(kind, scale)
    fig, (left, right) = figures.canvas(5.6, 3.1, columns=2, width_ratios=[1.35, 1])
    _curves(left, kind, scale)
    out = told["out"]
    right.hist(out, 40, weights=np.full(out.size, 1 / out.size), color=figures.BLUE, alpha=0.75)
    right.axvline(told["mean"], color=figures.INK, linewidth=1.4, linestyle=":")
    right.set(xlabel="answer (dotted: mean)", yticks=[], title=f"flat: {told['flat']:.0%} of units")
    right.spines["left"].set_visible(False)
    return fig


def _curves(ax: Axes, kind: str, scale: float) -> None:
    """Draw the curve and its slope where the inputs are, with the density of the inputs along the bottom."""
    reach = max(3 * scale, 3.0)
    x = np.linspace(-reach, reach, 301)
    layer = make(kind)
    y, steep = answers(layer, x), slopes(layer, x)
    low, high = min(y.min(), 0), max(y.max(), 1.1)
    room = high - low
    density = norm.pdf(x / scale) / norm.pdf(0)
    floor = low - 0.28 * room
    ax.fill_between(x, floor, floor + 0.2 * room * density, color=figures.GREY, alpha=0.3, linewidth=0)
    ax.plot(x, y, color=figures.BLUE, linewidth=2, label="curve")
    ax.plot(x, steep, color=figures.ORANGE, linewidth=1.8, linestyle=(0, (4, 1.5)), label="slope")
    ax.set(ylim=(floor, high + 0.05 * room), xlabel=f"input, deviation {scale:g} (grey)", title=kind)
    ax.legend(loc="upper left")


def say_activation(kind: str, scale: float) -> str:
    """Say what `draw_activation` shows."""
    told = facts(kind, scale)
    return (
        f"{kind}, fed with normal numbers of deviation {scale:g}: its slope is flat for {told['flat']:.0%} of them, "
        f"{told['slope']:.2f} on average; the answers lie between {told['out'].min():.2f} and {told['out'].max():.2f} "
        f"with a mean of {told['mean']:.2f}."
    )


def draw_walk(offset: float, batch: int) -> Figure:
    """Draw the inputs in their plane, and the path of the two weights over the level lines of the loss."""
    fig, (left, right) = figures.canvas(5.6, 3.2, columns=2, width_ratios=[1, 1.35])
    _inputs(left, offset)
    walk_on(right, offset, batch)
    told = summary(offset, batch, seeds=1)
    right.set_title(f"{told['steps'][0]:.0f} steps, {told['detour'][0]:.1f} × straight")
    return fig


def _inputs(ax: Axes, offset: float) -> None:
    """Draw 60 inputs, and the two axes that part positive from negative."""
    dots = offset + np.random.default_rng(1).uniform(-0.5, 0.5, (60, 2))
    ax.plot(*dots.T, "o", color=figures.SKY, markersize=4)
    for line in (ax.axhline, ax.axvline):
        line(0, color=figures.INK, linewidth=1)
    ax.set(xlim=(-0.8, 2.7), ylim=(-0.8, 2.7), aspect="equal", title="inputs", xlabel="first", ylabel="second")


def mean_loss(weights: np.ndarray, offset: float) -> np.ndarray:
    r"""Half the mean squared error of two weights (..., 2) on inputs that lie evenly around (offset, offset): (...).

    .. math:: \tfrac12\,E\bigl[((w - w^*)^\top x)^2\bigr] = \tfrac12 \bigl(\tfrac1{12} |w - w^*|^2 + o^2 (p + q)^2\bigr)

    for inputs of width 1, with :math:`(p, q) = w - w^*`. Chapter: activations.
    """
    p, q = np.moveaxis(weights - TARGET, -1, 0)
    return ((p**2 + q**2) * WIDTH**2 / 12 + (offset * (p + q)) ** 2) / 2


def walk_on(ax: Axes, offset: float, batch: int, rate: float | None = None, seed: int = 0) -> None:
    """Draw one path of two weights over the level lines of the mean loss, from the square to the star."""
    u, v = np.meshgrid(np.linspace(-0.6, 1.6, 121), np.linspace(-1.6, 0.6, 121))
    loss = mean_loss(np.stack([u, v], axis=-1), offset)
    ax.contour(u, v, loss, levels=loss.max() * np.array([0.003, 0.03, 0.12, 0.35]),
               colors=[figures.SKY], linewidths=0.8)  # fmt: skip
    places = walk(offset, batch, rate, seed).places
    ax.plot(*places.T, "-", color=figures.ORANGE, linewidth=1.2)
    if len(places) < 100:
        ax.plot(*places.T, "o", color=figures.ORANGE, markersize=2.4)
    ax.plot(*places[0], "s", color=figures.INK, markersize=7)
    ax.plot(*TARGET, "*", color=figures.GREEN, markersize=15)
    ax.set(xlim=(-0.6, 1.6), ylim=(-1.6, 0.6), aspect="equal", xlabel="first weight", ylabel="second weight")


def say_walk(offset: float, batch: int) -> str:
    """Say what `draw_walk` shows."""
    told = {key: values[0] for key, values in summary(offset, batch, seeds=1).items()}
    where = "around zero" if offset == 0 else f"around {offset:g}"
    return (
        f"Inputs {where}, {batch} to a step, learning rate {safe_rate(offset):.2g}. The two weights take "
        f"{told['steps']:.0f} steps from the square to the star, {told['detour']:.1f} times the straight way; in "
        f"{told['same']:.0%} of the steps both move to the same side."
    )


def four_walks(rate: float = 0.5) -> Figure:
    """Draw four paths with one learning rate: positive and centred inputs, one example a step and 64."""
    fig, axes = figures.canvas(5.2, 5.1, rows=2, columns=2, sharex=True, sharey=True)
    for row, (name, offset) in zip(axes, (("positive", 0.5), ("centred", 0.0)), strict=True):
        for ax, batch in zip(row, (1, 64), strict=True):
            walk_on(ax, offset, batch, rate)
            ax.set(title=f"{name}, {batch} a step", xlabel="", ylabel="")
    for ax in axes[1]:
        ax.set_xlabel("first weight")
    for ax in axes[:, 0]:
        ax.set_ylabel("second weight")
    return fig
