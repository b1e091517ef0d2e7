"""The pictures of the page grabcut that show seeds from a net. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures

from . import trials
from .drawings import lifted, outline, plain, seeded
from .seeds import mask_iou


def columns(images: np.ndarray, rows: Mapping[str, np.ndarray], true: np.ndarray) -> Figure:
    """Draw scenes in columns: the picture, and below it rows of maps, of seeds, and of cuts with the true outline.

    images: (n, h, w, 3). rows: by name arrays (n, h, w), of floats for maps, whole numbers for seeds, booleans for
    cuts. true: (n, h, w) of booleans.
    """
    fig, axes = figures.canvas(7.6, 1.52 * (1 + len(rows)), rows=1 + len(rows), columns=len(images), squeeze=False)
    for name, values, line in zip(("picture", *rows), (images, *rows.values()), axes, strict=True):
        for i, ax in enumerate(line):
            _cell(ax, images[i], values[i], true[i])
        line[0].set_ylabel(name, fontsize=9)
    return fig


def _cell(ax: Axes, image: np.ndarray, value: np.ndarray, true: np.ndarray) -> None:
    """One field of `columns`, drawn by its kind."""
    if value.dtype == bool:
        plain(ax, lifted(image, value), f"IoU {mask_iou(value, true):.2f}")
        outline(ax, true, figures.SKY)
    elif value.dtype.kind == "i":
        plain(ax, seeded(image, value))
    else:
        plain(ax, value if value.ndim == 3 else _spread(value))


def _spread(one: np.ndarray) -> np.ndarray:
    """A map in colours: roots of its values, white for nothing, purple below zero and orange above."""
    roots = np.sign(one) * np.sqrt(np.abs(one) / max(np.abs(one).max(), 1e-12))
    return colormaps["PuOr_r"]((roots + 1) / 2)


def by_share(found: Mapping[str, np.ndarray]) -> Figure:
    """Draw the mean IoU over the share of pixels taken for the object, by a threshold and as seeds; and the box."""
    fig, ax = figures.canvas(7.4, 3.5)
    lines = {
        "seeds of a cut": (trials.TOPS, found["tops"], figures.BLUE, "o"),
        "threshold": (trials.QUANTILES, found["threshold"], figures.ORANGE, "s"),
    }
    for words, (x, runs, colour, marker) in lines.items():
        ax.plot(x, runs.mean(0), marker=marker, color=colour)
        ax.fill_between(x, runs.min(0), runs.max(0), color=colour, alpha=0.15, linewidth=0)
        ax.annotate(words, (x[-1], runs.mean(0)[-1]), xytext=(9, 0), textcoords="offset points", va="center",
                    color=colour, fontweight="bold", annotation_clip=False)  # fmt: skip
    best = found["box_cut"].mean(0).argmax()
    boxes = {"true box, cut": found["true_box"], "box in the middle, cut": found["box_cut"][:, best]}
    for (words, runs), shift in zip(boxes.items(), (4, -4), strict=True):  # the two lines lie close together
        ax.axhline(runs.mean(), color=figures.GREY, linestyle=(0, (4, 2)), linewidth=1)
        ax.annotate(words, (0.52, runs.mean()), xytext=(6, shift), textcoords="offset points", va="center",
                    fontsize=8.5, annotation_clip=False)  # fmt: skip
    ax.set_xscale("log")
    ax.set_xticks([0.01, 0.02, 0.05, 0.1, 0.2, 0.5], ["1 %", "2 %", "5 %", "10 %", "20 %", "50 %"])
    ax.minorticks_off()
    ax.set(
        xlabel="most salient pixels taken for the object",
        ylabel="mean IoU with the object",
        ylim=(0, 1),
        xlim=(0.0048, 0.52),
    )
    ax.grid(axis="y")
    return fig
