"""A linear classifier in the plane, to play with: three classes, lines that move, and which points pay.

Chapter: losses.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from cvnotes import figures

from .losses import hinge_loss, hinge_losses, softmax_loss, softmax_losses

CLASSES = ("blue", "orange", "green")
COLOURS = (figures.BLUE, figures.ORANGE, figures.GREEN)
MARKS = ("o", "s", "^")
TURNS, BIASES, SCALES = (-60, -30, 0, 30, 60), (-2, 0, 2), (0.5, 1, 2, 4)
REACH = 3.2  # of the plane, from the middle to each side

POINTS = np.array(
    [
        *[(-0.1, 2.3), (-1.0, 1.6), (0.9, 1.5), (0.3, 2.8)],
        *[(-2.2, -1.2), (-1.3, -1.0), (-2.6, -0.4), (-1.6, -2.1)],
        *[(2.1, -0.9), (1.4, -1.3), (1.1, -2.2), (2.6, -1.7)],
    ]
)
LABELS = np.repeat(np.arange(3), 4)


def plane_weights(turn: float = 0, bias: float = 0, scale: float = 1) -> np.ndarray:
    """Weights (3, 3) of three classes over x, y and a 1: the blue row turned by degrees, its bias set, all scaled."""
    angles = np.deg2rad([90 + turn, 210, 330])
    rows = np.stack([np.cos(angles), np.sin(angles), np.zeros(3)])
    rows[2, 0] = bias
    return scale * rows


def plane_scores(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Scores (n, 3) of points (n, 2)."""
    return np.hstack([points, np.ones((len(points), 1))]) @ weights


def draw_plane(turn: float, bias: float, scale: float) -> Figure:
    """Draw the plane with the region of each class, and what every point pays under both losses."""
    weights = plane_weights(turn, bias, scale)
    scores = plane_scores(POINTS, weights)
    fig, (left, right) = figures.canvas(7.2, 3.5, columns=2, width_ratios=[1.25, 1])
    _regions(left, weights)
    _arrows(left, weights)
    _points(left, hinge_losses(scores, LABELS) > 0)
    _bills(right, hinge_losses(scores, LABELS), softmax_losses(scores, LABELS))
    right.set_title(f"hinge {hinge_loss(scores, LABELS)[0]:.3f}    softmax {softmax_loss(scores, LABELS)[0]:.3f}")
    return fig


def say_plane(turn: float, bias: float, scale: float) -> str:
    """Say what `draw_plane` shows."""
    scores = plane_scores(POINTS, plane_weights(turn, bias, scale))
    pay = np.flatnonzero(hinge_losses(scores, LABELS) > 0) + 1
    wrong = int((scores.argmax(1) != LABELS).sum())
    who = "no point pays" if not len(pay) else f"point{'s' * (len(pay) > 1)} {', '.join(map(str, pay))} pay"
    who += "s" if len(pay) == 1 else ""
    return (
        f"Twelve points of three classes, {wrong} of them in a region that is not theirs. "
        f"Mean hinge loss {hinge_loss(scores, LABELS)[0]:.3f}: {who}. "
        f"Mean softmax loss {softmax_loss(scores, LABELS)[0]:.3f}: every point pays something."
    )


def _regions(ax: Axes, weights: np.ndarray) -> None:
    """Fill the plane with the colour of the class whose score is largest."""
    side = np.linspace(-REACH, REACH, 241)
    x, y = np.meshgrid(side, side)
    scores = plane_scores(np.stack([x.ravel(), y.ravel()], 1), weights)
    pale = np.array([0.82 + 0.18 * np.array(to_rgb(colour)) for colour in COLOURS])
    extent = (-REACH, REACH, -REACH, REACH)
    ax.imshow(pale[scores.argmax(1)].reshape(241, 241, 3), origin="lower", extent=extent, interpolation="nearest")
    ax.set(xticks=[], yticks=[], xlim=extent[:2], ylim=extent[2:], aspect="equal")
    ax.spines[:].set_visible(False)


def _arrows(ax: Axes, weights: np.ndarray) -> None:
    """Draw the weights of each class, without its bias, as an arrow from the middle: half as long as they are."""
    for (x, y, _), colour in zip(weights.T / 2, COLOURS, strict=True):
        ax.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.8, "shrinkA": 0})


def _points(ax: Axes, pays: np.ndarray) -> None:
    """Draw numbered points; those that pay under the hinge loss get a ring."""
    for i, (x, y) in enumerate(POINTS):
        colour = COLOURS[LABELS[i]]
        if pays[i]:
            ax.plot(x, y, "o", markersize=19, markerfacecolor="none", markeredgecolor=figures.INK, markeredgewidth=1.4)
        low = 0.09 if MARKS[LABELS[i]] == "^" else 0.02  # the middle of a triangle lies low
        ax.plot(x, y, MARKS[LABELS[i]], markersize=14.5 if low > 0.05 else 12.5, color=colour)
        ax.text(x, y - low, str(i + 1), ha="center", va="center", color="white", fontsize=7.5, fontweight="bold")


def _bills(ax: Axes, hinge: np.ndarray, softmax: np.ndarray) -> None:
    """Draw a full bar for the hinge loss of every point, and an open one for its softmax loss."""
    places, most = np.arange(len(hinge)), 4
    for i in places:
        ax.barh(i - 0.19, min(hinge[i], most), 0.36, color=COLOURS[LABELS[i]])
        ax.barh(
            i + 0.19, min(softmax[i], most), 0.36, facecolor=figures.PAPER, edgecolor=COLOURS[LABELS[i]], linewidth=1
        )
        for y, value in ((i - 0.19, hinge[i]), (i + 0.19, softmax[i])):
            if value > most:
                ax.text(most + 0.06, y, f"{value:.0f}", va="center", fontsize=6.5)
    ax.set(xlim=(0, most + 0.4), ylim=(len(hinge) - 0.5, -0.5), xlabel="full: hinge; open: softmax", yticks=places)
    ax.set_yticklabels(places + 1)
    ax.tick_params(axis="y", length=0)
