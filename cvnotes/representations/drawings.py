"""The pictures of the chapter. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes.figures import CYCLE, GREY, INK, canvas, curves, image_grid
from cvnotes.figures.style import MARKERS

from . import neighbours

Array = np.ndarray


def scatter(ax: Axes, places: Array, labels: Array, names: Sequence[str], *, named: bool = True) -> None:
    """Draw a map: a colour and a mark for each class, and if `named` its name at the middle of its points."""
    for i, name in enumerate(names):
        mine = places[labels == i]
        ax.scatter(*mine.T, s=13, color=CYCLE[i], marker=MARKERS[i], alpha=0.75, linewidths=0)
        box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1}
        if named:
            ax.annotate(name, np.median(mine, 0), color=CYCLE[i], fontweight="bold", fontsize=9, ha="center", bbox=box)
    ax.set(xticks=[], yticks=[])
    ax.spines[["left", "bottom"]].set_color(GREY)
    ax.spines[["top", "right"]].set_visible(True)
    ax.spines[["top", "right"]].set_color(GREY)


def maps(views: Mapping[str, Array], labels: Array, names: Sequence[str], equal: bool = False) -> Figure:
    """Some maps (n, 2) of the same points side by side, the first one named.

    equal: one unit is as long across as down, and all maps are named.
    """
    fig, axes = canvas(7.6, (6.2 if equal else 7.6) / len(views) + 0.35, 1, len(views), squeeze=False)
    for i, (ax, (title, places)) in enumerate(zip(axes[0], views.items(), strict=True)):
        scatter(ax, places, labels, names, named=equal or i == 0)
        ax.set_title(title)
        if equal:
            ax.set_aspect("equal", adjustable="datalim")
    return fig


def player(
    points: Mapping[str, Array], labels: Mapping[str, Array], names: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str, int], Figure], Callable[[str, int], str]]:
    """Give the two functions of an `explore`: the t-SNE map of some points at a perplexity, and words for it."""

    def draw_map(data: str, perplexity: int) -> Figure:
        """Draw one map."""
        fig, ax = canvas(4.6, 4.3)
        scatter(ax, neighbours.tsne(points[data], perplexity), labels[data], names[data])
        ax.set_title(f"{data}, perplexity {perplexity}")
        return fig

    def say_map(data: str, perplexity: int) -> str:
        """Say what `draw_map` shows."""
        what = f"the {len(points[data])} points of “{data}”, in {len(names[data])} classes"
        return f"The map that t-SNE makes of {what}, with a perplexity of {perplexity}."

    return draw_map, say_map


def over_depth(panels: Mapping[str, Mapping[str, Array]], layers: Sequence[str]) -> Figure:
    """For each measure a panel over layers, with lines of (seeds, layers)."""
    fig, axes = canvas(7.6, 3.2, 1, len(panels), squeeze=False)
    for ax, (words, lines) in zip(axes[0], panels.items(), strict=True):
        curves(range(len(layers)), lines, xlabel="layer", ylabel=words, ax=ax)
        ax.set_xticks(range(len(layers)), [name.replace("relu", "") for name in layers])
        ax.set_ylim(0, None)
    return fig


def rebuilt(rows: Mapping[str, Array], titles: Sequence[str]) -> Figure:
    """Rows of pictures (k, h, w, 3), a row for each picture and a column for each way to see it."""
    pictures = [view[i] for i in range(len(next(iter(rows.values())))) for view in rows.values()]
    heads = list(titles) + [""] * (len(pictures) - len(titles))
    return image_grid(pictures, heads, columns=len(rows), scale=1.35)


def mistaken(tables: Mapping[str, Array], names: Sequence[str]) -> Figure:
    """Tables of mistakes side by side, one scale: rows what was drawn, columns what was named."""
    fig, axes = canvas(7.6, 7.6 / len(tables) + 0.1, 1, len(tables), squeeze=False, sharey=True)
    most = max(float(table.max()) for table in tables.values()) or 1
    for ax, (title, table) in zip(axes[0], tables.items(), strict=True):
        ax.imshow(table, cmap="Blues", vmin=0, vmax=most)
        for (i, j), share in np.ndenumerate(table):
            if share >= 0.02:
                dark = share > 0.6 * most
                ax.text(j, i, f"{share:.2f}"[1:], ha="center", va="center", color="white" if dark else INK, fontsize=8)
        ax.set_xticks(range(len(names)), names, rotation=45, ha="right")
        ax.set_yticks(range(len(names)), names)
        ax.tick_params(length=0)
        ax.set(title=title, xlabel="named")
    axes[0][0].set_ylabel("drawn")
    return fig


def by_level(lines: Mapping[str, Array], levels: Sequence[float], chance: float) -> Figure:
    """Accuracy against noise, a line (seeds, levels) for each reader; chance dashed."""
    fig = curves(levels, lines, xlabel="noise, share of white", ylabel="named rightly")
    fig.axes[0].axhline(chance, color=GREY, linewidth=0.8, linestyle=(0, (3, 3)))
    fig.axes[0].set_ylim(0, 1.04)
    return fig
