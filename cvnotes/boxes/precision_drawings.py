"""The pictures of the page average_precision. Plain functions: boxes or curves in, a figure out."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from cvnotes import data, figures
from cvnotes.data import Scene
from cvnotes.figures.style import BLUE, CYCLE, DASHES, GREY, INK, ORANGE, PAPER, PURPLE, RULE, canvas

from .detections import Detections, Truth, truths
from .imagined import crowds, imagine
from .judging import ranking, thresholds
from .precision import LEVELS, Curve
from .suppression import suppress
from .sweeps import Sweep, repeats

KINDS = {"right": (BLUE, DASHES[0]), "said again": (ORANGE, DASHES[1]), "false alarm": (PURPLE, DASHES[2])}
FADE = 0.6  # how much of a picture is left under its boxes


def kinds_of(found: Detections, truth: Truth) -> np.ndarray:
    """Name each box of a picture, surest first: right, said again, or false alarm."""
    ranked, _ = ranking([found], [truth], thresholds(0.5))
    return np.where(ranked.hits[0], "right", np.where(repeats(ranked), "said again", "false alarm"))


def faded(ax: Axes, scene: Scene, *, flat: bool = False) -> None:
    """Lay a scene down in pale grey, so that the lines on it are seen; `flat`: its objects alone, each in one grey."""
    grey = FADE * scene.image.mean(axis=-1) / 255 + 1 - FADE
    if flat:
        grey = np.where(scene.instances > 0, 0.62 + 0.045 * scene.instances, 1)
    side = len(grey)
    ax.imshow(grey, cmap="gray", vmin=0, vmax=1, extent=(0, side, side, 0), interpolation="nearest")
    ax.set(xticks=[], yticks=[], xlim=(-3, side + 3), ylim=(side + 3, -3))
    ax.spines[:].set_visible(False)


def outlined(ax: Axes, boxes: np.ndarray, kinds: Sequence[str]) -> None:
    """Draw boxes in the lines of their kinds, right ones on top."""
    for (x0, y0, x1, y1), kind in zip(boxes, kinds, strict=True):
        colour, dashes = KINDS[kind]
        wide = 2.2 if kind == "right" else 1.1
        place = {"zorder": 3 if kind == "right" else 2, "linewidth": wide, "linestyle": dashes}
        ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=colour, **place))


def legend(fig: Figure, counts: Mapping[str, int] | None = None) -> None:
    """Name the kinds of boxes below a figure, with how many of each there are."""
    lines = [Line2D([], [], color=colour, linestyle=dashes, linewidth=1.8) for colour, dashes in KINDS.values()]
    words = [kind if counts is None else f"{counts[kind]} {kind}" for kind in KINDS]
    fig.legend(lines, words, loc="outside lower center", ncols=len(KINDS), fontsize=8.5, handlelength=2)


def before_and_after(scene: Scene, found: Detections, left: Detections) -> Figure:
    """Draw all boxes of a scene, and those that suppression leaves, side by side."""
    (truth,) = truths_of(scene)
    fig, axes = canvas(7.2, 4.0, 1, 2)
    for ax, boxes, words in zip(axes, (found, left), ("said", "left by suppression"), strict=True):
        faded(ax, scene)
        order = np.argsort(-boxes.scores, kind="stable")
        outlined(ax, boxes.boxes[order], kinds_of(boxes, truth))
        ax.set_title(f"{len(boxes.scores)} boxes {words}")
    legend(fig)
    return fig


def truths_of(scene: Scene) -> list[Truth]:
    """Read the truth of one scene, as a list of one."""
    return [Truth(scene.boxes, scene.labels)]


# To play with --------------------------------------------------------------------------------------------------------

PLACES = {"usual": 17, "crowded": 12}  # the scene shown, and its number


OVERLAPS, SCORES = (0.1, 0.3, 0.5, 0.7), (0.0, 0.4, 0.6)


@functools.cache
def shown(place: str) -> tuple[Scene, Detections, Truth]:
    """The scene of a name, what the imagined detector says of it, and what is true."""
    number = PLACES[place]
    scenes = (data.scenes if place == "usual" else crowds)(number + 1, seed=70_100)
    known = truths(scenes)
    return scenes[number], imagine(known, 1)[number], known[number]


def kept(scene: str, overlap: float, score: float) -> tuple[Detections, dict[str, int], int]:
    """What is left of a scene's boxes, how many of each kind, and how many objects there are."""
    _, found, truth = shown(scene)
    left = suppress(found, overlap, score)
    names = kinds_of(left, truth)
    return left, {kind: int((names == kind).sum()) for kind in KINDS}, len(truth.labels)


def settings() -> list[tuple[float, float]]:
    """All pairs of an overlap and a score threshold that the figure offers."""
    return list(itertools.product(OVERLAPS, SCORES))


def perfect(scene: str, overlap: float, score: float) -> bool:
    """Whether each object of a scene is left with its one box, and nothing else is left."""
    _, counts, objects = kept(scene, overlap, score)
    return list(counts.values()) == [objects, 0, 0]


