"""The pictures of the chapter on generators. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures

from . import waves

GAP = 1  # pixels between pictures in a row


def tiled(pictures: np.ndarray) -> np.ndarray:
    """Lay pictures (n, h, w, 1) side by side, with white between them: (h, n (w + 1) - 1). Chapter: generators."""
    spaced = np.pad(np.asarray(pictures)[..., 0], ((0, 0), (0, 0), (0, GAP)), constant_values=0)
    return np.concatenate(list(spaced), axis=1)[:, :-GAP]


def strips(heaps: Mapping[str, np.ndarray], each: int = 16) -> Figure:
    """Draw the first pictures of some heaps (n, h, w, 1), a row for each name. Raises ValueError for no heap."""
    if not heaps:
        raise ValueError("strips needs at least one heap of pictures. Received: none")
    fig, axes = figures.canvas(7.2, 0.56 * len(heaps) + 0.1, rows=len(heaps), squeeze=False)
    for ax, (name, pictures) in zip(axes[:, 0], heaps.items(), strict=True):
        ax.imshow(tiled(pictures[:each]), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        bare(ax)
        ax.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
    return fig


def bare(ax: Axes) -> None:
    """Take ticks and frame away."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def progress(rounds: np.ndarray, told: Mapping[str, np.ndarray], marks: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw recognised share and Frechet distance over rounds, averaged and playing generator, with marks of rivals.

    told: of `trials_generators.digits`; marks: for each key of a panel the level of each named rival.
    """
    fig, axes = figures.canvas(6.6, 5.0, rows=2, sharex=True)
    for ax, key, place in zip(axes, ("recognised", "distance"), (-1, 0), strict=True):
        for name, hue, dash in (("averaged", figures.BLUE, "-"), ("playing", figures.ORANGE, "--")):
            runs = told[key if name == "averaged" else f"playing_{key}"]
            ax.plot(rounds, runs.mean(0), color=hue, linestyle=dash, marker="o", label=name)
            ax.fill_between(rounds, runs.min(0), runs.max(0), color=hue, alpha=0.15, linewidth=0)
        for name, level in marks[key].items():
            ax.axhline(level, color=figures.GREY, linewidth=1, linestyle=(0, (2, 2)))
            ax.annotate(name, (rounds[place], level), xytext=(0, 3), textcoords="offset points", fontsize=8.5,
                        ha="left" if place == 0 else "right")  # fmt: skip
    axes[0].set(ylim=(0, 1), ylabel="recognised share")
    axes[1].set(yscale="log", ylabel="Fréchet distance", xlabel="rounds")
    axes[1].legend(loc="upper right")
    return fig


def sounds(heaps: Mapping[str, np.ndarray], each: int = 3) -> Figure:
    """Draw a few waves (n, 64, 1) of each heap, a column for each name."""
    fig, axes = figures.canvas(7.2, 0.85 * each + 0.3, rows=each, columns=len(heaps), sharey=True, squeeze=False)
    for column, (name, heap) in zip(axes.T, heaps.items(), strict=True):
        column[0].set_title(name, fontsize=9.5)
        for ax, wave in zip(column, np.asarray(heap)[:each, :, 0], strict=True):
            ax.plot(np.arange(waves.LENGTH), wave, color=figures.BLUE, linewidth=1.2)
            ax.axhline(0, color=figures.GREY, linewidth=0.5)
            bare(ax)
    return fig


def spectra(heaps: Mapping[str, np.ndarray]) -> Figure:
    """Draw mean spectra of waves, and beside them how many of the waves have which pitch, as the ear hears it."""
    fig, (left, right) = figures.canvas(7.4, 2.9, columns=2)
    looks = zip((figures.GREEN, figures.INK, figures.ORANGE), ("-", ":", "--"), strict=True)
    for (name, heap), (hue, dash) in zip(heaps.items(), looks, strict=False):
        left.plot(np.arange(17), waves.spectrum(heap)[:17], color=hue, linestyle=dash, label=name)
        share = np.histogram(waves.hear(heap).pitch, bins := np.linspace(2, 10, 33))[0] / len(heap)
        right.stairs(share, bins, color=hue, linestyle=dash, linewidth=1.6)
    left.set(xlabel="cycles per window", ylabel="energy", title="mean spectrum")
    right.set(xlabel="pitch, cycles per window", ylabel="share of waves", title="pitch that the ear hears")
    left.set_xlim(0, 16)
    right.set_ylim(0, 1.45 * right.get_ylim()[1])  # room for the names
    right.legend(*left.get_legend_handles_labels(), loc="upper left")
    return fig
