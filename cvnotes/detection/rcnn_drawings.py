"""The pictures of the page rcnn. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvnotes import boxes as geometry
from cvnotes import figures
from cvnotes.checks import choice, whole
from cvnotes.data.scenes import Scene, Scenes
from cvnotes.transfer import keeping

from . import codes, rcnn, warping

SHOWN = (5, 10)  # held-out scenes of the figure to play with
STAGES = ("scored", "moved", "kept")
LEAST = (-1.0, -0.5, 0.0, 0.5)
CLASSES = 10


@functools.cache
def stored_chain() -> rcnn.RCNN:
    """The R-CNN of `python -m cvnotes.detection`. Chapter: rcnn."""
    net = codes.code_net(CLASSES)
    net.set_weights(keeping.load_weights("detection", "net"))
    return rcnn.RCNN(net, *(keeping.load_weights("detection", name)[0] for name in ("svms", "regressors")))


# The four stages ----------------------------------------------------------------------------------------------------


def _picture(ax: Axes, image: np.ndarray, title: str = "") -> None:
    ax.imshow(image)
    height, width = image.shape[:2]
    ax.set(xticks=[], yticks=[], xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), title=title)


def _frame(ax: Axes, box: np.ndarray, colour: str, width: float = 1.6, line: str = "-") -> None:
    x0, y0, x1, y1 = np.asarray(box) - 0.5  # the middle of a pixel is a whole number for imshow
    for shade, thick in ((figures.PAPER, width + 1.2), (colour, width))[width < 1 :]:  # hairlines go without a rim
        look = {"edgecolor": shade, "linewidth": thick, "linestyle": line}
        ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, **look))


def searched(scene: Scene, found: np.ndarray, chosen: Sequence[int]) -> Figure:
    """Draw a scene, all proposals on it, and the chosen ones with their numbers."""
    fig, axes = figures.canvas(7.6, 2.9, columns=3)
    _picture(axes[0], scene.image, "the picture")
    _picture(axes[1], scene.image, f"{len(found)} proposals")
    for box in found:
        _frame(axes[1], box, figures.GOLD, 0.7)
    _picture(axes[2], scene.image, f"{len(chosen)} of them")
    for i, row in enumerate(chosen):
        _frame(axes[2], found[row], figures.CYCLE[i % len(figures.CYCLE)], 1.8)
        axes[2].annotate(str(i + 1), found[row][:2] - 0.5, color=figures.INK, fontsize=9, fontweight="bold",
                         bbox={"facecolor": figures.PAPER, "edgecolor": "none", "pad": 1.0})  # fmt: skip
    return fig


def encoded(crops: np.ndarray, code: np.ndarray, scores: np.ndarray, classes: Sequence[str]) -> Figure:
    """Draw crops, under them the code of each as a strip, and under that the score of each class."""
    count = len(crops)
    fig, axes = figures.canvas(7.6, 4.6, rows=3, columns=count, height_ratios=[1, 0.9, 1.5])
    bound, top = np.abs(scores).max(), code.max()
    for i, column in enumerate(axes.T):
        _picture(column[0], crops[i], f"crop {i + 1}")
        column[1].imshow(code[i].reshape(8, -1), cmap="Blues", vmin=0, vmax=top)
        column[2].barh(range(len(classes)), scores[i], color=np.where(scores[i] > 0, figures.ORANGE, figures.GREY))
        column[2].axvline(0, color=figures.INK, linewidth=0.8)
        column[2].set(xlim=(-bound, bound), ylim=(len(classes) - 0.5, -0.5), yticks=[])
        column[1].set(xticks=[], yticks=[])
    axes[2, 0].set_yticks(range(len(classes)), classes, fontsize=7.5)
    axes[1, 0].set_title(f"code: {code.shape[1]} numbers", fontsize=9)
    axes[2, 0].set_title("scores of the SVMs", fontsize=9)
    return fig


def moves(scene: Scene, before: np.ndarray, after: np.ndarray, truth: np.ndarray) -> Figure:
    """Draw boxes before and after regression around the same objects, with the true boxes; IoU above each."""
    fig, axes = figures.canvas(7.6, 2.9, columns=len(before), squeeze=False)
    shares = [np.diag(geometry.iou(boxes, truth)) for boxes in (before, after)]
    for i, ax in enumerate(axes[0]):
        _picture(ax, scene.image, f"IoU {shares[0][i]:.2f} → {shares[1][i]:.2f}")
        _frame(ax, truth[i], figures.INK, 1.2)
        _frame(ax, before[i], figures.ORANGE, 1.6, "--")
        _frame(ax, after[i], figures.SKY, 1.8)
        low, high = truth[i][:2] - 8, truth[i][2:] + 8
        ax.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]))
    return fig


# Warping ------------------------------------------------------------------------------------------------------------


def four_ways(image: np.ndarray, boxes: np.ndarray) -> Figure:
    """Draw each box on the picture, and beside it the crops of the four ways, a row a box."""
    fig, axes = figures.canvas(7.6, 1.55 * len(boxes), rows=len(boxes), columns=1 + len(warping.WAYS), squeeze=False)
    for row, box in zip(axes, boxes, strict=True):
        width, height = np.round(box[2:] - box[:2]).astype(int)
        _picture(row[0], image)
        _frame(row[0], box, figures.ORANGE)
        row[0].set_title(f"{width} × {height}", fontsize=9)
        for ax, way in zip(row[1:], warping.WAYS, strict=True):
            _picture(ax, warping.crops(image, box[None], way=way)[0])
            factor = float(warping.stretch(box[None], way)[0])
            ax.set_title(f"{way}: × {max(factor, 1 / factor):.1f}", fontsize=9)
    return fig


# What regression can do ---------------------------------------------------------------------------------------------


def corrections(found: Mapping[str, np.ndarray]) -> Figure:
    """Draw the mean IoU after regression over that before it, with the line of no change."""
    fig, ax = figures.canvas(5.4, 3.6)
    x = found["before"].mean(axis=0)
    ax.plot([0, 1], [0, 1], color=figures.GREY, linestyle="--")
    ax.annotate("no change", (0.14, 0.07), color=figures.GREY, fontsize=9)
    figures.curves(x, {"moved": found["after"]}, xlabel="IoU of the proposal", ylabel="IoU after regression", ax=ax)
    ax.axvspan(0.6, 1, color=figures.SKY, alpha=0.12, linewidth=0)
    ax.annotate("learned from", (0.62, 0.04), color=figures.INK, fontsize=9)
    ax.set(xlim=(0, 1), ylim=(0, 1))
    return fig


# The figure to play with --------------------------------------------------------------------------------------------


@functools.cache
def _looked() -> tuple[Scenes, list[rcnn.Look]]:
    """The scenes of the figure to play with, and what the stored net sees in their proposals."""
    scenes = geometry.held_out(max(SHOWN) + 1)[np.array(SHOWN)]
    return scenes, rcnn.look(stored_chain(), scenes.images, rcnn.proposed(scenes.images))


def after_stage(scene: int, stage: str, least: float) -> geometry.Detections:
    """The boxes with a score above `least` after a stage: "scored" by the SVMs, "moved" too, or "kept" by suppression.

    scene: counted from 1. Raises ValueError for what is not in the figure. Chapter: rcnn.
    """
    scenes, looks = _looked()
    place = whole("scene", scene, 1, len(SHOWN)) - 1
    choice("stage", stage, STAGES)
    options = {"move": stage != "scored", "iou": rcnn.SAME if stage == "kept" else 1.0}
    found = rcnn.judge(stored_chain(), looks[place], scenes.images.shape[1:3], **options)
    return geometry.Detections(*(field[found.scores > least] for field in found))


def found_and_missed(found: geometry.Detections, truth: geometry.Truth) -> tuple[int, int]:
    """How many boxes share half with an object of their class, and how many objects have such a box. Chapter: rcnn."""
    alike = (geometry.iou(found.boxes, truth.boxes) >= 0.5) & (found.labels[:, None] == truth.labels)
    return int(alike.any(axis=1).sum()), int(alike.any(axis=0).sum())


def played(scene: int, stage: str, least: float) -> Figure:
    """Draw what is left of the proposals of a scene after a stage. The figure to play with."""
    one, found = _looked()[0][scene - 1], after_stage(scene, stage, least)
    fig, ax = figures.canvas(4.2, 4.2)
    _picture(ax, one.image, f"{len(found.boxes)} boxes above {least:g}".replace("-", "−"))
    for box, label in reversed(list(zip(found.boxes, found.labels, strict=True))):
        _frame(ax, box, figures.CYCLE[label % len(figures.CYCLE)], 1.5)
    for row in _named(found):
        label = found.labels[row]
        ax.annotate(one.classes[label], found.boxes[row][:2] - 0.5, fontsize=9, fontweight="bold",
                    color=figures.CYCLE[label % len(figures.CYCLE)],
                    bbox={"facecolor": figures.PAPER, "edgecolor": "none", "pad": 1.0})  # fmt: skip
    return fig


def _named(found: geometry.Detections) -> list[int]:
    """The boxes whose names are written: best first, and none where it would cover a name."""
    chosen: list[int] = []
    for row in np.argsort(-found.scores, kind="stable"):
        apart = np.abs(found.boxes[chosen, :2] - found.boxes[row, :2])
        if not len(chosen) or (apart > (16, 4)).any(axis=1).all():
            chosen.append(int(row))
    return chosen


def say_played(scene: int, stage: str, least: float) -> str:
    """What `played` shows, in words."""
    one, found = _looked()[0][scene - 1], after_stage(scene, stage, least)
    right, seen = found_and_missed(found, geometry.truths(_looked()[0])[scene - 1])
    words = {"scored": "scored", "moved": "scored and moved", "kept": "scored, moved and thinned out"}[stage]
    return (
        f"A scene with {', '.join(one.class_names)}: {len(found.boxes)} boxes {words}, {right} of them right, "
        f"on {seen} of {len(one)} objects."
    )
