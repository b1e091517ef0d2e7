"""The pictures of the chapter why_convolution. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import data, experiments, figures
from cvnotes.experiments import smallest_effect

from . import comparison, permutation, sweep
from .hunger import LABELLED

LOOK = {"linear": (figures.GREEN, "^"), "dense": (figures.ORANGE, "s"), "conv": (figures.BLUE, "o")}
NAMES = {"linear": "linear classifier", "dense": "dense net", "conv": "ConvNet"}
NETS = ("dense", "conv")
PLACED = {"middle": "digits in the middle", "anywhere": "digits anywhere"}
SHOWN = (0, 3, 7)  # digits to scramble
STORED = ("curves", "linear", "widths", "remedies", "ladder", "scrambled", "textures", "hunger", "settings")


def count_axis(ax: Axes, ticks: Sequence[float], name: str) -> None:
    """A logarithmic axis of counts, with these numbers and no others."""
    ax.set_xscale("log")
    ax.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    ax.minorticks_off()
    ax.set_xlabel(name)


def band(ax: Axes, x: Sequence[float], runs: np.ndarray, kind: str, name: str | None = None) -> None:
    """The mean over seeds (seeds, n) as a line, all seeds as a band around it, a name at the right end."""
    colour, marker = LOOK[kind]
    ax.plot(x, runs.mean(0), color=colour, marker=marker)
    ax.fill_between(x, runs.min(0), runs.max(0), color=colour, alpha=0.16, linewidth=0)
    if name:
        end = {"xytext": (8, 0), "textcoords": "offset points", "va": "center", "fontweight": "bold"}
        ax.annotate(name, (x[-1], runs.mean(0)[-1]), color=colour, fontsize=9, annotation_clip=False, **end)


def learning_curves(found: Mapping[str, np.ndarray]) -> Figure:
    """Accuracy on test digits against the number of training digits, for both places and three kinds of nets."""
    fig, axes = figures.canvas(7.6, 3.3, columns=2, sharey=True)
    for ax, place in zip(axes, comparison.PLACES, strict=True):
        for kind in LOOK:
            band(ax, comparison.SIZES, found[f"{place}_{kind}_test"], kind)
        count_axis(ax, comparison.SIZES, "training digits")
        ax.set(title=PLACED[place], ylim=(0, 1.02))
        ax.grid(axis="y")
    axes[0].set_ylabel("accuracy on test digits")
    axes[0].legend(axes[0].lines[::-1], [NAMES[kind] for kind in LOOK][::-1], loc="lower right")
    return fig


def by_width(curves: Mapping[str, np.ndarray], widths: Mapping[str, np.ndarray], place: str, kind: str) -> dict:
    """All nets of a kind trained on 500 digits, narrow to wide: parameters (n,), train and test (seeds, n)."""
    at = comparison.SIZES.index(500)
    every = {
        key: np.column_stack([widths[f"{place}_{kind}_{key}"], curves[f"{place}_{kind}_{key}"][:, at]])
        for key in ("parameters", "train", "test")
    }
    order = np.argsort(every["parameters"][0])
    sorted_ = {key: values[:, order] for key, values in every.items()}
    return sorted_ | {"parameters": sorted_["parameters"][0].astype(int)}


def gaps(curves: Mapping[str, np.ndarray], widths: Mapping[str, np.ndarray], fitted: float = 0.99) -> Figure:
    """Train/test gap against parameters; hollow where a net does not even fit its own 500 digits."""
    fig, axes = figures.canvas(7.6, 3.2, columns=2, sharey=True)
    for ax, place in zip(axes, comparison.PLACES, strict=True):
        for kind in NETS:
            nets = by_width(curves, widths, place, kind)
            gap, (colour, marker) = nets["train"] - nets["test"], LOOK[kind]
            band(ax, nets["parameters"], gap, kind, None)
            loose = nets["train"].mean(0) < fitted
            hollow = {"color": colour, "markerfacecolor": figures.PAPER, "linestyle": "none"}
            ax.plot(nets["parameters"][loose], gap.mean(0)[loose], marker, **hollow)
            at = (nets["parameters"][1], gap.mean(0)[1])
            options = {"fontweight": "bold", "fontsize": 9, "color": colour, "ha": "center"}
            ax.annotate(NAMES[kind], at, xytext=(0, 14), textcoords="offset points", **options)
        count_axis(ax, (1_000, 10_000, 100_000), "parameters")
        ax.set(title=PLACED[place], ylim=(0, 0.85))
        ax.grid(axis="y")
    axes[0].set_ylabel("training less test accuracy")
    return fig


def lost_by_mixing(scrambled: Mapping[str, np.ndarray], textures: Mapping[str, np.ndarray], net: str) -> np.ndarray:
    """What mixing all pixels takes from a net: accuracy lost (seeds, 3), for both places and for photographs."""
    digits = [scrambled[f"{place}_{net}"][:, 0] - scrambled[f"{place}_{net}"][:, -1] for place in comparison.PLACES]
    return np.column_stack([*digits, textures[f"{net}_plain"] - textures[f"{net}_mixed"]])


def against_base(found: Mapping[str, np.ndarray]) -> list[list]:
    """Each changed setting beside the base net: a row for the table of the page.

    Accuracy gained, the smallest gain that could show, whether all seeds agree on one that could, ratio of parameters,
    median ratio of the time of a step.
    """
    rows = []
    for name, values in sweep.SETTINGS.items():
        base = values.index(sweep.BASE[name])
        accuracy, parameters = found[f"{name}_accuracy"], found[f"{name}_parameters"][0]
        for i in [i for i in range(len(values)) if i != base]:
            gain, visible = accuracy[:, i] - accuracy[:, base], smallest_effect(accuracy[:, i], accuracy[:, base])
            settled = abs(gain.mean()) > visible and len(set(np.sign(gain))) == 1
            share, slow = parameters[i] / parameters[base], np.median(found[f"{name}_time"][:, i])
            told = [f"{gain.mean():+.3f}", f"{visible:.3f}", "yes" if settled else "no", f"{share:.2f}", f"{slow:.2f}"]
            rows.append([f"{name} {values[i]}", *told])
    return rows


def scrambled_digit(found: Mapping[str, np.ndarray], digit: int, block: int) -> Figure:
    """A digit, the same with its pixels mixed within blocks, and what both nets make of pictures mixed like that."""
    picture = shown_digit(digit)
    mixed = permutation.reorder(picture, permutation.block_order(comparison.SIDE, block, seed=0))
    fig, (left, middle, right) = figures.canvas(7.6, 2.7, columns=3, width_ratios=[1, 1, 1.7])
    for ax, image, title in (
        (left, picture, f"a {digit}"),
        (middle, mixed, f"mixed in blocks of {block}" if block > 1 else "untouched"),
    ):
        ax.imshow(image[0, ..., 0], cmap="gray", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[], title=title)
    for edge in range(block, comparison.SIDE, block) if block > 1 else ():
        middle.axhline(edge - 0.5, color=figures.GOLD, linewidth=0.8)
        middle.axvline(edge - 0.5, color=figures.GOLD, linewidth=0.8)
    places = range(len(permutation.BLOCKS))
    for kind in NETS:
        band(right, places, found[f"anywhere_{kind}"], kind, NAMES[kind])
    right.axvline(permutation.BLOCKS.index(block), color=figures.GOLD, linewidth=5, alpha=0.45, zorder=0)
    right.set_xticks(places, permutation.BLOCKS)
    right.set(xlabel="side of a block", ylabel="accuracy", ylim=(0, 1))
    right.grid(axis="y")
    return fig


def shown_digit(digit: int) -> np.ndarray:
    """The first test digit of its kind, (1, 16, 16, 1), up and to the left of the middle.

    Raises ValueError for anything but 0 to 9.
    """
    digits = data.digits()
    rows = np.flatnonzero(digits.test_labels == digit)
    if not len(rows):
        raise ValueError(f"digit must be a whole number from 0 to 9. Received: digit={digit!r}")
    return np.pad(digits.test_images[rows[:1]], [(0, 0), (2, 6), (3, 5), (0, 0)])


def says_scrambled(found: Mapping[str, np.ndarray], digit: int, block: int) -> str:
    """Put `scrambled_digit` into words."""
    at = permutation.BLOCKS.index(block)
    dense, conv = (experiments.bands(found[f"anywhere_{kind}"][:, at]).mean for kind in ("dense", "conv"))
    seen = "as it is" if block == 1 else f"with its pixels mixed within blocks of {block} by {block}"
    named = f"the ConvNet names {conv:.0%} of the test digits rightly, the dense net {dense:.0%}"
    return f"A {digit} {seen}. Trained on pictures like that, {named}."


def settings_table(found: Mapping[str, np.ndarray]) -> Figure:
    """Four settings across, three measurements down: accuracy, parameters, time of a step beside the base net."""
    rows = {"accuracy": "accuracy", "parameters": "parameters,\nthousands", "time": "time of a step,\nbase net is 1"}
    fig, axes = figures.canvas(7.6, 5.0, rows=3, columns=4, sharey="row")
    for column, (name, values) in enumerate(sweep.SETTINGS.items()):
        places = np.arange(len(values))
        for row, (key, label) in enumerate(rows.items()):
            ax, runs = axes[row, column], found[f"{name}_{key}"] / (1000 if key == "parameters" else 1)
            ax.bar(places, runs.mean(0), 0.62, color=figures.BLUE, alpha=0.28)
            ax.bar(
                values.index(sweep.BASE[name]), runs.mean(0)[values.index(sweep.BASE[name])], 0.62, color=figures.SKY
            )
            if key != "parameters":
                for run in runs:
                    ax.plot(places, run, "o", color=figures.BLUE, markersize=2.6)
            ax.set_xticks(places, values)
            ax.grid(axis="y")
            if column == 0:
                ax.set_ylabel(label)
        axes[0, column].set_title(name)
    return fig


def hunger_curves(lines: Mapping[str, np.ndarray]) -> Figure:
    """Accuracy over the number of labelled digits, one named line for each way to learn."""
    fig, ax = figures.canvas(7.2, 3.6)
    figures.curves(LABELLED, lines, xlabel="", ylabel="accuracy on test digits", ax=ax)
    count_axis(ax, LABELLED, "labelled digits 5 to 9")
    ax.set_ylim(0, 1.02)
    return fig
