"""The pictures of the chapter why_normalization. Plain functions: stored numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures
from cvnotes.figures.style import STYLE

from . import amplifying, landscape, shift, sweeps

Stored = Mapping[str, np.ndarray]

WIDTH = 5.2  # inches: panels stand above each other, so that a phone shows them large enough

LOOK = {
    "plain": (figures.ORANGE, "s"),
    "before": (figures.BLUE, "o"),
    "after": (figures.GREEN, "^"),
    "restless": (figures.GREEN, "^"),
}
LIGHTS = (1.0, 0.5, 0.25)  # contrasts that are shown
NAMES = {"plain": "plain", "before": "BN", "after": "BN after", "restless": "BN + noise"}


def band(ax: Axes, x: Sequence[float], runs: np.ndarray, kind: str, marked: bool = True) -> None:
    """Draw the mean over seeds (seeds, n) as a line, and all seeds as a band around it."""
    colour, marker = LOOK[kind]
    ax.plot(x, runs.mean(0), color=colour, marker=marker if marked else None, label=NAMES[kind])
    ax.fill_between(x, runs.min(0), runs.max(0), color=colour, alpha=0.16, linewidth=0)


def rate_axis(ax: Axes, rates: Sequence[float], name: str = "learning rate") -> None:
    """Make the x axis logarithmic, with every other rate written out."""
    ax.set_xscale("log")
    ax.set_xticks(rates[::2], [f"{rate:g}" for rate in rates[::2]])
    ax.minorticks_off()
    ax.set_xlabel(name)


def smooth(runs: np.ndarray, width: int) -> np.ndarray:
    """Average every `width` neighbours along the last axis; what fills no whole window is left out."""
    runs = np.asarray(runs, dtype=float)
    kept = runs.shape[-1] // width * width
    return runs[..., :kept].reshape(*runs.shape[:-1], -1, width).mean(-1)


def lights(picture: np.ndarray, accuracy: np.ndarray) -> Figure:
    """Show one digit under nine of the lights, with the share of test digits that is read under that light above it."""
    shown, titles, brightest = [], [], max(shift.CONTRASTS) + max(shift.OFFSETS)
    for o, offset in enumerate(shift.OFFSETS):
        for contrast in LIGHTS:
            shown.append(shift.relit(picture[None], contrast, offset)[0] / brightest)
            titles.append(f"{contrast:g} x + {offset:g}: {accuracy[shift.CONTRASTS.index(contrast), o]:.0%}")
    return figures.image_grid(shown, titles, columns=len(LIGHTS), scale=1.35)


def moments(found: Stored) -> Figure:
    """Follow mean and variance of what enters the third convolution, on fixed pictures, step by step."""
    fig, axes = figures.canvas(WIDTH, 4.6, rows=2, sharex=True)
    for ax, name in zip(axes, ("mean", "variance"), strict=True):
        for kind in ("plain", "before"):
            runs = found[f"{kind}_{name}"]
            band(ax, range(1, runs.shape[1] + 1), runs, kind, marked=False)
        ax.set(title=f"{name} of the layer's input", ylim=(0, None))
        ax.grid(axis="y")
    axes[1].set_xlabel("step")
    axes[0].legend(loc="upper left")
    return fig


def drift_and_speed(found: Stored, every: int = 10) -> Figure:
    """Set the drift of a layer's input beside the accuracy that the net reaches meanwhile."""
    fig, (upper, lower) = figures.canvas(WIDTH, 5.0, rows=2, sharex=True)
    for kind in ("plain", "before", "restless"):
        for ax, name in ((upper, "drift"), (lower, "train")):
            runs = smooth(found[f"{kind}_{name}"], every)
            band(ax, every * np.arange(1, runs.shape[1] + 1), runs, kind)
    ticks = (0.02, 0.05, 0.1, 0.2, 0.5)
    upper.set(yscale="log", ylim=(0.012, 2.5), title="drift per step, in spreads")
    upper.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    upper.minorticks_off()
    lower.set(xlabel="step", title="accuracy on training batches", ylim=(0, 1.02))
    for ax in (upper, lower):
        ax.grid(axis="y")
    upper.legend(loc="upper left", ncols=3)
    return fig


def spans(found: Stored, net: str, kind: str) -> np.ndarray:
    """Give the range of the loss along each step that was looked at: greatest less least, (seeds, looks)."""
    losses = found[f"{net}_{kind}_losses"]
    return losses.max(-1) - losses.min(-1)


def turns(found: Stored, net: str, kind: str) -> np.ndarray:
    """Give the greatest turn of the gradient along each step, as a share of its length, (seeds, looks)."""
    return found[f"{net}_{kind}_turned"].max(-1)


