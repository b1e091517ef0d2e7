"""The pictures of the page on learned features: what HOG sees, what units answer to, who wins with how many labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from cvnotes import figures
from cvnotes.convolution import frequency_response
from cvnotes.figures.style import sheet

from . import features, hierarchy

BEST = 6  # pictures for each unit
UNITS = 8  # units shown at each depth


class Gallery(NamedTuple):
    """What the page shows of a net: held-out pictures, its answers to them, and its liveliest units."""

    images: np.ndarray  # (n, 32, 32, 3)
    labels: np.ndarray  # (n,)
    maps: list[np.ndarray]  # the four taps
    units: dict[int, list[int]]  # for each depth
    climbed: dict[tuple[int, int], np.ndarray]  # for each (depth, unit) the picture found by climbing


def gallery(model: keras.Model, images: np.ndarray, labels: np.ndarray, steps: int = 30) -> Gallery:
    """Look at a net through held-out pictures: its answers, its liveliest units, and what they climb to."""
    maps = hierarchy.answers(model, images)
    units = {depth: hierarchy.liveliest(maps[depth - 1], depth, UNITS) for depth in hierarchy.DEPTHS}
    chosen = [(depth, unit) for depth in units for unit in units[depth]]
    climbed = hierarchy.best_inputs(model, chosen, steps)
    return Gallery(images, labels, maps, units, dict(zip(chosen, climbed, strict=True)))


def stimulus(seen: Gallery, depth: int, unit: int) -> np.ndarray:
    """Cut the field of the middle unit out of the picture that it climbs to."""
    middle = seen.maps[depth - 1].shape[1] // 2
    return hierarchy.crop(seen.climbed[depth, unit], hierarchy.box(depth, middle, middle))


def what_hog_sees(images: Sequence[np.ndarray], titles: Sequence[str], cell: int = 4) -> Figure:
    """Draw pictures, and below each the strokes that HOG keeps of it."""
    side, gap = 1.36, 0.14
    fig, page = sheet(gap + len(images) * (side + gap), 2 * (side + gap) + 0.3)
    for i, (image, title) in enumerate(zip(images, titles, strict=True)):
        x, (ends, strength) = gap + i * (side + gap), features.hog_strokes(image, cell)
        page.text(x + side / 2, 0.16, title, fontsize=9, ha="center", va="center")
        _picture(fig, x, 0.3, side, image)
        ax = _picture(fig, x, 0.3 + side + gap, side, np.ones((*image.shape[:2], 3)))
        ax.add_collection(LineCollection(ends, colors=figures.INK, linewidths=1.5, alpha=strength**0.8))
    return fig


def by_labels(panels: Mapping[str, tuple[Sequence[int], Mapping[str, np.ndarray]]], guess: Sequence[float]) -> Figure:
    """Draw accuracy against the number of labels, one panel for each kind of picture, with bands over seeds."""
    fig, axes = figures.canvas(7.6, 3.1, columns=len(panels))
    for ax, (title, (counts, series)), chance in zip(axes, panels.items(), guess, strict=True):
        ax.set_ylim(0, 1.03)  # first, so that the names at the ends know their room
        figures.curves(counts, series, xlabel="labelled pictures", ylabel="accuracy", ax=ax)
        ax.set_xscale("log")
        ax.set_xticks(counts, [f"{n:,}" for n in counts], minor=False)
        ax.minorticks_off()
        ax.set_title(title)
        ax.axhline(chance, color=figures.GREY, linewidth=1, linestyle=":")
    return fig


def ladder(seen: Gallery) -> Figure:
    """Draw eight units of each depth: what each climbs to, and below it the best patch of a real picture."""
    side, gap, left, head = 0.72, 0.1, 0.98, 0.12
    fig, page = sheet(left + UNITS * (side + gap), 3 * (2 * side + gap + 0.3) + head)
    for depth in hierarchy.DEPTHS:
        top = head + (depth - 1) * (2 * side + gap + 0.3)
        pixels = hierarchy.field(depth)[0]
        page.text(0.1, top + 0.12, f"depth {depth}", fontsize=9.5, fontweight="bold", va="center")
        page.text(0.1, top + 0.34, f"{pixels} × {pixels} px", fontsize=8.5, va="center")
        page.text(0.1, top + 0.60, "climbed", fontsize=8.5, va="center", color=figures.INK)
        page.text(0.1, top + side + gap + side / 2, "found", fontsize=8.5, va="center")
        for place, unit in enumerate(seen.units[depth]):
            n, row, column = hierarchy.best_places(seen.maps[depth - 1], depth, unit, 1)[0]
            found = hierarchy.crop(seen.images[n], hierarchy.box(depth, row, column))
            x = left + place * (side + gap)
            for y, picture in ((top, stimulus(seen, depth, unit)), (top + side + gap, found)):
                _picture(fig, x, y, side, picture)
    return fig


def portrait(seen: Gallery, depth: int, unit: int) -> Figure:
    """Draw one unit: what it climbs to, its six best patches, and where they lie in their pictures."""
    number, side, gap = seen.units[depth][unit - 1], 0.9, 0.1
    left = 2.0 + 3 * gap
    fig, page = sheet(left + BEST * (side + gap), 2 * side + 0.72)
    page.text(0.1, 0.16, "climbed to", fontsize=9, va="center")
    page.text(left, 0.16, "best patches, and where they lie", fontsize=9, va="center")
    _picture(fig, 0.1, 0.3, 2 * side + gap, stimulus(seen, depth, number))
    places = hierarchy.best_places(seen.maps[depth - 1], depth, number, BEST)
    for place, (n, row, column) in enumerate(places):
        x, frame = left + place * (side + gap), hierarchy.box(depth, row, column)
        _picture(fig, x, 0.3, side, hierarchy.crop(seen.images[n], frame))
        ax = _picture(fig, x, 0.3 + side + gap, side, seen.images[n])
        _box(ax, frame)
        page.text(x + side / 2, 2 * side + 0.55, features.NEAR[seen.labels[n]], fontsize=8.5, ha="center", va="center")
    return fig


def says_portrait(seen: Gallery, depth: int, unit: int) -> str:
    """Put `portrait` into words."""
    number, pixels = seen.units[depth][unit - 1], hierarchy.field(depth)[0]
    places = hierarchy.best_places(seen.maps[depth - 1], depth, number, BEST)
    counts = np.bincount(seen.labels[[n for n, *_ in places]], minlength=len(features.NEAR))
    shown = ", ".join(f"{name} {n}" for name, n in zip(features.NEAR, counts, strict=True) if n)
    return (
        f"Depth {depth}, unit {unit}: the stimulus it climbs to, its six best patches of {pixels} by {pixels} pixels, "
        f"and below each its picture with the patch framed. What they show: {shown}."
    )


def five_and_a_mistake(labels: np.ndarray, logits: np.ndarray) -> list[int]:
    """Choose the first picture of each shape that is named rightly, and the first of all that is not, if any."""
    right = logits.argmax(1) == labels
    firsts = [np.flatnonzero(right & (labels == k))[:1] for k in range(len(features.NEAR))]
    return [int(n) for found in (*firsts, np.flatnonzero(~right)[:1]) for n in found]


def with_logits(images: np.ndarray, labels: np.ndarray, logits: np.ndarray) -> Figure:
    """Draw pictures, and below each the five logits of the net less their mean, that of its own shape in orange."""
    fig, axes = figures.canvas(7.6, 3.0, rows=2, columns=len(images), sharey="row", height_ratios=[1, 1.25])
    for (above, below), image, label, row in zip(axes.T, images, labels, logits, strict=True):
        says, name = features.NEAR[row.argmax()], features.NEAR[label]
        above.imshow(image)
        above.set_title(name if says == name else f"called {says}", loc="center")
        above.axis("off")
        colours = [figures.ORANGE if i == label else figures.SKY for i in range(len(row))]
        below.bar(range(len(row)), row - row.mean(), color=colours)
        below.axhline(0, color=figures.INK, linewidth=0.7)
        below.set_xticks(range(len(row)), features.NEAR, rotation=90)
    axes[1, 0].set_ylabel("logit − mean")
    return fig


def how_fine(stored: Mapping[str, np.ndarray]) -> Figure:
    """Draw the answers to waves for each depth, and how fine the best patches of each depth are."""
    fig, (left, right) = figures.canvas(7.6, 3.1, columns=2)
    left.set_ylim(0, 1)
    right.set_ylim(0, 0.33)
    depths = {f"depth {d}": stored["curves"][:, d - 1] for d in hierarchy.DEPTHS}
    figures.curves(hierarchy.FREQUENCIES, depths, xlabel="cycles a pixel", ylabel="mean answer", ax=left)
    left.set(title="waves", xticks=[0, 0.125, 0.25, 0.375, 0.5])
    fine = {"best": stored["best"], "any": stored["any"]}
    figures.curves(hierarchy.DEPTHS, fine, xlabel="depth", ylabel="cycles a pixel", ax=right)
    right.set(title="patches", xticks=hierarchy.DEPTHS)
    return fig


def side_by_side(panels: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draw one panel of bars for each target, with a dot for every seed and the same names in all."""
    fig, axes = figures.canvas(7.6, 2.5, columns=len(panels), sharey=True)
    for ax, (title, values) in zip(axes, panels.items(), strict=True):
        figures.bars(values, xlabel="accuracy", ax=ax)
        ax.set(xlim=(0, 1.22), xticks=[0, 0.5, 1], title=title)
    return fig


