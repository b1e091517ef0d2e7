"""The figure to play with: a penalty and its strength, on a bowl of two weights and on a reader of digits.

Chapter: regularization.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon

from cvnotes import figures
from cvnotes.checks import whole
from cvnotes.figures.style import STYLE
from cvnotes.linear_classifiers import softmax_loss

from .penalties import KINDS, limited, soft_threshold
from .problem import digits

STRENGTHS = (0.0, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
LIMITS = (np.inf, 2.0, 1.5, 1.0, 0.7, 0.4)
LEVELS = tuple(range(len(STRENGTHS)))
BOTTOM = np.array([2.0, 0.7])  # of the bowl
SHOWN = (0, 3, 8)  # digits whose weights are drawn


def bowl_matrix() -> np.ndarray:
    """The curvatures of the bowl, 0.3 and 0.03, turned by 30 degrees: (2, 2)."""
    c, s = np.cos(np.pi / 6), np.sin(np.pi / 6)
    turn = np.array([[c, -s], [s, c]])
    return turn @ np.diag([0.03, 0.3]) @ turn.T


def settled(start: np.ndarray, slope, rate: float, kind: str, level: int, steps: int) -> np.ndarray:
    """Walk downhill with steps that respect the penalty: the bottom of data loss plus penalty, or within the limit.

    slope(w): gradient of the data loss. Raises ValueError for another kind of penalty or another level.
    """
    level = _checked(kind, level)
    strength, w = STRENGTHS[level], np.asarray(start, float)
    for _ in range(steps):
        w = w - rate * slope(w)
        if kind == "L2":
            w = w / (1 + rate * strength)  # the proximal step of half lambda w squared
        elif kind == "L1":
            w = soft_threshold(w, rate * strength)
        elif np.isfinite(LIMITS[level]):
            w = limited(w, LIMITS[level])
    return w


def _checked(kind: str, level: int) -> int:
    """Read a level; ValueError for another kind of penalty or another level."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}. Received: kind={kind!r}")
    return whole("level", level, 0, len(LEVELS) - 1)


@functools.cache
def on_the_bowl(kind: str, level: int) -> np.ndarray:
    """The two weights at the bottom of bowl plus penalty, (2,)."""
    h = bowl_matrix()
    return settled(np.zeros((2, 1)), lambda w: h @ (w - BOTTOM[:, None]), 3.0, kind, level, 800)[:, 0]


@functools.cache
def on_digits(kind: str, level: int) -> np.ndarray:
    """Weights (64, 10) of a linear softmax classifier of 300 digits, after 250 steps from zero."""
    if _checked(kind, level) == 0 and kind != KINDS[0]:
        return on_digits(KINDS[0], 0)  # no penalty is the same for all kinds
    p = digits(0, noise=0.0)
    x = p.x - p.x.mean(0)
    return settled(np.zeros((64, 10)), lambda w: x.T @ softmax_loss(x @ w, p.y)[1], 0.4, kind, level, 250)


@functools.cache
def inked() -> np.ndarray:
    """The pixels that are not black in all 300 digits; the weights of the others have nothing to do. (64,)"""
    return digits(0, noise=0.0).x.max(0) > 0


def in_use(kind: str, level: int) -> np.ndarray:
    """The weights of the pixels with ink, in a row."""
    return on_digits(kind, level)[inked()].ravel()


def setting(kind: str, level: int) -> str:
    """The strength in words: lambda, or the limit c. Raises ValueError as `settled`."""
    _checked(kind, level)
    if kind != "max-norm":
        return f"λ = {STRENGTHS[level]:g}"
    return "no limit" if level == 0 else f"c = {LIMITS[level]:g}"


