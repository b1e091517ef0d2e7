"""The pictures of the page fast_rcnn. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from keras import ops
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, NullFormatter

from cvnotes import boxes as geometry
from cvnotes import figures
from cvnotes.checks import choice, whole
from cvnotes.data.scenes import Scene, Scenes

from . import projection
from .pyramid_pooling import LEVELS

BINS, SAMPLES = 3, 2
SHIFTS, WAYS = tuple(range(9)), ("pool", "align")  # pixels; the figure to play with
STRIDES = (4, 8, 16)
CLOSE = 0.3  # IoU from which the second of two names would cover the first
SHOWN = 10  # held-out scene of the figures


@functools.cache
def scene() -> Scene:
    """The scene that the page looks at, which is also that of the page before. Chapter: fast_rcnn."""
    return geometry.held_out(SHOWN + 1)[SHOWN]


def mosaic(image: np.ndarray, stride: int) -> np.ndarray:
    """A picture as a map that needs no net: the mean colour of each cell, (1, h / stride, w / stride, 3), from 0 to 1.

    Raises ValueError for a stride that does not divide the picture. Chapter: fast_rcnn.
    """
    height, width, depth = image.shape
    if height % whole("stride", stride, 1) or width % stride:
        raise ValueError(f"stride divides the sides of the picture, {height} and {width}. Received: stride={stride}")
    cells = image.reshape(height // stride, stride, width // stride, stride, depth)
    return (cells.mean(axis=(1, 3), dtype=np.float32) / 255)[None]


def _picture(ax: Axes, image: np.ndarray, title: str, side: tuple[int, int] | None = None) -> None:
    """Draw a picture or a map so that coordinates are pixels of the picture: pixel c covers c to c + 1."""
    height, width = image.shape[:2] if side is None else side
    ax.imshow(image, extent=(0, width, height, 0), interpolation="nearest")
    ax.set(xticks=[], yticks=[], title=title)


def _frame(ax: Axes, box: Sequence[float], colour: str, width: float = 1.8, line: str = "-", rim: bool = True) -> None:
    x0, y0, x1, y1 = box
    for shade, thick, dash in ((figures.PAPER, width + 1.4, "-"), (colour, width, line))[not rim :]:
        look = {"edgecolor": shade, "linewidth": thick, "linestyle": dash}
        ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, clip_on=False, **look))


def _grid(ax: Axes, size: tuple[int, int], stride: int) -> None:
    height, width = size
    ax.vlines(range(0, width + 1, stride), 0, height, color=figures.PAPER, linewidth=0.5, alpha=0.7)
    ax.hlines(range(0, height + 1, stride), 0, width, color=figures.PAPER, linewidth=0.5, alpha=0.7)


# The same pixels, many times ----------------------------------------------------------------------------------------


def covered(image: np.ndarray, found: np.ndarray) -> Figure:
    """Draw all proposals of a picture, and how many lie over each pixel."""
    fig, axes = figures.canvas(7.6, 3.3, columns=2)
    _picture(axes[0], image, f"{len(found)} proposals")
    for box in found:
        _frame(axes[0], box, figures.GOLD, 0.7, rim=False)
    count = projection.coverage(found, image.shape[:2])
    drawn = axes[1].imshow(count, cmap="magma", vmin=0, extent=(0, image.shape[1], image.shape[0], 0))
    axes[1].set(xticks=[], yticks=[], title="proposals over each pixel")
    fig.colorbar(drawn, ax=axes[1], shrink=0.85)
    return fig


# Projection ---------------------------------------------------------------------------------------------------------


def projections(image: np.ndarray, box: np.ndarray, stride: int) -> Figure:
    """Draw a box on the picture under the cells of a map, and the regions that three rules read in its place."""
    rules = ("nearest", "outward", "pooling")
    fig, axes = figures.canvas(7.6, 2.9, columns=3)
    for ax, rule in zip(axes, rules, strict=True):
        region = projection.projected(box[None], stride, rule)[0] * stride
        share = float(projection.kept(box[None], stride, rule)[0])
        _picture(ax, image, f"{rule}: IoU {share:.2f}")
        _grid(ax, image.shape[:2], stride)
        _frame(ax, region, figures.ORANGE, 2.2, "--")
        _frame(ax, box, figures.INK, 1.8)
        ax.set(xlim=(-1, image.shape[1] + 1), ylim=(image.shape[0] + 1, -1))
    return fig


# Pyramids -----------------------------------------------------------------------------------------------------------


def pyramid(maps: Sequence[np.ndarray], rows: Sequence[np.ndarray]) -> Figure:
    """Draw maps of several sizes under the grids of all levels, and the row of numbers that each becomes."""
    fig, axes = figures.canvas(7.6, 1.75 * len(maps), rows=len(maps), columns=1 + len(LEVELS), squeeze=False,
                               width_ratios=[*[1] * len(LEVELS), 2.4])  # fmt: skip
    for i, (line, one, row) in enumerate(zip(axes, maps, rows, strict=True)):
        height, width = one.shape[:2]
        for ax, level in zip(line, LEVELS, strict=False):
            ax.imshow(one, extent=(0, width, height, 0), interpolation="nearest")
            for cut in range(level + 1):
                ax.plot([width * cut / level] * 2, [0, height], color=figures.ORANGE, linewidth=1.6)
                ax.plot([0, width], [height * cut / level] * 2, color=figures.ORANGE, linewidth=1.6)
            ax.set(xticks=[], yticks=[], title="" if i else f"{level} × {level}")
        line[0].set_ylabel(f"{height} × {width} cells", fontsize=9)
        line[-1].bar(range(len(row)), row, color=figures.BLUE)
        line[-1].set(xticks=[], yticks=[], title="" if i else f"{len(row)} maxima")
    return fig


# Pooling and align --------------------------------------------------------------------------------------------------


def read(box: np.ndarray, way: str, stride: int = 4) -> np.ndarray:
    """What pooling or align read from the mosaic of the scene in one box: (BINS, BINS, 3)."""
    given = mosaic(scene().image, stride), box[None].astype(np.float32), [0], BINS, 1 / stride
    fn = {"pool": geometry.roi_pool, "align": geometry.roi_align}[choice("way", way, WAYS)]
    return ops.convert_to_numpy(fn(*given))[0]


def start() -> np.ndarray:
    """The box that the figures read: around the first object of the scene. Chapter: fast_rcnn."""
    return np.asarray(scene().boxes[0], np.float32)


def shifted(shift: float) -> np.ndarray:
    """The box of the figure, moved to the right by some pixels."""
    return start() + np.float32([shift, 0, shift, 0])


def _bins(ax: Axes, box: np.ndarray, way: str, stride: int) -> None:
    """Draw what is read: the cells of the region and where they are cut, or the places of the samples."""
    if way == "align":
        for i in range(BINS + 1):
            x, y = box[0] + (box[2] - box[0]) * i / BINS, box[1] + (box[3] - box[1]) * i / BINS
            ax.plot([x, x], [box[1], box[3]], color=figures.ORANGE, linewidth=1.1)
            ax.plot([box[0], box[2]], [y, y], color=figures.ORANGE, linewidth=1.1)
        share = (np.arange(BINS * SAMPLES) + 0.5) / (BINS * SAMPLES)
        xs, ys = np.meshgrid(box[0] + (box[2] - box[0]) * share, box[1] + (box[3] - box[1]) * share)
        ax.plot(xs.ravel(), ys.ravel(), "o", color=figures.PAPER, markeredgecolor=figures.INK, markersize=4)
        return
    x0, y0, x1, y1 = projection.projected(box[None], stride, "pooling")[0] * stride
    for i in range(1, BINS):
        x, y = x0 + (x1 - x0) * i / BINS, y0 + (y1 - y0) * i / BINS
        ax.plot([x, x], [y0, y1], color=figures.ORANGE, linewidth=1.1)
        ax.plot([x0, x1], [y, y], color=figures.ORANGE, linewidth=1.1)
    _frame(ax, (x0, y0, x1, y1), figures.ORANGE, 2.0)


def played(way: str, shift: int) -> Figure:
    """Draw the mosaic, a box on it with what is read, and the grid that comes out. The figure to play with."""
    stride, box = 4, shifted(whole("shift", shift, 0, max(SHIFTS)))
    fig, axes = figures.canvas(5.6, 2.9, columns=2)
    size = scene().image.shape[:2]
    _picture(axes[0], mosaic(scene().image, stride)[0], f"box moved by {shift} pixels", size)
    _grid(axes[0], size, stride)
    _bins(axes[0], box, choice("way", way, WAYS), stride)
    _frame(axes[0], box, figures.INK, 1.4, "--")
    low, high = start()[:2] - 10, start()[2:] + 10 + [max(SHIFTS), 0]
    axes[0].set(xlim=(max(low[0], 0), min(high[0], size[1])), ylim=(min(high[1], size[0]), max(low[1], 0)))
    axes[1].imshow(read(box, way).clip(0, 1), interpolation="nearest")
    axes[1].set(xticks=[], yticks=[], title=f"what {'pooling' if way == 'pool' else 'align'} gives")
    return fig


def changes(way: str, shifts: Sequence[float] = SHIFTS) -> np.ndarray:
    """How far the grid is from that of the box at rest, for each shift: mean absolute difference, in levels of 255."""
    first = read(shifted(0), way)
    return np.array([255 * np.abs(read(shifted(shift), way) - first).mean() for shift in shifts])


def say_played(way: str, shift: int) -> str:
    """What `played` shows, in words."""
    change = changes(way)[list(SHIFTS).index(shift)]
    rule = "its cells in nine bins" if way == "pool" else "four samples in each of nine bins"
    return (
        f"A mosaic of the scene, cells of 4 pixels, under a box moved by {shift} pixels with {rule}; beside it nine "
        f"colours, on average {change:.0f} levels from those of the box at rest."
    )


def stairs() -> Figure:
    """Draw how the grid changes when the box moves: pooling in stairs, align along a line."""
    _, ax = figures.canvas(5.6, 3.0)
    fine = np.arange(0, max(SHIFTS) + 1 / 8, 1 / 8)  # pixels: a step of the stairs stands upright
    series = {"RoI pooling": changes("pool", fine), "RoI align": changes("align", fine)}
    return figures.curves(fine, series, xlabel="box moved by, pixels (4 make a cell)",
                          ylabel="change of what is read, in levels", ax=ax)  # fmt: skip


# What is found ------------------------------------------------------------------------------------------------------


def gallery(scenes: Scenes, found: Sequence[geometry.Detections]) -> Figure:
    """Draw scenes side by side with the boxes found in them, and their names."""
    fig, axes = figures.canvas(7.6, 2.9, columns=len(found), squeeze=False)
    for ax, image, one in zip(axes[0], scenes.images, found, strict=True):
        _picture(ax, image, f"{len(one.boxes)} found")
        for box, label, score in zip(one.boxes, one.labels, one.scores, strict=True):
            colour = figures.CYCLE[label % len(figures.CYCLE)]
            _frame(ax, box, colour, 1.6)
            paper = {"facecolor": figures.PAPER, "edgecolor": "none", "pad": 0.8}
            words, above = f"{scenes.classes[label]} {score:.2f}", (box[0], max(box[1], 4))
            surer = one.boxes[one.scores > score]
            named = len(surer) and geometry.iou(box[None], surer).max() > CLOSE  # a name stands above it already
            place, end = ((box[0], box[3]), "top") if named else (above, "baseline")
            ax.annotate(words, place, fontsize=8, color=colour, fontweight="bold", va=end, bbox=paper)
    return fig


# Training and cost --------------------------------------------------------------------------------------------------


def losses(told: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the two parts of the loss over the passes."""
    _, ax = figures.canvas(5.6, 3.0)
    series = {"name": told["name"], "place": told["place"]}
    return figures.curves(np.arange(1, len(told["name"]) + 1), series, xlabel="passes over the pictures",
                          ylabel="mean loss of a region", ax=ax)  # fmt: skip


def seconds(counts: Sequence[int], found: Mapping[str, Sequence[float]]) -> Figure:
    """Draw milliseconds a picture over the number of regions, both axes in powers of ten."""
    fig, ax = figures.canvas(5.8, 3.4)
    figures.curves(counts, found, xlabel="regions", ylabel="milliseconds a picture", ax=ax)
    ax.set(xscale="log", yscale="log", xticks=counts)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    return fig
