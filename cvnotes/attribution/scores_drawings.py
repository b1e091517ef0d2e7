"""The pictures of the page on scores. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes.figures import BLUE, INK, ORANGE, PAPER, canvas, curves, numbers

from . import scores
from .inputs import Array
from .scores_field import METHODS, NEAR, SIZE


def outlined(ax: Axes, picture: Array, mask: Array, colour: str = BLUE, **options) -> None:
    """Draw a picture or a map without axes, and the outline of a mask on it."""
    ax.imshow(picture, **options)
    for line, width in ((PAPER, 3.2), (colour, 1.6)):
        ax.contour(mask.astype(float), levels=[0.5], colors=[line], linewidths=width)
    ax.axis("off")


def card(image: Array, heat: Array, mask: Array, title: str = "") -> Figure:
    """A picture and its map (h, w), the outline of the object on both, and a cross where the map is highest."""
    fig, (left, right) = canvas(3.8, 2.2, 1, 2)
    outlined(left, image, mask)
    outlined(right, np.sqrt(heat / (heat.max() or 1)), mask, cmap="inferno")
    row, column = np.unravel_index(np.argmax(heat), heat.shape)
    for colour, width in ((PAPER, 4), (ORANGE, 2)):
        right.plot(column, row, "x", color=colour, markersize=9, markeredgewidth=width)
    right.set_title(title)
    return fig


def player(
    images: Array, masks: Array, maps: Mapping[str, Array], removals: Mapping[str, tuple[Array, Array]]
) -> tuple[Callable[[str, int], Figure], Callable[[str, int], str]]:
    """Give the two functions of an `explore`: a method's map of a scene, and its scores in words.

    maps: for each method (n, h, w). removals: for each method its curves under deletion and insertion.
    Chapter: explanations.
    """

    def draw_map(method: str, scene: int) -> Figure:
        """Draw the map that a method makes of a scene, averaged over cells of four pixels."""
        coarse = scores.cells(maps[method][scene][None], SIZE)[0].repeat(SIZE, 0).repeat(SIZE, 1)
        return card(images[scene], coarse, masks[scene], method)

    def say_map(method: str, scene: int) -> str:
        """Say how the map of `draw_map` scores."""
        heat, mask = maps[method][scene][None], masks[scene][None]
        hit = "on" if scores.pointing(heat, mask, NEAR)[0] >= 0.5 else "off"
        down, up = (scores.area(each[scene][None])[0] for each in removals[method])
        return (
            f"{method}, scene {scene}: highest pixel {hit} the object, {scores.energy(heat, mask)[0]:.0%} of the map "
            f"inside; area under deletion {down:.1f}, under insertion {up:.1f}."
        )

    return draw_map, say_map


def turns(stored: Mapping[str, Array], orders: Sequence[str], turn: str) -> Figure:
    """Mean probability against the share of the picture given or taken, in several orders: plain net, marked net."""
    fig, axes = canvas(7.6, 3.2, 1, 2, sharey=True)
    for ax, kind, words in zip(
        axes, ("plain", "marked"), ("net that reads the object", "net that reads the mark"), strict=True
    ):
        lines = stored[f"{kind}_{turn}"]
        share = np.linspace(0, 1, lines.shape[-1])
        curves(
            share, {name: lines[:, i] for i, name in enumerate(orders)}, xlabel="share of the picture", ylabel="", ax=ax
        )
        ax.set(title=words, ylim=(0, 1.03), xticks=(0, 0.5, 1))
    axes[0].set_ylabel("probability of the class")
    return fig


def cascade(stored: Mapping[str, Array], methods: Sequence[str], kind: str) -> Figure:
    """Likeness of the maps of some methods with those of the trained net, while layers are shuffled from the head."""
    lines = stored[f"{kind}_cascade"]
    share = np.linspace(0, 1, lines.shape[-1] + 1)
    whole = np.ones((len(lines), 1))
    series = {name: np.hstack([whole, lines[:, list(METHODS).index(name)]]) for name in methods}
    fig = curves(share, series, xlabel="layers shuffled", ylabel="rank correlation with the map before")
    fig.axes[0].set_xticks(share, ["none", "head", "upper third", "two thirds", "all"])
    return fig


def agreement(matrix: Array, names: Sequence[str]) -> Figure:
    """Rank correlations between scores as a table of cells, with the names beside it."""
    fig, ax = canvas(6.2, 4.2)
    numbers(matrix, ax=ax, fmt=".1f", cmap="PuOr_r")
    for i, name in enumerate(names):
        ax.text(-0.15, i + 0.5, name, ha="right", va="center", color=INK, fontsize=8.5)
        ax.text(i + 0.5, -0.15, name, ha="left", va="bottom", color=INK, fontsize=8.5, rotation=35)
    return fig
