"""The pictures of the page on what a layer sees. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from cvnotes import figures
from cvnotes.capsules.capsnet_drawings import tiled
from cvnotes.data.scenes import Scenes
from cvnotes.figures.style import sheet
from cvnotes.transfer.tapping import summary

from . import fields, maps, patches
from .subjects import KINDS, answers

SHADES = (figures.BLUE, figures.ORANGE, figures.GREEN, figures.PURPLE, "#dcd9d0", figures.GREY)
TIES = ("class", "colour", "texture", "ground", "none", "silent")


class Seen(NamedTuple):
    """A net, the scenes that it was shown, and for some layers its answers and the fields of their units."""

    net: keras.Model
    scenes: Scenes
    maps: dict[str, np.ndarray]
    fields: dict[str, fields.Fields]


def look(net: keras.Model, scenes: Scenes, layers: Sequence[str]) -> Seen:
    """Show scenes to a net, and keep what the named layers answer."""
    found = maps.responses(net, scenes.floats, *layers)
    return Seen(net, scenes, found, {layer: fields.field(net, layer) for layer in layers})


def put(fig: Figure, x: float, y: float, wide: float, tall: float, picture: np.ndarray) -> Axes:
    """Put one picture on a sheet, in inches from its top left; values in [0, 1], or grey ones stretched to it."""
    across, down = fig.get_size_inches()
    ax = fig.add_axes((x / across, 1 - (y + tall) / down, wide / across, tall / down))
    ax.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    ax.axis("off")
    return ax


def fewer(pictures: np.ndarray, levels: int = 17) -> np.ndarray:
    """Round pictures to few levels of each colour: frames of a slider then weigh half."""
    return np.round(pictures * (levels - 1)) / (levels - 1)


def frame(ax: Axes, box: fields.Box, shape: Sequence[int]) -> None:
    """Frame a box, as far as it lies within the picture, in orange on paper, so that it shows on any ground."""
    x0, x1 = (np.clip(n, 0, shape[1]) - 0.5 for n in box[::2])
    y0, y1 = (np.clip(n, 0, shape[0]) - 0.5 for n in box[1::2])
    for colour, width in ((figures.PAPER, 3.0), (figures.ORANGE, 1.6)):
        ax.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color=colour, linewidth=width, clip_on=False)


def stretched(picture: np.ndarray) -> np.ndarray:
    """Divide a map by its own highest value; an empty one stays black."""
    return np.clip(picture / max(float(picture.max()), 1e-9), 0, 1)


# Maps and patches -----------------------------------------------------------------------------------------------------


def draw_maps(seen: Seen, picture: int = 0, count: int = 8) -> Figure:
    """Draw the first maps of every layer, a row for each, and the picture beside the first row."""
    side, left, gap = 0.76, 1.0, 0.06
    fig, page = sheet(left + count * (side + gap), len(seen.maps) * (side + gap) + gap)
    for row, (layer, found) in enumerate(seen.maps.items()):
        top = gap + row * (side + gap)
        page.text(0.08, top + 0.2, layer, fontsize=9.5, fontweight="bold", va="center")
        page.text(0.08, top + 0.42, f"{found.shape[1]} × {found.shape[2]}", fontsize=8.5, va="center")
        for place in range(count):
            put(fig, left + place * (side + gap), top, side, side, stretched(found[picture, ..., place]))
    return fig


def nine(seen: Seen, layer: str, unit: int, count: int = 9) -> np.ndarray:
    """Cut the best patches of one filter out of the scenes: (9, side, side, 3)."""
    places = patches.best_places(seen.maps[layer], unit, count)
    frames = [fields.box(seen.fields[layer], row, column) for _, row, column in places]
    return np.stack([fields.crop(seen.scenes.floats[n], frame) for (n, *_), frame in zip(places, frames, strict=True)])


def square(pictures: np.ndarray) -> np.ndarray:
    """Lay nine pictures (9, h, w, c) out in three rows, light gaps between; all are brought to about 30 pixels."""
    times = max(1, 24 // pictures.shape[1])
    pictures = pictures.repeat(times, 1).repeat(times, 2)
    if pictures.shape[1] > 40:
        pictures = summary(pictures, pictures.shape[1] // 2)
    return np.stack([_joined(pictures[..., c]) for c in range(pictures.shape[-1])], -1)


def _joined(pictures: np.ndarray) -> np.ndarray:
    return tiled(pictures.reshape(3, 3, *pictures.shape[1:])[..., None], pictures.shape[1] // 12, 0.98)


def draw_patches(seen: Seen, layers: Sequence[str], units: Mapping[str, Sequence[int]]) -> Figure:
    """Draw the nine best patches of some filters, a row for each layer."""
    columns, left, gap = max(map(len, units.values())), 0.98, 0.14
    side = (7.6 - left) / columns - gap
    fig, page = sheet(7.6, len(layers) * (side + gap) + gap)
    for row, layer in enumerate(layers):
        top, size = gap + row * (side + gap), seen.fields[layer][0].size
        page.text(0.08, top + 0.2, layer, fontsize=9.5, fontweight="bold", va="center")
        page.text(0.08, top + 0.42, f"{size} × {size} px", fontsize=8.5, va="center")
        for place, unit in enumerate(units[layer]):
            put(fig, left + place * (side + gap), top, side, side, square(nine(seen, layer, unit)))
    return fig


def lively(seen: Seen, layer: str, count: int) -> list[int]:
    """Choose the filters whose highest answers differ most from picture to picture, in order of their number."""
    peaks = seen.maps[layer].max((1, 2))
    return sorted(np.argsort(-peaks.std(0) / (peaks.mean(0) + 1e-9), kind="stable")[:count].tolist())


def player(seen: Seen, picture: int, units: Mapping[str, Sequence[int]]) -> tuple[Callable, Callable]:
    """Give the two functions of an `explore`: draw one filter's map and its nine best patches, and say so.

    units: for each layer the filters on offer, which the slider counts from 1. Chapter: visualization.
    """
    image = seen.scenes.floats[picture]

    def draw_filter(layer: str, filter: int) -> Figure:
        """Draw a picture with the field of its best place, the map of one filter, and the nine best patches."""
        unit, side, gap = units[layer][filter - 1], 1.6, 0.14
        fig, page = sheet(3 * (side + gap) + gap, side + 2 * gap + 0.22)
        found = stretched(seen.maps[layer][picture, ..., unit])
        titles = ("picture", f"{layer}, filter {unit}", "best patches")
        shown = zip(titles, (fewer(image), found, fewer(square(nine(seen, layer, unit)))), strict=True)
        for place, (title, each) in enumerate(shown):
            x = gap + place * (side + gap)
            page.text(x + side / 2, 0.17, title, fontsize=9, ha="center", va="center")
            ax = put(fig, x, 0.3, side, side, each)
            if not place:
                frame(ax, fields.box(seen.fields[layer], *np.unravel_index(found.argmax(), found.shape)), image.shape)
        return fig

    def say_filter(layer: str, filter: int) -> str:
        """Say what `draw_filter` shows."""
        unit, size = units[layer][filter - 1], seen.fields[layer][0].size
        labels = answers(seen.scenes)[[n for n, *_ in patches.best_places(seen.maps[layer], unit)]]
        counts = np.bincount(labels, minlength=len(KINDS))
        named = ", ".join(f"{name} {n}" for name, n in zip(KINDS, counts, strict=True) if n)
        return f"{layer}, filter {unit}: its map of one picture, and nine patches of {size} by {size} pixels: {named}."

    return draw_filter, say_filter


# Numbers by depth -----------------------------------------------------------------------------------------------------


def by_depth(
    panels: Mapping[str, Mapping[str, np.ndarray]], ylabels: Sequence[str], *, top: float | None = None
) -> Figure:
    """Draw curves over depth in panels side by side: for each title, series (seeds, layers) by name.

    ylabels: one for each panel. top: the upper end of all axes.
    """
    fig, axes = figures.canvas(7.6, 3.0, columns=len(panels))
    for ax, (title, series), ylabel in zip(axes, panels.items(), ylabels, strict=True):
        high = top or 1.05 * max(float(np.max(runs)) for runs in series.values())
        ax.set_ylim(0, high)
        steps = np.arange(1, 1 + np.shape(next(iter(series.values())))[-1])
        figures.curves(steps, series, xlabel="layer", ylabel=ylabel, ax=ax)
        ax.set(title=title, xticks=steps, ylim=(0, high))
    return fig


def draw_ties(shares: Mapping[str, np.ndarray]) -> Figure:
    """Draw what filters are tied to, a bar for each row of shares (seeds, ties), in the order of `TIES`."""
    fig, ax = figures.canvas(7.6, 0.44 * len(shares) + 0.95)
    for row, values in enumerate(shares.values()):
        left = 0.0
        for tie, share, shade in zip(TIES, values.mean(0), SHADES, strict=True):
            ax.barh(row, share, left=left, height=0.62, color=shade, edgecolor=figures.PAPER, linewidth=1)
            if share > 0.09:
                light = sum(to_rgb(shade)) > 1.9
                ax.text(left + share / 2, row, tie, ha="center", va="center", fontsize=8.5,
                        color=figures.INK if light else figures.PAPER)  # fmt: skip
            left += share
    ax.set_yticks(range(len(shares)), list(shares))
    ax.set(xlim=(0, 1), ylim=(len(shares) - 0.5, -0.5), xlabel="share of filters")
    ax.tick_params(axis="y", length=0)
    return fig


# Weights --------------------------------------------------------------------------------------------------------------


def signed(kernels: np.ndarray) -> np.ndarray:
    """Shift weights (n, h, w, c) to the middle of [0, 1], each kernel by its own largest: zero is grey."""
    return 0.5 + kernels / (2 * np.abs(kernels).max((1, 2, 3), keepdims=True) + 1e-12)


def draw_weights(first: np.ndarray, second: np.ndarray, read: np.ndarray) -> Figure:
    """Draw first-layer kernels (h, w, 3, o) in colour; kernels of the second (h, w, c, n), one tile a channel; read.

    read: those n of the second multiplied with the first, (n, h', w', 3), the last picture of each row.
    """
    count, side, gap, left = first.shape[-1], 0.44, 0.06, 0.98
    fig, page = sheet(7.6, 0.56 + side + second.shape[-1] * (side + gap + 0.06))
    page.text(0.08, 0.1 + side / 2, "layer 1", fontsize=9.5, fontweight="bold", va="center")
    for place, kernel in enumerate(signed(np.moveaxis(first, -1, 0))):
        put(fig, left + place * (side + gap), 0.1, side, side, kernel)
    top = 0.1 + side + 0.42
    page.text(0.08, top - 0.14, "layer 2", fontsize=9.5, fontweight="bold", va="center")
    page.text(left, top - 0.14, "one tile for each map of layer 1", fontsize=8.5, va="center")
    page.text(7.5, top - 0.14, "read in pixels", fontsize=8.5, ha="right", va="center")
    for row, (kernel, pixels) in enumerate(zip(np.moveaxis(second, -1, 0), signed(read), strict=True)):
        y = top + row * (side + gap + 0.06)
        for place, tile in enumerate(np.moveaxis(signed(kernel[None])[0], -1, 0)[:count]):
            put(fig, left + place * (side + gap) * 0.94, y, side * 0.94, side, tile)
        put(fig, 7.6 - 0.1 - side, y, side, side, pixels)
    return fig
