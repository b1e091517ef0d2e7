"""Pictures of the chapter convolution_cost. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import experiments, figures

from .counting import KINDS, roof, work
from .timing import SIDE

SPENT = {
    "convolution": figures.BLUE,
    "1 × 1": figures.SKY,
    "depthwise": figures.GREEN,
    "dense": figures.ORANGE,
    "rest": figures.GREY,
}
TITLES = {"alexnet": "AlexNet", "lenet-5": "LeNet-5"}
NAMES = {
    "full": "full 3 × 3",
    "grouped": "3 × 3 in 4 groups",
    "separable": "separable",
    "depthwise": "depthwise alone",
    "pointwise": "1 × 1 alone",
}


def draw_spending(nets: Mapping[str, tuple[Mapping[str, float], Mapping[str, float]]]) -> Figure:
    """Draw two bars a net: where its multiply-accumulates go, and where its parameters lie, by kind of layer.

    nets: for each name the shares of SPENT for the one and for the other. Chapter: convolution_cost.
    """
    fig, ax = figures.canvas(7.4, 0.72 * len(nets) + 0.9)
    ticks, names = [], []
    for row, (net, both) in enumerate(nets.items()):
        for half, (what, shares) in enumerate(zip(("MACs", "parameters"), both, strict=True)):
            y, left = row + 0.36 * half, 0.0
            for kind, colour in SPENT.items():
                label = kind if row == half == 0 else None
                ax.barh(y, shares.get(kind, 0), 0.31, left=left, color=colour, label=label)
                left += shares.get(kind, 0)
            ticks.append(y)
            names.append(f"{TITLES.get(net, net)}: {what}" if half == 0 else what)
    ax.set(xlim=(0, 1), ylim=(len(nets) - 0.4, -0.3), xlabel="share of the net")
    ax.set_yticks(ticks, names)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(SPENT), handlelength=1.1, columnspacing=1.3)
    return fig


def mac_ratios(kind: str, widths: Sequence[int]) -> np.ndarray:
    """Products of one kind of layer over those of the full layer, for each width."""
    return np.array([work(kind, SIDE, width).macs / work("full", SIDE, width).macs for width in widths])


def draw_race(widths: Sequence[int], times: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draw time over the full layer's against width, with the ratio of products dashed; a panel for each batch.

    times: for each panel the arrays (seeds, widths) by kind. Chapter: convolution_cost.
    """
    fig, axes = figures.canvas(7.6, 3.7, columns=len(times), sharey=True)
    for ax, (title, found) in zip(np.atleast_1d(axes), times.items(), strict=True):
        for i, (kind, values) in enumerate(found.items()):
            colour, middle = figures.CYCLE[i], np.median(values, 0)
            ax.fill_between(widths, values.min(0), values.max(0), color=colour, alpha=0.15, linewidth=0)
            ax.plot(widths, middle, "o-", color=colour, label=f"{NAMES[kind]}, time")
            ax.plot(widths, mac_ratios(kind, widths), "--", color=colour, linewidth=1.2, label="its products")
        ax.axhline(1, color=figures.INK, linewidth=0.8)
        ax.set(xscale="log", yscale="log", xlabel="channels", title=title)
        ax.set_xticks(widths, widths)
        ax.minorticks_off()
        ax.grid(axis="y")
    axes[0].set(ylabel="over the full layer's")
    axes[0].set_yticks([0.1, 0.2, 0.5, 1, 2, 5, 10], ["0.1", "0.2", "0.5", "1", "2", "5", "10"])
    axes[-1].legend(loc="upper right", fontsize=8)
    return fig


# The roof ------------------------------------------------------------------------------------------------------------


def stored_speeds() -> tuple[float, dict[tuple[str, int, int], float]]:
    """Give the ridge and, for kind, width and batch, the share of the best speed: medians over the stored runs."""
    from .timing import BATCHES, WIDTHS

    found = experiments.load("convolution_variants", "layer_race")
    speeds = {
        (kind, width, batch): float(np.median(np.array(found[f"speed_{kind}_{batch}"])[:, place]))
        for kind in KINDS
        for batch in BATCHES
        for place, width in enumerate(WIDTHS)
    }
    return float(np.median(found["ridge"])), speeds


def draw_roof(ridge: float, speeds: Mapping[tuple[str, int, int], float], kind: str, width: int, batch: int) -> Figure:
    """Draw what was reached against operations for each byte moved, under the roof of memory; one layer in orange.

    Chapter: convolution_cost.
    """
    fig, ax = figures.canvas(6.6, 3.6)
    x = np.geomspace(0.4, 800, 200)
    ax.plot(x, roof(x, ridge), color=figures.INK, linewidth=1.4)
    for (name, channels, pictures), share in speeds.items():
        place = work(name, SIDE, channels, batch=pictures).intensity
        here = (name, channels, pictures) == (kind, width, batch)
        look = {"color": figures.ORANGE if here else figures.GREY, "markersize": 11 if here else 4}
        ax.plot(place, share, "o", alpha=1 if here else 0.55, zorder=3 if here else 2, **look)
    ax.set(xscale="log", yscale="log", xlim=(0.4, 800), ylim=(0.008, 2.2))
    ax.set_xticks([1, 10, 100], ["1", "10", "100"])
    ax.set_yticks([0.01, 0.1, 1], ["1 %", "10 %", "100 %"])
    ax.minorticks_off()
    ax.set(xlabel="operations for each byte moved", ylabel="speed, large matrix product = 100 %")
    now = work(kind, SIDE, width, batch=batch)
    said = (
        f"{NAMES[kind]}, {width} channels, batch {batch}: {now.macs / 1e6:,.3g} million MACs, {now.weights:,} weights"
    )
    ax.set_title(said)
    return fig


