"""The pictures of the chapter on siamese nets. Plain functions: numbers in, a figure out. Chapter: siamese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from keras import ops
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch

from cvnotes import figures
from cvnotes.figures.style import sheet

from .losses import contrastive_loss

SAME, DIFFERENT = figures.BLUE, figures.ORANGE
FLOOR, ROUNDS = 1e-4, "times through the training digits"
LOOKS = (
    {"color": figures.ORANGE, "marker": "o", "linestyle": "-"},
    {"color": figures.BLUE, "marker": "s", "linestyle": "--"},
    {"color": figures.GREEN, "marker": "^", "linestyle": ":"},
)
BOLD = {"fontsize": 9.5, "fontweight": "bold"}


def histograms(panels: Mapping[str, Mapping[str, Sequence[float]]], bins: Sequence[float]) -> Figure:
    """Draw the distances of pairs as shares by bin, of one kind and of two: one panel below another.

    panels: title -> {"same": counts, "different": counts}. bins: edges, one more than counts.
    """
    fig, axes = figures.canvas(5.6, 0.4 + 1.45 * len(panels), rows=len(panels), sharex=True, squeeze=False)
    for ax, (title, counts) in zip(axes[:, 0], panels.items(), strict=True):
        for name, colour, hatch in (("same", SAME, None), ("different", DIFFERENT, "///")):
            share = np.asarray(counts[name], float) / max(np.sum(counts[name]), 1)
            ax.stairs(share, bins, color=colour, fill=True, alpha=0.35)
            ax.stairs(share, bins, color=colour, linewidth=1.4, hatch=hatch, label=f"{name} digit")
        ax.set(title=title, yticks=[])
    axes[0, 0].legend(loc="upper right")
    axes[-1, 0].set_xlabel("distance of a pair")
    return fig


def architecture(towers: int = 1) -> Figure:
    """Draw two pictures on their way to a distance, through one encoder used twice or through two."""
    fig, ax = sheet(6.4, 2.75)
    names = ["encoder $f$", "encoder $f$"] if towers == 1 else ["tower $f$", "tower $g$"]
    codes = ["$f(a)$", "$f(b)$"] if towers == 1 else ["$f(a)$", "$g(b)$"]
    for y, picture, name, code in zip((0.6, 2.1), "ab", names, codes, strict=True):
        colour = figures.SKY if towers == 1 or picture == "a" else figures.GOLD
        _box(ax, 0.75, y, f"picture ${picture}$", "white", 1.15)
        _box(ax, 2.5, y, name, colour, 1.3)
        _box(ax, 4.1, y, code, "white", 0.9)
        for start, end in ((1.33, 1.84), (3.16, 3.64)):
            arrow(ax, (start, y), (end, y))
        arrow(ax, (4.56, y), (5.1, 1.35 + (0.2 if y > 1.35 else -0.2)))
    _box(ax, 5.65, 1.35, "distance", "white", 1.1)
    words = "one set\nof weights" if towers == 1 else "two sets\nof weights"
    ax.text(2.5, 1.35, words, ha="center", va="center", fontsize=9)
    if towers == 1:
        for y in (0.84, 1.86):
            ax.plot([2.5, 2.5], [y, y + (0.2 if y < 1.35 else -0.2)], color=figures.INK, linestyle=":", linewidth=1.4)
    return fig


def _box(ax: Axes, x: float, y: float, words: str, colour: str, width: float, height: float = 0.46) -> None:
    corner = (x - width / 2, y - height / 2)
    shade = colour if colour == "white" else figures.PAPER
    ax.add_patch(FancyBboxPatch(corner, width, height, boxstyle="round,pad=0,rounding_size=0.08", facecolor=shade))
    edge = figures.INK if colour == "white" else colour
    ax.add_patch(
        FancyBboxPatch(
            corner, width, height, boxstyle="round,pad=0,rounding_size=0.08", fill=False,
            edgecolor=edge, linewidth=1 if colour == "white" else 2.4,
        )
    )  # fmt: skip
    ax.text(x, y, words, ha="center", va="center", fontsize=10)


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = figures.INK) -> None:
    """Draw an arrow from place to place, in the units of the axes."""
    ax.annotate(
        "", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.2, "shrinkA": 0, "shrinkB": 0}
    )


def pull_and_push(margins: Sequence[float] = (1.0, 2.0)) -> Figure:
    """Draw the contrastive loss against the distance: of a pair of one kind, and of two kinds for each margin."""
    distance = np.linspace(0, 2.4, 241).astype("float32")
    fig, ax = figures.canvas(5.2, 2.9)
    same = ops.convert_to_numpy(contrastive_loss(distance, np.ones_like(distance)))
    ax.plot(distance, same, color=SAME)
    ax.text(1.72, 1.62, "one kind", color=SAME, ha="right", **BOLD)
    for margin, dash in zip(margins, ("-", "--"), strict=False):
        loss = ops.convert_to_numpy(contrastive_loss(distance, np.zeros_like(distance), margin))
        ax.plot(distance, loss, color=DIFFERENT, linestyle=dash)
        ax.plot(margin, 0, "|", color=DIFFERENT, markersize=12, markeredgewidth=2)
        words = f"two kinds, m = {margin:g}"
        ax.text(0.05, loss[0] + 0.06, words, color=DIFFERENT, **BOLD)
    ax.set(xlabel="distance of the pair", ylabel="loss", ylim=(-0.05, 2.35), xlim=(0, 2.4))
    return fig


def zones(margin: float = 1.0) -> Figure:
    """Draw an anchor, its positive at distance 1, and where a negative is hard, semi-hard or easy."""
    fig, ax = figures.canvas(5.2, 4.0)
    radius = 1.0
    shades = ((radius + margin, figures.GOLD, 0.22), (radius, figures.ORANGE, 0.28))
    for size, colour, strength in shades:
        ax.add_patch(Circle((0, 0), size, facecolor=figures.PAPER, edgecolor="none"))
        ax.add_patch(Circle((0, 0), size, facecolor=colour, alpha=strength, edgecolor="none"))
        ax.add_patch(Circle((0, 0), size, fill=False, edgecolor=figures.INK, linewidth=0.9, linestyle="--"))
    ax.plot(0, 0, "s", color=figures.INK, markersize=8)
    ax.text(-0.14, 0, "anchor", ha="right", va="center", **BOLD)
    ax.plot(*_at(155, radius), "o", color=SAME, markersize=9)
    ax.text(*_at(155, radius + 0.12), "positive", color=SAME, ha="right", va="center", **BOLD)
    for words, angle, far in (("hard", 60, 0.5), ("semi-hard", 80, 1.3), ("easy", 8, 2.5)):
        ax.plot(*_at(angle, far), "X", color=figures.INK, markersize=8)
        ax.text(*_at(angle, far) + np.array([0, 0.12]), words, ha="center", va="bottom", **BOLD)
    arrow(ax, (0, 0), tuple(_at(270, radius)))
    ax.text(0.07, -0.62, "$d_{ap}$", fontsize=10)
    arrow(ax, tuple(_at(270, radius)), tuple(_at(270, radius + margin)))
    ax.text(0.07, -1 - 0.55 * margin, "$m$", fontsize=10)
    edge = radius + margin + 0.15
    ax.set(xlim=(-edge, edge + 0.8), ylim=(-edge, edge), aspect="equal")
    ax.axis("off")
    return fig


def _at(angle: float, far: float) -> np.ndarray:
    return far * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])


def course(epochs: Sequence[float], runs: Mapping[str, np.ndarray], ylabel: str) -> Figure:
    """Draw numbers by epoch as powers of ten, one named line with its band for each arm; below 1e-4 all is one."""
    fig, ax = figures.canvas(5.6, 3.3)
    logs = {name: np.log10(np.maximum(values, FLOOR)) for name, values in runs.items()}
    figures.curves(epochs, logs, xlabel=ROUNDS, ylabel=ylabel, ax=ax)
    _powers(ax, max(np.max(values) for values in logs.values()))
    return fig


def each_seed(epochs: Sequence[float], runs: Mapping[str, np.ndarray], ylabel: str) -> Figure:
    """Draw numbers by epoch as powers of ten, one thin line for each seed of each arm."""
    fig, ax = figures.canvas(5.6, 3.3)
    for (name, values), look in zip(runs.items(), LOOKS, strict=False):
        lines = ax.plot(epochs, np.log10(np.maximum(values, FLOOR)).T, linewidth=1.2, markersize=4, **look)
        lines[0].set_label(name)
    ax.set(xlabel=ROUNDS, ylabel=ylabel)
    ax.grid(axis="y")
    _powers(ax, np.log10(max(FLOOR, *(np.max(values) for values in runs.values()))))
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return fig


def _powers(ax: Axes, top: float) -> None:
    ticks = np.arange(int(np.log10(FLOOR)), 1 + int(np.ceil(top)))
    ax.set_yticks(ticks, [f"$10^{{{tick}}}$" for tick in ticks])


def shrinking(scales: Sequence[float], losses: Mapping[str, Sequence[float]], margin: float = 1.0) -> Figure:
    """Draw the loss of codes that are all multiplied by one number, and the margin, where it ends at zero."""
    fig, ax = figures.canvas(5.4, 3.0)
    figures.curves(scales, losses, xlabel="all codes multiplied by", ylabel="loss, hardest triplets", ax=ax)
    ax.axhline(margin, color=figures.GREY, linewidth=0.8, linestyle=":")
    ax.set_ylim(bottom=margin - 0.1)
    return fig