def kernel_sheet(kernels: np.ndarray) -> Figure:
    """Draw first-layer kernels (h, w, 3, o), the finest first, each with the frequency that it passes on best."""
    peaks = hierarchy.peak_frequency(kernels)
    order = np.argsort(-peaks, kind="stable")
    span = np.abs(kernels).max((0, 1, 2), keepdims=True) * 2
    pictures = np.moveaxis(0.5 + kernels / span, -1, 0)[order]
    return figures.image_grid(list(pictures), [f"{peaks[i]:.2f}" for i in order], columns=6, scale=0.95)


def two_responses(kernels: Mapping[str, np.ndarray], size: int = 65) -> Figure:
    """Draw how strongly one-row kernels pass on each frequency from 0 to 1/2 cycles a pixel."""
    half = size // 2
    rows = {name: frequency_response(np.atleast_2d(k), size)[half, half:] for name, k in kernels.items()}
    fig = figures.curves(np.arange(half + 1) / size, rows, xlabel="cycles a pixel", ylabel="gain")
    fig.set_size_inches(6.4, 2.7)
    return fig


def film_strip(film: np.ndarray) -> Figure:
    """Draw the frames of one film (f, h, w, 3), forwards above and backwards below."""
    numbers = [f"frame {i + 1}" for i in range(len(film))]
    pictures, titles = [*film, *film[::-1]], numbers + numbers[::-1]
    return figures.image_grid(pictures, titles, columns=len(film), scale=1.2)


def _picture(fig: Figure, x: float, y: float, side: float, picture: np.ndarray) -> Axes:
    """Put one picture, values in [0, 1], on a sheet, in inches from its top left."""
    wide, tall = fig.get_size_inches()
    ax = fig.add_axes((x / wide, 1 - (y + side) / tall, side / wide, side / tall))
    ax.imshow(np.clip(picture, 0, 1), interpolation="nearest")
    ax.axis("off")
    return ax


def _box(ax: Axes, frame: tuple[int, int, int, int]) -> None:
    """Frame a place, orange on paper, so that it shows on any ground."""
    x0, y0, x1, y1 = (n - 0.5 for n in frame)
    for colour, width in ((figures.PAPER, 3.0), (figures.ORANGE, 1.6)):
        ax.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color=colour, linewidth=width, clip_on=False)