def say_roof(ridge: float, speeds: Mapping[tuple[str, int, int], float], kind: str, width: int, batch: int) -> str:
    """Say what `draw_roof` shows."""
    now, share = work(kind, SIDE, width, batch=batch), speeds[kind, width, batch]
    return (
        f"{NAMES[kind]}, {width} channels, batch {batch}: {now.macs:,} multiply-accumulates, "
        f"{now.intensity:.1f} operations for each byte moved. The roof allows {float(roof(now.intensity, ridge)):.0%} "
        f"of the speed of a large matrix product, {share:.0%} were reached."
    )


# Counts and sizes ----------------------------------------------------------------------------------------------------


def group_of(count: int) -> str:
    """Name the kind of a number of filters: a power of two, another multiple of 16, or neither."""
    if count & (count - 1) == 0:
        return "power of two"
    return "other multiple of 16" if count % 16 == 0 else "neither"


def draw_filter_counts(counts: Sequence[int], panels: Mapping[str, np.ndarray]) -> Figure:
    """Draw time per filter over that of 64 filters: a dot a run, a bar at the median, coloured by kind of number.

    panels: arrays (seeds, counts) by title. Chapter: convolution_cost.
    """
    colours = {"power of two": figures.BLUE, "other multiple of 16": figures.GREEN, "neither": figures.ORANGE}
    fig, axes = figures.canvas(7.6, 3.3, columns=len(panels), sharey=True)
    for ax, (title, values) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        for place, count in enumerate(counts):
            colour = colours[group_of(count)]
            ax.bar(place, np.median(values[:, place]) - 1, 0.72, bottom=1, color=colour, alpha=0.35)
            ax.plot(np.full(len(values), place), values[:, place], "o", color=colour, markersize=3)
        ax.axhline(1, color=figures.INK, linewidth=0.8)
        ax.set_xticks(range(len(counts)), counts)
        ax.set(title=title, xlabel="filters")
    _keys(np.atleast_1d(axes)[0], colours)
    np.atleast_1d(axes)[0].set_ylabel("time per filter, 64 filters = 1")
    return fig


def _keys(ax: Axes, colours: Mapping[str, str]) -> None:
    for name, colour in colours.items():
        ax.plot([], [], "o", color=colour, label=name)
    ax.legend(loc="upper left", fontsize=8, handletextpad=0.2)


SIZES = {"1": figures.SKY, "3": figures.BLUE, "5": figures.GREEN, "7": figures.ORANGE, "other": figures.GREY}


def size_name(height: int, width: int) -> str:
    """Sort a window into the names of SIZES; what is not square is "other"."""
    return str(height) if height == width and str(height) in SIZES else "other"


def by_position(nets: Mapping[str, Sequence], parts: int = 4) -> tuple[list[str], np.ndarray]:
    """Average over nets the shares of window sizes in the first layer and in equal parts of the others, in order.

    A net with too few layers for a part is left out there.
    Returns the names of the positions and shares (positions, sizes). Chapter: convolution_cost.
    """
    sizes, shares = list(SIZES), np.full((len(nets), parts + 1, len(SIZES)), np.nan)
    for net, convs in zip(shares, nets.values(), strict=True):
        for place, group in enumerate([[0], *np.array_split(np.arange(1, len(convs)), parts)]):
            if len(group):
                found = [sizes.index(size_name(convs[i].height, convs[i].width)) for i in group]
                net[place] = np.bincount(found, minlength=len(sizes)) / len(found)
    names = ["first layer", *(f"part {i} of {parts}" for i in range(1, parts + 1))]
    return names, np.nanmean(shares, 0)


def draw_positions(nets: Mapping[str, Sequence]) -> Figure:
    """Draw the window sizes of published nets by the place of the layer in the net. Chapter: convolution_cost."""
    names, shares = by_position(nets)
    fig, ax = figures.canvas(7.2, 2.9)
    left = np.zeros(len(names))
    for size, colour in SIZES.items():
        part = shares[:, list(SIZES).index(size)]
        label = size if size == "other" else f"{size} × {size}"
        ax.barh(range(len(names)), part, 0.7, left=left, color=colour, label=label)
        left += part
    ax.set_yticks(range(len(names)), names)
    ax.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5), xlabel="share of the convolution layers, mean over the nets")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(SIZES), handlelength=1.1, columnspacing=1.3)
    return fig


def draw_widths(widths: Sequence[int], panels: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw accuracy on the training and on the test pictures against the number of filters; a panel for each case.

    panels: (training, test), each (seeds, widths), by title. Chapter: convolution_cost.
    """
    fig, axes = figures.canvas(7.6, 3.2, columns=len(panels), sharey=True)
    for ax, (title, (train, test)) in zip(axes, panels.items(), strict=True):
        for values, name, colour, style in (
            (train, "training", figures.ORANGE, "--"),
            (test, "test", figures.BLUE, "-"),
        ):
            ax.plot(widths, values.mean(0), "o", linestyle=style, color=colour, label=name)
            ax.fill_between(widths, values.min(0), values.max(0), color=colour, alpha=0.15, linewidth=0)
        ax.set(xscale="log", xlabel="filters in the first layer", title=title)
        ax.set_xticks(widths, widths)
        ax.minorticks_off()
        ax.grid(axis="y")
    axes[0].set_ylabel("accuracy")
    axes[0].legend(loc="lower right")
    return fig