def draw_penalty(kind: str, level: int) -> Figure:
    """Draw the bowl with the solution and its penalty, three weight pictures, and the histogram of all weights."""
    fig, axes = figures.canvas(6.4, 3.7, rows=2, columns=4, width_ratios=[2.9, 1, 1, 1], height_ratios=[1, 1.15])
    grid = axes[0, 0].get_gridspec()
    for ax in (axes[0, 0], axes[1, 0], *axes[1, 1:]):
        ax.remove()
    with mpl.rc_context(STYLE):  # panels that span cells of the grid are made here, and dressed alike
        bowl, histogram = fig.add_subplot(grid[:, 0]), fig.add_subplot(grid[1, 1:])
    _draw_bowl(bowl, kind, level)
    _draw_pictures(axes[0, 1:], on_digits(kind, level))
    _draw_histogram(histogram, in_use(kind, level))
    return fig


def _draw_pictures(axes: Sequence[Axes], weights: np.ndarray) -> None:
    reach = np.abs(weights).max()
    for ax, digit in zip(axes, SHOWN, strict=True):
        ax.imshow(weights[:, digit].reshape(8, 8), cmap="PuOr_r", vmin=-reach, vmax=reach)
        ax.set(xticks=[], yticks=[])
        ax.set_title(f"a {digit}")


def _draw_bowl(ax: Axes, kind: str, level: int) -> None:
    h, w = bowl_matrix(), on_the_bowl(kind, level)
    across, up = np.meshgrid(np.linspace(-1.2, 2.9, 80), np.linspace(-1.6, 2.2, 80))
    away = np.stack([across - BOTTOM[0], up - BOTTOM[1]], -1)
    data_loss = np.einsum("...i,ij,...j->...", away, h, away) / 2
    ax.contour(across, up, data_loss, levels=[0.005, 0.02, 0.06, 0.15, 0.3], colors=figures.GREY, linewidths=0.7)
    size = {"L2": np.linalg.norm(w), "L1": np.abs(w).sum(), "max-norm": LIMITS[level]}[kind]
    if level and size > 1e-9:
        look = {"fill": True, "facecolor": figures.SKY, "edgecolor": figures.BLUE, "alpha": 0.35, "linewidth": 1.4}
        corners = size * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])
        ax.add_patch(Polygon(corners, **look) if kind == "L1" else Circle((0, 0), size, **look))
    path = np.array([on_the_bowl(kind, i) for i in LEVELS[: level + 1]])
    ax.plot(*path.T, color=figures.ORANGE, linewidth=1.2)
    ax.plot(*BOTTOM, "x", color=figures.INK, markersize=7)
    ax.plot(*w, "o", color=figures.ORANGE, markersize=8)
    ax.axhline(0, color=figures.GREY, linewidth=0.5)
    ax.axvline(0, color=figures.GREY, linewidth=0.5)
    ax.set(xlim=(-1.2, 2.9), ylim=(-1.6, 2.2), aspect="equal", xlabel="first weight", ylabel="second weight")
    ax.set_title(f"{kind}, {setting(kind, level)}")


def _draw_histogram(ax: Axes, weights: np.ndarray) -> None:
    ax.hist(np.clip(weights, -1.5, 1.5), bins=np.linspace(-1.55, 1.55, 32), color=figures.BLUE)
    ax.set(yscale="log", ylim=(0.7, 900), xlim=(-1.6, 1.6), xlabel="all its weights")
    ax.set_yticks([1, 10, 100], ["1", "10", "100"])
    ax.minorticks_off()
    ax.set_title(f"{np.mean(weights == 0):.0%} exactly zero")


def say_penalty(kind: str, level: int) -> str:
    """Say what `draw_penalty` shows."""
    w, weights = on_the_bowl(kind, level), in_use(kind, level)
    shape = {"L2": "circle", "L1": "diamond", "max-norm": "circle"}[kind]
    place = f"{w[0] + 0:.1f} and {w[1] + 0:.1f}".replace("-", "−")
    start = "No penalty: the solution is the bottom of the bowl" if level == 0 else f"A {shape} holds the solution"
    return (
        f"{kind}, {setting(kind, level)}. {start}, at {place}. In the reader of digits "
        f"{np.mean(weights == 0):.0%} of the weights are exactly zero; they lie within {np.abs(weights).max():.1f}."
    )
