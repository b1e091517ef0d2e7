"""The pictures of the page instances. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from cvnotes import boxes as geometry
from cvnotes import figures
from cvnotes.boxes import Detections
from cvnotes.checks import choice, whole
from cvnotes.data.scenes import Scene
from cvnotes.detection import warping

from . import candidates, foreground, sds, stored
from .masks import mask_iou

SHOWN = (5, 10)  # held-out scenes of the figure to play with
STEPS = ("1 regions", "2 boxes", "3 crops", "4 filled", "5 judged", "6 refined")
EACH = 6  # regions that are followed through the steps


def _picture(ax: Axes, image: np.ndarray, title: str = "", colour: str = figures.INK) -> None:
    ax.imshow(image, vmin=0, vmax=1)
    height, width = image.shape[:2]
    ax.set(xticks=[], yticks=[], xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    ax.set_title(title, fontsize=9, color=colour)
    for side in ax.spines.values():
        side.set_visible(False)


def _tint(ax: Axes, mask: np.ndarray, colour: str, strength: float = 0.4) -> None:
    """One mask over a picture: a shade, and a line around it."""
    layer = np.zeros((*mask.shape, 4))
    layer[mask] = (*to_rgb(colour), strength)
    ax.imshow(layer)
    _outline(ax, mask, colour)


def _outline(ax: Axes, mask: np.ndarray, colour: str, width: float = 1.6, line: str = "-") -> None:
    if mask.any() and not mask.all():
        ax.contour(mask.astype(float), levels=[0.5], colors=[figures.PAPER], linewidths=width + 1.2)
        ax.contour(mask.astype(float), levels=[0.5], colors=[colour], linewidths=width, linestyles=line)


def _frame(ax: Axes, box: np.ndarray, colour: str, width: float = 1.6) -> None:
    x0, y0, x1, y1 = np.asarray(box) - 0.5  # the middle of a pixel is a whole number for imshow
    ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=colour, linewidth=width))


def _colour(place: int) -> str:
    return figures.CYCLE[place % len(figures.CYCLE)]


def _close(ax: Axes, box: np.ndarray, margin: float = 5) -> None:
    """Look at a box alone, with a margin, as a square."""
    x0, y0, x1, y1 = box
    half, x, y = max(x1 - x0, y1 - y0) / 2 + margin, (x0 + x1) / 2 - 0.5, (y0 + y1) / 2 - 0.5
    ax.set(xlim=(x - half, x + half), ylim=(y + half, y - half))


# Classes are not instances ------------------------------------------------------------------------------------------


def one_or_two(scene: Scene, classes: np.ndarray, parts: np.ndarray) -> Figure:
    """Draw a scene, the class of each pixel, the connected patches, and the true masks."""
    fig, axes = figures.canvas(7.6, 2.4, columns=4)
    _picture(axes[0], scene.image, "the picture")
    names = ("the class of each pixel", f"patches: {len(parts)}", f"objects: {len(scene)}")
    grey = scene.image.mean(axis=2, keepdims=True).repeat(3, axis=2) / 255 * 0.5 + 0.5
    for ax, name in zip(axes[1:], names, strict=True):
        _picture(ax, grey, name)
    there = np.unique(classes[classes >= 0])
    colours = [(figures.INK, figures.GOLD, figures.SKY)[i % 3] for i in range(len(there))]  # the others mean objects
    for label, colour in zip(there, colours, strict=True):
        _tint(axes[1], classes == label, colour, 0.6)
    handles = [Patch(color=colour, label=scene.classes[label]) for label, colour in zip(there, colours, strict=True)]
    fig.legend(handles=handles, loc="outside lower center", ncols=len(there), fontsize=8.5, handlelength=1.1)
    for ax, some in ((axes[2], parts), (axes[3], scene.masks)):
        for i, mask in enumerate(some):
            _tint(ax, mask, _colour(i), 0.6)
    return fig


# The six steps ------------------------------------------------------------------------------------------------------


def proposed(scene: Scene, masks: np.ndarray, segments: np.ndarray) -> Figure:
    """Draw a scene, its segments, and for each object the best region that was proposed, with its IoU."""
    best = mask_iou(scene.masks, masks)
    columns = -(-(2 + len(scene)) // 2)
    fig, axes = figures.canvas(7.6, 15.6 / columns, rows=2, columns=columns)
    for ax in axes.flat:
        ax.axis("off")  # an odd one leaves a gap
    _picture(axes.flat[0], scene.image, "the picture")
    shades = np.random.default_rng(1).random((segments.max() + 1, 3)) * 0.75 + 0.2
    _picture(axes.flat[1], shades[segments], f"{segments.max() + 1} segments")
    for ax, true, shares in zip(axes.flat[2:], scene.masks, best, strict=False):
        _picture(ax, scene.image, f"IoU {shares.max():.2f}")
        _tint(ax, masks[shares.argmax()], figures.ORANGE)
        _outline(ax, true, figures.INK, 1.0)
    return fig


def two_crops(crops: np.ndarray, filled: np.ndarray) -> Figure:
    """Draw crops of boxes in one row, and under each the same crop with the background filled."""
    fig, axes = figures.canvas(7.6, 2.75, rows=2, columns=len(crops))
    for i, column in enumerate(axes.T):
        _picture(column[0], crops[i], f"region {i + 1}")
        _picture(column[1], filled[i])
    axes[0, 0].set_ylabel("the box")
    axes[1, 0].set_ylabel("the region")
    return fig


def refined(
    image: np.ndarray, seen: sds.Look, ways: dict[str, np.ndarray], true: np.ndarray, rows: Sequence[int]
) -> Figure:
    """Draw close-ups of regions, of the guess from their codes and of the vote, with the object in ink and the IoU."""
    fig, axes = figures.canvas(7.6, 1.95 * len(rows), rows=len(rows), columns=len(ways), squeeze=False)
    for line, row in zip(axes, rows, strict=True):
        mine = mask_iou(seen.masks[[row]], true)[0].argmax()
        for ax, (way, masks) in zip(line, ways.items(), strict=True):
            share = mask_iou(masks[[row]], true[[mine]])[0, 0]
            _picture(ax, image, f"{way}: IoU {share:.2f}")
            _tint(ax, masks[row], figures.ORANGE)
            _outline(ax, true[mine], figures.INK, 1.0)
            _close(ax, seen.boxes[row], 7)
    return fig


# The mask branch ----------------------------------------------------------------------------------------------------


def pasted(image: np.ndarray, box: np.ndarray, grid: np.ndarray, chances: np.ndarray, true: np.ndarray) -> Figure:
    """Draw what the branch says in its grid, the same stretched over the box, and the pixels above one half."""
    fig, axes = figures.canvas(7.6, 2.3, columns=4)
    _picture(axes[0], image, "a box")
    _frame(axes[0], box, figures.ORANGE)
    _picture(axes[1], grid, f"{len(grid)} × {len(grid)} cells")
    _picture(axes[2], chances, "pasted into the box")
    _picture(axes[3], image, "above one half")
    _tint(axes[3], chances > 0.5, figures.ORANGE)
    _outline(axes[3], true, figures.INK, 1.0)
    for ax in (axes[0], *axes[2:]):
        _close(ax, box, 4)
    return fig


def outlined(
    images: np.ndarray, found: Sequence[Detections], masks: Sequence[np.ndarray], classes, least=0.5
) -> Figure:
    """Draw detections with a score from `least` on as masks with names, a picture each."""
    fig, axes = figures.canvas(7.6, 2.3, columns=len(images), squeeze=False)
    for ax, image, one, some in zip(axes[0], images, found, masks, strict=True):
        _picture(ax, image)
        for place in np.flatnonzero(one.scores >= least):
            _tint(ax, some[place], _colour(place))
            x, y = one.boxes[place][:2] - 0.5
            look = {"facecolor": figures.PAPER, "edgecolor": "none", "pad": 0.8}
            words = {"fontsize": 8, "fontweight": "bold", "color": _colour(place)}
            ax.annotate(classes[one.labels[place]], (x, max(y, 3)), bbox=look, **words)
    return fig


# The figure to play with --------------------------------------------------------------------------------------------


class Followed(NamedTuple):
    """A scene and what the six steps make of it; `rows` are the regions that are followed."""

    scene: Scene
    seen: sds.Look
    found: Detections
    kept: np.ndarray
    refined: np.ndarray
    scores: np.ndarray
    rows: np.ndarray


@functools.cache
def _followed(scene: int) -> Followed:
    """Run the stored pipeline on a scene of the figure, counted from 1."""
    one = geometry.held_out(max(SHOWN) + 1)[SHOWN[whole("scene", scene, 1, len(SHOWN)) - 1]]
    model = stored.stored_steps()
    seen = sds.look(model, one.image, candidates.propose_masks(one.image))
    found, kept = sds.judge(model, seen)
    sure = found.scores > 0
    found, kept = Detections(*(field[sure] for field in found)), kept[sure]
    scores = sds.regression.linear(seen.codes, model.svms)
    outlines = sds.refine(model, one.image, seen, scores.argmax(axis=1))["vote"]
    best = mask_iou(seen.masks, one.masks).argmax(axis=0)
    others = [row for row in (*kept, *np.argsort(-seen.masks.sum(axis=(1, 2)))[3::5]) if row not in best]
    rows = np.array([*best, *others][:EACH])
    return Followed(one, seen, found, kept, outlines, scores, rows)


def played(scene: int, step: str) -> Figure:
    """Draw one of the six steps on a scene: the picture, and beside it regions that are followed through all steps."""
    choice("step", step, STEPS)
    told = _followed(scene)
    fig = figures.canvas(7.0, 3.3, columns=1)[0]
    fig.clear()
    grid = fig.add_gridspec(2, 5, width_ratios=[1, 1, 1, 1, 1])
    _whole(fig.add_subplot(grid[:, :2]), told, step)
    for place, row in enumerate(told.rows):
        _one(fig.add_subplot(grid[place // 3, 2 + place % 3]), told, row, place, step)
    return fig


def _whole(ax: Axes, told: Followed, step: str) -> None:
    """The picture, with what the step knows of it."""
    _picture(ax, told.scene.image, step)
    for place, row in enumerate(told.rows):
        if step == STEPS[0]:
            _outline(ax, told.seen.masks[row], _colour(place))
        elif step in STEPS[1:4]:
            _frame(ax, told.seen.boxes[row], _colour(place), 2.0)
    for row, label in zip(told.kept, told.found.labels, strict=True):
        if step in STEPS[4:]:
            _tint(ax, (told.seen.masks if step == STEPS[4] else told.refined)[row], _colour(label))


def _one(ax: Axes, told: Followed, row: int, place: int, step: str) -> None:
    """One of the regions that are followed."""
    image, mask, box = told.scene.image, told.seen.masks[row], told.seen.boxes[row]
    name = (f"region {place + 1}", _colour(place))
    if step in STEPS[:2]:
        _picture(ax, np.where(mask[..., None], image, 255 - (255 - image) // 4), *name)
        if step == STEPS[1]:
            _frame(ax, box, _colour(place), 2.0)
    elif step == STEPS[2]:
        _picture(ax, warping.crops(image, box[None])[0], *name)
    elif step == STEPS[3]:
        _picture(ax, foreground.masked_crops(image, mask[None], stored.stored_steps().colour)[0], *name)
    else:
        label, score = told.scores[row].argmax(), told.scores[row].max()
        words = f"{told.scene.classes[label]} {score:.1f}".replace("-", "−") if row in told.kept else "dropped"
        _picture(ax, image, words, figures.INK if row in told.kept else figures.GREY)
        _tint(ax, mask if step == STEPS[4] else told.refined[row], _colour(label) if row in told.kept else figures.GREY)
        _close(ax, box)


def say_played(scene: int, step: str) -> str:
    """What `played` shows, in words."""
    told = _followed(scene)
    named = ", ".join(told.scene.classes[label] for label in told.found.labels) or "nothing"
    what = {
        STEPS[0]: f"{len(told.seen.masks)} regions are proposed; {EACH} of them are outlined",
        STEPS[1]: "a box around each of these regions",
        STEPS[2]: "the boxes cut out and warped to one size",
        STEPS[3]: "the same crops with all that is not the region in one colour",
        STEPS[4]: f"after suppression {len(told.kept)} regions have a score above 0, named {named}",
        STEPS[5]: f"their outlines after refinement, named {named}",
    }[step]
    return f"Step {step} on a scene with {', '.join(told.scene.class_names)}: {what}."
