"""Pictures of the chapter convolution_variants. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from cvnotes import figures

from .grouped import connections

CHANNELS, MULTIPLES, GROUPS = (4, 8), (1, 2), (1, 2, 4, "one each")
SIDE = 32  # pixels of the map for which the figure to play with counts
COLOURS = (figures.BLUE, figures.ORANGE, figures.GREEN, figures.PURPLE, figures.GOLD, figures.SKY)


def patterns(kernels: Mapping[str, np.ndarray]) -> Figure:
    """Draw the middle tap of full kernels (kh, kw, c, k) as matrices: a row for each channel, a column for a filter.

    Zeros are left blank. Chapter: convolution_variants.
    """
    fig, axes = figures.canvas(7.6, 2.5, columns=len(kernels))
    limit = max(np.abs(kernel).max() for kernel in kernels.values())
    for ax, (name, kernel) in zip(np.atleast_1d(axes), kernels.items(), strict=True):
        middle = kernel[kernel.shape[0] // 2, kernel.shape[1] // 2]
        ax.imshow(np.where(middle == 0, np.nan, middle), cmap="PuOr_r", vmin=-limit, vmax=limit)
        ax.set(xlabel="filter", title=name, xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=figures.GREY)
    np.atleast_1d(axes)[0].set_ylabel("channel")
    return fig


def chosen(channels: int, multiple: int, groups: int | str) -> tuple[int, int, int]:
    """Turn the sliders into channels, filters and groups."""
    return channels, channels * multiple, channels if groups == "one each" else int(groups)


def cost(channels: int, filters: int, groups: int, kernel: int = 3) -> tuple[int, int]:
    """Count the weights of such a layer and its products on a map of 32 x 32, border pixels in full."""
    weights = kernel**2 * int(connections(channels, filters, groups).sum())
    return weights, weights * SIDE**2


def draw_connections(channels: int, multiple: int, groups: int | str) -> Figure:
    """Draw which channel reaches which filter, as lines and as a matrix, and what the layer costs.

    Chapter: convolution_variants.
    """
    depth, filters, parts = chosen(channels, multiple, groups)
    seen = connections(depth, filters, parts)
    fig, (left, right) = figures.canvas(6.6, 2.7, columns=2, width_ratios=[1.3, 1])
    _lines(left, seen, parts)
    for channel, filter_ in np.argwhere(seen):
        box = {"facecolor": _colour(channel, depth, parts), "edgecolor": figures.PAPER, "linewidth": 0.8}
        right.add_patch(Rectangle((filter_, channel), 1, 1, **box))
    right.add_patch(Rectangle((0, 0), filters, depth, fill=False, edgecolor=figures.GREY, linewidth=0.8))
    right.set(xlim=(-0.2, 16.2), ylim=(8.2, -0.2), aspect="equal", xticks=[], yticks=[])
    right.spines[:].set_visible(False)
    weights, macs = cost(depth, filters, parts)
    said = f"{seen.mean():.0%} of the connections\n{weights:,} weights\n{macs:,} MACs"
    right.set_xlabel(said, loc="left", labelpad=4, fontsize=9.5, linespacing=1.5)
    right.set_title("kernel: a row for each channel")
    return fig


def _colour(channel: int, depth: int, groups: int) -> str:
    return COLOURS[(channel * groups // depth) % len(COLOURS)]


def _lines(ax: Axes, seen: np.ndarray, groups: int) -> None:
    """Channels on the left, filters on the right, a line for each pair that is connected."""
    depth, filters = seen.shape
    starts, ends = _places(depth), _places(filters)
    for channel, filter_ in np.argwhere(seen):
        colour = _colour(channel, depth, groups)
        ax.plot([0, 1], [starts[channel], ends[filter_]], color=colour, linewidth=1.0)
    for x, places in ((0, starts), (1, ends)):
        ax.plot(np.full(len(places), x), places, "o", color=figures.INK, markersize=4.5)
    ax.text(-0.06, 0.5, f"{depth} channels", rotation=90, ha="right", va="center")
    ax.text(1.06, 0.5, f"{filters} filters", rotation=90, ha="left", va="center")
    ax.set(xlim=(-0.2, 1.2), ylim=(-0.03, 1.03))
    ax.axis("off")


def _places(count: int) -> np.ndarray:
    return (np.arange(count)[::-1] + 0.5) / count


def say_connections(channels: int, multiple: int, groups: int | str) -> str:
    """Say what `draw_connections` shows."""
    depth, filters, parts = chosen(channels, multiple, groups)
    weights, macs = cost(depth, filters, parts)
    how = "every channel reaches every filter" if parts == 1 else f"{parts} bundles of lines that never cross"
    return (
        f"{depth} channels and {filters} filters in {parts} group{'s' if parts > 1 else ''}: {how}. "
        f"{weights:,} weights and {macs:,} multiply-accumulates on a map of 32 by 32."
    )


# Score maps ----------------------------------------------------------------------------------------------------------


def draw_scores(picture: np.ndarray, scores: np.ndarray, digit: int, step: int, crop: int) -> Figure:
    """Draw a picture (h, w, 1) above the map of one class: how sure the net is that its digit stands there.

    scores: (rows, columns, classes). Cell (i, j) looks at the crop with its corner at (i * step, j * step), and is
    drawn where the middle of that crop is. Chapter: convolution_variants.
    """
    height, width = picture.shape[:2]
    fig, axes = figures.canvas(5.4, 6.2, rows=2)
    first = (crop - step) / 2 - 0.5
    reach = np.array([scores.shape[1], scores.shape[0]]) * step
    axes[0].imshow(picture[..., 0], vmin=0, vmax=1)
    extent = (first, first + reach[0], first + reach[1], first)
    axes[1].imshow(picture[..., 0], vmin=0, vmax=1.6)
    sure = scores[..., digit]
    heat = {"cmap": "inferno", "vmin": 0, "vmax": 1, "interpolation": "nearest"}
    axes[1].imshow(sure, extent=extent, alpha=0.85 * np.sqrt(sure), **heat)
    for ax, title in zip(axes, ("the picture", f"how sure the net is of a {digit}, crop by crop"), strict=True):
        ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), xticks=[], yticks=[], title=title)
    return fig


def draw_named(picture: np.ndarray, scores: np.ndarray, step: int, crop: int, nothing: int) -> Figure:
    """Draw a picture with the digit that each crop names written in the middle of the crop; silent where none.

    Chapter: convolution_variants.
    """
    height, width = picture.shape[:2]
    fig, ax = figures.canvas(7.2, 7.2 * height / width)
    ax.imshow(picture[..., 0], vmin=0, vmax=1.6)
    for row, column in np.ndindex(scores.shape[:2]):
        said, sure = int(scores[row, column].argmax()), float(scores[row, column].max())
        at = column * step + (crop - 1) / 2, row * step + (crop - 1) / 2
        if said == nothing:
            ax.plot(*at, ".", color=figures.SKY, markersize=3)
            continue
        style = {"ha": "center", "va": "center", "fontsize": 11, "alpha": 0.3 + 0.7 * sure}
        text = ax.text(*at, str(said), color=figures.GOLD, **style)
        text.set(fontweight="bold", path_effects=[withStroke(linewidth=2.4, foreground="black")])
    ax.set(xticks=[], yticks=[])
    return fig


# Ranks ---------------------------------------------------------------------------------------------------------------


def draw_ranks(multipliers: Sequence[int], kept: Mapping[str, np.ndarray], found: Mapping[str, Sequence]) -> Figure:
    """Draw, by depth multiplier, the share of a kernel kept and the accuracy of the net that got the squeezed kernel.

    kept: arrays (seeds, n) by name; found: the numbers of the experiment `separability`, a list of seeds each.
    Chapter: convolution_variants.
    """
    fig, (left, right) = figures.canvas(7.6, 3.2, columns=2)
    figures.curves(multipliers, kept, xlabel="depth multiplier", ylabel="share of the kernel's squares", ax=left)
    left.texts[-1].set_text(""), left.texts[0].set_text("")
    for i, name in enumerate(kept):
        place = {"xytext": (6, -4) if i else (-4, 6), "ha": "left" if i else "right", "va": "top" if i else "bottom"}
        at = multipliers[2], np.mean(kept[name], 0)[2]
        left.annotate(name, at, textcoords="offset points", color=figures.CYCLE[i], fontweight="bold", **place)
    squeezed = np.array(found["squeezed"])
    right.plot(multipliers, squeezed.mean(0), "o-", color=figures.BLUE)
    right.fill_between(multipliers, squeezed.min(0), squeezed.max(0), color=figures.BLUE, alpha=0.15, linewidth=0)
    levels = {
        "full, as trained": ("full", figures.INK, 4),
        "separable from the start": ("separable", figures.GREEN, -12),
    }
    for words, (name, colour, shift) in levels.items():
        level = float(np.mean(found[name]))
        right.axhline(level, color=colour, linestyle=":", linewidth=1.4)
        right.annotate(
            words, (9, level), (0, shift), textcoords="offset points", ha="right", color=colour, fontsize=8.5
        )
    right.set(xlabel="depth multiplier", ylabel="accuracy on crops", ylim=(0, 1.08), title="the net with that kernel")
    left.set(ylim=(0, 1.05), title="how much of the kernel fits")
    for ax in (left, right):
        ax.set_xticks(multipliers)
        ax.grid(axis="y")
    return fig
