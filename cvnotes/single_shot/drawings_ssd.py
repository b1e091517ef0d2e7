"""The pictures of the page ssd. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from cvnotes import boxes, data, figures
from cvnotes.boxes import Detections, Truth
from cvnotes.checks import whole
from cvnotes.data.scenes import Scenes

from . import errors, ssd, trials_ssd

#: how each kind of error is drawn: a colour and a line
LOOKS = {
    "correct": (figures.GREEN, "-"),
    "localization": (figures.GOLD, "--"),
    "confusion": (figures.ORANGE, "-."),
    "both": (figures.PURPLE, "-."),
    "duplicate": (figures.SKY, "--"),
    "background": (figures.BLUE, ":"),
    "missed": (figures.PAPER, (0, (1, 1.5))),
}
SHOWN = 4  # scenes of the figure to play with
NAMED = 8  # names of more detections than this would hide each other
SURE = 0.3  # score from which their errors count in choosing them


def _frame(ax: Axes, box: np.ndarray, colour: str, line: object = "-", width: float = 1.7, under: bool = True) -> None:
    """One box on a picture, with ink beneath its line."""
    x0, y0, x1, y1 = np.asarray(box, float) - 0.5
    lines = [(figures.INK, width + 1.4, "-"), (colour, width, line)]
    for shade, wide, dash in lines if under else lines[1:]:
        style = {"edgecolor": shade, "linewidth": wide, "linestyle": dash}
        ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, **style))


def _show(ax: Axes, image: np.ndarray, title: str = "") -> None:
    ax.imshow(image)
    ax.set(xticks=[], yticks=[], xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5), title=title)
    for side in ax.spines.values():
        side.set_visible(False)


# Default boxes ------------------------------------------------------------------------------------------------------


def places(image: np.ndarray, sizes: Mapping[int, Sequence[float]], at: tuple[int, int] = (38, 30)) -> Figure:
    """Draw the grid of each map over a picture, and the default boxes of the place that holds the pixel `at` (x, y)."""
    fig, axes = figures.canvas(7.6, 3.9, columns=len(sizes), squeeze=False)
    for ax, (stride, pair) in zip(axes[0], sizes.items(), strict=True):
        side = ssd.SIZE // stride
        _show(ax, image, f"map of {side} × {side}: boxes of {' and '.join(f'{size:.1f}' for size in pair)} px")
        for line in np.arange(stride, ssd.SIZE, stride) - 0.5:
            ax.axhline(line, color="white", linewidth=0.5, alpha=0.55)
            ax.axvline(line, color="white", linewidth=0.5, alpha=0.55)
        column, row = at[0] // stride, at[1] // stride
        ax.plot((column + 0.5) * stride - 0.5, (row + 0.5) * stride - 0.5, "o", color=figures.GOLD, markersize=4)
        for box in ssd.default_boxes({stride: pair}).reshape(side, side, -1, 4)[row, column]:
            _frame(ax, box, figures.GOLD)
    return fig


def reach(truths: Sequence[Truth], layouts: Mapping[str, np.ndarray], edges: Sequence[float]) -> dict[str, np.ndarray]:
    """For each layout of default boxes and each span of sizes: the share of objects that some box overlaps by a half.

    layouts: (n, 4) boxes by name; edges: of the spans, in pixels (root of width times height). Chapter: ssd.
    """
    corners = np.concatenate([truth.boxes for truth in truths])
    span = np.digitize(np.sqrt(boxes.area(corners)), edges) - 1
    found = {name: boxes.iou(laid, corners).max(0) >= ssd.MATCH for name, laid in layouts.items()}
    return {name: np.array([hit[span == i].mean() for i in range(len(edges) - 1)]) for name, hit in found.items()}


def matched(image: np.ndarray, truth: Truth) -> Figure:
    """Draw the true boxes of a picture, and on each map the default boxes that answer for them, colour by colour."""
    sizes = ssd.box_sizes()
    match = boxes.match(ssd.default_boxes(), truth.boxes, ssd.MATCH, ssd.MATCH)
    parts = np.split(np.arange(len(match)), [len(ssd.default_boxes({4: sizes[4]}))])
    fig, axes = figures.canvas(7.6, 2.9, columns=3)
    _show(axes[0], image, "truth")
    for i, box in enumerate(truth.boxes):
        _frame(axes[0], box, figures.CYCLE[i])
    for ax, part, stride in zip(axes[1:], parts, sizes, strict=True):
        held = part[match[part] >= 0]
        _show(ax, image, f"{len(held)} of {len(part)} boxes, {64 // stride} × {64 // stride}")
        for i in held:
            _frame(ax, ssd.default_boxes()[i], figures.CYCLE[match[i]], width=1.3, under=False)
    return fig


# Negatives ----------------------------------------------------------------------------------------------------------


def hardest(image: np.ndarray, truth: Truth, said: np.ndarray, count: int = 12) -> Figure:
    """Draw the negatives that a net finds hardest in a picture, and as many drawn by lot.

    said: (boxes, classes + 5), what the net says of the picture.
    """
    defaults = ssd.default_boxes()
    negative = boxes.match(defaults, truth.boxes, ssd.MATCH, ssd.MATCH) < 0
    nothing = said[:, 0] - np.log(np.exp(said[:, :-4]).sum(-1))
    order = np.argsort(np.where(negative, nothing, np.inf))[:count]
    lot = np.random.default_rng(0).choice(np.flatnonzero(negative), count, replace=False)
    fig, axes = figures.canvas(7.6, 3.9, columns=2)
    for ax, chosen, title in zip(axes, (order, lot), ("the hardest negatives", "as many by lot"), strict=True):
        _show(ax, image, title)
        for box in truth.boxes:
            _frame(ax, box, figures.GREEN)
        for i in chosen:
            _frame(ax, defaults[i], figures.ORANGE, width=1.2, under=False)
    return fig


# Detections and their errors ----------------------------------------------------------------------------------------


def _name(label: int) -> str:
    return data.shapes.CLASSES[int(label)]


def anatomy(ax: Axes, image: np.ndarray, found: Detections, truth: Truth) -> None:
    """Draw the detections of one picture on axes, each in the colour of its kind, and the missed objects."""
    known = errors.anatomy(found, truth)
    _show(ax, image)
    for box in truth.boxes[known.missed]:
        _frame(ax, box, *LOOKS["missed"], width=2.0)
    for box, label, score, kind in zip(found.boxes, found.labels, found.scores, known.kinds, strict=True):
        colour, line = LOOKS[kind]
        _frame(ax, box, colour, line)
        words = f"{_name(label)} {score:.2f}" if len(found.labels) <= NAMED else ""
        below = box[1] < 6  # no room above
        ax.text(
            max(box[0] - 0.5, 0), box[3] + 0.3 if below else box[1] - 1.2, words, fontsize=7, color=figures.INK,
            va="top" if below else "bottom", bbox={"facecolor": colour, "pad": 0.8, "linewidth": 0, "alpha": 0.85},
        )  # fmt: skip


def detections(images: np.ndarray, found: Sequence[Detections], truths: Sequence[Truth], columns: int = 3) -> Figure:
    """Draw pictures with their detections in the colours of their kinds, and a key."""
    rows = -(-len(images) // columns)
    fig, axes = figures.canvas(7.6, 2.62 * rows + 0.4, rows=rows, columns=columns, squeeze=False)
    for ax in axes.flat[len(images) :]:
        ax.axis("off")
    for ax, image, one, truth in zip(axes.flat, images, found, truths, strict=False):
        anatomy(ax, image, one, truth)
    _key(fig)
    return fig


def _key(fig: Figure) -> None:
    """Name the colours below a figure."""
    handles = [
        Rectangle((0, 0), 1, 1, facecolor=colour, edgecolor=figures.INK, linestyle=line, linewidth=0.9)
        for colour, line in LOOKS.values()
    ]
    look = {"fontsize": 8, "handlelength": 1.1, "columnspacing": 1.1}
    fig.legend(handles, LOOKS, loc="outside lower center", ncols=len(LOOKS), **look)


@functools.cache
def harder() -> tuple[Scenes, list[Detections], list[Truth]]:
    """The held-out scenes with the most kinds of errors, what the shortly trained net finds in them, and the truth."""
    scenes = boxes.held_out(80)
    found, truths = ssd.detect(trials_ssd.stored("early"), scenes.images), boxes.truths(scenes)
    counts = [errors.counts([one], [truth], SURE) for one, truth in zip(found, truths, strict=True)]
    kinds = [sum(count[kind] > 0 for kind in errors.ERRORS) for count in counts]
    chosen = np.sort(np.argsort(-np.array(kinds), kind="stable")[:SHOWN])
    return scenes[chosen], [found[i] for i in chosen], [truths[i] for i in chosen]


def thresholded(scene: int, least: float) -> Figure:
    """Draw what a net finds in a scene with at least this score, each box in the colour of its kind. To play with."""
    scenes, found, truths = harder()
    i = whole("scene", scene, 1, SHOWN) - 1
    one = errors.sure(found[i], least)
    fig, (left, right) = figures.canvas(7.6, 3.5, columns=2, width_ratios=[1.05, 1])
    anatomy(left, scenes.images[i], one, truths[i])
    counts = errors.counts([one], [truths[i]], least)
    shades = [LOOKS[kind][0] for kind in counts]
    right.barh(range(len(counts)), counts.values(), color=shades, edgecolor=figures.INK, linewidth=0.6)
    right.set_yticks(range(len(counts)), counts)
    most = max(errors.counts([found[i]], [truths[i]], ssd.LEAST).values())  # one scale for all scores
    right.set(xlim=(0, most + 0.5), ylim=(len(counts) - 0.5, -0.5), title=f"score of at least {least:g}")
    right.tick_params(axis="y", length=0)
    right.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    return fig


def say_thresholded(scene: int, least: float) -> str:
    """Put `thresholded` into words."""
    _, found, truths = harder()
    counts = errors.counts([found[scene - 1]], [truths[scene - 1]], least)
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    return f"Scene {scene}, detections with a score of at least {least:g}: {told or 'none'}."


def prices(rows: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Bars of what each kind of error costs in mean average precision, a panel for each detector."""
    fig, axes = figures.canvas(7.6, 2.7, columns=len(rows), sharey=True, squeeze=False)
    most = max(np.max(value) for row in rows.values() for value in row.values())
    for ax, (name, row) in zip(axes[0], rows.items(), strict=True):
        figures.bars({kind: np.round(gain, 3) for kind, gain in row.items()}, xlabel="mAP won by mending", ax=ax)
        ax.set(title=name, xlim=(min(0, ax.get_xlim()[0]), 1.25 * most))
    return fig