def draw_suppression(scene: str, overlap: float, score: float) -> Figure:
    """One scene with the boxes that are left at these two thresholds."""
    left, counts, objects = kept(scene, overlap, score)
    picture, _, truth = shown(scene)
    fig, ax = canvas(3.7, 4.1)
    faded(ax, picture, flat=True)
    outlined(ax, left.boxes, kinds_of(left, truth))
    ax.set_title(f"{counts['right']} of {objects} objects found")
    legend(fig, counts)
    return fig


def say_suppression(scene: str, overlap: float, score: float) -> str:
    """The words of `draw_suppression`."""
    _, counts, objects = kept(scene, overlap, score)
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    return f"A {scene} scene of {objects} objects, overlap {overlap:g}, scores from {score:g}: {told}."


# Thresholds ----------------------------------------------------------------------------------------------------------


def draw_sweeps(levels: np.ndarray, sweeps: Mapping[str, Sweep]) -> Figure:
    """Precision, recall and duplicates over the score threshold, for each way to clean up."""
    fig, axes = canvas(7.6, 3.2, 1, 3)
    for ax, name in zip(axes, ("precision", "recall", "duplicates"), strict=True):
        for i, (words, told) in enumerate(sweeps.items()):
            ax.plot(levels, getattr(told, name), label=words, color=CYCLE[i], linestyle=DASHES[i])
        ax.set(xlabel="score threshold", title=f"{name} an object" if name == "duplicates" else name, ylim=(0, None))
        ax.grid(axis="y")
    axes[0].set(ylim=(0, 1.03))
    axes[1].set(ylim=(0, 1.03))
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(sweeps))
    return fig


# The curve -----------------------------------------------------------------------------------------------------------


def draw_steps(curve: Curve, taken: int) -> Figure:
    """Precision and recall after the `taken` surest detections; above them the ranking, right ones filled."""
    fig, (top, ax) = canvas(5.0, 4.0, 2, 1, height_ratios=[1, 4])
    for i, hit in enumerate(curve.hits):
        face = (BLUE if hit else PAPER) if i < taken else RULE
        edge = (BLUE if hit else ORANGE) if i < taken else RULE
        top.add_patch(Rectangle((i + 0.1, 0), 0.8, 0.8, facecolor=face, edgecolor=edge, linewidth=1.8))
        if i < taken:
            mark = {"color": PAPER if hit else ORANGE, "ha": "center", "va": "center", "fontsize": 10}
            top.text(i + 0.5, 0.4, "✓" if hit else "×", **mark)
    top.set(xlim=(0, len(curve.hits)), ylim=(-0.1, 0.9), xticks=[], yticks=[], title="the ranking, surest first")
    top.spines[:].set_visible(False)
    ax.plot(curve.recall[:taken], curve.precision[:taken], color=INK, linewidth=1)
    for i in range(taken):
        colour = BLUE if curve.hits[i] else ORANGE
        ax.plot(curve.recall[i], curve.precision[i], "o" if curve.hits[i] else "X", color=colour, markersize=7)
    axes_of_recall(ax)
    return fig


def axes_of_recall(ax: Axes) -> None:
    """Label a square of precision over recall."""
    ax.set(xlabel="recall", ylabel="precision", xlim=(-0.03, 1.03), ylim=(0, 1.06))
    ax.grid(axis="y")


def say_steps(curve: Curve, taken: int) -> str:
    """The words of `draw_steps`."""
    right = int(curve.hits[:taken].sum())
    return (
        f"Right among the surest {taken}: {right}. Precision {curve.precision[taken - 1]:.2f}, "
        f"recall {curve.recall[taken - 1]:.2f}."
    )


def draw_three_ways(curve: Curve) -> Figure:
    """What the three kinds of average precision read off one curve."""
    best = np.maximum.accumulate(curve.precision[::-1])[::-1]
    fig, axes = canvas(7.6, 3.1, 1, 3, sharey=True)
    for ax, (name, words) in zip(axes, WAYS.items(), strict=True):
        ax.plot(curve.recall, curve.precision, color=GREY, linewidth=1, marker="o", markersize=3)
        edges = np.concatenate([[0], np.repeat(curve.recall, 2)])
        heights = np.append(np.repeat(best, 2), 0)
        if name == "voc10":
            ax.fill_between(edges, heights, color=BLUE, alpha=0.25, linewidth=0)
            ax.plot(edges, heights, color=BLUE)
        else:
            read = np.append(best, 0)[np.searchsorted(curve.recall, LEVELS[name])]
            if name == "voc07":
                ax.vlines(LEVELS[name], 0, read, color=BLUE, linewidth=0.8)
            ax.plot(LEVELS[name], read, "o", color=BLUE, markersize=5 if name == "voc07" else 1.8)
        axes_of_recall(ax)
        ax.set(title=words, ylabel="precision" if name == "voc07" else "")
    return fig


WAYS = {"voc07": "11 points (VOC 2007)", "voc10": "whole area (VOC 2010)", "coco": "101 points (COCO)"}


def draw_blur(blurs: Sequence[float], marks: Mapping[str, np.ndarray]) -> Figure:
    """MAP over how far the boxes stray, by the overlap that is asked for."""
    return figures.curves(blurs, marks, xlabel="how far boxes stray, in widths and heights", ylabel="mAP", bands=False)
