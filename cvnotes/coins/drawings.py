"""The pictures of the page coins. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Rectangle

from cvnotes import boxes, figures
from cvnotes.boxes import Detections
from cvnotes.checks import choice
from cvnotes.instances import mask_head

from . import harder, reading, systems, trials, truth
from .synthetic import coins

SEEN = tuple(side // truth.SHRINK for side in truth.SHAPE)  # rows and columns of the photograph in what nets see
FOUND, FALSE, MISSED = (figures.GREEN, "-"), (figures.ORANGE, "--"), (figures.GOLD, (0, (1, 1.4)))
KEY = {"found": FOUND, "false": FALSE, "missed": MISSED}


def _show(ax: Axes, image: np.ndarray, title: str = "") -> None:
    """A grey picture on axes, from 0 to 255, without its padding."""
    ax.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="bicubic")
    ax.set(xticks=[], yticks=[], xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5), title=title)
    for side in ax.spines.values():
        side.set_visible(False)


def _seen() -> np.ndarray:
    """The photograph as nets see it, without the rows that only fill it up."""
    return truth.photograph()[: SEEN[0], : SEEN[1]]


def _frame(ax: Axes, box: np.ndarray, look: tuple, width: float = 1.6) -> None:
    """One box, with ink beneath its line."""
    x0, y0, x1, y1 = np.asarray(box, float) - 0.5
    for colour, wide, line in ((figures.INK, width + 1.3, "-"), (look[0], width, look[1])):
        style = {"edgecolor": colour, "linewidth": wide, "linestyle": line}
        ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, **style))


def by_hand() -> Figure:
    """Draw the photograph with the ellipses that were set by hand, numbered as in the table."""
    fig, ax = figures.canvas(6.6, 5.3)
    _show(ax, truth.photograph(1))
    ellipses = truth.by_hand()
    for i, (centre, axes, turn) in enumerate(zip(*ellipses, strict=True)):
        for colour, width in ((figures.INK, 2.6), (figures.GOLD, 1.3)):
            look = {"edgecolor": colour, "linewidth": width, "fill": False}
            ax.add_patch(Ellipse(centre - 0.5, *(2 * axes), angle=np.rad2deg(turn), **look))
        ax.text(*(centre - 0.5), i + 1, color=figures.INK, fontsize=8, ha="center", va="center",
                bbox={"facecolor": figures.GOLD, "pad": 1.2, "linewidth": 0, "alpha": 0.85})  # fmt: skip
    return fig


def left_out(seed: int, picture: int) -> Figure:
    """Draw one synthetic picture with all pieces, and again without each of them."""
    drawn = {name: coins(picture + 1, seed, without=off).images[picture] for name, off in trials.WITHOUT.items()}
    return figures.image_grid(list(drawn.values()), list(drawn), columns=3, scale=2.2)


@functools.cache
def every_answer(system: str) -> dict[str, Detections]:
    """What the stored net of a system finds in the photograph, as it is and made harder."""
    images = harder.photographs()
    net = trials.stored(choice("system", system, systems.SYSTEMS))
    return dict(zip(images, systems.SYSTEMS[system].detect(net, np.stack(list(images.values()))), strict=True))


def answers(system: str, version: str = "as it is") -> Detections:
    """What the stored net of a system finds in one version of the photograph."""
    return every_answer(system)[choice("version", version, every_answer(system))]


def sorted_out(found: Detections, least: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort the boxes above a threshold and the coins: found boxes (k, 4), false boxes (m, 4), missed coins (g, 4)."""
    sure, known = reading.above([found], least)[0], truth.hand_set()
    if not len(sure.boxes):
        return sure.boxes, sure.boxes, known.boxes
    curve = boxes.precision_recall([sure], [known], 0, limit=None)
    order = np.argsort(-sure.scores, kind="stable")
    missed = trials.hits(sure, known, least) == 0
    return sure.boxes[order][curve.hits], sure.boxes[order][~curve.hits], known.boxes[missed]


def swept(version: str, system: str, least: float) -> Figure:
    """Draw what a system finds in a version of the photograph with at least this score. To play with."""
    fig, ax = figures.canvas(3.9, 3.9)
    groups = sorted_out(answers(system, version), least)
    counts = ", ".join(f"{len(group)} {name}" for name, group in zip(KEY, groups, strict=True))
    _show(ax, harder.photographs()[version], counts)  # with the rows that fill it up: nets look for coins there too
    for group, look in zip(groups, KEY.values(), strict=True):
        for box in group:
            _frame(ax, box, look)
    _key(fig)
    return fig


def say_swept(version: str, system: str, least: float) -> str:
    """Put `swept` into words."""
    found, false, missed = map(len, sorted_out(answers(system, version), least))
    return (
        f"The photograph, {version}, with what {system} finds at a score of {least:g} or more: "
        f"{found} of {found + missed} coins, {false} boxes where no coin is."
    )


def _key(fig: Figure) -> None:
    """Name the colours below a figure."""
    handles = [
        Rectangle((0, 0), 1, 1, facecolor=colour, edgecolor=figures.INK, linestyle=line, linewidth=0.9)
        for colour, line in KEY.values()
    ]
    fig.legend(handles, KEY, loc="outside lower center", ncols=len(KEY), fontsize=8.5, handlelength=1.2, frameon=False)


@functools.cache
def shapes() -> tuple[Detections, np.ndarray]:
    """What the stored Faster R-CNN is sure of in the photograph, and the masks (k, h, w) of the stored mask head."""
    least = trials.stored_threshold("Faster R-CNN")
    found = reading.above([answers("Faster R-CNN")], least)
    return found[0], mask_head.outlines(trials.stored("masks"), truth.photograph()[None], found)[0]


def outlined(panels: Mapping[str, np.ndarray]) -> Figure:
    """Draw the photograph once for each set of masks (k, h, w), their outlines on it, in as many panels."""
    fig, axes = figures.canvas(7.6, 3.3, columns=len(panels), squeeze=False)
    for ax, (name, drawn) in zip(axes[0], panels.items(), strict=True):
        _show(ax, _seen(), name)
        for i, mask in enumerate(drawn):
            colour = figures.CYCLE[i % (len(figures.CYCLE) - 1)]  # no ink on a dark ground
            ax.contour(mask[: SEEN[0], : SEEN[1]].astype(float), levels=[0.5], colors=[colour], linewidths=1.5)
    return fig


def recalls(
    right: Sequence[int], objects: int, intervals: Sequence[tuple[float, float]], names: Sequence[str]
) -> Figure:
    """Draw shares of so many objects as dots, each with an interval."""
    fig, ax = figures.canvas(6.4, 0.42 * len(names) + 0.8)
    for i, (count, (low, high)) in enumerate(zip(right, intervals, strict=True)):
        ax.plot([low, high], [i, i], color=figures.BLUE, linewidth=5, alpha=0.3, solid_capstyle="butt")
        ax.plot(count / objects, i, "o", color=figures.BLUE)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlim=(0, 1.02), ylim=(len(names) - 0.5, -0.5), xlabel="share of the 24 coins that is found")
    ax.tick_params(axis="y", length=0)
    return fig
