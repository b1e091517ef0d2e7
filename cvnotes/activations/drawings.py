"""The pictures of the chapter on activations. Plain functions: numbers or layers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures

from .kinds import answers, make, slopes
from .layers import Maxout, RReLU
from .tables import ranked

REACH = 3.0  # of the rectifiers' inputs, to both sides
LABEL = {"fontsize": 9.5, "fontweight": "bold"}


def curve_and_slope(kind: str, reach: float = 8.0) -> Figure:
    """Draw the answers of a named activation and, below them, its slopes by automatic differentiation."""
    layer, x = make(kind), np.linspace(-reach, reach, 401)
    fig, (upper, lower) = figures.canvas(4.6, 3.7, rows=2, sharex=True)
    upper.plot(x, answers(layer, x), color=figures.BLUE, linewidth=2)
    steep = slopes(layer, x)
    lower.fill_between(x, steep, color=figures.ORANGE, alpha=0.2, linewidth=0)
    lower.plot(x, steep, color=figures.ORANGE, linewidth=2)
    top = int(steep.argmax())
    lower.plot(x[top], steep[top], "o", color=figures.ORANGE, markersize=7)
    words = f"{steep[top]:.2f} at {x[top]:.0f}"
    lower.annotate(words, (x[top], steep[top]), xytext=(12, -3), textcoords="offset points", **LABEL)
    upper.set(ylabel="answer")
    lower.set(ylabel="slope", xlabel="what the unit adds up", ylim=(0, 1.18 * steep.max()))
    for ax in (upper, lower):
        ax.grid(axis="y")
    return fig


def fading(signals: Mapping[str, np.ndarray]) -> Figure:
    """Draw the gradient that reaches each hidden layer, on a scale of powers of ten, one line a net."""
    fig, ax = figures.canvas(5.4, 3.3)
    x = np.arange(1, len(next(iter(signals.values()))) + 1)
    logs = {name: np.log10(np.atleast_2d(runs)) for name, runs in signals.items()}
    figures.curves(x, logs, xlabel="hidden layer, from the digits up", ylabel="gradient (rms)", ax=ax)
    low = int(np.floor(min(each.min() for each in logs.values())))
    high = int(np.ceil(max(each.max() for each in logs.values())))
    ticks = range(low, high + 1, 2 if high - low > 4 else 1)
    ax.set_yticks(ticks, [f"$10^{{{tick}}}$" for tick in ticks])
    ax.set_xticks(x)
    return fig


def mixed_signs(sizes: Sequence[int], shares: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the share of units whose weight gradients have one sign, against the batch, one line a kind of input."""
    fig, ax = figures.canvas(5.4, 3.1)
    places = np.arange(len(sizes))
    figures.curves(places, shares, xlabel="examples in a batch", ylabel="share with one sign", ax=ax)
    ax.set_xticks(places, sizes)
    ax.set_ylim(-0.04, 1.06)
    return fig


def faulty(gains: Sequence[float], read: Mapping[str, np.ndarray]) -> Figure:
    """Draw the digits that a net reads against the size of its first weights, one line a kind of answers."""
    fig, ax = figures.canvas(5.4, 3.3)
    places = np.arange(len(gains))
    figures.curves(places, read, xlabel="deviation of first weights × √inputs", ylabel="digits read", ax=ax)
    ax.set_xticks(places, [f"{gain:g}" for gain in gains])
    ax.set_ylim(0, 1.05)
    return fig


def over_steps(steps: Sequence[int], runs: Mapping[str, np.ndarray], ylabel: str) -> Figure:
    """Draw shares of units against steps of training, one named line with its band for each arm."""
    fig, ax = figures.canvas(5.4, 3.2)
    figures.curves(steps, runs, xlabel="steps of training", ylabel=ylabel, ax=ax)
    ax.set_ylim(bottom=-0.02)
    return fig


