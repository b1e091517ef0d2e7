"""The pictures of the page small_filters. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures

from . import fitting
from .blocks import Cost, block, cheaper_from, cost
from .fitting import Fit, fitted

LOOK = {"one": (figures.ORANGE, "s"), "stack": (figures.BLUE, "o"), "linear": (figures.GREY, "D")}
WORDS = {"one": "one 7 × 7, ReLU", "stack": "three 3 × 3, ReLU", "linear": "a single kernel of 7 × 7"}
ROWS = {"weights": "weights", "macs": "multiply-adds", "kept": "values kept to train", "peak": "values alive at once"}
DEPTHS, GIVEN, WIDTHS = (2, 3, 4), (3, 16, 28, 29, 64, 256), (64, 128)
SIDE = 32

# What a stack costs --------------------------------------------------------------------------------------------------


@functools.cache
def costs(depth: int, given: int, width: int) -> tuple[Cost, Cost]:
    """Count a stack of `depth` layers of 3 x 3, and the one layer that sees as far, without biases."""
    stack = block((3,) * depth, given, width, side=SIDE, bias=False)
    return cost(stack), cost(block((2 * depth + 1,), given, width, side=SIDE, bias=False))


def over(depth: int, given: int, width: int) -> dict[str, float]:
    """Divide what the stack costs by what the one layer costs, by kind of cost."""
    stack, one = costs(depth, given, width)
    return {name: getattr(stack, name) / getattr(one, name) for name in ROWS}


def budget(depth: int, given: int, width: int) -> Figure:
    """Draw the costs of the stack over those of the one layer, and where it becomes cheaper. A figure to play with."""
    fig, (bars, curve) = figures.canvas(7.6, 2.9, columns=2, width_ratios=[1.25, 1])
    for row, share in enumerate(over(depth, given, width).values()):
        colour = figures.BLUE if share <= 1 else figures.ORANGE
        bars.barh(row, share, 0.6, color=colour, alpha=0.45)
        bars.text(max(share, 1) + 0.15, row, f"{share:.2f}", va="center", fontsize=9)
    bars.axvline(1, color=figures.INK, linewidth=1)
    bars.set_yticks(range(len(ROWS)), ROWS.values())
    bars.set(xlim=(0, 13), ylim=(len(ROWS) - 0.5, -0.5), xlabel=f"over those of one {_square(2 * depth + 1)} layer")
    bars.tick_params(axis="y", length=0)
    _even(curve, depth, given / width)
    return fig


def _even(ax: Axes, depth: int, here: float) -> None:
    """Draw the weights of the stack over the layer's against input depth over width, with the place where we are."""
    x, large = np.geomspace(0.015, 6, 200), (2 * depth + 1) ** 2
    ax.plot(x, (9 * x + 9 * (depth - 1)) / (large * x), color=figures.INK)
    ax.plot(here, (9 * here + 9 * (depth - 1)) / (large * here), "o", color=figures.BLUE, markersize=9)
    ax.axhline(1, color=figures.INK, linewidth=0.8)
    ax.axvline(cheaper_from(depth), color=figures.GREEN, linestyle="--", linewidth=1.2)
    ax.text(cheaper_from(depth) * 1.12, 8, f"even at {cheaper_from(depth):.3g}", color=figures.GREEN, fontsize=9)
    ax.set(xscale="log", yscale="log", xlim=(0.015, 6), ylim=(0.1, 20), xlabel="input depth / width")
    ax.set_ylabel("weights, one layer = 1")
    ax.set_xticks([0.05, 0.5, 5], ["0.05", "0.5", "5"])
    ax.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
    ax.minorticks_off()


def _square(size: int) -> str:
    return f"{size} × {size}"


def say_budget(depth: int, given: int, width: int) -> str:
    """Say what `budget` shows."""
    shares = ", ".join(f"{ROWS[name]} {share:.2f}" for name, share in over(depth, given, width).items())
    return (
        f"{depth} layers of 3 × 3 over one of {_square(2 * depth + 1)}, {given} channels in and {width} out: {shares}. "
        f"Weights are even where the input depth is {cheaper_from(depth):.3g} of the width; here it is "
        f"{given / width:.3g}."
    )


def race(widths: Sequence[int], times: Mapping[str, np.ndarray], products: float) -> Figure:
    """Draw time over the one layer's against width, a band over runs for each name, and the products as a line."""
    fig = figures.curves(range(len(widths)), times, xlabel="channels in and out", ylabel="time, one 7 × 7 = 1")
    ax = fig.axes[0]
    ax.axhline(products, color=figures.INK, linestyle="--", linewidth=1)
    ax.text(0.05, products - 0.03, f"the products: {products:.2f}", va="top", fontsize=9)
    ax.axhline(1, color=figures.GREY, linewidth=0.8)
    ax.set_xticks(range(len(widths)), widths)
    ax.set_ylim(bottom=0)
    return fig


