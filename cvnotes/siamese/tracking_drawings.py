"""The pictures of the page tracking. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from cvnotes import figures
from cvnotes.figures.style import sheet

from . import following_scores
from . import trials_tracking as trials
from .following import by_net, damped, follow
from .fully_convolutional import EXEMPLAR, SEARCH, STRIDE
from .pasted import Pasted
from .windows import cut, middles

SHOWN = {"other shapes": ("mixed", 0), "look-alikes": ("twins", 0)}  # films of the figure to play with
MOMENTS = (1, 4, 7, 8, 9, 10, 15, 22)  # frames of it
SOLID, DASHED = "-", (0, (3, 2))


class Told(NamedTuple):
    """A film followed: its frames, boxes of all objects, the path, and the score maps of every look."""

    images: np.ndarray
    boxes: np.ndarray
    path: np.ndarray
    scores: np.ndarray


def _picture(ax: Axes, image: np.ndarray, title: str = "", corner: Sequence[float] = (0, 0)) -> None:
    """Draw a picture whose first pixel is at ``corner``, in pixels of its frame."""
    (height, width), (x, y) = image.shape[:2], corner
    ax.imshow(image, extent=(x, x + width, y + height, y), interpolation="nearest")
    ax.set(xticks=[], yticks=[], xlim=(x, x + width), ylim=(y + height, y))
    ax.set_title(title, fontsize=9)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _box(ax: Axes, box: Sequence[float], colour: str, line: object = SOLID, width: float = 1.6) -> None:
    """Draw a box on a picture, with paper beneath it."""
    x0, y0, x1, y1 = box
    for ink, thick, dash in ((figures.PAPER, width + 1.4, SOLID), (colour, width, line)):
        look = {"edgecolor": ink, "linewidth": thick, "linestyle": dash}
        ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, **look))


def task(shown: Mapping[str, trials.Films], which: int, moments: Sequence[int] = (0, 6, 12, 18)) -> Figure:
    """Draw frames of one film of each kind: the box that is given in the first, the truth dashed in all others."""
    fig, axes = figures.canvas(7.6, 2.0 * len(shown), rows=len(shown), columns=len(moments), squeeze=False)
    for i, (name, films) in enumerate(shown.items()):
        for ax, t in zip(axes[i], moments, strict=True):
            _picture(ax, films.images[which, t], "" if i else f"frame {t}")
            _box(ax, films.boxes[which, t, 0], figures.ORANGE if t == 0 else figures.INK, DASHED if t else SOLID)
        axes[i, 0].set_ylabel(name)
    return fig


# The net ------------------------------------------------------------------------------------------------------------


def anatomy(net: keras.Model, exemplar: np.ndarray, search: np.ndarray) -> Figure:
    """Draw what the net does with two windows: one encoder, two maps, one slid over the other, a map of scores."""
    encode, head = net.get_layer("encoder"), net.get_layer("correlation")
    small, large = (encode(one[None].astype("float32")) for one in (exemplar, search))
    scores = keras.ops.convert_to_numpy(head([large, small]))[0]
    energy = [np.linalg.norm(keras.ops.convert_to_numpy(one)[0], axis=-1) for one in (small, large)]
    fig, page = sheet(7.6, 4.1)
    unit = 2.0 / SEARCH  # inches a pixel
    near, far = EXEMPLAR * unit, SEARCH * unit
    _inset(page, 0.15, 0.3, near, exemplar, f"exemplar {_size(exemplar)}")
    _inset(page, 0.15, 1.75, far, search, f"search window {_size(search)}")
    _inset(page, 3.3, 0.3 + near / 2 - 2 * unit * STRIDE / 2, 2 * unit * STRIDE, energy[0], f"{_size(small[0])}")
    _inset(page, 3.3, 1.75 + far / 2 - 4 * unit * STRIDE, 8 * unit * STRIDE, energy[1], f"{_size(large[0])}")
    side = 7 * unit * STRIDE
    _inset(page, 6.05, 1.75 + far / 2 - side / 2, side, scores, f"scores {_size(scores)}", "magma")
    for start, end, words in (
        ((0.15 + near + 0.1, 0.3 + near / 2), (3.2, 0.3 + near / 2), "encoder"),
        ((0.15 + far + 0.1, 1.75 + far / 2), (3.2, 1.75 + far / 2), "encoder"),
        ((3.3 + 8 * unit * STRIDE + 0.1, 1.75 + far / 2), (5.95, 1.75 + far / 2), "slide"),
    ):
        page.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, color=figures.GREY))
        page.text((start[0] + end[0]) / 2, start[1] - 0.08, words, ha="center", va="bottom", fontsize=9)
    bend = {"arrowstyle": "-|>", "mutation_scale": 11, "color": figures.GREY, "connectionstyle": "arc3,rad=-0.3"}
    page.add_patch(FancyArrowPatch((3.3 + 2 * unit * STRIDE + 0.1, 0.3 + near / 2), (5.3, 2.35), **bend))
    page.text(4.75, 0.75, "as the kernel", fontsize=9, ha="left")
    page.text(2.72, 1.62, "the same weights", fontsize=9, ha="center", color=figures.GREY)
    return fig


def _size(array: object) -> str:
    return " × ".join(map(str, array.shape))


def _inset(page: Axes, left: float, top: float, side: float, image: np.ndarray, words: str, cmap: str = "gray") -> None:
    """Draw a picture on a sheet at a place in inches, with words below it."""
    across, down = page.figure.get_size_inches()
    ax = page.figure.add_axes((left / across, 1 - (top + side) / down, side / across, side / down))
    ax.imshow(image, cmap=cmap, interpolation="nearest")
    ax.axis("off")
    page.text(max(left + side / 2, 0.85), top + side + 0.06, words, ha="center", va="top", fontsize=8.5)


def found_places(found: Pasted, maps: Mapping[str, np.ndarray], which: Sequence[int]) -> Figure:
    """Draw pictures with an exemplar pasted in, and score maps over all places with the peak and the truth marked."""
    fig, axes = figures.canvas(
        7.6, 2.05 * len(which), rows=len(which), columns=2 + len(maps), width_ratios=[0.4, *[1] * (1 + len(maps))]
    )
    for line, i in zip(axes, which, strict=True):
        (x, y), top = found.corners[i], i == which[0]
        _picture(line[0], found.exemplars[i], "exemplar" if top else "")
        _picture(line[1], found.pictures[i], "pasted at the box" if top else "")
        _box(line[1], (x, y, x + EXEMPLAR, y + EXEMPLAR), figures.ORANGE)
        for ax, (name, scores) in zip(line[2:], maps.items(), strict=True):
            ax.imshow(scores[i], cmap="magma")
            row, column = np.unravel_index(scores[i].argmax(), scores[i].shape)
            for ink, thick in ((figures.INK, 4), ("white", 2)):  # a ring that is seen on dark and on bright cells
                ax.scatter(x / STRIDE, y / STRIDE, s=110, facecolor="none", edgecolor=ink, linewidth=thick)
            ax.scatter(column, row, s=45, marker="x", color=figures.SKY, linewidth=2)
            ax.set(xticks=[], yticks=[], title=name if top else "")
    return fig


# Following ----------------------------------------------------------------------------------------------------------


@functools.cache
def told(name: str) -> Told:
    """Follow the target of one of the SHOWN films with the stored net, and keep every score map. Chapter: tracking."""
    kind, which = SHOWN[name]
    films = trials.films(kind, trials.TEST)
    images, boxes = films.images[which : which + 1], films.boxes[which : which + 1]
    look, seen = by_net(trials.stored(), films.exemplars()[which : which + 1]), []

    def kept(windows: np.ndarray) -> np.ndarray:
        seen.append(look(windows))
        return seen[-1]

    path = follow(images, boxes[:, 0, 0], kept)
    return Told(images[0], boxes[0], path[0], np.concatenate(seen))


def played(film: str, frame: int) -> Figure:
    """Draw a frame with box and truth, the window that the tracker cut around its last place, and what it scored."""
    story = told(film)
    before = middles(story.path[frame - 1])
    corner = np.floor(before + 0.5) - SEARCH // 2
    window = cut(story.images[frame][None], before[None], SEARCH)[0]
    raw = story.scores[frame - 1]
    fig, grid = figures.canvas(4.6, 4.8, rows=2, columns=2)  # two by two: readable on a phone
    axes = grid.ravel()
    _picture(axes[0], story.images[frame], f"frame {frame}")
    _picture(axes[1], window, "search window", corner)
    for ax in axes[:2]:
        _box(ax, story.boxes[frame, 0], figures.INK, DASHED)
        _box(ax, story.path[frame], figures.ORANGE)
    side = (SEARCH - raw.shape[0]) / 2  # places are middles of the exemplar
    for ax, scores, words in ((axes[2], raw, "scores"), (axes[3], damped(raw[None])[0], "damped")):
        ax.imshow(scores, cmap="magma", extent=(side, SEARCH - side, SEARCH - side, side))
        ax.set(xlim=(0, SEARCH), ylim=(SEARCH, 0), xticks=[], yticks=[])
        for spine in ax.spines.values():  # the rim of the search window
            spine.set(visible=True, color=figures.GREY, linewidth=0.8)
        ax.set_title(words, fontsize=9)
    return fig


def say_played(film: str, frame: int) -> str:
    """Say what a frame of the figure shows. Chapter: tracking."""
    story = told(film)
    shares = following_scores.overlaps(story.path[None], story.boxes[None])[0, frame]
    on = "on the target"
    if shares[0] <= following_scores.HELD:
        stolen = shares[1:].max(initial=0) > max(shares[0], following_scores.HELD)
        on = "on another object" if stolen else "beside the target"
    return f"Frame {frame} among {film}: the tracker's box is {on}; its window, the scores, and the scores damped."


def kept_hold(stored: Mapping[str, np.ndarray], names: Mapping[str, str]) -> Figure:
    """Draw the overlap with the target in each frame, for each way to follow, with its spread over seeds."""
    frames = np.arange(stored["net_overlap"].shape[1])
    series = {words: stored[f"{way}_overlap"] for way, words in names.items()}
    return figures.curves(frames, series, xlabel="frame", ylabel="overlap (IoU), mean of 40 films")


def weights(stored: Mapping[str, np.ndarray]) -> Figure:
    """Draw success and thefts over the weight of the cosine window, among other shapes and among look-alikes."""
    fig, axes = figures.canvas(7.6, 3.0, columns=2)
    words = {"success": "frames on the target, share", "stolen": "films that end on another, share"}
    kinds = {"other shapes": "mixed", "look-alikes": "twins"}
    for ax, (score, label) in zip(axes, words.items(), strict=True):
        series = {name: stored[f"{kind}_{score}"] for name, kind in kinds.items()}
        figures.curves(trials.WEIGHTS, series, xlabel="weight of the cosine window", ylabel=label, ax=ax)
    return fig
