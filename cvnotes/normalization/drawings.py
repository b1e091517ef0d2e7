"""The pictures of the page normalization. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from scipy.stats import norm

from cvnotes import figures
from cvnotes.figures.style import sheet

from .batch import batch_norm, batch_norm_gradient, normalize
from .running import share_seen

GAMMAS, BETAS = (0.5, 1.0, 2.0, 5.0), (-1.0, 0.0, 1.0)
SHAPES = ("bell", "one-sided", "two heaps")
SATURATED = 0.95

# A batch on its way through the layer --------------------------------------------------------------------------------


def stations(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> Figure:
    """Draw a small batch (n, channels) as it is, centred, divided by its spread, and with gamma and beta."""
    grids = {
        "a batch x": x,
        "less its mean": x - x.mean(0),
        "over its spread": normalize(x, 0, epsilon=0),
        "times γ, plus β": batch_norm(x, gamma, beta, epsilon=0),
    }
    fig, axes = figures.canvas(4.4, 5.6, rows=2, columns=2)
    colours = (figures.BLUE, figures.ORANGE, figures.GREEN)
    frames = [(0, column, len(x), 1, colours[column % 3]) for column in range(x.shape[1])]
    for ax, (title, grid) in zip(axes.flat, grids.items(), strict=True):
        figures.numbers(np.round(grid, 2) + 0.0, ax=ax, highlight=frames, fmt=".3g")
        ax.set_title(title, fontsize=12)
    return fig


def seen(momenta: Sequence[float], steps: Sequence[int], measured: Mapping[float, Sequence[float]]) -> Figure:
    """Draw the share of batches in a running average: the formula as lines, what a layer did as marks."""
    fig, ax = figures.canvas(6.0, 3.2)
    every = np.arange(max(steps) + 1)
    for i, momentum in enumerate(momenta):
        colour = figures.CYCLE[i]
        ax.plot(every, [share_seen(momentum, int(t)) for t in every], color=colour)
        ax.plot(steps, measured[momentum], figures.style.MARKERS[i], color=colour, markersize=6)
        at = int(steps[len(steps) // 2]) if i else int(steps[1])
        offset, align = ((8, -16), "left") if i else ((6, 6), "left")
        place = (at, share_seen(momentum, at))
        ax.annotate(f"momentum {momentum:g}", place, offset, textcoords="offset points", ha=align, color=colour,
                    fontweight="bold", fontsize=11)  # fmt: skip
    ax.set(xlabel="updates", ylabel="share seen of the data", ylim=(0, 1.08))
    ax.grid(axis="y")
    return fig


# The graph and the gradient ------------------------------------------------------------------------------------------

STEPS = (
    ("1  μ", "mean(x)", "ḡ/n to each"),
    ("2  c", "x − μ", "ḡ to x, −Σḡ to μ"),
    ("3  q", "c²", "2c ḡ"),
    ("4  v", "mean(q)", "ḡ/n to each"),
    ("5  s", "√(v + ε)", "ḡ / 2s"),
    ("6  r", "1 / s", "−ḡ / s²"),
    ("7  x̂", "c · r", "r ḡ to c, Σcḡ to r"),
    ("8  z", "γ · x̂", "γ ḡ to x̂, Σx̂ḡ to γ"),
    ("9  y", "z + β", "ḡ to z, Σḡ to β"),
)
BOX, GAP = (1.5, 0.92), (0.3, 0.62)  # inches


def graph() -> Figure:
    """Draw the nine steps in three rows, with what each does forward (blue) and backward (orange)."""
    wide, tall = 3 * BOX[0] + 2 * GAP[0] + 0.7, 3 * BOX[1] + 2 * GAP[1] + 0.75
    fig, ax = sheet(wide, tall)
    places = [(0.5 + (i % 3) * (BOX[0] + GAP[0]), 0.4 + (i // 3) * (BOX[1] + GAP[1])) for i in range(9)]
    for (x, y), (name, forward, back) in zip(places, STEPS, strict=True):
        box = FancyBboxPatch((x, y), *BOX, boxstyle="round,pad=0,rounding_size=0.1", edgecolor=figures.GREY)
        box.set(facecolor="white", linewidth=1)
        ax.add_patch(box)
        ax.text(x + 0.1, y + 0.2, name, fontsize=11.5, fontweight="bold", va="center")
        ax.text(x + BOX[0] - 0.1, y + 0.2, forward, fontsize=11.5, color=figures.BLUE, va="center", ha="right")
        ax.text(x + BOX[0] / 2, y + 0.62, back, fontsize=9.8, color=figures.ORANGE, va="center", ha="center")
    for i in range(8):
        _link(ax, places[i], places[i + 1])
    x, y = places[0]
    ax.text(x - 0.36, y + BOX[1] / 2, "x", fontsize=13, fontweight="bold", va="center", ha="center")
    _arrow(ax, (x - 0.26, y + BOX[1] / 2), (x, y + BOX[1] / 2))
    top = places[1][0] + BOX[0] / 2
    _polyline(ax, [(x - 0.36, y + 0.32), (x - 0.36, y - 0.2), (top, y - 0.2)])
    _arrow(ax, (top, y - 0.2), (top, y))
    c, x_hat = places[1], places[6]
    left = 0.22
    rail = c[1] + BOX[1] + 0.2
    _polyline(ax, [(c[0] + 0.4, c[1] + BOX[1]), (c[0] + 0.4, rail), (left, rail), (left, x_hat[1] + BOX[1] / 2)])
    _arrow(ax, (left, x_hat[1] + BOX[1] / 2), (x_hat[0], x_hat[1] + BOX[1] / 2))
    return fig


def _link(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    (x0, y0), (x1, y1) = start, end
    if y0 == y1:
        _arrow(ax, (x0 + BOX[0], y0 + BOX[1] / 2), (x1, y1 + BOX[1] / 2))
        return
    rail = y1 - 0.2
    middle = x1 + BOX[0] / 2
    _polyline(ax, [(x0 + BOX[0] / 2, y0 + BOX[1]), (x0 + BOX[0] / 2, rail), (middle, rail)])
    _arrow(ax, (middle, rail), (middle, y1))


def _polyline(ax: Axes, points: Sequence[tuple[float, float]]) -> None:
    ax.plot(*np.transpose(points), color=figures.GREY, linewidth=1.3, zorder=0, solid_joinstyle="round")


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"color": figures.GREY, "linewidth": 1.3, "mutation_scale": 10, "shrinkA": 0, "shrinkB": 0, "zorder": 0}
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", **style))


def three_parts(x: np.ndarray, upstream: np.ndarray) -> Figure:
    """Draw for one channel (n,) what comes from above, the two parts that are taken out, and what is left."""
    x_hat = normalize(x[:, None], 0, 0)[:, 0]
    mean, along = upstream.mean(), (upstream * x_hat).mean()
    left = batch_norm_gradient(x[:, None], upstream[:, None], epsilon=0)[0][:, 0] * x.std()
    parts = {"from above": upstream, "its mean": np.full(len(x), mean), "its part along x̂": along * x_hat, "left": left}
    fig, axes = figures.canvas(6.6, 4.0, rows=2, columns=2, sharex=True, sharey=True)
    colours = (figures.INK, figures.GOLD, figures.PURPLE, figures.BLUE)
    for ax, (title, values), colour in zip(axes.flat, parts.items(), colours, strict=True):
        ax.axhline(0, color=figures.GREY, linewidth=0.8)
        ax.vlines(x_hat, 0, values, color=colour, linewidth=3)
        ax.plot(x_hat, values, "o", color=colour, markersize=6)
        ax.set_title(title, fontsize=12)
        ax.grid(axis="y")
    for ax in axes[1]:
        ax.set_xlabel("x̂ of the example", fontsize=11)
    return fig


# What gamma and beta do in front of tanh -----------------------------------------------------------------------------


def quantiles(shape: str, count: int = 4000) -> np.ndarray:
    """Numbers spread as a bell, as an exponential (one-sided) or as two heaps, (count,): quantiles, no chance in it.

    Raises ValueError for another shape. Chapter: normalization.
    """
    u = (np.arange(count) + 0.5) / count
    if shape == "bell":
        return norm.ppf(u)
    if shape == "one-sided":
        return -np.log(1 - u)
    if shape == "two heaps":
        return np.concatenate([norm.ppf(u[::2], -2, 0.6), norm.ppf(u[::2], 2, 0.6)])
    raise ValueError(f"shape must be one of {', '.join(SHAPES)}. Received: shape={shape!r}")


def saturated(values: np.ndarray) -> float:
    """The share of numbers whose tanh is beyond 0.95 on either side: there tanh hardly answers any more."""
    return float(np.mean(np.abs(np.tanh(values)) > SATURATED))


def through_tanh(shape: str, gamma: float, beta: float) -> Figure:
    """Draw how raw numbers are spread, what batch normalization makes of them, and what tanh then puts out."""
    raw = quantiles(shape)
    y = batch_norm(raw[:, None], gamma, beta)[:, 0]
    panels = (
        ("raw", raw, None, figures.GREY),
        ("γ x̂ + β", y, (-8, 8), figures.BLUE),
        ("tanh", np.tanh(y), (-1.02, 1.02), figures.ORANGE),
    )
    fig, axes = figures.canvas(6.6, 2.5, columns=3)
    for ax, (title, values, span, colour) in zip(axes, panels, strict=True):
        ax.hist(values, bins=40, range=span, color=colour)
        ax.set_title(title, fontsize=12)
        ax.set(yticks=[], xlim=span)
        ax.spines["left"].set_visible(False)
    axes[2].set_title(f"tanh: {saturated(y):.0%} saturated", fontsize=12)
    return fig


def says_through_tanh(shape: str, gamma: float, beta: float) -> str:
    """Put `through_tanh` into words."""
    y = batch_norm(quantiles(shape)[:, None], gamma, beta)[:, 0]
    return (
        f"Numbers spread as {shape}, normalized, with a standard deviation of {gamma:g} and a mean of {beta:g}: "
        f"their shape is that of the raw numbers, and {saturated(y):.0%} of them drive tanh beyond {SATURATED} on "
        "either side."
    )


def shapes(columns: Mapping[str, np.ndarray]) -> Figure:
    """Draw histograms of normalized numbers, each beside the bell curve."""
    fig, axes = figures.canvas(6.6, 2.3, columns=len(columns), sharey=True, sharex=True)
    line = np.linspace(-3, 5, 200)
    for ax, (title, values) in zip(axes, columns.items(), strict=True):
        ax.hist(normalize(np.ravel(values)[:, None], 0)[:, 0], 50, range=(-3, 5), density=True, color=figures.SKY)
        ax.plot(line, norm.pdf(line), color=figures.INK, linewidth=1.3)
        ax.set_title(title, fontsize=11.5)
        ax.set(yticks=[], xlim=(-3, 5))
        ax.spines["left"].set_visible(False)
    return fig


# What the layer ties together, and what it leaves free --------------------------------------------------------------


def companions(answers: Mapping[str, np.ndarray], still: float) -> Figure:
    """Draw what one example's number becomes in many batches, a row of dots for each batch size, and in inference."""
    fig, ax = figures.canvas(6.2, 0.6 * len(answers) + 1.1)
    dice = np.random.default_rng(0)
    for row, values in enumerate(answers.values()):
        ax.plot(values, row + dice.uniform(-0.2, 0.2, len(values)), "o", color=figures.BLUE, markersize=3.5, alpha=0.45)
    ax.plot([still, still], [-0.5, len(answers) - 0.5], color=figures.ORANGE, linewidth=2.2)
    ax.annotate("inference", (still, -0.5), (0, 4), textcoords="offset points", ha="center", color=figures.ORANGE,
                fontweight="bold", fontsize=11)  # fmt: skip
    ax.set_yticks(range(len(answers)), answers, fontsize=11)
    ax.set(xlabel="what the layer makes of the same number", ylim=(len(answers) - 0.4, -0.9))
    return fig