# What a stack can make -----------------------------------------------------------------------------------------------


@functools.cache
def nearest(name: str, inner: int) -> Fit:
    """Fit two layers of 3 x 3 to one of the named kernels; each fit is made once."""
    return fitted(fitting.examples()[name], inner)


def made(kernel: str, inner: int) -> Figure:
    """Draw a kernel, the nearest that two small layers make, the rest, and their filters. A figure to play with."""
    wanted, found = fitting.examples()[kernel], nearest(kernel, inner)
    large = [wanted, found.made, wanted - found.made]
    limit = max(float(np.abs(wanted).max()), float(np.abs(found.made).max()))
    fig, axes = figures.canvas(7.6, 2.75, rows=2, columns=6, width_ratios=[2, 2, 2, 1, 1, 1])
    for column, (picture, title) in enumerate(zip(large, ("wanted", "nearest", "what is left"), strict=True)):
        _kernel(_tall(fig, axes, column), picture, limit, title)
    layers = [np.moveaxis(layer, (0, 1), (-2, -1)).reshape(inner, 3, 3) for layer in found.layers]
    for row, small in enumerate(layers):
        for place in range(3):
            ax = axes[row, 3 + place]
            ax.axis("off")
            if place < inner:
                title = ("first layer", "second layer")[row] if place == 0 else ""
                _kernel(ax, small[place], float(np.abs(small).max()), title)
    fig.suptitle(f"{inner} inner channel{'s' * (inner > 1)}: {left(found)} of the energy left", fontsize=10)
    return fig


def local(patches: Sequence[np.ndarray], kernels: Sequence[np.ndarray]) -> Figure:
    """Draw patches of a picture, and below each the kernel that a stack with ReLU is there."""
    fig, axes = figures.canvas(1.5 * len(patches), 3.3, rows=2, columns=len(patches))
    limit = max(float(np.abs(kernel).max()) for kernel in kernels)
    for column, (patch, kernel) in enumerate(zip(patches, kernels, strict=True)):
        axes[0, column].imshow(patch, cmap="gray", vmin=0, vmax=1)
        axes[0, column].set_axis_off()
        axes[0, column].set_title(f"patch {column + 1}", fontsize=9, loc="center")
        _kernel(axes[1, column], kernel, limit, "its kernel")
    return fig


def left(found: Fit) -> str:
    """Put the share of the energy that a fit leaves into words."""
    return f"{found.left:.1%}" if found.left > fitting.DONE else "nothing"


def _tall(fig: Figure, axes: np.ndarray, column: int) -> Axes:
    """Join both rows of a column into one place."""
    grid = axes[0, column].get_gridspec()
    for ax in axes[:, column]:
        ax.remove()
    return fig.add_subplot(grid[:, column])


def _kernel(ax: Axes, picture: np.ndarray, limit: float, title: str) -> None:
    ax.imshow(picture, cmap="PuOr_r", vmin=-limit, vmax=limit)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)
    ax.set_title(title, fontsize=9, loc="center")


def say_made(kernel: str, inner: int) -> str:
    """Say what `made` shows."""
    return (
        f"The kernel “{kernel}” of 5 × 5, the nearest that two layers of 3 × 3 with {inner} inner "
        f"channel{'s' * (inner > 1)} make, and the difference: {left(nearest(kernel, inner))} of the energy is left."
    )


# What a stack fits ---------------------------------------------------------------------------------------------------


def fits(targets: Sequence[str], panels: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draw the share of variance missed, a row a target, a mark a kind with its range over seeds; a panel a source.

    panels: for each title the arrays (seeds, targets) by kind.
    """
    fig, axes = figures.canvas(7.6, 0.4 * len(targets) + 1.3, columns=len(panels), sharex=True, sharey=True)
    for ax, (title, found) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        for kind, values in found.items():
            _marks(ax, np.clip(values, 1e-5, None), kind)
        ax.set(xscale="log", xlim=(5e-6, 4), ylim=(len(targets) - 0.5, -0.5), xlabel="variance missed", title=title)
        ax.set_xticks([1e-4, 1e-2, 1], ["0.01 %", "1 %", "100 %"])
        ax.minorticks_off()
        ax.set_yticks(range(len(targets)), targets)
        ax.grid(axis="y")
    fig.legend(*np.atleast_1d(axes)[0].get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return fig


def _marks(ax: Axes, values: np.ndarray, kind: str) -> None:
    colour, marker = LOOK[kind]
    shift = {"one": -0.16, "stack": 0.16, "linear": 0.0}[kind]
    rows = np.arange(values.shape[1]) + shift
    ax.hlines(rows, values.min(0), values.max(0), color=colour, linewidth=2, alpha=0.45)
    ax.plot(np.median(values, 0), rows, marker, color=colour, linestyle="none", label=WORDS[kind], alpha=0.9)
