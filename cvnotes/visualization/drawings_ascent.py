"""The pictures of the page on pictures that excite. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
from matplotlib.figure import Figure

from cvnotes import figures
from cvnotes.figures.style import sheet

from . import fields, maps, spectra
from .ascent import ascend, at_size, centred, clouds, filters, neurons
from .drawings import put
from .subjects import KINDS

STRENGTHS = {"blur": (0.4, 0.7, 1.0), "zeroing": (0.3, 0.6, 0.9), "L2": (0.1, 0.4, 1.6)}
OPTION = {"blur": "blur", "zeroing": "zero", "L2": "l2"}
SHOWN = (0, 3, 5)  # the classes to play with


def seen(pictures: np.ndarray) -> np.ndarray:
    """Turn pictures around zero, or one, into pictures around grey, cut off to what a page can show."""
    return np.clip(np.asarray(pictures) + 0.5, 0, 1)


def draw_rows(
    rows: Mapping[str, Sequence[np.ndarray]], *, titles: Sequence[str] | None = None, side: float = 0.98
) -> Figure:
    """Draw pictures around zero in rows, each with its name on the left; titles stand above the columns."""
    columns, left, gap, head = max(map(len, rows.values())), 1.12, 0.08, 0.24 if titles else 0.04
    side = min(side, (7.6 - left) / columns - gap)
    fig, page = sheet(left + columns * (side + gap), head + len(rows) * (side + gap) + gap)
    for place, title in enumerate(titles or ()):
        page.text(left + place * (side + gap) + side / 2, 0.15, title, fontsize=9, ha="center", va="center")
    for row, (name, pictures) in enumerate(rows.items()):
        top = head + row * (side + gap)
        page.text(0.08, top + side / 2, name, fontsize=9.5, va="center")
        for place, picture in enumerate(pictures):
            put(fig, left + place * (side + gap), top, side, side, seen(picture))
    return fig


def over_steps(stored: Mapping[str, np.ndarray], steps: Sequence[int]) -> Figure:
    """Draw how long pictures get and how fine they are, over the steps of a climb, a line for each regulariser."""
    fig, axes = figures.canvas(7.6, 3.1, columns=2)
    panels = (("length", "length of the picture"), ("fine", "share of fine power"))
    for ax, (what, ylabel) in zip(axes, panels, strict=True):
        lines = {name.removeprefix(f"{what}_"): runs for name, runs in stored.items() if name.startswith(f"{what}_")}
        ax.set_ylim(0, 1 if what == "fine" else max(float(np.max(runs)) for runs in lines.values()))
        figures.curves(steps, lines, xlabel="step", ylabel=ylabel, ax=ax)
        ax.set(xticks=steps, title={"length": "how far it goes", "fine": "what it is made of"}[what])
    return fig


def two_axes(levels: Sequence[int], panels: Mapping[str, tuple[str, Mapping[str, np.ndarray]]]) -> Figure:
    """Draw panels over the level of a unit: for each title its axis and its lines (seeds, levels)."""
    fig, axes = figures.canvas(7.6, 3.1, columns=len(panels))
    for ax, (title, (ylabel, lines)) in zip(axes, panels.items(), strict=True):
        ax.set_ylim(0, 1.05 * max(float(np.max(runs)) for runs in lines.values()))
        figures.curves(levels, lines, xlabel="level (convolution)", ylabel=ylabel, ax=ax)
        ax.set(title=title, xticks=levels)
    return fig


def ladder(net: keras.Model, depths: Sequence[int], count: int, **options) -> dict[str, np.ndarray]:
    """Make pictures for the middle units of the first filters at some depths, cut to their fields and named so."""
    rows = {}
    for depth in depths:
        layer = f"norm{depth}"
        made = ascend(centred(filters(net, layer, range(count), "middle")), clouds(count), **options).pictures
        spot, middle = fields.field(net, layer), net.get_layer(layer).output.shape[1] // 2
        frame = fields.box(spot, middle, middle)
        rows[f"conv{depth}\n{spot[0].size} px"] = np.stack([fields.crop(picture, frame, fill=0) for picture in made])
    return rows


def walk(net: keras.Model, picture: np.ndarray, unit: int, layer: str = "relu4") -> tuple[np.ndarray, np.ndarray]:
    """Lay the pattern of a filter at each column of a grey picture: the mean of its map, and one unit, (places,) each.

    picture: made for the middle unit of that filter, around zero.
    """
    spot, middle = fields.field(net, layer), net.get_layer(layer).output.shape[1] // 2
    frame = fields.box(spot, middle, middle)
    patch = fields.crop(picture, frame, fill=0)
    places = range(picture.shape[1] - patch.shape[1] + 1)
    views = np.stack([spectra.pasted(patch, 0 * picture, frame[1], column) for column in places])
    answers = maps.responses(net, (views + 0.5).astype(np.float32), layer)[layer][..., unit]
    return answers.mean((1, 2)), answers[:, middle, middle]


def draw_walk(mean: np.ndarray, unit: np.ndarray) -> Figure:
    """Draw what `walk` found, each line divided by its highest value."""
    _, ax = figures.canvas(6.4, 2.8)
    ax.set_ylim(0, 1.1)
    lines = {"mean of the map": mean / mean.max(), "one unit": unit / unit.max()}
    return figures.curves(np.arange(len(mean)), lines, xlabel="column of the pattern, pixels", ylabel="answer", ax=ax)


def player(net: keras.Model, side: int = 48, steps: int = 30) -> tuple[Callable, Callable]:
    """Give the two functions of an `explore`: draw class pictures under a regulariser of some strength, and say so.

    Strength 0 is none; 1 to 3 are those of `STRENGTHS`. Chapter: activation_maximization.
    """
    score = centred(neurons(at_size(net, side), "logits", SHOWN))

    @functools.cache
    def made(regulariser: str, strength: int) -> tuple[np.ndarray, np.ndarray]:
        options = {OPTION[regulariser]: STRENGTHS[regulariser][strength - 1]} if strength else {}
        return ascend(score, clouds(len(SHOWN), side, 0.1, 1.0), steps=steps, rate=2.0, **options)[:2]

    def draw_regulariser(regulariser: str, strength: int) -> Figure:
        """Draw the pictures of three classes."""
        pictures, _ = made(regulariser if strength else "blur", strength)
        return figures.image_grid(list(seen(pictures)), [KINDS[i] for i in SHOWN], columns=len(SHOWN), scale=1.5)

    def say_regulariser(regulariser: str, strength: int) -> str:
        """Say what `draw_regulariser` shows."""
        how = f"{regulariser} of {STRENGTHS[regulariser][strength - 1]}" if strength else "no regulariser"
        named = ", ".join(KINDS[i] for i in SHOWN)
        return f"Pictures made for the scores of {named}, {steps} steps with {how}."

    return draw_regulariser, say_regulariser
