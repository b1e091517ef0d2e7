"""A detector as a flow drawing: six stops, an arrow between two, and at each arrow what is done and what comes out.

Chapter: detectors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from cvnotes import figures
from cvnotes.figures.style import sheet

RULE = "rule"  # nothing in it is learned
LOOKS = (figures.BLUE, figures.GREEN, figures.ORANGE, figures.PURPLE)  # what is trained first, second, ...
SIDE, GAP, EDGE, TOP, BETWEEN, FOOT = 1.74, 1.09, 0.1, 0.82, 1.0, 0.62  # inches


class Stop(NamedTuple):
    """One stop of a picture on its way through a detector."""

    title: str
    how: str  #: what leads here, in a word or two on each line
    by: str  #: RULE, or the name of the training stage in which that was learned
    shape: tuple[int, ...]  #: of what arrives, read from it
    panel: Callable[[Axes], None]  #: draws what arrives


class Walk(NamedTuple):
    """The way of one picture through one detector."""

    name: str
    year: int
    stops: tuple[Stop, ...]  #: six of them
    stages: tuple[str, ...]  #: what is trained, in this order and apart
    passes: int  #: of the ConvNet's first layer, counted


def flow(walk: Walk) -> Figure:
    """Draw the walk: three stops in a row, the arrow's colour the training stage, grey for what is not learned.

    Chapter: detectors.
    """
    height = TOP + 2 * SIDE + BETWEEN + FOOT
    fig, ax = sheet(2 * EDGE + 3 * SIDE + 2 * GAP, height)
    colours = {RULE: figures.GREY, **dict(zip(walk.stages, LOOKS, strict=False))}
    ax.text(EDGE, 0.27, walk.name, fontsize=13, fontweight="bold", va="center")
    ax.text(ax.get_xlim()[1] - EDGE, 0.27, passes_said(walk), fontsize=10, va="center", ha="right", fontweight="bold")
    for i, stop in enumerate(walk.stops):
        x, y = corner(i)
        _panel(fig, stop, x, y)
        ax.text(x, y - 0.07, f"{i + 1}  {stop.title}", fontsize=9, va="bottom")
        if i:
            _arrow(ax, i, stop, colours[stop.by])
    _legend(ax, walk, colours, height - 0.24)
    return fig


def passes_said(walk: Walk) -> str:
    """The number of passes in words. Chapter: detectors."""
    return f"{walk.passes} pass{'es' if walk.passes != 1 else ''} of the ConvNet"


def corner(i: int) -> tuple[float, float]:
    """The upper left corner of stop i, in inches. Chapter: detectors."""
    row, column = divmod(i, 3)
    return EDGE + column * (SIDE + GAP), TOP + row * (SIDE + BETWEEN)


def _panel(fig: Figure, stop: Stop, x: float, y: float) -> None:
    width, height = fig.get_size_inches()
    ax = fig.add_axes((x / width, 1 - (y + SIDE) / height, SIDE / width, SIDE / height))
    stop.panel(ax)
    for side in ax.spines.values():
        side.set(visible=True, edgecolor=figures.GREY, linewidth=0.6)


def _arrow(ax: Axes, i: int, stop: Stop, colour: str) -> None:
    """From the stop before: to the right, or from the end of the first row to the start of the second."""
    (x, y), middle = corner(i), SIDE / 2
    if i % 3:
        points, at = [(x - GAP + 0.05, y + middle), (x - 0.03, y + middle)], (x - GAP / 2, y + middle)
    else:
        turn, start = y - BETWEEN / 2 - 0.02, corner(i - 1)
        points = [(start[0] + middle, start[1] + SIDE + 0.04), (start[0] + middle, turn), (x + middle, turn)]
        points, at = [*points, (x + middle, y - 0.27)], ((start[0] + x + SIDE) / 2, turn)
    ax.plot(*zip(*points[:-1], strict=True), color=colour, linewidth=2.6, solid_joinstyle="round")
    head = {"arrowstyle": "-|>", "mutation_scale": 13, "linewidth": 2.6, "color": colour, "shrinkA": 0, "shrinkB": 0}
    ax.add_patch(FancyArrowPatch(points[-2], points[-1], **head))
    look = {"ha": "center", "fontsize": 8, "linespacing": 1.25}
    ax.text(at[0], at[1] - 0.09, stop.how, va="bottom", color=colour if colour != figures.GREY else figures.INK, **look)
    ax.text(at[0], at[1] + 0.1, shape_said(stop.shape, lines=2 if i % 3 else 1), va="top", **look)


def shape_said(shape: Sequence[int], lines: int = 1) -> str:
    """A shape as it stands at an arrow: of four sides the first says how many there are. Chapter: detectors."""
    words = [f"{side:,}" for side in shape]
    if len(words) < 4:
        return " × ".join(words)
    return f"{words[0]} of{' ' if lines == 1 else chr(10)}{' × '.join(words[1:])}"


def _legend(ax: Axes, walk: Walk, colours: dict[str, str], y: float) -> None:
    x = EDGE
    for i, stage in enumerate((*walk.stages, RULE)):
        said = "not learned" if stage == RULE else f"{'trained' if not i else 'then'}: {stage}"
        ax.plot([x, x + 0.28], [y, y], color=colours[stage], linewidth=2.6)
        x += 0.36
        ax.text(x, y, said, fontsize=8.5, va="center")
        x += 0.068 * len(said) + 0.22
