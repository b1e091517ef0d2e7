"""The pictures of the page faster_rcnn. Plain functions: pictures, boxes and stored numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvnotes import boxes, data, figures
from cvnotes.boxes import Detections, Truth
from cvnotes.checks import choice, whole
from cvnotes.data.scenes import Scenes

from . import faster_probes, faster_scenes, proposer, trials_faster
from .faster_loss import LOSSES
from .proposal_drawings import frame, panel
from .rpn import Anchors, labels

#: the four losses in words
WORDS = {
    "rpn_class": "RPN: object or not",
    "rpn_box": "RPN: anchor to proposal",
    "class": "head: which class",
    "box": "head: proposal to box",
}
COUNTS = (1, 2, 3, 4, 6, 8, 12, 24)  # proposals in the figure to play with
SHOWN = (10, 18, 31)  # its held-out scenes


# Anchors ------------------------------------------------------------------------------------------------------------


def ready(image: np.ndarray, anchors: Anchors, field: int, at: tuple[int, int] = (7, 7)) -> Figure:
    """Draw the places of the map over a picture, and the anchors and the window of one place (row, column).

    field: pixels along a side that the 3 x 3 window sees.
    """
    side, stride = len(image) // anchors.stride, anchors.stride
    fig, (left, right) = figures.canvas(7.6, 3.9, columns=2)
    panel(left, image, f"{side} × {side} places, one every {stride} pixels")
    y, x = (np.mgrid[:side, :side] + 0.5) * stride - 0.5
    dot = {"color": figures.GOLD, "markersize": 3.4, "markeredgecolor": figures.INK, "markeredgewidth": 0.6}
    left.plot(x.ravel(), y.ravel(), "o", **dot)
    panel(right, image, f"{anchors.each} anchors of one place, and what its window sees")
    for box in anchors.over(side, side).reshape(side, side, -1, 4)[at]:
        frame(right, box, figures.GOLD)
    middle = (np.array(at[::-1]) + 0.5) * stride
    corner = middle - field / 2 - 0.5
    look = {"fill": False, "edgecolor": figures.INK, "linewidth": 1.6, "linestyle": (0, (3, 2))}
    right.add_patch(Rectangle(tuple(corner), field, field, **look))
    right.plot(*(middle - 0.5), "o", color=figures.GOLD, markersize=4.5, markeredgecolor=figures.INK)
    return fig


def labelled(image: np.ndarray, truth: Truth, anchors: Anchors) -> Figure:
    """Draw the anchors that are to say yes, with the true boxes, and some that are left out and that are to say no."""
    laid = anchors.over(*(side // anchors.stride for side in image.shape[:2]))
    match = labels(laid, truth)
    dice, within = np.random.default_rng(0), (laid >= 0).all(1) & (laid[:, 2:] <= image.shape[1::-1]).all(1)
    kinds = {
        "yes": (match >= 0, figures.GREEN),
        "left out": (match == -2, figures.GREY),
        "no": (match == -1, figures.ORANGE),
    }
    fig, axes = figures.canvas(7.6, 2.9, columns=3)
    for ax, (name, (chosen, colour)) in zip(axes, kinds.items(), strict=True):
        rows = np.flatnonzero(chosen)
        drawn = rows if name == "yes" else dice.permutation(rows[within[rows]])[:14]
        panel(ax, image, f"{name}: {len(rows)} of {len(laid)}" + (f", {len(drawn)} drawn" if name != "yes" else ""))
        for row in drawn:
            frame(ax, laid[row], colour, 1.0)
        for box in truth.boxes if name == "yes" else ():
            frame(ax, box, figures.INK, 1.6)
    return fig


def seen_by(images: np.ndarray, masks: np.ndarray, anchors: Anchors, place: tuple[int, int]) -> Figure:
    """Draw for each anchor of a place which pixels its logit depends on, (a, h, w), and the anchor itself."""
    side = len(images[0]) // anchors.stride
    own = anchors.over(side, side).reshape(side, side, -1, 4)[place]
    fig, axes = figures.canvas(7.6, 2.9, columns=anchors.each)
    for ax, mask, box, size in zip(axes, masks, own, anchors.sizes, strict=True):
        panel(ax, np.where(mask[..., None], images[0], images[0] // 4 + 170), f"anchor of {size:g} pixels")
        frame(ax, box, figures.GOLD)
    return fig


# Losses -------------------------------------------------------------------------------------------------------------


def falling(found: Mapping[str, np.ndarray]) -> Figure:
    """Draw the four losses pass by pass, each as a share of its first mean, with the spread over seeds."""
    series = {WORDS[name]: found[f"none_curve_{name}"] / found[f"none_curve_{name}"].mean(0)[0] for name in LOSSES}
    passes = 1 + np.arange(found["none_curve_class"].shape[1])
    fig, ax = figures.canvas(7.2, 3.4)
    figures.curves(passes, series, xlabel="pass", ylabel="loss (first pass: 1)", ax=ax)
    ax.set(ylim=(0, None), xticks=passes)
    return fig


# Proposals ----------------------------------------------------------------------------------------------------------


@functools.cache
def shown() -> tuple[Scenes, np.ndarray, list[np.ndarray]]:
    """The scenes of the figure to play with, their objectness, and their proposals by the stored net."""
    scenes, net = boxes.held_out(max(SHOWN) + 1)[np.array(SHOWN)], trials_faster.stored()
    return scenes, faster_probes.objectness(net, scenes.images), proposer.propose(net, scenes.images, max(COUNTS))


def heat(ax: Axes, image: np.ndarray, likely: np.ndarray, words: str) -> None:
    """Draw a map of objectness (h, w), from 0 to 1, over a picture in grey."""
    panel(ax, np.repeat(image.mean(-1, keepdims=True), 3, -1).astype(np.uint8), words)
    times = image.shape[0] // likely.shape[0]
    large = np.kron(likely, np.ones((times, times)))
    ax.imshow(large, cmap="inferno", vmin=0, vmax=1, alpha=0.15 + 0.7 * large)


def proposed(scene: int, count: int) -> Figure:
    """Draw objectness and the first proposals of a scene. The figure to play with."""
    scenes, likely, found = shown()
    i, count = whole("scene", scene, 1, len(SHOWN)) - 1, choice("count", count, COUNTS)
    truth = boxes.truths(scenes)[i]
    fig, (left, right) = figures.canvas(7.0, 3.6, columns=2)
    heat(left, scenes.images[i], likely[i], "objectness")
    panel(right, scenes.images[i], f"{min(count, len(found[i]))} proposals")
    hit = boxes.iou(found[i][:count], truth.boxes).max(1) >= 0.5
    for box, right_one in sorted(zip(found[i][:count], hit, strict=False), key=lambda pair: pair[1]):
        frame(right, box, figures.GREEN if right_one else figures.ORANGE, 1.5)
    return fig


def say_proposed(scene: int, count: int) -> str:
    """What `proposed` shows, in words."""
    scenes, _, found = shown()
    truth = boxes.truths(scenes)[scene - 1]
    hit = boxes.iou(truth.boxes, found[scene - 1][:count]).max(1) >= 0.5
    return f"Scene {scene}, {count} proposals: they find {hit.sum()} of {len(hit)} objects."


def attended(images: np.ndarray, truths: Sequence[Truth], rows: Mapping[str, np.ndarray]) -> Figure:
    """Draw maps of objectness over pictures, a row for each net, with the true boxes."""
    fig, axes = figures.canvas(7.6, 2.55 * len(rows), rows=len(rows), columns=len(images), squeeze=False)
    for row, (name, likely) in zip(axes, rows.items(), strict=True):
        for ax, image, one, truth in zip(row, images, likely, truths, strict=True):
            heat(ax, image, one, name)
            for box in truth.boxes:
                frame(ax, box, figures.SKY, 1.2)
    return fig


# Detections and glass -----------------------------------------------------------------------------------------------


def detections(images: np.ndarray, found: Sequence[Detections], truths: Sequence[Truth]) -> Figure:
    """Draw pictures with what a detector finds in them: green where box and name are right, orange else."""
    fig, axes = figures.canvas(7.6, 2.62 * -(-len(images) // 3), rows=-(-len(images) // 3), columns=3, squeeze=False)
    for ax, image, one, truth in zip(axes.flat, images, found, truths, strict=True):
        panel(ax, image, "")
        right = ((boxes.iou(one.boxes, truth.boxes) >= 0.5) & (one.labels[:, None] == truth.labels)).any(1)
        for box, label, good in zip(one.boxes, one.labels, right, strict=True):
            frame(ax, box, figures.GREEN if good else figures.ORANGE)
            words = {"facecolor": figures.PAPER, "pad": 0.8, "linewidth": 0, "alpha": 0.85}
            low = box[1] < 6 or not good  # no room above, or a right name is likely there
            at = (max(box[0] - 0.5, 0), box[3] + 0.4 if low else box[1] - 1.3)
            ax.text(*at, data.shapes.CLASSES[label], fontsize=7.5, va="top" if low else "bottom", bbox=words)
    return fig


def glass(count: int = 3) -> Figure:
    """Draw usual scenes, and the same with their objects of glass."""
    usual, faint = (faster_scenes.glass(count, 0, True, alpha) for alpha in (1.0, faster_scenes.OPACITY))
    fig, axes = figures.canvas(7.6, 1.6, columns=2 * count)
    for i, ax in enumerate(axes):
        panel(ax, (faint if i % 2 else usual).images[i // 2], "of glass" if i % 2 else "as usual")
    return fig


def strays(found: Mapping[int, tuple[float, float]], stride: int) -> Figure:
    """Draw how far a corner strays, in pixels, over the shift of the picture."""
    fig, ax = figures.canvas(6.4, 3.0)
    shifts = list(found)
    away = [found[shift][0] for shift in shifts]
    colours = [figures.GREEN if shift % stride == 0 else figures.ORANGE for shift in shifts]
    ax.bar(shifts, away, color=colours, width=0.7)
    for shift, value in zip(shifts, away, strict=True):
        words = f"{value:.1f}" if value > 0.01 else "0"
        ax.annotate(words, (shift, value), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=8.5)
    ax.set(xlabel="shift of the picture (pixels)", ylabel="a corner strays by at most (px)", xticks=shifts)
    return fig
