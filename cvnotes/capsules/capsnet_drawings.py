"""The pictures of the page on CapsNet. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from cvnotes.figures import GREY, INK, canvas, curves, image_grid

from . import sweep
from .nets import CapsNet

NUMBERED = tuple(range(1, sweep.NUMBERS + 1))
SHIFTS = ("right", "down")
TURNS = (-1, -0.5, 0, 0.5, 1)
FAR = {"number": 0.4, "shift": 2}  # at a full turn: of a number, in its own unit; of a shift, in pixels


def player(
    net: CapsNet, capsules: np.ndarray, labels: np.ndarray, ways: np.ndarray
) -> tuple[Callable[[int | str, float], Figure], Callable[[int | str, float], str]]:
    """Give the two functions of an `explore`: draw capsules (n, numbers) with one knob turned, and say so.

    ways: what `sweep.handles` found for the two `SHIFTS`, (classes, 2, numbers). A knob is a number of the capsule,
    from 1, or one of `SHIFTS`, which turns all numbers together. Chapter: capsnet.
    """

    def draw_knob(knob: int | str, turn: float) -> Figure:
        """Draw each capsule as it is, and below it with one knob turned."""
        if knob in SHIFTS:
            there = capsules + turn * FAR["shift"] * ways[labels, SHIFTS.index(knob)]
        else:
            there = sweep.turned_to(capsules, knob - 1, turn * FAR["number"])
        rows = [sweep.drawn(net, some, labels) for some in (capsules, there)]
        return image_grid([tiled(np.stack(rows))], scale=7.3)

    def say_knob(knob: int | str, turn: float) -> str:
        """Say what `draw_knob` shows."""
        if knob in SHIFTS:
            what = f"moved along the way that stands for {turn * FAR['shift']:+.1f} pixels {knob}"
        else:
            what = f"with number {knob} changed by {turn * FAR['number']:+.2f}"
        told = "The digits 0 to 9 as drawn from their capsules, and below each the same "
        return told + what.replace("-", "−") + "."

    return draw_knob, say_knob


def tiled(pictures: np.ndarray, gap: int = 2, shade: float = 0.98) -> np.ndarray:
    """Lay pictures (rows, columns, h, w, 1) side by side in one, light gaps between: drawn far sooner than many."""
    room = [(0, 0), (0, 0), (0, gap), (0, gap), (0, 0)]
    wide = np.pad(pictures, room, constant_values=shade)[..., 0]
    return np.concatenate(np.concatenate(wide, axis=1), axis=1)[:-gap, :-gap]


def moving(stored: Mapping[str, Mapping[str, np.ndarray]], pixels: Sequence[int]) -> Figure:
    """Left how far lengths change, right how far directions do, against the shift; a line for each training."""
    fig, (left, right) = canvas(7.6, 3.1, 1, 2)
    panels = ((left, "length", "change of length"), (right, "angle", "change of direction, degrees"))
    for ax, name, words in panels:
        curves(pixels, {who: found[name] for who, found in stored.items()}, xlabel="shift, pixels", ylabel=words, ax=ax)
        ax.axvline(2, color=GREY, linewidth=0.8, linestyle=(0, (3, 3)))
        ax.set(xticks=pixels, ylim=(0, None))
    return fig


def heat(effect: np.ndarray, scale: np.ndarray, names: Sequence[str]) -> Figure:
    """What each number does to each moment, a panel for each class: effect (numbers, classes, moments) over scale."""
    values = effect / scale
    most = np.abs(values).max()
    fig, axes = canvas(7.6, 3.9, 2, values.shape[1] // 2, sharex=True, sharey=True)
    for label, ax in enumerate(axes.flat):
        image = ax.imshow(
            values[:, label], cmap="PuOr_r", vmin=-most, vmax=most, aspect="auto", interpolation="nearest"
        )
        ax.set(xticks=range(len(names)), yticks=range(len(values)), yticklabels=NUMBERED[: len(values)])
        ax.set_xticklabels(names, rotation=90)
        ax.set_title(f"digit {label}")
        ax.tick_params(length=0)
    for ax in axes[:, 0]:
        ax.set_ylabel("number", color=INK)
    bar = fig.colorbar(image, ax=axes.ravel().tolist(), pad=0.02)
    bar.outline.set_visible(False)
    bar.set_label("change, deviations of real digits")
    return fig
