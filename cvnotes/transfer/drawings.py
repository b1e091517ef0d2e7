"""The pictures of the page transfer. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from cvnotes import experiments, figures
from cvnotes.checks import whole

from . import families, trials
from .families import FAMILIES, PER_CLASS
from .strategies import STRATEGIES, WORDS

LOOK = dict(zip(STRATEGIES, zip(figures.CYCLE, "os^D", strict=False), strict=True))
TARGETS = {"similar": "similar: other shapes", "different": "different: grounds"}
CUT_NAMES = ("pool 1", "pool 2", "pool 3", "fc1", "fc2")


def pictures(count: int = 5) -> Figure:
    """Show some pictures of each family in a row of its own, named by class."""
    found, titles = [], []
    for name in families.NAMES:
        images, labels = families.family(name, 5 * count, seed=90)
        rows = [np.flatnonzero(labels == k)[0] for k in range(5)]
        found += [images[row] for row in rows]
        titles += list(families.NAMES[name])
    return figures.image_grid(found, titles, columns=5, scale=1.15)


def cells(small: Mapping[str, np.ndarray], large: Mapping[str, np.ndarray]) -> dict[tuple[str, int], np.ndarray]:
    """Gather the accuracy of each strategy on each family at each size: (strategies, seeds) by (family, size)."""
    found = {}
    for family in FAMILIES:
        for place, per_class in enumerate(PER_CLASS):
            stored = large if place == families.LARGE else small
            values = [stored[f"{family}_{way}"] for way in STRATEGIES]
            found[family, per_class] = np.array([v if v.ndim == 1 else v[:, place] for v in values])
    return found


def two_by_two(found: Mapping[tuple[str, int], np.ndarray]) -> Figure:
    """Draw the table: small and large sets down, similar and different targets across, four bars in each field."""
    sizes = PER_CLASS[families.SMALL], PER_CLASS[families.LARGE]
    fig, axes = figures.canvas(7.6, 5.2, rows=2, columns=2, sharex=True, sharey=True)
    for row, per_class in enumerate(sizes):
        for column, family in enumerate(FAMILIES):
            ax, values = axes[row, column], found[family, per_class]
            bars(ax, values)
            ax.set_title(f"{per_class} a class, {TARGETS[family]}", fontsize=9.5)
    for ax in axes[1]:
        ax.set_xlabel("accuracy on test pictures (dashed: chance)")
    return fig


def bars(ax, values: np.ndarray) -> None:
    """Four bars with a dot for each seed; the mean at their end."""
    for i, (way, runs) in enumerate(zip(STRATEGIES, values, strict=True)):
        colour, marker = LOOK[way]
        ax.barh(i, runs.mean(), height=0.62, color=colour, alpha=0.3)
        ax.plot(runs, np.full(runs.size, i), marker, color=colour, markersize=3.6, linestyle="none")
        ax.text(1.03, i, f"{runs.mean():.2f}", va="center", fontsize=9)
    ax.axvline(0.2, color=figures.GREY, linewidth=0.9, linestyle=(0, (3, 2)))
    ax.set_yticks(range(len(STRATEGIES)), [WORDS[way] for way in STRATEGIES])
    ax.set(xlim=(0, 1.14), ylim=(len(STRATEGIES) - 0.5, -0.5))
    ax.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    ax.tick_params(axis="y", length=0)


def played(found: Mapping[tuple[str, int], np.ndarray], family: str, per_class: int) -> Figure:
    """Draw all sizes as curves with bands and the chosen size as bars. The figure to play with."""
    fig, (left, right) = figures.canvas(7.6, 3.2, columns=2, width_ratios=[1.15, 1])
    for i, way in enumerate(STRATEGIES):
        runs, (colour, marker) = np.array([found[family, n][i] for n in PER_CLASS]), LOOK[way]
        left.plot(PER_CLASS, runs.mean(1), color=colour, marker=marker)
        left.fill_between(PER_CLASS, runs.min(1), runs.max(1), color=colour, alpha=0.15, linewidth=0)
    left.axvline(per_class, color=figures.GOLD, linewidth=6, alpha=0.4, zorder=0)
    left.set_xscale("log")
    left.set_xticks(PER_CLASS, [str(n) for n in PER_CLASS])
    left.minorticks_off()
    left.set(xlabel="target pictures a class", ylabel="accuracy", ylim=(0.1, 1.02), title=TARGETS[family])
    left.grid(axis="y")
    bars(right, found[family, per_class])
    right.set(title=f"{per_class} a class", xlabel="accuracy (dashed: chance)")
    return fig


def says_played(found: Mapping[tuple[str, int], np.ndarray], family: str, per_class: int) -> str:
    """Put `played` into words, with the numbers of the stored seeds."""
    values = found[family, per_class]
    told = [f"{WORDS[way]} {experiments.spread(runs, 2)}" for way, runs in zip(STRATEGIES, values, strict=True)]
    return f"{TARGETS[family].capitalize()}, {per_class} pictures a class: {'; '.join(told)}."


def by_cut(lines: Mapping[str, np.ndarray], ylabel: str, chance: float | None = None) -> Figure:
    """Draw one line for each name over the five cuts of the net; (seeds, 5) each."""
    fig, ax = figures.canvas(7.2, 3.3)
    figures.curves(range(len(CUT_NAMES)), lines, xlabel="", ylabel=ylabel, ax=ax)
    if chance is not None:
        ax.axhline(chance, color=figures.GREY, linewidth=0.9, linestyle=(0, (3, 2)), zorder=0)
    ax.set_xticks(range(len(CUT_NAMES)), CUT_NAMES)
    return fig


def learning(found: Mapping[str, np.ndarray]) -> Figure:
    """Draw test accuracy after each epoch from both starts, one panel for each target."""
    fig, axes = figures.canvas(7.6, 3.2, columns=2, sharey=True)
    for ax, family in zip(axes, FAMILIES, strict=True):
        for way in ("tuned", "scratch"):
            runs, colour = found[f"{family}_{way}_curve"], LOOK[way][0]
            epochs = np.arange(1, runs.shape[1] + 1)
            ax.plot(epochs, runs.mean(0), color=colour, label={"tuned": "stored weights"}.get(way, WORDS[way]))
            ax.fill_between(epochs, runs.min(0), runs.max(0), color=colour, alpha=0.16, linewidth=0)
            at = [m for m in trials.MOMENTS if m <= runs.shape[1]]
            ax.plot(at, runs.mean(0)[[m - 1 for m in at]], LOOK[way][1], color=colour)
        ax.set(title=TARGETS[family], xlabel="epoch", ylim=(0, 1.02))
        ax.grid(axis="y")
    axes[0].set_ylabel("accuracy on test pictures")
    axes[0].legend(loc="lower right")
    return fig


def planes(points: Mapping[str, np.ndarray], labels: np.ndarray, names: Sequence[str]) -> Figure:
    """Draw points laid out by t-SNE, one panel a name, each class with its own colour and sign."""
    fig, axes = figures.canvas(7.6, 3.0, columns=len(points))
    for ax, (title, where) in zip(np.atleast_1d(axes), points.items(), strict=True):
        for k, name in enumerate(names):
            of = labels == k
            ax.scatter(*where[of].T, s=14, color=figures.CYCLE[k], marker="osD^v"[k], linewidth=0, label=name)
        ax.set(title=title, xticks=[], yticks=[])
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(names), handletextpad=0.1)
    return fig


def rebuilt(pictures: Mapping[str, np.ndarray]) -> Figure:
    """Show pictures and what a linear map rebuilds from the codes of each cut, a row for each picture."""
    many = len(next(iter(pictures.values())))
    shown = [images[i].clip(0, 1) for i in range(many) for images in pictures.values()]
    return figures.image_grid(shown, list(pictures) * many, columns=len(pictures), scale=1.1)


def taps(names: Sequence[str], shapes: Sequence[tuple[int, ...]], tapped: str) -> Figure:
    """Draw a net from its layers: a bar for each, as long as it has numbers (on a log scale), the tapped one marked."""
    whole("layers", len(names), 1, 30)
    fig, ax = figures.canvas(7.4, 0.3 * len(names) + 0.6)
    counts = [int(np.prod(shape)) for shape in shapes]
    for i, (name, shape, count) in enumerate(zip(names, shapes, counts, strict=True)):
        colour = figures.ORANGE if name == tapped else figures.BLUE if len(shape) == 3 else figures.GREY
        ax.barh(i, count, color=colour, alpha=1 if name == tapped else 0.5, height=0.64)
        words = " × ".join(f"{n:,}" for n in shape) + (f"  = {count:,}  ← tapped here" if name == tapped else "")
        ax.annotate(words, (count, i), xytext=(5, 0), textcoords="offset points", va="center", fontsize=8.5)
    ax.set_xscale("log")
    ax.set_yticks(range(len(names)), names)
    ax.set(xlim=(300, 4e7), ylim=(len(names) - 0.5, -0.5), xlabel="numbers for one picture (log scale)")
    ax.tick_params(axis="y", length=0)
    return fig


def ahead(first: np.ndarray, second: np.ndarray) -> str:
    """By how much one row of seeds is ahead of another, and from where so many seeds would have shown it."""
    found = experiments.bands(first - second)
    visible = experiments.smallest_effect(first, second)
    return f"{found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f}), visible from {visible:.3f}"
