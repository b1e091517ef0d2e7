"""One dial of a drawn face, to turn: what the picture does, and what the codes do. Chapter: faces."""

from __future__ import annotations

import functools

import numpy as np
from matplotlib.figure import Figure

from cvnotes import experiments, figures

from .face_dials import DIALS, TURNS, at_rest, turned

CODES = ("pixels", "twin without colour", "twin")
SITTER, SIZE = 4, 56  # which of the people is shown, and how large in pixels
GRID = {"dial": ["turned head", "lamp", "smile", "hair", "eye spacing", "nose", "skin"], "turn": list(TURNS)}


@functools.cache
def stored() -> dict[str, np.ndarray]:
    """How far dials move the codes: for each code (seeds, dials, turns)."""
    numbers = experiments.load("siamese", "faces")
    return {code: numbers[f"{code} dials"] for code in CODES}


@functools.cache
def sitter(dial: str, turn: float) -> np.ndarray:
    """The person that is shown, with one dial turned."""
    return turned(at_rest(0)[SITTER], dial, turn, SIZE)[0]


def draw_dial(dial: str, turn: float) -> Figure:
    """Draw the face at rest, the face with its dial turned, and the distances of all codes along that dial."""
    fig, (rest, moved, ax) = figures.canvas(5.8, 1.8, columns=3, width_ratios=(1, 1, 1.9))
    for place, at, title in ((rest, 0.5, "at rest"), (moved, turn, dial)):
        place.imshow(sitter(dial, at))
        place.set_title(title, fontsize=9.5)
        place.axis("off")
    for i, (code, values) in enumerate(stored().items()):
        line = values[:, list(DIALS).index(dial)].mean(axis=0)
        look = {"color": figures.CYCLE[i], "marker": "osD"[i], "markersize": 3.5}
        ax.plot(TURNS, line, label=code, **look)
        ax.plot(turn, line[TURNS.index(turn)], look["marker"], color=figures.CYCLE[i], markersize=8)
    ax.axhline(1, color=figures.GREY, linewidth=0.8, linestyle=":")
    ax.set(ylim=(-0.05, 1.4), xticks=[0, 0.5, 1], xticklabels=["lowest", "at rest", "highest"], yticks=[0, 1])
    ax.set_yticklabels(["0", "two\npeople"])
    ax.legend(loc="upper center", ncols=3, fontsize=7, handlelength=1.2, columnspacing=0.8)
    return fig


def say_dial(dial: str, turn: float) -> str:
    """Say what `draw_dial` shows."""
    at = list(DIALS).index(dial), TURNS.index(turn)
    parts = [f"{code} {values.mean(axis=0)[at]:.2f}" for code, values in stored().items()]
    return (
        f"A drawn face at rest, and the same with its dial {dial!r} at {turn:.0%} of its range. Distance moved, where "
        f"1 is that of two people: {', '.join(parts)}."
    )
