"""Embeddings in the plane, to play with: what the margin and the choice of triplets make of ten digits.

Chapter: siamese.
"""

from __future__ import annotations

import functools

import numpy as np
from matplotlib.figure import Figure

from cvnotes import experiments, figures

from .mining import MINING
from .trials import MARGINS, SHOWN, digits

RUNS = {1: 0, 2: 2}  # which of the stored seeds
DARKER = {figures.GOLD: "#a87400", figures.SKY: "#2a8ccf"}  # a numeral needs more contrast than a line
COLOURS = (*(DARKER.get(colour, colour) for colour in figures.CYCLE), figures.GREY, "#7a4a1e", "#4b0092")


@functools.cache
def stored() -> dict[str, np.ndarray]:
    """The numbers of the experiment `plane`."""
    return experiments.load("siamese", "plane")


def draw_plane(mining: str, margin: float, run: int) -> Figure:
    """Draw the codes of test digits in the plane, each as its own numeral, with the margin as a ruler."""
    places, labels = stored()[f"{mining} {margin:g} places"][RUNS[run]], digits().test_labels[:SHOWN]
    fig, ax = figures.canvas(5.0, 4.3)
    middle = places.mean(axis=0)
    reach = max(1.12 * np.abs(places - middle).max(), 0.6 * margin)  # the ruler fits beside codes that collapsed
    for (x, y), label in zip(places, labels, strict=True):
        ax.text(x, y, str(label), color=COLOURS[label], ha="center", va="center", fontsize=9.5, fontweight="bold")
    low = middle - reach
    ax.plot([low[0], low[0] + margin], [low[1]] * 2, color=figures.INK, linewidth=2.5, solid_capstyle="butt")
    ax.text(low[0], low[1] + 0.03 * reach, f"margin {margin:g}", fontsize=9, va="bottom")
    ax.set(xlim=(low[0] - 0.03 * reach, low[0] + 2 * reach), ylim=(low[1] - 0.03 * reach, low[1] + 2 * reach))
    ax.set(aspect="equal", xlabel="first number of the code", ylabel="second number")
    return fig


def say_plane(mining: str, margin: float, run: int) -> str:
    """Say what `draw_plane` shows."""
    same, different, read = (
        stored()[f"{mining} {margin:g} {name}"][RUNS[run]] for name in ("same", "different", "read")
    )
    return (
        f"{SHOWN} test digits as points of the plane, trained with {mining} triplets and a margin of {margin:g}, start "
        f"{run}. Two of one kind are {same:.2f} apart on average, two of different kinds {different:.2f}; "
        f"{read:.0%} have their own kind for nearest neighbour among the training digits."
    )


GRID = {"mining": list(MINING), "margin": list(MARGINS), "run": list(RUNS)}
