"""The pictures of the chapter on augmentation. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvnotes import data, figures

from .colours import colour_shift
from .crops import ten_crops
from .operations import OPERATIONS, operation
from .tasks import MESSAGES, NUISANCES, canvases, message, nuisance

PHOTOS = ("cat", "coffee", "astronaut")
STEPS = ("slight", "medium", "strong", "wild")
PREVIEW = 1  # which of the strengths the preview shows


def photos(side: int = 96) -> np.ndarray:
    """Three real photographs, (3, side, side, 3) in [0, 1]."""
    return np.stack([data.photo(name, size=side) for name in PHOTOS])


def changed(name: str, strength: float, pictures: np.ndarray, seed: int = 0) -> np.ndarray:
    """What the layer of an operation makes of pictures in training, cut to what a screen can show."""
    made = keras.ops.convert_to_numpy(operation(name, strength, seed)(pictures, training=True))
    return np.clip(made, 0, 1)


def preview(seed: int = 3) -> Figure:
    """Three photographs as they are, then after each operation; two groups of three in a row."""
    given = photos()
    pictures, titles = [*given], ["untouched", "", ""]
    for name, (_, strengths, _) in OPERATIONS.items():
        pictures += [*changed(name, strengths[PREVIEW], given, seed)]
        titles += [name, "", ""]
    return figures.image_grid(pictures, titles, columns=6, scale=1.15)


def draw_operation(name: str, strength: str) -> Figure:
    """One photograph, and three draws of an operation at one of four strengths."""
    photo = photos(92)[0]
    value = OPERATIONS[name].strengths[STEPS.index(strength)]
    drawn = changed(name, value, np.repeat(photo[None], 3, 0), seed=5)
    return figures.image_grid([photo, *drawn], ["untouched", name, "", ""], columns=4, scale=1.2)


def say_operation(name: str, strength: str) -> str:
    """Put `draw_operation` into words."""
    _, strengths, unit = OPERATIONS[name]
    return f"The cat, and three draws of {name}, {strength}: {strengths[STEPS.index(strength)]:g} ({unit})."


def grounds(seed: int = 0) -> Figure:
    """For each operation a test digit as a nuisance leaves it, and two training pictures of the opposite task."""
    pictures, titles = [canvases().test_images[4]], ["untouched"]
    for name in NUISANCES:
        pictures.append(np.clip(nuisance(name, seed)[4], 0, 1))
        titles.append(NUISANCES[name][0])
    return figures.image_grid(pictures, titles, columns=5, scale=1.3)


def questions(seed: int = 0) -> Figure:
    """Two training pictures with different answers for each task in which an operation hits the message."""
    pictures, titles = [], []
    for name in MESSAGES:
        task = message(name, seed)
        for label, title in ((0, MESSAGES[name][0]), (1, "")):
            pictures.append(np.clip(task.x[np.flatnonzero(task.y == label)[0]], 0, 1))
            titles.append(title)
    return figures.image_grid(pictures, titles, columns=4, scale=1.5)


def effects(found: Mapping[str, np.ndarray], names: Sequence[str]) -> Figure:
    """What each operation adds to accuracy, a dot a seed, on three test grounds."""
    fig, axes = figures.canvas(7.4, 3.7, columns=3, sharey=True)
    titles = {"plain": "plain digits", "nuisance": "as a nuisance", "message": "as the message"}
    rows = np.arange(len(names))[::-1]
    for ax, (ground, title) in zip(axes, titles.items(), strict=True):
        gain = found[f"with_{ground}"] - found[f"without_{ground}"]
        colours = [figures.BLUE if mean > 0 else figures.ORANGE for mean in gain.mean(0)]
        ax.barh(rows, gain.mean(0), 0.6, color=colours, alpha=0.3)
        for run in gain:
            ax.scatter(run, rows, s=10, color=colours)
        ax.axvline(0, color=figures.INK, linewidth=0.8)
        ax.set(title=title, xlabel="accuracy gained")
    axes[0].set_yticks(rows, names)
    axes[0].set_xlim(-0.3, 0.3)
    return fig


def turned_bars(found: Mapping[str, np.ndarray], names: Sequence[str]) -> Figure:
    """Accuracy under growing rotations, and how often 6 and 9, 2 and 5 are taken for each other."""
    fig, axes = figures.canvas(7.4, 2.9, columns=3, sharey=True)
    rows = np.arange(len(names))[::-1]
    for ax, (key, title) in zip(
        axes, {"test": "accuracy", "69": "6 taken for 9", "25": "2 taken for 5"}.items(), strict=True
    ):
        ax.barh(rows, found[key].mean(0), 0.6, color=figures.BLUE, alpha=0.3)
        for run in found[key]:
            ax.scatter(run, rows, s=10, color=figures.BLUE)
        ax.set(title=title, xlim=(0, 1) if key == "test" else (0, 0.3))
    axes[0].set_yticks(rows, names)
    return fig


def along_axes(photo: np.ndarray, values: np.ndarray, vectors: np.ndarray, size: float) -> Figure:
    """A photograph shifted either way along each axis of colour."""
    pictures, titles = [], []
    for sign, word in ((-size, "less"), (size, "more")):
        for axis in range(3):
            shifted = colour_shift(photo, values, vectors, sign * np.eye(3)[axis])
            pictures.append(np.clip(shifted, 0, 1))
            titles.append(f"axis {axis + 1}, {word}")
    return figures.image_grid(pictures, titles, columns=3, scale=1.9)


def five_windows(photo: np.ndarray, window: int) -> Figure:
    """Where the five crops of a photograph lie, and what the ten look like."""
    side = photo.shape[0]
    fig, axes = figures.canvas(7.4, 3.2, columns=2, width_ratios=[1, 1.9])
    axes[0].imshow(photo)
    edge = side - window
    for (row, column), colour in zip(
        [(edge // 2, edge // 2), (0, 0), (0, edge), (edge, 0), (edge, edge)], figures.CYCLE, strict=False
    ):
        at = (column - 0.5, row - 0.5)
        axes[0].add_patch(Rectangle(at, window, window, fill=False, edgecolor=colour, linewidth=2))
    views = ten_crops(photo[None], window)[:, 0]
    axes[1].imshow(np.concatenate([np.concatenate(views[:5], 1), np.concatenate(views[5:], 1)]))
    for ax, title in zip(axes, ("five windows", "cut out, and mirrored below"), strict=True):
        ax.set(xticks=[], yticks=[], title=title)
    return fig
