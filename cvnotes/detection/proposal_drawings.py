"""The pictures of the page selective_search. Plain functions: pictures, boxes and hierarchies in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from skimage.color import label2rgb
from skimage.segmentation import mark_boundaries

from cvnotes import boxes, figures
from cvnotes.boxes import Detections
from cvnotes.checks import whole

from .colour_spaces import to_space
from .grouping import Hierarchy
from .pipeline import crops
from .proposals import as_pixels, hierarchies
from .segments import segment

#: How many regions are left, in the figure to play with.
STEPS = (60, 45, 34, 26, 20, 16, 13, 11, 9, 8, 7, 6, 5, 4, 3, 2, 1)
SHOWN = 10  # the validation scene that the page looks at


@functools.cache
def scene():
    """The scene that the page looks at."""
    return boxes.validation()[SHOWN]


@functools.cache
def hierarchy() -> Hierarchy:
    """Its segments and their grouping."""
    return hierarchies(scene().image)[0]


def alive(found: Hierarchy, left: int) -> np.ndarray:
    """The regions that stand when `left` are left, as labels (h, w) of rows of the hierarchy.

    Raises ValueError for a number that never stands. Chapter: selective_search.
    """
    count = len(found.merges) + 1
    whole("left", left, 1, count)
    now = np.arange(2 * count - 1)
    for new, pair in enumerate(found.merges[: count - left].tolist(), start=count):
        now[np.isin(now, pair)] = new
    return now[found.labels]


def flat(image: np.ndarray, labels: np.ndarray, borders: str | tuple = figures.INK) -> np.ndarray:
    """Paint each region in its mean colour, large, with lines between them."""
    from matplotlib.colors import to_rgb

    times = max(1, 256 // len(labels))
    image, labels = (np.repeat(np.repeat(x, times, 0), times, 1) for x in (image, labels))
    painted = label2rgb(labels, image, kind="avg", bg_label=-1)
    return mark_boundaries(painted / painted.max() if painted.max() > 1 else painted, labels, to_rgb(borders))


def draw_scales(image: np.ndarray, scales: Sequence[float], min_size: int = 10) -> Figure:
    """One picture, and its segments at several scales."""
    view = to_space(as_pixels(image), "hsv")
    cuts = [segment(view, scale, 0.8, min_size) for scale in scales]
    titles = ["the picture", *(f"scale {k}: {cut.max() + 1} segments" for k, cut in zip(scales, cuts, strict=True))]
    return figures.image_grid([image, *(flat(as_pixels(image), cut) for cut in cuts)], titles, columns=3, scale=2.2)


def frame(ax: Axes, box: np.ndarray, colour: str, width: float = 1.8) -> None:
    """Draw a box, x0, y0, x1, y1, on axes whose pixels have whole numbers at their middles."""
    x0, y0, x1, y1 = np.asarray(box, float) - 0.5
    for line, edge in ((width + 1.4, figures.PAPER), (width, colour)):
        ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=edge, linewidth=line, clip_on=False))


def panel(ax: Axes, image: np.ndarray, words: str) -> None:
    """Show a picture without ticks, with a line of words above it."""
    ax.imshow(image)
    ax.set(xticks=[], yticks=[])
    ax.set_title(words, fontsize=9.5)
    for side in ax.spines.values():
        side.set_visible(False)


def draw_merging(left: int) -> Figure:
    """The grouping of the page's scene when `left` regions are left, and every box that it has given so far."""
    found, image = hierarchy(), scene().image
    count = len(found.merges) + 1
    labels = alive(found, left)
    fig, (ax, other) = figures.canvas(7.2, 3.6, 1, 2)
    panel(ax, flat(as_pixels(image), labels), f"{left} regions" if left > 1 else "1 region")
    panel(other, image, "the boxes of the last five unions" if count - left > 1 else "nothing is joined yet")
    last = 2 * count - 1 - left
    for row in range(max(count, last - 4), last + 1):
        frame(other, found.regions.box[row], figures.ORANGE if row == last else figures.BLUE)
    return fig


def say_merging(left: int) -> str:
    """What that figure shows, in words."""
    found = hierarchy()
    count = len(found.merges) + 1
    if left == count:
        return f"{count} segments; nothing is joined yet."
    row = 2 * count - 1 - left
    best = boxes.iou(found.regions.box[count : row + 1].astype(np.float32), scene().boxes).max(0)
    return (
        f"{left} of {count} regions left; the last union joined {found.regions.size[row]} pixels. "
        f"True boxes met so far by a union's box at IoU 0.5: {(best >= 0.5).sum()} of {len(best)}."
    )


def draw_pair(found: Hierarchy, image: np.ndarray, pairs: Mapping[str, tuple[int, int]]) -> Figure:
    """Some pairs of segments of a picture, each pair on its own copy."""
    fig, axes = figures.canvas(2.5 * len(pairs), 2.7, 1, len(pairs), squeeze=False)
    for ax, (words, pair) in zip(axes[0], pairs.items(), strict=True):
        shade = np.full(image.shape, 0.25) + 0.3 * as_pixels(image).mean(-1, keepdims=True)
        inside = np.isin(found.labels, pair)
        panel(ax, np.where(inside[..., None], as_pixels(image), shade), words)
        for part, colour in zip(pair, (figures.ORANGE, figures.BLUE), strict=True):
            ax.contour((found.labels == part).astype(float), [0.5], colors=[colour], linewidths=1.8)
    return fig


def draw_pipeline(image: np.ndarray, proposed: np.ndarray, found: Detections, classes: Sequence[str]) -> Figure:
    """A picture, its proposals, some of them cut out at one size, and what is left of them with a name."""
    fig, axes = figures.canvas(7.6, 2.5, 1, 4)
    panel(axes[0], image, "picture")
    panel(axes[1], image, f"propose: {len(proposed)} boxes")
    for box in proposed:
        x0, y0, x1, y1 = box - 0.5
        axes[1].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=figures.ORANGE, linewidth=0.7))
    panel(axes[2], sheet_of(crops(image, proposed[:16])), "describe: one size for all")
    panel(axes[3], image, "classify: what is left")
    for box, label in zip(found.boxes, found.labels, strict=True):
        frame(axes[3], box, figures.ORANGE)
        axes[3].text(*(box[[0, 3]] + (0, 1)), classes[label], fontsize=8.5, va="top", color=figures.INK,
                     bbox={"facecolor": figures.PAPER, "edgecolor": "none", "pad": 1})  # fmt: skip
    return fig


def sheet_of(patches: np.ndarray) -> np.ndarray:
    """Lay 16 crops (16, s, s, c) out in four rows, with white lines between them."""
    padded = np.pad(patches, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=255)
    rows = padded.reshape(4, 4, *padded.shape[1:]).swapaxes(1, 2)
    return rows.reshape(4 * padded.shape[1], 4 * padded.shape[2], -1)