def landscapes(found: Stored) -> Figure:
    """Draw the range of losses met along each step: the loss itself, and a band from the least to the greatest."""
    fig, axes = figures.canvas(WIDTH, 5.2, rows=2, sharex=True, sharey=True)
    for ax, (net, title) in zip(axes, (("dense", "dense net, rate 0.1"), ("conv", "ConvNet, rate 0.3")), strict=True):
        for kind in ("plain", "before"):
            losses, colour = found[f"{net}_{kind}_losses"], LOOK[kind][0]
            steps = landscape.EVERY * np.arange(losses.shape[1])
            low, high = losses.min(-1).mean(0), losses.max(-1).mean(0)
            ax.fill_between(steps, low, high, color=colour, alpha=0.3, linewidth=0, label=NAMES[kind])
            ax.plot(steps, losses[..., 0].mean(0), color=colour)
        ax.set(yscale="log", ylabel="loss", title=title)
        ax.grid(axis="y")
    axes[1].set_xlabel("step")
    axes[1].legend(loc="lower left")
    return fig


def rate_sweep(found: Stored, kinds: Sequence[str] = ("plain", "before")) -> Figure:
    """Draw test accuracy against the learning rate, one line for each way."""
    fig, ax = figures.canvas(WIDTH, 3.2)
    for kind in kinds:
        band(ax, sweeps.RATES, found[f"{kind}_test"], kind)
    rate_axis(ax, sweeps.RATES)
    ax.set(ylabel="accuracy on test digits", ylim=(0, 1.02))
    ax.axhline(0.1, color=figures.GREY, linewidth=0.8, linestyle=":")
    ax.grid(axis="y")
    ax.legend(loc="upper left")
    return fig


def cell(found: Stored, rate: float, gain: float) -> Figure:
    """Draw training curves at one learning rate and one initial scale, and where that cell lies among all others."""
    row, column = sweeps.GAINS.index(gain), sweeps.GRID_RATES.index(rate)
    fig, axes = figures.canvas(WIDTH, 4.9, rows=2, columns=2, height_ratios=[1.1, 1])
    left, maps = _across(axes), axes[1]
    epochs = range(1, found["plain_train"].shape[-1] + 1)
    for kind, ax in zip(sweeps.BOTH, maps, strict=True):
        band(left, epochs, found[f"{kind}_train"][:, row, column], kind)
        ax.imshow(found[f"{kind}_test"].mean(0), cmap="viridis", vmin=0, vmax=1, origin="lower", aspect="auto")
        for colour, width in ((figures.INK, 4.5), ("white", 2)):  # seen on dark cells and on bright ones
            frame = {"markerfacecolor": "none", "markeredgecolor": colour, "markeredgewidth": width}
            ax.plot(column, row, "s", markersize=14, **frame)
        ticks = range(0, len(sweeps.GRID_RATES), 2)
        ax.set_xticks(ticks, [f"{sweeps.GRID_RATES[i]:g}" for i in ticks])
        ax.set_yticks(range(len(sweeps.GAINS)), [f"{gain:g}" for gain in sweeps.GAINS])
        ax.set(xlabel="learning rate", title=f"{NAMES[kind]}: test digits")
    maps[0].set_ylabel("initial scale")
    left.set(xlabel="epoch", title="accuracy in training", ylim=(0, 1.02))
    left.grid(axis="y")
    left.legend(loc="center right")
    return fig


def _across(axes: np.ndarray) -> Axes:
    """Join the first row of axes into one."""
    grid = axes[0, 0].get_gridspec()
    for ax in axes[0]:
        ax.remove()
    with mpl.rc_context(STYLE):
        return axes[1, 0].figure.add_subplot(grid[0, :])


def says_cell(found: Stored, rate: float, gain: float) -> str:
    """Put `cell` into words."""
    row, column = sweeps.GAINS.index(gain), sweeps.GRID_RATES.index(rate)
    last = {kind: found[f"{kind}_train"][:, row, column, -1].mean() for kind in sweeps.BOTH}
    test = {kind: found[f"{kind}_test"][:, row, column].mean() for kind in sweeps.BOTH}
    told = [f"ends at {last[kind]:.0%} in training and {test[kind]:.0%} on test digits" for kind in sweeps.BOTH]
    start = f"Learning rate {rate:g}, initial weights {gain:g} times those of He."
    return f"{start} The plain net {told[0]}; the net with BN {told[1]}."


