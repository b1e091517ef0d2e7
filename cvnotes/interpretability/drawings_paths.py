"""The pictures of the page on integrated gradients. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import attribution
from cvnotes.figures import BLUE, GREY, INK, ORANGE, canvas, curves

from . import paths

FINE = 100  # steps behind the running sum of the figure to play with


class Toy(NamedTuple):
    """A function of one number, where it starts, where it is asked, and its name."""

    function: Callable[[np.ndarray], np.ndarray]
    baseline: float
    x: float
    name: str


TOYS = (
    Toy(lambda x: np.maximum(x, 0), 2, -2, "ReLU(x)"),
    Toy(lambda x: 1 - np.maximum(1 - x, 0), 0, 2, "1 − ReLU(1 − x)"),
    Toy(lambda x: 1 / (1 + np.exp(-x)), -6, 6, "sigmoid(x)"),
)


def toys() -> Figure:
    """Three functions: from where to where each is asked, and the slope at the end of the way."""
    fig, axes = canvas(7.6, 2.6, 1, len(TOYS))
    for ax, toy in zip(axes, TOYS, strict=True):
        low, high = sorted((toy.baseline, toy.x))
        room = 0.2 * (high - low)
        x = np.linspace(low - room, high + room, 241)
        ax.plot(x, toy.function(x), color=BLUE)
        ends = np.array([toy.baseline, toy.x])
        ax.plot(ends[:1], toy.function(ends[:1]), "o", color=GREY, markersize=7)
        ax.plot(ends[1:], toy.function(ends[1:]), "o", color=ORANGE, markersize=7)
        near = toy.x + np.array([-1, 1]) * room
        ax.plot(near, np.full(2, toy.function(ends)[1]), color=ORANGE, linewidth=3, alpha=0.5)
        ax.set_title(toy.name)
    return fig


def walked(alphas: np.ndarray, found: Mapping[str, np.ndarray]) -> Figure:
    """Score, probability and the sizes of their gradients along the path; thin lines are pictures, thick ones means.

    found: "score", "chance", and the gradients "score_slope" and "chance_slope", each (pictures, alphas).
    """
    fig, axes = canvas(7.6, 2.7, 1, 3)
    for ax, name, words in ((axes[0], "score", "score of the class"), (axes[1], "chance", "its probability")):
        ax.plot(alphas, np.asarray(found[name]).T, color=GREY, linewidth=0.7, alpha=0.7)
        ax.plot(alphas, np.mean(found[name], axis=0), color=BLUE if name == "score" else ORANGE, linewidth=2.4)
        ax.set(xlabel="alpha", title=words)
    for name, colour, dashes in (("score", BLUE, "-"), ("chance", ORANGE, "--")):
        slope = np.mean(found[f"{name}_slope"], axis=0)
        axes[2].plot(alphas, slope / slope.max(), color=colour, linestyle=dashes, linewidth=2.4)
    axes[2].set(xlabel="alpha", title="|gradient|, largest = 1", ylim=(0, 1.08))
    axes[2].annotate("score", (1, 0.86), ha="right", va="top", color=BLUE, fontweight="bold", fontsize=9)
    axes[2].annotate("probability", (1, 0.2), ha="right", color=ORANGE, fontweight="bold", fontsize=9)
    return fig


def errors(found: Mapping[str, np.ndarray], steps: Sequence[int], ylabel: str) -> Figure:
    """Error against the number of steps, a line for each rule, both axes in powers of ten."""
    fig = curves(steps, {rule: np.maximum(found[rule], 1e-5) for rule in paths.RULES}, xlabel="steps", ylabel=ylabel)
    ax = fig.axes[0]
    for words in ax.texts:
        words.set_visible(False)
    ax.set(xscale="log", yscale="log", xticks=steps, xticklabels=steps)
    ax.minorticks_off()
    ax.legend()
    return fig


class Walk(NamedTuple):
    """A walk from black to a picture in FINE steps: scores after 0 to FINE steps, and a map for each step."""

    image: np.ndarray
    scores: np.ndarray  # (FINE + 1,)
    maps: np.ndarray  # (FINE, h, w): slope times way, summed over colours, of one step


def walk(net: keras.Model, image: np.ndarray, target: int) -> Walk:
    """Walk from black to a picture (h, w, c), with slopes in the middle of each step."""
    ends = paths.on_the_way(np.zeros_like(image), image, np.linspace(0, 1, FINE + 1))
    middles = (ends[1:] + ends[:-1]) / 2
    maps = attribution.gradient(net, middles, target) * image / FINE
    return Walk(image, keras.ops.convert_to_numpy(net(ends))[:, target], maps.sum(axis=-1))


def player(walked: Walk) -> tuple[Callable[[float], Figure], Callable[[float], str]]:
    """Give the two functions of an `explore` over alpha: the picture there, slope and running sum, and their words."""
    sums = np.concatenate([np.zeros((1, *walked.maps.shape[1:])), np.cumsum(walked.maps, axis=0)])
    limit, now = np.quantile(np.abs(sums[-1]), 0.985), np.quantile(np.abs(walked.maps), 0.99) * FINE
    added, gained = sums.sum((1, 2)), walked.scores - walked.scores[0]

    def draw_alpha(alpha: float) -> Figure:
        """Draw where the walk is, what the slope says there, what has been added up, and both sums against alpha."""
        at = round(alpha * FINE)
        fig, axes = canvas(7.6, 2.35, 1, 4, width_ratios=[1, 1, 1, 1.25])
        _map(axes[0], alpha * walked.image, "on the way")
        _map(axes[1], walked.maps[max(at - 1, 0)] * FINE, "slope × way, here", now)
        _map(axes[2], sums[at], "running sum", limit)
        alphas = np.linspace(0, 1, FINE + 1)
        axes[3].plot(alphas, gained, color=GREY, linewidth=1.2)
        axes[3].plot(alphas[: at + 1], added[: at + 1], color=ORANGE, linewidth=2.2)
        axes[3].plot(alphas[at], added[at], "o", color=ORANGE)
        axes[3].set(title="sum, and score gained", xlabel="alpha", xlim=(-0.03, 1.03))
        return fig

    def say_alpha(alpha: float) -> str:
        """Say what `draw_alpha` shows."""
        at = round(alpha * FINE)
        close = abs(added[at] - gained[at]) <= 0.05 * np.abs(gained).max()
        told = "agrees with" if close else "is off from"
        return f"At {alpha:g} of the way from black to the scene, the running sum {told} the score gained so far."

    return draw_alpha, say_alpha


def _map(ax: Axes, values: np.ndarray, words: str, limit: float | None = None) -> None:
    """A picture, or signed values about zero."""
    if limit is None:
        ax.imshow(np.clip(values, 0, 1))
    else:
        ax.imshow(values, cmap="PuOr_r", vmin=-limit, vmax=limit)
    ax.set_title(words, fontsize=9, color=INK)
    ax.set_axis_off()
