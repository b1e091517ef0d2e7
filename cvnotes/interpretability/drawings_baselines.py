"""The pictures of the page on baselines. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
from matplotlib.figure import Figure

from cvnotes import attribution
from cvnotes.figures import BLUE, GREY, ORANGE, canvas, image_grid

from . import starts


def compared(images: np.ndarray, maps: Mapping[str, np.ndarray]) -> Figure:
    """A row for each picture: the picture, and its map (n, h, w) from each baseline, brightest where strongest."""
    rows, titles = [], []
    for i, image in enumerate(images):
        rows += [image[..., 0], *(one[i] / one[i].max() for one in maps.values())]
        titles += ["picture", *maps] if i == 0 else [""] * (1 + len(maps))
    return image_grid(rows, titles, columns=1 + len(maps), cmap="inferno", scale=1.1)


def expected(mean: np.ndarray, prior: Mapping[str, np.ndarray]) -> Figure:
    """The mean picture, and what two nets of five seeds make of it: a dot a seed, a bar for the mean of the seeds."""
    fig, axes = canvas(7.6, 2.6, 1, 1 + len(starts.NETS), width_ratios=[0.8, *[1] * len(starts.NETS)])
    axes[0].imshow(mean[..., 0], cmap="gray", vmin=0, vmax=1)
    axes[0].set_title("mean digit")
    axes[0].set_axis_off()
    for ax, kind in zip(axes[1:], starts.NETS, strict=True):
        found = prior[f"{kind}_mean"]
        ax.bar(range(10), found.mean(0), color=BLUE, alpha=0.3)
        ax.plot(range(10), found.T, "o", color=BLUE, markersize=3)
        ax.plot(range(10), prior[f"{kind}_expected"].mean(0), color=ORANGE, linewidth=2)
        ax.set(title=f"{kind}: at the mean", xticks=range(10), ylim=(0, 1), xlabel="digit")
    axes[1].set_ylabel("probability")
    return fig


def alike(tables: Mapping[str, np.ndarray]) -> Figure:
    """Rank correlations of maps from all pairs of baselines, a square of numbers for each set of pictures."""
    fig, axes = canvas(7.6, 3.4, 1, len(tables))
    for ax, (name, table) in zip(axes, tables.items(), strict=True):
        ax.imshow(table, cmap="PuOr_r", vmin=-1, vmax=1)
        for i, row in enumerate(table):
            for j, value in enumerate(row):
                word = f"{value:.1f}".replace("-", "−")
                ink = "black" if abs(value) < 0.75 else "white"
                ax.text(j, i, word, ha="center", va="center", fontsize=9, color=ink)
        ax.set(title=name, xticks=range(len(table)), yticks=range(len(table)))
        ax.set_xticklabels(starts.BASELINES, rotation=45, ha="right")
        ax.set_yticklabels(starts.BASELINES)
        ax.tick_params(length=0)
    return fig


def player(
    nets: Mapping[str, keras.Model], images: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]
) -> tuple[Callable[[str, str], Figure], Callable[[str, str], str]]:
    """Give the two functions of an `explore`: a picture explained from a baseline, and what is shared out.

    nets: for each picture, by name, who is asked; images: the picture (h, w, c); known: pictures for the mean.
    """

    def start_of(picture: str, baseline: str) -> np.ndarray:
        return starts.baseline(baseline, images[picture][None], known[picture])[0]

    def draw_baseline(picture: str, baseline: str) -> Figure:
        """Draw baseline, picture, and the signed map between them."""
        start = start_of(picture, baseline)
        options = {"baseline": start, "steps": 30, "batch_size": starts.BATCH}
        found = attribution.integrated_gradients(nets[picture], images[picture], **options)
        fig, axes = canvas(6.4, 2.4, 1, 3)
        signed = found.sum(axis=-1)
        limit = np.quantile(np.abs(signed), 0.99)
        for ax, shown, words in ((axes[0], start, f"from: {baseline}"), (axes[1], images[picture], "to: the picture")):
            ax.imshow(shown.squeeze(), cmap="gray", vmin=0, vmax=1)
            ax.set_title(words)
        axes[2].imshow(signed, cmap="PuOr_r", vmin=-limit, vmax=limit)
        axes[2].set_title("share of each pixel")
        for ax in axes:
            ax.set_axis_off()
        return fig

    def say_baseline(picture: str, baseline: str) -> str:
        """Say what `draw_baseline` shows."""
        moved = np.any(np.abs(images[picture] - start_of(picture, baseline)) > 1e-3, axis=-1)
        return f"The {picture} explained from {baseline}: {1 - moved.mean():.0%} of its pixels are as there, and get 0."

    return draw_baseline, say_baseline


def neutral(highest: Mapping[str, Mapping[str, np.ndarray]], chance: Sequence[float]) -> Figure:
    """The highest probability at each baseline: dots for seeds, a panel a net, a line at one over the classes."""
    fig, axes = canvas(7.6, 2.6, 1, len(highest), sharey=True)
    for ax, (who, row), level in zip(axes, highest.items(), chance, strict=True):
        for i, values in enumerate(row.values()):
            ax.plot(np.full(len(values), i), values, "o", color=BLUE, markersize=4)
        ax.axhline(level, color=GREY, linewidth=1, linestyle=(0, (3, 3)))
        ax.set(title=who, ylim=(0, 1.05), xticks=range(len(row)), xlim=(-0.5, len(row) - 0.5))
        ax.set_xticklabels(row, rotation=45, ha="right")
    axes[0].set_ylabel("highest probability")
    return fig
