"""The pictures of the page yolo. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from cvnotes import boxes, figures
from cvnotes.boxes import Detections
from cvnotes.checks import number, whole
from cvnotes.data.scenes import Scene, Scenes

from . import trials_yolo, yolo
from .grid import Grid, responsible

SHOWN = (16, 46)  # held-out scenes of the figure to play with
LEVELS = (0.05, 0.1, 0.3, 0.5, 0.6)  # thresholds of that figure
WORDS = {"box": "x, y, w, h", "confidence": "confidence", "classes": "class"}
COLOURS = {"box": figures.SKY, "confidence": figures.GOLD, "classes": figures.GREEN}


def picture(ax: Axes, image: np.ndarray, title: str = "") -> None:
    """Draw an image on axes whose units are pixels, from the upper left corner of the first."""
    height, width = image.shape[:2]
    ax.imshow(image, extent=(0, width, height, 0), interpolation="nearest")
    ax.set(xticks=[], yticks=[], title=title)
    for spine in ax.spines.values():
        spine.set_visible(False)


def frame(ax: Axes, box: np.ndarray, colour: str, label: str = "", *, dashed: bool = False) -> None:
    """Draw a box on a picture, with paper beneath it, and words at its upper left corner."""
    x0, y0, x1, y1 = box
    for line, ink in ((3.0, figures.PAPER), (1.6, colour)):
        style = (0, (3, 2)) if dashed and ink == colour else "-"
        ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=ink, linewidth=line, linestyle=style))
    if label:
        text = ax.text(x0, max(y0 - 0.8, 3.5), label, color=colour, fontsize=7.5, fontweight="bold", va="bottom")
        text.set_path_effects([withStroke(linewidth=2.5, foreground=figures.PAPER)])


def grid_lines(ax: Axes, cells: int, size: int) -> None:
    """Draw the lines of one grid over a picture."""
    for place in np.linspace(0, size, cells + 1):
        for draw in (ax.axhline, ax.axvline):
            draw(place, color=figures.PAPER, linewidth=0.7, alpha=0.75)
    ax.set(xlim=(0, size), ylim=(size, 0))


def gridded(scene: Scene, cells: Sequence[int] = (7, 8)) -> Figure:
    """Draw a scene under grids: the box and centre of each object, and the cell that has to answer for it."""
    size = scene.image.shape[0]
    fig, axes = figures.canvas(3.7 * len(cells), 3.9, columns=len(cells), squeeze=False)
    for ax, count in zip(axes[0], cells, strict=True):
        picture(ax, scene.image, f"one grid of {count} × {count} cells")
        grid_lines(ax, count, size)
        side, places = size / count, zip(*responsible(scene.boxes, count, size), strict=True)
        for box, (row, column) in zip(scene.boxes, places, strict=True):
            cell = (column * side, row * side), side, side
            ax.add_patch(Rectangle(*cell, color=figures.GOLD, alpha=0.55, linewidth=0))
            frame(ax, box, figures.BLUE)
            ax.plot(*((box[:2] + box[2:]) / 2), "o", color=figures.ORANGE, markersize=5, markeredgecolor=figures.PAPER)
    return fig


def tensor_rows(grids: dict[str, Grid]) -> Figure:
    """Draw the numbers of one cell side by side, for each grid: boxes, confidences and classes."""
    fig, ax = figures.canvas(7.6, 0.8 * len(grids) + 0.9)
    for row, grid in enumerate(grids.values()):
        kinds = (["box"] * 4 + ["confidence"] + ["classes"] * grid.classes * grid.per_box) * grid.boxes
        kinds += [] if grid.per_box else ["classes"] * grid.classes
        for place, kind in enumerate(kinds):
            ax.add_patch(Rectangle((place + 0.06, row + 0.2), 0.88, 0.6, color=COLOURS[kind], linewidth=0))
        ax.text(len(kinds) + 0.6, row + 0.5, f"{len(kinds)}", va="center", fontsize=9)
    ax.set(xlim=(0, max(grid.numbers for grid in grids.values()) + 3), ylim=(len(grids), -0.7), xticks=[])
    ax.set_yticks(np.arange(len(grids)) + 0.5, list(grids))
    ax.tick_params(length=0)
    for place, (kind, words) in enumerate(WORDS.items()):
        ax.add_patch(Rectangle((1 + 14 * place, -0.5), 0.88, 0.5, color=COLOURS[kind], linewidth=0))
        ax.text(2.4 + 14 * place, -0.25, words, va="center", fontsize=9)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return fig


def maps(values: dict[str, np.ndarray], *, marked: Sequence[tuple[int, int]] = ()) -> Figure:
    """Draw maps of one number a cell, each from zero to its own largest, with some cells marked by a frame."""
    fig, axes = figures.canvas(7.6, 2.7, columns=len(values), squeeze=False)
    for ax, (title, plane) in zip(axes[0], values.items(), strict=True):
        ax.imshow(plane, cmap="Blues", vmin=0, vmax=max(plane.max(), 1e-9))
        for row, column in marked:
            frame_ = Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=figures.ORANGE, linewidth=1.8)
            ax.add_patch(frame_)
        ax.set_xticks(np.arange(plane.shape[1] + 1) - 0.5, [])
        ax.set_yticks(np.arange(plane.shape[0] + 1) - 0.5, [])
        ax.grid(color=figures.GREY, linewidth=0.4)
        ax.tick_params(length=0)
        ax.set_title(title)
    return fig


def detections(ax: Axes, found: Detections, classes: Sequence[str], colour: str = figures.ORANGE) -> None:
    """Draw what was found on a picture, the surest on top."""
    for k in np.argsort(found.scores):
        frame(ax, found.boxes[k], colour, f"{classes[found.labels[k]]} {found.scores[k]:.2f}")


def missed(scene: Scene, found: Detections) -> np.ndarray:
    """Which objects of a scene no box of their class overlaps by half: (k,) truth values."""
    near = boxes.iou(scene.boxes, found.boxes) >= 0.5
    return ~(near & (found.labels == scene.labels[:, None])).any(1)


def gallery(scenes: Scenes, found: Sequence[Detections], columns: int = 4) -> Figure:
    """Draw scenes with the true boxes, dashed, what was found, and in another colour what was missed."""
    rows = -(-len(scenes) // columns)
    fig, axes = figures.canvas(7.6, 7.9 / columns * rows, rows=rows, columns=columns, squeeze=False)
    for ax in axes.flat[len(scenes) :]:
        ax.axis("off")
    for ax, scene, one in zip(axes.flat, scenes, found, strict=False):
        picture(ax, scene.image)
        detections(ax, one, scene.classes)
        for box, label, lost in zip(scene.boxes, scene.class_names, missed(scene, one), strict=True):
            words = f"{label} missed" if lost else ""
            frame(ax, box, figures.PURPLE if lost else figures.BLUE, words, dashed=True)
    return fig


@functools.cache
def _read(scene: int) -> tuple[Scene, np.ndarray]:
    """A held-out scene of the figure to play with, and what the stored net says of it."""
    shown = boxes.held_out(max(SHOWN) + 1)[SHOWN[whole("scene", scene, 1, len(SHOWN)) - 1] :][:1]
    return shown[0], yolo.predict(trials_yolo.stored(), shown.images)


def kept(scene: int, threshold: float, suppression: bool) -> tuple[Scene, Detections]:
    """What is left on one of the SHOWN scenes above a threshold, with suppression or without it."""
    shown, said = _read(scene)
    found = yolo.candidates(said, trials_yolo.WAYS[trials_yolo.BEST].grid, number("threshold", threshold, 0, 1))
    return shown, (yolo.suppressed(found) if suppression else found)[0]


def thresholded(scene: int, threshold: float, suppression: bool) -> Figure:
    """Draw the confidence of each cell, and the boxes that a threshold leaves. To play with."""
    shown, found = kept(scene, threshold, suppression)
    _, confidence, _ = yolo.to_pixels(_read(scene)[1], grid := trials_yolo.WAYS[trials_yolo.BEST].grid)
    fig, (left, right) = figures.canvas(6.4, 3.3, columns=2)
    best = confidence.reshape(grid.cells, grid.cells, grid.boxes).max(-1)
    left.imshow(best, cmap="Blues", vmin=0, vmax=1, extent=(0, 64, 64, 0))
    left.set(xticks=[], yticks=[], title="the larger confidence of each cell")
    picture(right, shown.image, f"boxes above {threshold:g}: {len(found.scores)}")
    detections(right, found, shown.classes)
    return fig


def say_thresholded(scene: int, threshold: float, suppression: bool) -> str:
    """Say in words what `thresholded` draws."""
    shown, found = kept(scene, threshold, suppression)
    how = "with" if suppression else "without"
    return (
        f"A scene with {len(shown)} objects beside the confidence of its 64 cells. Above {threshold:g} and {how} "
        f"suppression {len(found.scores)} boxes are left."
    )