def held_and_free(walks: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw lengths of weight columns (left) and spreads of what reaches the ReLU (right) over SGD steps.

    walks: for each name lengths (steps + 1, units) and spreads (steps, units).
    """
    fig, (left, right) = figures.canvas(6.6, 3.0, columns=2)
    for i, (name, (lengths, spreads)) in enumerate(walks.items()):
        for ax, values in ((left, lengths / lengths[0]), (right, spreads)):
            steps, colour = np.arange(len(values)), figures.CYCLE[i]
            ax.fill_between(steps, values.min(1), values.max(1), color=colour, alpha=0.18, linewidth=0)
            ax.plot(steps, values.mean(1), color=colour, linestyle=figures.style.DASHES[i], label=name)
    left.set_title("length of weights", fontsize=11.5)
    right.set_title("spread before the ReLU", fontsize=11.5)
    for ax in (left, right):
        ax.set(xlabel="SGD steps")
        ax.grid(axis="y")
    left.set_ylabel("beside the start")
    left.legend(loc="upper left")
    return fig


def between_layers(found: Mapping[str, np.ndarray], steps: Sequence[int]) -> Figure:
    """Draw blocks of second derivatives over training: their size, and their size beside each layer's own."""
    fig, axes = figures.canvas(6.6, 3.0, columns=2)
    titles = {"across": "size between layers", "shared": "beside a layer's own"}
    ticks = ((0.03, 0.05, 0.1, 0.2), (0.7, 1, 2, 4))
    for ax, (key, title), marked in zip(axes, titles.items(), ticks, strict=True):
        for i, (name, label) in enumerate((("batch", "with batch norm"), ("plain", "without"))):
            values, at = found[f"{name}_{key}"], np.arange(len(steps))
            ax.plot(at, values.mean(0), color=figures.CYCLE[i], marker=figures.style.MARKERS[i], label=label)
            ax.fill_between(at, values.min(0), values.max(0), color=figures.CYCLE[i], alpha=0.18, linewidth=0)
        ax.set_xticks(range(len(steps)), steps)
        ax.set_title(title, fontsize=11.5)
        ax.set(xlabel="SGD steps", yscale="log")
        ax.set_yticks(marked, [f"{tick:g}" for tick in marked])
        ax.yaxis.minorticks_off()
        ax.grid(axis="y")
    axes[0].legend(loc="upper right")
    return fig


def two_modes(found: Mapping[str, np.ndarray], steps: Sequence[int], momenta: Sequence[float]) -> Figure:
    """Draw the accuracy over training steps in inference, for each momentum, and with the test batch's own moments."""
    fig, ax = figures.canvas(6.2, 3.3)
    at = np.arange(len(steps))
    lines = {f"running, momentum {m:g}": found[f"inference_{m:g}"] for m in momenta}
    lines["the batch's own"] = found[f"batch_{momenta[0]:g}"]
    for i, (name, values) in enumerate(lines.items()):
        look = {"color": figures.CYCLE[i], "marker": figures.style.MARKERS[i], "linestyle": figures.style.DASHES[i]}
        ax.plot(at, values.mean(0), label=name, **look)
        ax.fill_between(at, values.min(0), values.max(0), color=figures.CYCLE[i], alpha=0.15, linewidth=0)
    ax.set_xticks(at, steps)
    ax.set(xlabel="training steps", ylabel="accuracy on test digits", ylim=(0, 1.02))
    ax.legend(loc="lower right")
    ax.grid(axis="y")
    return fig
