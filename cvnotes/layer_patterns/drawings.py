"""The pictures of the page. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from cvnotes import figures
from cvnotes.convolution_variants.zoo import Conv
from cvnotes.figures.style import CYCLE, MARKERS

COLOURS = {"CONV": figures.BLUE, "POOL": figures.ORANGE, "FC": figures.GREEN}
TITLE = "longer side of the window"
#: That side in pixels, and its colour: quiet ones are small.
WINDOWS = {1: "#d9d6cd", 2: "#b9c9d6", 3: figures.SKY, 4: "#8fb3c9", 5: figures.BLUE, 7: figures.ORANGE}


def draw_words(nets: Mapping[str, Sequence[str]]) -> Figure:
    """Draw each net as a row of beads, one for each word along its longest way."""
    fig, ax = figures.canvas(7.6, 0.36 * len(nets) + 0.75)
    for row, words in enumerate(nets.values()):
        for place, word in enumerate(words):
            tall = 0.3 if word == "CONV" else 0.7
            bead = Rectangle((place + 0.1, row - tall / 2), 0.8, tall, facecolor=COLOURS[word])
            ax.add_patch(bead)
    longest = max(map(len, nets.values()))
    ax.set(xlim=(0, longest), ylim=(len(nets) - 0.4, -0.6), xlabel="layers, from the picture to the scores")
    ax.set_yticks(range(len(nets)), list(nets))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    keys = [Patch(facecolor=colour, label=word) for word, colour in COLOURS.items()]
    fig.legend(handles=keys, loc="outside upper right", ncols=3, handlelength=1.0, frameon=False)
    return fig


def draw_unseen(sides: Mapping[int, int]) -> Figure:
    """Draw for each side of a picture what its halvings reach (blue) and what they never see (orange hatching).

    sides: side and pixels along it that are not seen.
    """
    fig, axes = figures.canvas(7.6, 1.9, 1, len(sides), squeeze=False)
    for ax, (side, lost) in zip(axes[0], sides.items(), strict=True):
        seen = 1 - lost / side
        ax.add_patch(Rectangle((0, 0), 1, 1, facecolor="white", edgecolor=figures.ORANGE, hatch="//////"))
        ax.add_patch(Rectangle((0, 1 - seen), seen, seen, facecolor=figures.SKY, edgecolor=figures.INK, linewidth=0.8))
        ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
        ax.set_title(f"{side}: {lost} unseen" if lost else f"{side}: all seen", fontsize=9)
        ax.axis("off")
    return fig


def draw_contributions(maps: Mapping[str, np.ndarray]) -> Figure:
    """Draw for each pixel on how many ways it reaches the last map, as a share of the pixel used most."""
    fig, axes = figures.canvas(7.6, 2.35, 1, len(maps), squeeze=False)
    for ax, (title, counts) in zip(axes[0], maps.items(), strict=True):
        ax.imshow(counts / counts.max(), cmap="Blues", vmin=0, vmax=1)
        for at in ((0, 0), (len(counts) // 2, len(counts) // 2)):
            share = counts[at] / counts.max()
            colour = "white" if share > 0.55 else figures.INK
            ax.text(*at, f"{counts[at]:.0f}", ha="center", va="center", color=colour, fontsize=7)
        ax.set(xticks=[], yticks=[])
        ax.set_title(title, fontsize=9.5)
    return fig


def draw_places(maps: Mapping[str, np.ndarray]) -> Figure:
    """Draw which places an untrained stack tells apart on an empty page: equal colours, equal channels."""
    fig, axes = figures.canvas(4.6, 2.35, 1, len(maps), squeeze=False)
    for ax, (title, places) in zip(axes[0], maps.items(), strict=True):
        shuffled = np.random.default_rng(3).permutation(places.max() + 1)[places]  # neighbours in colours far apart
        ax.imshow(shuffled, cmap="viridis", vmin=0, vmax=max(places.max(), 1))
        ax.set(xticks=[], yticks=[])
        kinds = len(np.unique(places))
        ax.set_title(f"{title}: {kinds} kind{'s' if kinds > 1 else ''} of place", fontsize=9.5)
    return fig


def draw_windows(nets: Mapping[str, Sequence[Conv]]) -> Figure:
    """Draw each net as a band of equal length: the longest side of each window, from the first layer to the last."""
    fig, ax = figures.canvas(7.6, 0.27 * len(nets) + 0.85)
    for row, convs in enumerate(nets.values()):
        step = 1 / len(convs)
        for place, conv in enumerate(convs):
            side = max(conv.height, conv.width)
            tall = 0.78 if side > 5 else 0.5
            box = Rectangle((place * step, row - tall / 2), step, tall, facecolor=WINDOWS[side], edgecolor="none")
            ax.add_patch(box)
    ax.set(xlim=(0, 1), ylim=(len(nets) - 0.4, -0.6), xlabel="place in the net, first to last convolution", xticks=[])
    ax.set_yticks(range(len(nets)), list(nets))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    keys = [Patch(facecolor=colour, label=str(side)) for side, colour in WINDOWS.items()]
    fig.legend(handles=keys, loc="outside upper center", ncols=6, handlelength=1.0, frameon=False, title=TITLE)
    return fig


def draw_designs(macs: Mapping[str, int], accuracy: Mapping[str, np.ndarray], tasks: Sequence[str]) -> Figure:
    """Draw a row for each design, the cheapest on top, in a panel for each task: all seeds and their mean.

    macs: by design, named "family" or "family, price"; a family has one colour. accuracy: by "task design", (seeds,).
    """
    order = sorted(macs, key=macs.get)
    families = list(dict.fromkeys(name.split(",")[0] for name in macs))
    fig, axes = figures.canvas(7.6, 0.34 * len(order) + 1.0, 1, len(tasks), squeeze=False, sharey=True)
    for ax, task in zip(axes[0], tasks, strict=True):
        for row, name in enumerate(order):
            look, runs = families.index(name.split(",")[0]), accuracy[f"{task} {name}"]
            ax.plot(runs, np.full(len(runs), row), ".", color=CYCLE[look], alpha=0.45, markersize=5)
            ax.plot(np.mean(runs), row, MARKERS[look], color=CYCLE[look], markersize=8)
        ax.set(xlabel="accuracy on new pictures", title=task, ylim=(len(order) - 0.5, -0.5))
        ax.grid(axis="both")
    axes[0, 0].set_yticks(range(len(order)), [f"{name}  {macs[name] / 1e3:,.0f} k" for name in order])
    return fig
