"""The pictures of the page segmentation. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from cvnotes import boxes, figures
from cvnotes.checks import choice, whole
from cvnotes.data.scenes import Scene

from . import metrics, task, teaching, trials

#: a colour for each label; class names are written beside them where they matter
SHADES = (
    "#e9e6dd", figures.BLUE, figures.ORANGE, figures.GREEN, figures.PURPLE, figures.GOLD, figures.SKY, figures.INK,
    "#8c564b", "#f2d43d", "#7f8f2e",
)  # fmt: skip
VOID_SHADE = "#ffffff"
SHOWN = {"32s": "FCN-32s", "16s": "FCN-16s", "8s": "FCN-8s", "U-Net": "U-Net"}  #: nets of the figure to play with
KEYS = {"U-Net": "u_net"}
SCENES = 3


def tinted(labels: np.ndarray) -> np.ndarray:
    """Paint labels (h, w) in the colours of their classes: floats (h, w, 3)."""
    table = np.array([to_rgb(shade) for shade in SHADES] + [to_rgb(VOID_SHADE)])
    return table[np.where(np.asarray(labels) == task.VOID, len(SHADES), labels)]


def _show(ax: Axes, image: np.ndarray, title: str = "", **options) -> None:
    height, width = image.shape[:2]
    ax.imshow(image, interpolation="nearest", **options)
    ax.set(xticks=[], yticks=[], xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), title=title)
    for side in ax.spines.values():
        side.set(color=figures.GREY, linewidth=0.6)


def _key(fig: Figure, labels: Sequence[int], columns: int = 6) -> None:
    """Name the colours of the labels below a figure."""
    handles = [Patch(facecolor=tinted(np.array([[i]]))[0, 0], edgecolor=figures.GREY, linewidth=0.6) for i in labels]
    names = [task.name(int(i)) for i in labels]
    look = {"fontsize": 8.5, "handlelength": 1.1, "columnspacing": 1.3, "ncols": min(columns, len(names))}
    fig.legend(handles, names, loc="outside lower center", **look)


def answers(scene: Scene, labels: np.ndarray) -> Figure:
    """One scene and three answers to "what is here": classes, boxes with classes, a class for every pixel."""
    fig, axes = figures.canvas(7.6, 3.0, columns=3)
    _show(axes[0], scene.image, "classes for the picture", alpha=0.45)
    for i, name in enumerate(scene.class_names):
        words = {"ha": "center", "va": "center", "fontsize": 10, "fontweight": "bold", "color": figures.INK}
        axes[0].text(31.5, 31.5 + 8 * (i - (len(scene) - 1) / 2), name, **words)
    _show(axes[1], scene.image, "a box for each object")
    for label, (x0, y0, x1, y1) in zip(scene.labels, scene.boxes - 0.5, strict=True):
        for shade, width in ((figures.PAPER, 3.4), (SHADES[label + 1], 1.9)):
            axes[1].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=shade, linewidth=width))
    _show(axes[2], tinted(labels), "a class for every pixel")
    _key(fig, np.unique(labels))
    return fig


def bands(image: np.ndarray, labels: np.ndarray, said: np.ndarray, width: int = metrics.WIDTH) -> Figure:
    """The band along true borders, and the errors of a net in it and off it."""
    band, wrong = metrics.border(labels[None], width)[0], said != labels
    fig, axes = figures.canvas(7.6, 3.0, columns=3)
    _show(axes[0], image, "picture")
    _show(axes[1], np.where(band[..., None], tinted(labels), tinted(labels) * 0.35 + 0.62), "band along the borders")
    shade = np.full((*labels.shape, 3), to_rgb(SHADES[0]))
    shade[band] = pale = np.array(to_rgb(figures.SKY)) * 0.45 + 0.5
    shade[wrong & band], shade[wrong & ~band] = to_rgb(figures.INK), to_rgb(figures.PURPLE)
    _show(axes[2], shade, f"wrong: {(wrong & band).sum()} in it, {(wrong & ~band).sum()} off it")
    told = {"the band": pale, "wrong, in the band": figures.INK, "wrong, off the band": figures.PURPLE}
    handles = [Patch(color=colour, label=words) for words, colour in told.items()]
    fig.legend(handles=handles, loc="outside lower right", ncols=3, fontsize=8.5, handlelength=1.1)
    return fig


def paths(net: keras.Model, image: np.ndarray, label: int) -> Figure:
    """The scores of one class on the way up an FCN: what each map adds, and the sums.

    net: of `small_fcn` with two skips; image: (h, w, 3). Scores are logits, zero in the middle of the scale.
    """
    rows = {
        "coarse scores, stride 8": "score_8", "+ skip, stride 4": "score_4", "= sum, stride 4": "sum_4",
        "+ skip, stride 2": "score_2", "= sum, stride 2": "sum_2",
    }  # fmt: skip
    seen = keras.Model(net.input, [net.get_layer(name).output for name in rows.values()])
    maps = [keras.ops.convert_to_numpy(one)[0, ..., label] for one in seen(image[None], training=False)]
    fig, axes = figures.canvas(7.6, 5.2, rows=2, columns=3)
    _show(axes.flat[0], image, "picture")
    limit = max(float(np.abs(one).max()) for one in maps)
    for ax, title, one in zip(axes.flat[1:], rows, maps, strict=True):
        _show(ax, one, title, cmap="PuOr_r", vmin=-limit, vmax=limit)
    return fig


@functools.cache
def said_of(net: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures of some held-out scenes, their labels, and what a stored net says of them."""
    scenes = boxes.held_out(40)
    test = task.labelled(scenes[np.flatnonzero(scenes.counts >= 3)[:SCENES]])
    return *test, teaching.say(trials.stored(KEYS.get(net, net)), test.images)


