"""The pictures of the page feature_reuse. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from cvnotes import experiments, figures
from cvnotes.checks import choice

from . import reuse, trials

WORDS = {"untrained": "untrained", "trained": "trained", "decayed": "trained with weight decay"}
MEASURES = {"weight": "mean |w|", "scaled": "mean |γ| |w|", "total": "mean |w| × channels"}
SHOWN = ("as it is", "share of the reader")
ENDS = ("transition", "transition", "classifier")

# Nets of several sizes ----------------------------------------------------------------------------------------------

FAMILIES = {
    "DenseNet": ("dense 4", "dense", "dense 24"),
    "ResNet": ("residual 5", "residual", "residual 20"),
    "DenseNet-C": ("compressed",),
    "DenseNet-BC": ("BC",),
    "summing": ("summed",),
    "plain": ("plain",),
}
COSTS = {
    "parameters": ("parameters", {"10,000": 1e4, "30,000": 3e4, "100,000": 1e5, "300,000": 3e5}),
    "macs": ("multiply-accumulates, millions", {"0.2": 2e5, "0.5": 5e5, "1": 1e6, "2": 2e6, "4": 4e6}),
}


def by_cost(found: Mapping[str, np.ndarray]) -> Figure:
    """Accuracy against parameters and against MACs: a line or a point for each family, with its spread over seeds."""
    fig, axes = figures.canvas(7.6, 3.5, columns=2, sharey=True)
    for ax, (cost, (unit, ticks)) in zip(axes, COSTS.items(), strict=True):
        for i, (family, names) in enumerate(FAMILIES.items()):
            x, runs = [found[f"{name}_{cost}"][0] for name in names], np.array([found[name] for name in names])
            mean = runs.mean(1)
            spread = [mean - runs.min(1), runs.max(1) - mean]
            look = {"color": figures.CYCLE[i], "marker": "os^Dv*"[i], "markersize": 6, "label": family}
            ax.errorbar(x, mean, spread, elinewidth=0.9, capsize=2, **look)
        ax.set(xscale="log", xlabel=unit)
        ax.set_xticks(list(ticks.values()), list(ticks))
        ax.minorticks_off()
        ax.grid(axis="y")
    axes[0].set_ylabel("accuracy on test digits")
    look = {"ncols": 6, "fontsize": 8.5, "columnspacing": 1, "frameon": False}
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", **look)
    return fig


# Heat maps ----------------------------------------------------------------------------------------------------------


@functools.cache
def stored() -> dict[str, np.ndarray]:
    """The stored numbers of `trials.weights`."""
    return experiments.load("densenet", "weights")


def channels() -> np.ndarray:
    """Count the channels of each source of the net that is looked into: (block, source)."""
    layers = (trials.LONG["depth"] - 4) // 3
    found = np.full((3, layers + 1), trials.LONG["growth"])
    found[:, 0] = 16 + layers * trials.LONG["growth"] * np.arange(3)
    return found


def maps(net: str, measure: str, shown: str = SHOWN[0]) -> np.ndarray:
    """Average a stored measure over the seeds, as `reuse.triangles`; or divided by the mean of its reader's sources.

    Raises ValueError for words that are not in `WORDS`, `MEASURES`, `SHOWN`. Chapter: feature_reuse.
    """
    key = choice("measure", measure, MEASURES).replace("total", "weight")
    found = reuse.triangles(stored()[f"{key}_{choice('net', net, WORDS)}"].mean(0))
    found = found * channels()[..., None] if measure == "total" else found
    return found if choice("shown", shown, SHOWN) == SHOWN[0] else found / np.nanmean(found, 1, keepdims=True)


def heat_map(net: str, measure: str, shown: str) -> Figure:
    """Draw the three blocks of a net: sources down, readers across. The figure to play with."""
    found, label = maps(net, measure, shown), MEASURES[measure]
    if shown == SHOWN[0]:
        top = max(np.nanmax(maps(other, measure)) for other in WORDS)  # one scale for all nets
        fig = triangles(found, label, cmap="viridis", vmin=0, vmax=top)
    else:
        ticks = (0.2, 0.5, 1, 2, 5) if measure == "total" else (0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.4)
        fig = triangles(
            found, f"{label}\n(1: the reader's average)", ticks, cmap="PuOr_r", norm=LogNorm(*ticks[:: len(ticks) - 1])
        )
    fig.suptitle(WORDS[net], x=0.02, ha="left", fontsize=11, fontweight="bold")
    return fig


def triangles(found: np.ndarray, label: str, ticks: Sequence[float] | None = None, **look) -> Figure:
    """Draw three maps, (block, source, reader), with one scale of colours; nothing where there is no link."""
    fig, axes = figures.canvas(7.6, 3.15, columns=len(found))
    for block, ax in enumerate(axes):
        drawn = ax.imshow(found[block], **look)
        size = len(found[block])
        ax.set_xticks(range(size), [*map(str, range(1, size)), ENDS[block][0].upper()])
        ax.set_yticks(range(size), ["in", *map(str, range(1, size))])
        ax.set(title=f"block {block + 1}", xlabel="read by layer")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    axes[0].set_ylabel("source")
    bar = fig.colorbar(drawn, ax=axes, shrink=0.75, pad=0.02, aspect=18)
    bar.set_label(label, fontsize=8.5)
    if ticks:
        bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks], minor=False)
        bar.minorticks_off()
    return fig


def says_heat_map(net: str, measure: str, shown: str) -> str:
    """Put `heat_map` into words."""
    found = maps(net, measure, SHOWN[1])
    inputs, last = found[1:, 0, 1:].mean(), found[2, -1, -1]
    return (
        f"Three triangles of colours, one a block: {MEASURES[measure]}, {shown}; net {WORDS[net]}. With the average "
        f"source of a reader as 1, the inputs of blocks 2 and 3 have {inputs:.2f} on average, and the classifier "
        f"gives its last layer {last:.2f}."
    )


# Silence ------------------------------------------------------------------------------------------------------------


def removed(rise: np.ndarray) -> Figure:
    """Draw what each link is worth, (seeds, links): the rise of the loss when it is cut, mean over seeds."""
    found = reuse.triangles(np.asarray(rise).mean(0))
    return triangles(found, "rise of the loss, nats", cmap="magma_r", vmin=0, vmax=np.nanmax(found))


def rising(found: Mapping[str, np.ndarray], shares: Sequence[float]) -> Figure:
    """Draw the rise of the loss against the share of silent channels: inputs and new maps of blocks 2 and 3."""
    fig, axes = figures.canvas(7.6, 3.2, columns=2, sharey=True)
    for i, ax in enumerate(axes):
        part = slice(i * len(shares), (i + 1) * len(shares))
        runs = {"its input": found["input"][:, part], "its new maps": found["new"][:, part]}
        zero = np.zeros((len(found["new"]), 1))
        series = {name: np.hstack([zero, values]) for name, values in runs.items()}
        figures.curves([0, *shares], series, xlabel="silent, as a share of the new maps", ylabel="", ax=ax)
        ax.set_title(f"block {i + 2}")
    axes[0].set_ylabel("rise of the loss, nats")
    return fig
