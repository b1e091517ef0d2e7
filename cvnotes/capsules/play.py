"""Eight parts, two wholes: votes in the plane that one can watch as they settle."""

from __future__ import annotations

import numpy as np
from keras import ops
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes.checks import number, whole
from cvnotes.figures import BLUE, GREY, INK, ORANGE, canvas

from .agreement import route
from .squashing import lengths

FIRST = 5  # parts that agree on the first whole; the others agree on the second
POSES = np.deg2rad([35, 125])  # where the votes that agree point, for each whole
ELSEWHERE = np.deg2rad([[0, 0, 0, 0, 0, 150, 230, 300], [0, 65, 200, 250, 310, 0, 0, 0]])  # of parts that do not agree
LENGTH = 0.7  # of every vote
ROUNDS = (1, 2, 3, 5, 10)
SPREADS = (0, 30, 60, 120)  # degrees
COLOURS = (BLUE, ORANGE)
NAMES = ("house", "boat")
REACH = 1.4


def wobble() -> np.ndarray:
    """By how many spreads the votes that agree differ from their pose, (2, 8)."""
    return np.random.default_rng(4).normal(size=(2, 8))


def voted(spread: float) -> np.ndarray:
    """The votes (1, 2, 8, 2): five parts share a view of the first whole, three of the second, up to a `spread`.

    spread: deviation of their angles, in degrees. Raises ValueError below 0. Chapter: capsules.
    """
    shared = POSES[:, None] + np.deg2rad(number("spread", spread, 0)) * wobble()
    mine = np.arange(8) < FIRST
    return pointing(np.where(np.stack([mine, ~mine]), shared, ELSEWHERE))


def pointing(angles: np.ndarray) -> np.ndarray:
    """Votes (1, 2, 8, 2) of one length, at angles (2, 8). Chapter: capsules."""
    return (LENGTH * np.stack([np.cos(angles), np.sin(angles)], -1))[None].astype("float32")


def after(rounds: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """The wholes (2, 2) and couplings (2, 8) after so many rounds. Chapter: capsules."""
    wholes, couplings = route(voted(spread), whole("rounds", rounds, 1))
    return ops.convert_to_numpy(wholes)[0], ops.convert_to_numpy(couplings)[0]


def draw_votes(rounds: int, spread: float) -> Figure:
    """Draw the votes for both wholes, thick where the coupling is large, and how each part shares itself out."""
    votes, (wholes, couplings) = voted(spread)[0], after(rounds, spread)
    fig, axes = canvas(5.8, 2.6, 1, 3, width_ratios=[1, 1, 0.75])
    sizes = ops.convert_to_numpy(lengths(wholes))
    for j, ax in enumerate(axes[:2]):
        _draw_panel(ax, votes[j], couplings[j], wholes[j], COLOURS[j])
        ax.set_title(f"the {NAMES[j]}: length {sizes[j]:.2f}", fontsize=9.5)
    _draw_shares(axes[2], couplings)
    return fig


def _draw_panel(ax: Axes, votes: np.ndarray, couplings: np.ndarray, whole: np.ndarray, colour: str) -> None:
    for i, ((x, y), share) in enumerate(zip(votes, couplings, strict=True)):
        ax.plot([0, x], [0, y], color=colour, linewidth=0.4 + 3 * share, alpha=0.15 + 0.6 * share)
        out = (0.8 + 0.11 * (i if i < FIRST else i - 3)) / LENGTH  # one behind the other where votes are the same
        at = {"fontsize": 8, "ha": "center", "va": "center"}
        ax.text(out * x, out * y, str(i + 1), color=INK, alpha=0.35 + 0.65 * share, **at)
    ax.annotate("", whole, (0, 0), arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 2.2})
    ax.add_patch(_circle())
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal", xticks=[], yticks=[])
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


def _circle():
    from matplotlib.patches import Circle

    return Circle((0, 0), 1, fill=False, edgecolor=GREY, linewidth=0.8, linestyle=(0, (3, 3)))


def _draw_shares(ax: Axes, couplings: np.ndarray) -> None:
    left = np.zeros(8)
    for name, share, colour in zip(NAMES, couplings, COLOURS, strict=True):
        ax.barh(range(8), share, left=left, color=colour, alpha=0.75, height=0.7, label=name)
        left = left + share
    ax.axvline(0.5, color=INK, linewidth=0.8, linestyle=(0, (3, 3)))
    ax.set(yticks=range(8), yticklabels=range(1, 9), ylim=(7.5, -0.5), xlim=(0, 1), xticks=[0, 0.5, 1])
    ax.set_title("shares of each part", fontsize=9.5)
    ax.set(xlabel="house ← → boat", ylabel="part")


def say_votes(rounds: int, spread: float) -> str:
    """Say what `draw_votes` shows."""
    wholes, couplings = after(rounds, spread)
    house, boat = couplings[0, :FIRST].mean(), couplings[1, FIRST:].mean()
    long = np.linalg.norm(wholes, axis=1)
    return (
        f"Round {rounds}, spread {spread:g}°: parts 1 to 5 give {house:.2f} of themselves to the house on average, "
        f"parts 6 to 8 {boat:.2f} to the boat; the house has length {long[0]:.2f}, the boat {long[1]:.2f}."
    )
