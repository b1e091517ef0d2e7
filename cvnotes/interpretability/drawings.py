"""The pictures of the page on what explanations are for. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from cvnotes.data.scenes import Scenes
from cvnotes.figures import BLUE, GREY, INK, ORANGE, canvas, curves, image_grid

from . import games


def guessing(steps: Sequence[float], found: Mapping[str, np.ndarray]) -> Figure:
    """How far guesses of a change are astray, against its size: one rule for everybody, and the slope of each."""
    fig, (left, right) = canvas(7.6, 3.0, 1, 2)
    rules = {name: found[f"rule_{name}"] for name in ("linear", "trees", "deep")}
    curves(steps, rules, xlabel="change, deviations", ylabel="error of one rule", ax=left)
    slopes = {"linear": found["rule_linear"], "deep": found["slope"]}
    curves(steps, slopes, xlabel="change, deviations", ylabel="error of each one's slope", ax=right)
    for ax in (left, right):
        ax.set_ylim(-0.05, 1.5)
    return fig


def missed(shares: Sequence[float], found: Mapping[str, np.ndarray]) -> Figure:
    """Accuracy against the share of pixels that are missing, a line for each way to cope."""
    words = {"zeros": "zeros", "means": "mean pixels", "holes": "taught with holes"}
    lines = {words[name]: found[name] for name in words}
    return curves(100 * np.array(shares), lines, xlabel="pixels missing, %", ylabel="accuracy")


def taught(shown: Sequence[int], found: Mapping[str, np.ndarray]) -> Figure:
    """Accuracy of pupils against the examples that they saw, a line for each thing they were told."""
    words = {"told": "told by one who knows", "alone": "told nothing", "misled": "told by one who does not"}
    lines = {words[name]: found[name] for name in words}
    fig = curves(shown, lines, xlabel="examples shown", ylabel="accuracy")
    fig.axes[0].set(xscale="log", xticks=shown, xticklabels=shown)
    fig.axes[0].minorticks_off()
    return fig


def looks(scenes: Scenes, maps: Mapping[str, np.ndarray]) -> Figure:
    """Pictures in the first row, and the maps of each net in a row below, brightest where the map is strongest."""
    rows, titles = list(scenes.images), [scenes.classes[k] for k in scenes.labels[:, 0]]
    for name, found in maps.items():
        rows += [
            one / np.quantile(one, 0.998) for one in np.minimum(found, np.quantile(found, 0.998, (1, 2), keepdims=True))
        ]
        titles += [name] * len(found)
    return image_grid(rows, titles, columns=len(scenes), cmap="inferno", scale=1.3)


def arrivals(
    game: games.Worth, names: Sequence[str], unit: str
) -> tuple[Callable[[str], Figure], Callable[[str], str], list[str]]:
    """Give the two functions of an `explore` and its settings: players arrive in an order, and add what they add.

    An order is told by the players' first letters, such as "b-p-H-t". Chapter: interpretability.
    """
    import itertools

    orders = {_told(names, order): order for order in itertools.permutations(range(len(names)))}
    fair = games.shapley(game)

    def draw_order(order: str) -> Figure:
        """Draw what each player adds on arriving, as steps from nobody to everybody, and the mean of all orders."""
        sequence = orders[order]
        fig, ax = canvas(6.4, 2.9)
        start = game[frozenset()]
        for row, player in enumerate(sequence):
            step = games.in_order(game, sequence)[player]
            ax.barh(row, step, left=start, height=0.5, color=ORANGE if step > 0 else BLUE)
            ax.annotate(f"{step:+.0f}".replace("-", "−"), (max(start, start + step), row), xytext=(5, 0),
                        textcoords="offset points", va="center", color=INK, fontsize=9)  # fmt: skip
            start += step
        levels = list(game.values())
        ax.set(xlim=(min(levels) - 8, max(levels) + 22), ylim=(len(sequence) - 0.4, -0.6), xlabel=unit)
        ax.set_yticks(range(len(sequence)), [f"{names[i]} ({fair[i]:+.0f})".replace("-", "−") for i in sequence])
        for level in (game[frozenset()], game[max(game, key=len)]):
            ax.axvline(level, color=GREY, linewidth=0.9, linestyle=(0, (3, 3)))
        return fig

    def say_order(order: str) -> str:
        """Say what `draw_order` shows."""
        added = games.in_order(game, orders[order])
        steps = ", ".join(f"{names[i]} {added[i]:+.0f}" for i in orders[order]).replace("-", "−")
        return f"Steps from {game[frozenset()]:.0f} to {game[max(game, key=len)]:.0f} {unit}: {steps}."

    return draw_order, say_order, list(orders)


def _told(names: Sequence[str], order: Sequence[int]) -> str:
    return ", ".join(names[i].split()[-1] for i in order)