def two_starts(steps: Sequence[int], starts: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draw the share of dead units against steps of training, one panel a start, one line a bias."""
    fig, axes = figures.canvas(5.8, 3.3, columns=len(starts), sharey=True)
    for ax, (title, runs) in zip(axes, starts.items(), strict=True):
        figures.curves(steps, runs, xlabel="steps of training", ylabel="", ax=ax)
        ax.set(title=title, ylim=(-0.02, 1.02))
    for name in list(axes[0].texts):  # the last panel names the lines; here they would lie on each other
        name.remove()
    axes[0].set_ylabel("share of dead units")
    return fig


def rectifiers(learned: Sequence[float], draws: int = 400) -> Figure:
    """Draw ReLU, leaky ReLU, PReLU and RReLU side by side, each asked of the real layer.

    learned: slopes that a trained PReLU ended with, one thin line each; dotted is where they started.
    """
    x = np.linspace(-REACH, REACH, 121).astype("float32")
    fig, axes = figures.canvas(5.0, 4.9, rows=2, columns=2, sharex=True, sharey=True)
    relu, leaky, prelu, rrelu = axes.ravel()
    _line(relu, x, answers(make("ReLU"), x), "ReLU", "slope 0")
    fixed = keras.layers.LeakyReLU(negative_slope=0.1)
    _line(leaky, x, answers(fixed, x), "leaky ReLU", "fixed slope 0.1")
    _learned(prelu, x, learned)
    _random(rrelu, x, draws)
    for ax in axes[1]:
        ax.set_xlabel("input")
    for ax in axes[:, 0]:
        ax.set_ylabel("answer")
    return fig


def _line(ax: Axes, x: np.ndarray, y: np.ndarray, title: str, words: str) -> None:
    ax.plot(x, y, color=figures.BLUE, linewidth=2.4)
    _frame(ax, title, words)


def _frame(ax: Axes, title: str, words: str) -> None:
    ax.set(title=title, ylim=(-1.25, 3))
    ax.text(-2.9, 2.85, words, fontsize=9.5, va="top")
    ax.axhline(0, color=figures.GREY, linewidth=0.6, zorder=0)
    ax.axvline(0, color=figures.GREY, linewidth=0.6, zorder=0)


def _learned(ax: Axes, x: np.ndarray, learned: Sequence[float]) -> None:
    layer = keras.layers.PReLU(keras.initializers.Constant(0.25))
    layer.build((None, 1))
    ax.plot(x, answers(layer, x), color=figures.INK, linewidth=1.6, linestyle=":", zorder=3)
    for slope in learned:
        layer.set_weights([np.array([slope])])
        ax.plot(x, answers(layer, x), color=figures.GREEN, linewidth=0.9, alpha=0.7)
    _frame(ax, "PReLU", "fan: learned\ndotted: start")


def _random(ax: Axes, x: np.ndarray, draws: int) -> None:
    layer = RReLU(seed=0)
    seen = keras.ops.convert_to_numpy(layer(np.repeat(x[None], draws, axis=0), training=True))
    ax.fill_between(x, seen.min(0), seen.max(0), color=figures.ORANGE, alpha=0.35, linewidth=0)
    ax.plot(x, answers(layer, x), color=figures.ORANGE, linewidth=2.2)
    _frame(ax, "RReLU", "band: drawn\nline: at test")


MAXOUTS = {
    "a ReLU": ([0, 1], [0, 0]),
    "the size |x|": ([-1, 1], [0, 0]),
    "a bowl of four": ([-2, -2 / 3, 2 / 3, 2], [-1, 1 / 9, 1 / 9, -1]),
}


def maxout_unit(weights: Sequence[float], biases: Sequence[float]) -> Maxout:
    """Make a maxout layer of one unit over one input, with these weights and biases for its pieces."""
    layer = Maxout(1, len(weights))
    layer.build((None, 1))
    layer.set_weights([np.array([weights], "float32"), np.array(biases, "float32")])
    return layer


def maxouts() -> Figure:
    """Draw three maxout units and the affine maps that they choose from."""
    x = np.linspace(-2, 2, 161).astype("float32")
    fig, axes = figures.canvas(5.8, 2.7, columns=3, sharey=True)
    for ax, (title, (weights, biases)) in zip(axes, MAXOUTS.items(), strict=True):
        for w, b in zip(weights, biases, strict=True):
            ax.plot(x, w * x + b, color=figures.GREY, linewidth=1, linestyle="--")
        ax.plot(x, answers(maxout_unit(weights, biases), x), color=figures.PURPLE, linewidth=2.6)
        ax.set(title=title, ylim=(-1.6, 3.2), xlabel="input")
    axes[0].set_ylabel("answer")
    return fig


def errors(test: Mapping[str, np.ndarray]) -> Figure:
    """Draw the share of test digits misread with each activation, fewest first: bars to the mean, a dot a seed."""
    _, ax = figures.canvas(5.2, 0.4 * len(test) + 0.75)
    bars = {kind: 100 * (1 - test[kind]) for kind in ranked(test)}
    return figures.bars(bars, xlabel="test digits misread, per cent", ax=ax)
