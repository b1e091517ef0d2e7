"""The pictures of the page systems. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvnotes import figures
from cvnotes.captioning import decoding, words
from cvnotes.checks import whole
from cvnotes.data.scenes import Scenes
from cvnotes.transfer import keeping

from . import backbones, context, phrases, readers, strips

SHOWN, READ = (3, 16, 18, 22, 31), (4, 0)  # scenes and strips of the figures to play with
STEP, STEPS = 2, 25  # columns that the reader moves in a frame, and frames
WORLDS = {"part": "the box covers a part", "whole": "the box covers all", "crowd": "a part, among others"}
KINDS = {"box": "box alone", "joined": "three regions", "gated": "... with messages"}


# Strips -------------------------------------------------------------------------------------------------------------


def _strip(ax: Axes, image: np.ndarray, title: str) -> None:
    ax.imshow(1 - image[..., 0], cmap="gray", vmin=0, vmax=1, aspect="auto")
    ax.set(xticks=[], yticks=[], title=title)


def slid(image: np.ndarray, scores: np.ndarray, box: int = 8) -> Figure:
    """Draw a strip (8, width, 1), and under it what a classifier says of the eight columns around each place.

    scores: (places, 10) probabilities, one row for each place that the window stops at.
    """
    fig, (top, below) = figures.canvas(7.6, 3.0, rows=2, height_ratios=[1, 2.2], sharex=True)
    _strip(top, image, "the strip")
    middle = np.arange(len(scores)) + box / 2 - 0.5
    edges = middle[0] - 0.5, middle[-1] + 0.5
    below.imshow(scores.T, cmap="Blues", vmin=0, vmax=1, aspect="auto", extent=(*edges, 9.5, -0.5))
    below.set(yticks=range(10), title="chance of each digit, by the middle of the window")
    top.set_xlim(-0.5, image.shape[1] - 0.5)
    below.tick_params(labelsize=7)
    return fig


@functools.cache
def _strips_read() -> tuple[strips.Strips, np.ndarray]:
    """The strips of the figure to play with, and the probabilities of the stored reader at every column."""
    written = strips.written(max(READ) + 1, seed=700, digits=(4, 4), test=True)
    net = readers.reader("LSTM")
    net.set_weights(keeping.load_weights("systems", "reader"))
    chances = keras.ops.convert_to_numpy(keras.ops.softmax(net(written.images)))
    return written, chances


def read_so_far(strip: int, step: int) -> tuple[list[int], int]:
    """The digits that the stored reader has named after some steps, and how many columns it has passed."""
    written, chances = _strips_read()
    row = READ[whole("strip", strip, 1, len(READ)) - 1]
    passed = min(whole("step", step, 0) * STEP, written.images.shape[2])
    named = chances[row, :passed].argmax(-1)
    return [int(digit) for digit in named if digit != strips.NOTHING], passed


def reading(strip: int, step: int) -> Figure:
    """Draw a strip up to the column where the reader stands, and how sure it was at each column. To play with."""
    named, passed = read_so_far(strip, step)
    written, chances = _strips_read()
    row = READ[strip - 1]
    image, width = written.images[row], written.images.shape[2]
    fig, (top, below) = figures.canvas(7.6, 2.7, rows=2, height_ratios=[1, 1.5], sharex=True)
    _strip(top, image, "read so far:  " + ("  ".join(map(str, named)) or "nothing"))
    top.add_patch(Rectangle((passed - 0.5, -0.5), width - passed, 8, color=figures.PAPER, alpha=0.8, linewidth=0))
    below.bar(range(passed), 1 - chances[row, :passed, strips.NOTHING], color=figures.BLUE, width=0.8)
    for column in range(passed):
        digit = int(chances[row, column].argmax())
        if digit != strips.NOTHING:
            below.text(column, 1.04, str(digit), ha="center", va="bottom", fontweight="bold", color=figures.ORANGE)
    for ax in (top, below):
        ax.axvline(passed - 0.5, color=figures.ORANGE, linewidth=1.4)
    below.set(xlim=(-0.5, width - 0.5), ylim=(0, 1.3), yticks=[0, 1], title="chance that a digit has just ended")
    return fig


def say_reading(strip: int, step: int) -> str:
    """Put `reading` into words."""
    named, passed = read_so_far(strip, step)
    return f"Strip {strip}, {passed} columns passed: the reader has named {', '.join(map(str, named)) or 'nothing'}."


# Backbones ----------------------------------------------------------------------------------------------------------


def named_maps(rows: Sequence[Sequence[np.ndarray]], titles: Sequence[str]) -> Figure:
    """Draw pictures, each in a row with maps of classes; titles head the columns."""
    colours = ListedColormap([figures.PAPER, *figures.CYCLE[:5]])
    fig, axes = figures.canvas(7.6, 1.75 * len(rows) + 0.3, rows=len(rows), columns=len(titles), squeeze=False)
    for line, row in zip(axes, rows, strict=True):
        for ax, picture in zip(line, row, strict=True):
            look = {} if picture.ndim == 3 else {"cmap": colours, "vmin": -0.5, "vmax": 5.5}
            ax.imshow(picture, **look)
            ax.axis("off")
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title)
    return fig


def stored_backbone(kind: str) -> keras.Model:
    """Give a stored backbone, "strided" or "dilated"; made by ``python -m cvnotes.systems``."""
    net = backbones.backbone(kind)
    net.set_weights(keeping.load_weights("systems", kind))
    return net


# Regions and phrases ------------------------------------------------------------------------------------------------


@functools.cache
def _described() -> tuple[Scenes, phrases.Sketch, list[list[phrases.Region]]]:
    """The scenes of the figure to play with, the stored nets, and the regions that they find."""
    scenes = phrases.crowds(max(SHOWN) + 1, seed=900)[list(SHOWN)]
    sketch = phrases.stored_sketch()
    return scenes, sketch, phrases.region_phrases(sketch, scenes.floats)


def region_of(scene: int, region: int) -> tuple[int, phrases.Region]:
    """The region asked for, or the last one where there are fewer: its place, and what is said of it."""
    found = _described()[2][whole("scene", scene, 1, len(SHOWN)) - 1]
    place = min(whole("region", region, 1), len(found)) - 1
    return place, found[place]


def word_chances(scene: int, region: int) -> np.ndarray:
    """How likely the voice takes every word to be, at the places of the colour and of the shape: (2, words)."""
    scenes, sketch, _ = _described()
    _, (box, _, phrase) = region_of(scene, region)
    code = phrases.pieces(phrases.seen(sketch.eye, scenes.floats[scene - 1 : scene]), [box[None]])
    reads, _ = words.encode([phrase])
    return np.exp(decoding.next_words(sketch.voice, code, reads))[0, 1:3]


def told_region(scene: int, region: int) -> Figure:
    """Draw a scene with its regions, one of them chosen, and how likely its words are. The figure to play with."""
    scenes, _, found = _described()
    place, (_, chance, phrase) = region_of(scene, region)
    fig, (left, *rest) = figures.canvas(7.6, 2.9, columns=3, width_ratios=[1.25, 1, 1])
    left.imshow(scenes[scene - 1].image)
    for i, other in enumerate(found[scene - 1]):
        _frame(left, other.box, figures.ORANGE if i == place else "white", 2.6 if i == place else 1.0)
    left.set(xticks=[], yticks=[], xlim=(-0.5, 31.5), ylim=(31.5, -0.5))
    left.set_title(f"region {place + 1} of {len(found[scene - 1])}, chance {chance:.2f}")
    for ax, known, chances, title in zip(
        rest, (words.HUES, words.KINDS), word_chances(scene, region), ("colour", "shape"), strict=True
    ):
        shares = [chances[words.VOCABULARY.index(word)] for word in known]
        said = np.isin(known, phrase.split())
        ax.barh(range(len(known)), shares, color=[figures.ORANGE if s else figures.BLUE for s in said], height=0.6)
        ax.set_yticks(range(len(known)), known)
        ax.set(xlim=(0, 1.02), ylim=(4.5, -0.5), title=title)
        ax.tick_params(axis="y", length=0)
    fig.suptitle(f"“{phrase}”", x=0.02, ha="left", fontsize=12)
    return fig


def _frame(ax: Axes, box: np.ndarray, colour: str, width: float) -> None:
    x0, y0, x1, y1 = box - 0.5
    ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=colour, linewidth=width))


def say_region(scene: int, region: int) -> str:
    """Put `told_region` into words."""
    place, (_, _, phrase) = region_of(scene, region)
    return f"Scene {scene} with its regions. Of region {place + 1} the voice says: {phrase}."


# Context ------------------------------------------------------------------------------------------------------------


def regions_around(scenes: Scenes, boxes: np.ndarray) -> Figure:
    """Draw scenes with a candidate box each, and the three regions that a net with context is given."""
    pieces, columns = context.around(scenes.floats, boxes), 1 + len(context.SCALES)
    fig, axes = figures.canvas(7.6, 1.8 * len(scenes) + 0.3, rows=len(scenes), columns=columns, squeeze=False)
    titles = ["the picture", "the box", *(f"{scale} times as wide" for scale in context.SCALES[1:])]
    for line, scene, box, three in zip(axes, scenes, boxes, pieces, strict=True):
        for ax, picture in zip(line, [scene.image, *three], strict=True):
            ax.imshow(picture)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        _frame(line[0], box, figures.ORANGE, 1.6)
        line[0].set_ylabel(scene.class_names[0])
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title)
    return fig


def worlds(found: Mapping[str, np.ndarray]) -> Figure:
    """Draw the accuracy of three nets in three worlds, a panel for each world."""
    fig, axes = figures.canvas(7.6, 2.4, columns=3, sharex=True, sharey=True)
    for ax, (world, title) in zip(axes, WORLDS.items(), strict=True):
        figures.bars({name: found[f"{kind}_{world}"] for kind, name in KINDS.items()}, xlabel="right", ax=ax)
        ax.set_title(title)
        ax.axvline(1 / len(words.KINDS), color=figures.ORANGE, linewidth=1, linestyle=(0, (3, 2)))
    axes[0].set_xlim(0, 1)
    return fig
