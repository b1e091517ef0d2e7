"""The pictures of the chapter initialization. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures

from .depth import Passed, mean_squares, stack, through
from .schemes import SCHEMES

WIDE, ROWS = 256, 64  # of the layers to play with, and of the batch
DEPTHS, PLAYED = (5, 10, 20), ("tanh", "ReLU", "sigmoid")
SCALES = {
    "0.01": 0.01 * WIDE**0.5,
    "½ · 1/√n": 0.5,
    "1/√n": 1.0,
    "√2/√n (He)": 2**0.5,
    "2/√n": 2.0,
}  # deviation of a weight, in units of 1/√n
FLOOR, ROOF = -10, 4  # powers of ten on the axis of sizes
BINS = np.linspace(FLOOR, ROOF, 57)


# The figure to play with ----------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=len(DEPTHS) * len(PLAYED) * len(SCALES))
def played(depth: int, activation: str, scale: str) -> Passed:
    """Send 64 standard normal rows through layers of 256 units whose weights have one of `SCALES`, and back."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(ROWS, WIDE)).astype("float32")
    factor = SCALES[scale]
    weights = [(factor * w).astype("float32") for w in stack("1/√n", [WIDE] * (depth + 1), rng)]
    return through(x, weights, activation, rng)


def shares(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Sort sizes into bins of powers of ten, out of range at the ends: (shares of all, share that is exactly zero)."""
    sizes = np.abs(values[values != 0].astype(float))
    logs = np.clip(np.log10(sizes), FLOOR, ROOF - 1e-9)
    return np.histogram(logs, BINS)[0] / values.size, float(np.mean(values == 0))


def draw_layers(depth: int, activation: str, scale: str) -> Figure:
    """Draw histograms of the sizes of activations and gradients, one ridge for each layer, the first on top.

    The dot on a ridge is the root mean square. Chapter: initialization.
    """
    found = played(depth, activation, scale)
    fig, axes = figures.canvas(5.6, 4.6, columns=2, sharey=True)
    shown = sorted({1, *np.linspace(1, depth, min(depth, 10)).round().astype(int).tolist()})
    for ax, volumes, name, colour in (
        (axes[0], found.activations, "activations", figures.BLUE),
        (axes[1], found.gradients, "gradients", figures.ORANGE),
    ):
        for place, layer in enumerate(shown):
            _ridge(ax, volumes[layer], -place, colour)
        ax.set_title(name, fontsize=12)
        ax.set(xlim=(FLOOR, ROOF), yticks=-np.arange(len(shown)), yticklabels=shown, ylim=(-len(shown) + 0.7, 1.25))
        ax.set_xticks([-8, -4, 0, 4], ["$10^{-8}$", "$10^{-4}$", "1", "$10^{4}$"])
        ax.tick_params(labelsize=11)
        ax.axvline(0, color=figures.GREY, linewidth=0.7, zorder=0)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
    axes[0].set_ylabel("layer", fontsize=11)
    return fig


def _ridge(ax: Axes, values: np.ndarray, base: float, colour: str) -> None:
    """One histogram on its own base line, and its root mean square as a dot."""
    height, _ = shares(values)
    middles = (BINS[1:] + BINS[:-1]) / 2
    top = 0.92 * height / max(height.max(), 1e-9)
    ax.fill_between(middles, base, base + top, color=colour, alpha=0.4, linewidth=0, step="mid")
    ax.plot([FLOOR, ROOF], [base, base], color=figures.GREY, linewidth=0.5)
    size = np.sqrt(mean_squares([values])[0])
    if size > 0:
        ax.plot(np.clip(np.log10(size), FLOOR, ROOF), base, "o", color=figures.INK, markersize=4, clip_on=False)


def say_layers(depth: int, activation: str, scale: str) -> str:
    """Put `draw_layers` into words."""
    found = played(depth, activation, scale)
    ends = [_power(found.activations[-1]), _power(found.gradients[1])]
    zero = shares(found.activations[-1])[1]
    more = f" {zero:.0%} of the last activations are zero." if zero > 0.2 else ""
    return (
        f"{depth} layers of {activation}, weights of size {scale}. From an input of size 1, the last layer hands on "
        f"{ends[0]}; a gradient of size 1 at the end arrives at the first layer as {ends[1]}.{more}"
    )


def _power(values: np.ndarray) -> str:
    """The root mean square in words: a number near one, a power of ten far from it."""
    size = float(np.sqrt(mean_squares([values])[0]))
    if size == 0:
        return "exactly zero"
    return f"about {size:.1f}" if 0.05 < size < 50 else f"about 10 to the {np.log10(size):.0f}".replace("-", "−")


# Sizes by layer -------------------------------------------------------------------------------------------------------


def draw_sizes(found: Mapping[tuple[str, str], tuple[np.ndarray, np.ndarray]], activations: Sequence[str]) -> Figure:
    """Draw root mean squares by layer: one column for each activation, activations above, gradients below.

    found: for (scheme, activation) the mean squares of activations and gradients, (layers + 1,) each.
    """
    fig, axes = figures.canvas(6.0, 4.8, rows=2, columns=len(activations), sharex=True, sharey=True)
    for column, activation in zip(axes.T, activations, strict=True):
        for scheme, colour, marker in zip(SCHEMES, figures.CYCLE, "os^D", strict=False):
            for ax, squares in zip(column, found[scheme, activation], strict=True):
                powers = np.log10(np.sqrt(np.maximum(squares, 1e-30)))
                ax.plot(powers, color=colour, marker=marker, markersize=4, label=scheme, clip_on=True)
                ax.axhline(0, color=figures.GREY, linewidth=0.6, zorder=0)
        column[0].set_title(activation, fontsize=12)
        column[1].set_xlabel("layer", fontsize=11)
    for ax, name in zip(axes[:, 0], ("activations", "gradients"), strict=True):
        ax.set_ylabel(name, fontsize=11)
        ax.set_yticks([-8, -4, 0], ["$10^{-8}$", "$10^{-4}$", "1"])
        ax.set_ylim(-9, 2)
    handles, names = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, names, loc="outside upper center", ncols=4, fontsize=11)
    return fig


def draw_growth(counts: Sequence[int], found: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the variance of a sum against the number of its inputs, for each size of the weights."""
    fig, ax = figures.canvas(5.4, 3.0)
    for (name, values), colour, marker in zip(found.items(), figures.CYCLE, "os^", strict=False):
        ax.plot(counts, values, color=colour, marker=marker, label=name)
    ax.set(xscale="log", yscale="log", xlabel="inputs", ylabel="variance of the sum")
    ax.set_xticks(counts, [f"{n:,}" for n in counts])
    ax.minorticks_off()
    ax.legend()
    return fig


def draw_spectra(spectra: Mapping[str, np.ndarray]) -> Figure:
    """Draw the singular values of products of matrices, largest first, on a logarithmic axis."""
    fig, ax = figures.canvas(5.4, 3.0)
    for (name, values), colour in zip(spectra.items(), figures.CYCLE, strict=False):
        ax.plot(np.arange(1, len(values) + 1), np.log10(np.maximum(values, 1e-12)), color=colour, label=name)
    ax.set_yticks([-8, -4, 0], ["$10^{-8}$", "$10^{-4}$", "1"])
    ax.set(xlabel="direction, most stretched first", ylabel="length after ten layers", ylim=(-9, 2))
    ax.legend()
    return fig


# Training -------------------------------------------------------------------------------------------------------------


def draw_epochs(found: Mapping[str, Mapping[str, np.ndarray]], never: int) -> Figure:
    """Draw epochs to the goal, a panel for each depth, a bar for each start; `never` marks those not there in time.

    found: for each panel and start the epochs of every seed.
    """
    fig, axes = figures.canvas(5.8, 3.2, columns=len(found), sharey=True)
    for ax, (title, starts) in zip(np.atleast_1d(axes), found.items(), strict=True):
        for i, (runs, colour) in enumerate(zip(starts.values(), figures.CYCLE, strict=False)):
            ax.bar(i, runs.mean(), 0.7, color=colour, alpha=0.35)
            ax.plot(i + np.linspace(-0.2, 0.2, len(runs)), np.sort(runs), "o", color=colour, markersize=4)
        ax.set_xticks(range(len(starts)), list(starts), fontsize=10.5)
        ax.set_title(title, fontsize=11)
        ax.axhline(never, color=figures.GREY, linewidth=0.8, linestyle=":")
        ax.grid(axis="y")
    first = np.atleast_1d(axes)[0]
    first.set_ylabel("epochs", fontsize=11)
    first.annotate("not in time", (0.02, never), xycoords=("axes fraction", "data"), xytext=(0, 3),
                   textcoords="offset points", fontsize=9)  # fmt: skip
    first.set_ylim(0, never * 1.12)
    return fig


def draw_kernels(before: np.ndarray, after: np.ndarray) -> Figure:
    """Draw first-layer kernels (h, w, 1, n): above as they were drawn, below as training left them."""
    kernels = [kernels[:, :, 0, i] for kernels in (before, after) for i in range(before.shape[-1])]
    columns = before.shape[-1]
    titles = ["before", *[""] * (columns - 1), "after", *[""] * (columns - 1)]
    return figures.image_grid(kernels, titles, columns=columns, signed=True, scale=0.78)