def sigmoids(found: Stored) -> Figure:
    """Draw the training of eight layers of sigmoids, as they are and normalized, and two other remedies."""
    names = {"before": "BN", "tanh": "tanh, plain", "gain": "weights × 4", "plain": "plain"}
    lines = {words: found[f"{way}_train"] for way, words in names.items()}
    fig, ax = figures.canvas(5.6, 3.3)
    figures.curves(
        range(1, found["plain_train"].shape[1] + 1), lines, xlabel="epoch", ylabel="accuracy in training", ax=ax
    )
    ax.set_ylim(0, 1.02)
    return fig


def nudges(found: Stored) -> Figure:
    """Follow a nudge of the first layer down ReLU nets of three weight gains, and down the normalized net."""
    fig, axes = figures.canvas(WIDTH, 5.2, rows=2, sharex=True)
    layers = np.arange(1, amplifying.DEPTH + 1)
    for ax, key, title in zip(axes, ("change", "share"), ("size of the nudge", "its share of the signal"), strict=True):
        plain, normal = found[f"relu_plain_{key}"].mean(0), found[f"relu_before_{key}"].mean(0)
        for line, gain, style in zip(plain, amplifying.WEIGHT_GAINS, (":", "--", "-"), strict=True):
            ax.plot(layers, line, color=figures.ORANGE, linestyle=style, label=f"plain, gain {gain:g}")
        ax.plot(layers, normal[0], color=figures.BLUE, marker="o", label="BN, any gain")
        ax.set(yscale="log", title=title)
        ax.grid(axis="y")
    axes[1].set(ylim=(3e-3, 10), xlabel="layer")
    axes[1].legend(loc="upper left", ncols=2)
    return fig


def companies(found: Stored) -> Figure:
    """Draw the loss on test digits by the size of the company: batches with and without normalization, and groups."""
    fig, (left, right) = figures.canvas(5.6, 3.4, columns=2, sharey=True, width_ratios=[1.2, 1])
    places = np.arange(3)
    for kind, move in (("plain", -0.1), ("before", 0.1)):
        runs = np.column_stack([found[f"{kind}_{batch}_test_loss"] for batch in (8, 32, 256)])
        _dots(left, places + move, runs, kind, NAMES[kind])
    groups = [found[f"groups_{size}_test_loss"] for size in (8, 32)] + [found["before_256_test_loss"]]
    _dots(right, places, np.column_stack(groups), "before", "BN")
    left.set(xlabel="batch", ylabel="loss on test digits", title="smaller batches")
    right.set(xlabel="group", title="256, in groups")
    for ax in (left, right):
        ax.set_xticks(places, ["8", "32", "256"])
        ax.set_xlim(-0.5, 2.5)
        ax.grid(axis="y")
    right.legend(*left.get_legend_handles_labels(), loc="upper left")
    return fig


def _dots(ax: Axes, x: np.ndarray, runs: np.ndarray, kind: str, name: str) -> None:
    colour, marker = LOOK[kind]
    ax.plot(np.broadcast_to(x, runs.shape).ravel(), runs.ravel(), "o", color=colour, markersize=2.6, alpha=0.6)
    ax.plot(x, runs.mean(0), color=colour, marker=marker, markersize=7, linestyle="none", label=name)


def differences(rows: Mapping[str, object]) -> Figure:
    """Draw differences of accuracy (`order.Difference` by name) with their 95 % intervals, a dot for every seed."""
    fig, ax = figures.canvas(5.6, 0.6 * len(rows) + 0.9)
    for i, found in enumerate(rows.values()):
        ax.plot(100 * found.seeds, np.full(len(found.seeds), i), "o", color=figures.GREY, markersize=3.4)
        ax.plot([100 * found.low, 100 * found.high], [i, i], color=figures.BLUE, linewidth=5, alpha=0.35)
        ax.plot(100 * found.mean, i, "D", color=figures.BLUE, markersize=7)
    ax.axvline(0, color=figures.INK, linewidth=0.8)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel="accuracy: after less before, in points", ylim=(len(rows) - 0.5, -0.5))
    ax.grid(axis="x")
    return fig


def costs(ratios: np.ndarray, names: Sequence[str]) -> Figure:
    """Draw how many times longer a step takes with normalization, (seeds, nets), with the notes' 1.3 on the axis."""
    fig, ax = figures.canvas(5.6, 0.42 * len(names) + 0.9)
    figures.bars(dict(zip(names, ratios.T, strict=True)), xlabel="time of a step with BN / without", ax=ax)
    ax.set_xticks([0, 0.5, 1, 1.3, 2], ["0", "0.5", "1", "1.3\n(notes)", "2"])
    return fig