def errors(net: str, scene: int) -> Figure:
    """Draw what a net says of a scene, and where it errs. To play with."""
    image, labels, said = (one[whole("scene", scene, 1, SCENES) - 1] for one in said_of(choice("net", net, SHOWN)))
    fig, axes = figures.canvas(7.6, 2.75, columns=4)
    _show(axes[0], image, "picture")
    _show(axes[1], tinted(labels), "truth")
    _show(axes[2], tinted(said), SHOWN[net])
    _show(axes[3], np.where((said != labels)[..., None], tinted(said) * 0.9, 1.0), f"{(said != labels).sum()} wrong")
    _key(fig, np.unique(np.concatenate([said_of(net)[1][scene - 1].ravel(), said.ravel()])), 8)
    return fig


def say_errors(net: str, scene: int) -> str:
    """Put `errors` into words that are the same on every machine."""
    labels = said_of(net)[1][scene - 1]
    names = ", ".join(task.name(int(i)) for i in np.unique(labels) if i)
    return f"Scene {scene} with {names}: the picture, its true labels, those of {SHOWN[net]}, and the wrong pixels."


def at_borders(rows: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Bars of mean IoU in the band along borders and off it, a dot for every seed."""
    fig, axes = figures.canvas(7.6, 2.5, columns=2, sharey=True)
    for ax, (title, row) in zip(axes, rows.items(), strict=True):
        figures.bars(row, xlabel="mean IoU", ax=ax)
        ax.set(title=title, xlim=(0, 1.12))
    return fig


def sizes(net: keras.Model, images: Sequence[np.ndarray]) -> Figure:
    """Pictures of several sizes above the labels that one net gives them, to one scale."""
    sides = [image.shape[1] for image in images]
    fig, axes = figures.canvas(7.6, 5.3, rows=2, columns=len(images), width_ratios=sides)
    answered = [teaching.say(net, image[None])[0] for image in images]
    for column, image, said in zip(axes.T, images, answered, strict=True):
        _show(column[0], image, f"{image.shape[0]} × {image.shape[1]}")
        _show(column[1], tinted(said))
    _key(fig, np.unique(np.concatenate([said.ravel() for said in answered])))
    return fig
