"""The pictures of the chapter on tuning. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures
from cvnotes.checks import whole
from cvnotes.linear_classifiers.descent import BEND, bowl

from .clipping import clip_by_norm, clip_by_value
from .schedules import KINDS, by_hand
from .search import SAMPLERS

STEPS, START, SHAKE = 150, (-2.6, -1.2), 1.6  # of the noisy bowl
NOISES = {"no noise": 0.0, "noise of small batches": SHAKE}
PLAY_RATES = (0.02, 0.08, 0.2)
LOOK = {"SGD": (figures.BLUE, "o"), "Adam": (figures.ORANGE, "s"), "SGD, batch norm": (figures.GREEN, "^")}


def log_axis(ax: Axes, name: str) -> None:
    """A logarithmic x axis with a name."""
    ax.set_xscale("log")
    ax.minorticks_off()
    ax.set_xlabel(name)


def rate_curves(rate: float, steps: int) -> Figure:
    """All kinds of schedules from one rate."""
    at = np.arange(steps + 1)
    fig, ax = figures.canvas(5.8, 3.4)
    shown = {kind: by_hand(kind, rate, steps)(at) for kind in KINDS}
    figures.curves(at, shown, xlabel="step", ylabel="learning rate", ax=ax)
    for line in ax.lines:
        line.set_marker("")
    return fig


def noisy_path(kind: str, rate: float, noise: float, steps: int = STEPS, seed: int = 0) -> np.ndarray:
    r"""Steps down a bowl whose gradient is seen through noise: (steps + 1, 2), the start included.

    .. math:: w_{t+1} = w_t - \eta_t (A w_t + \sigma \xi_t), \qquad \xi_t \sim \mathrm{N}(0, I)

    The noise of a seed is the same for every schedule. Raises ValueError for fewer than one step.
    Chapter: tuning.
    """
    rates = by_hand(kind, rate, whole("steps", steps, 1))(np.arange(steps))
    shakes = noise * np.random.default_rng(seed).normal(size=(steps, 2))
    places = [np.array(START)]
    for eta, shake in zip(rates, shakes, strict=True):
        places.append(places[-1] - eta * (bowl(places[-1])[1] + shake))
    return np.array(places)


def heights(places: np.ndarray) -> np.ndarray:
    """The loss at each place of a path."""
    return np.einsum("ti,ij,tj->t", places, BEND, places) / 2


def draw_schedule(kind: str, rate: float, noise: str) -> Figure:
    """The rate over time, and the loss of a descent on the bowl with that rate."""
    places = noisy_path(kind, rate, NOISES[noise])
    fig, (top, bottom) = figures.canvas(6.0, 3.9, rows=2, sharex=True, height_ratios=[1, 1.5])
    top.plot(by_hand(kind, rate, STEPS)(np.arange(STEPS)), color=figures.ORANGE, linewidth=2.2)
    top.set(ylabel="rate", ylim=(0, 0.215), yticks=[0, 0.1, 0.2])
    bottom.plot(np.maximum(heights(places), 1e-7), color=figures.BLUE, linewidth=1.4)
    bottom.set(yscale="log", ylim=(1e-7, 30), ylabel="loss", xlabel="step", xlim=(0, STEPS))
    bottom.axhline(mean_end(places), color=figures.GREEN, linestyle="--", linewidth=1.2)
    return fig


def mean_end(places: np.ndarray) -> float:
    """The mean loss over the last tenth of a path."""
    return float(max(heights(places)[-len(places) // 10 :].mean(), 1e-7))


def say_schedule(kind: str, rate: float, noise: str) -> str:
    """Put `draw_schedule` into words."""
    end, still = (mean_end(noisy_path(each, rate, NOISES[noise])) for each in (kind, "constant"))
    beside = "" if kind == "constant" else f", {beside_constant(end / still)} with a constant rate"
    return f"{kind}, rate {rate:g}, {noise}: the loss over the last steps (dashed) is {end:.1g}{beside}."


def beside_constant(ratio: float) -> str:
    """Put the ratio of two losses into words."""
    if 0.8 < ratio < 1.25:
        return "about as"
    times, way = (1 / ratio, "lower") if ratio < 1 else (ratio, "higher")
    return f"{'over 1,000' if times > 1000 else f'{times:.2g}' if times < 100 else f'{times:.0f}'} times {way} than"


def draw_clipping(gradient: tuple[float, float], limit: float) -> Figure:
    """One gradient of two weights, and what is left of it by value (a box) and by norm (a circle)."""
    fig, ax = figures.canvas(5.4, 3.3)
    box = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * limit
    turn = np.linspace(0, 2 * np.pi, 90)
    ax.plot(*box.T, color=figures.ORANGE, linestyle="--", linewidth=1)
    ax.plot(limit * np.cos(turn), limit * np.sin(turn), color=figures.BLUE, linestyle="--", linewidth=1)
    whole_ = [np.array(gradient)]
    arrows = {
        "gradient": (whole_, figures.GREY),
        "by value": (clip_by_value(whole_, limit), figures.ORANGE),
        "by norm": (clip_by_norm(whole_, limit), figures.BLUE),
    }
    for name, ((end,), colour) in arrows.items():
        ax.annotate("", end, (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2})
        ax.annotate(
            name,
            end,
            xytext=(5, -15) if name == "by norm" else (7, 4),
            textcoords="offset points",
            color=colour,
            fontweight="bold",
            fontsize=10,
        )
    ax.set(xlim=(-1.4 * limit, gradient[0] * 1.25), ylim=(-1.4 * limit, 1.5 * limit), aspect="equal")
    ax.set(xlabel="first weight", ylabel="second weight")
    return fig


def ratio_scatter(found: Mapping[str, np.ndarray]) -> Figure:
    """Accuracy against the median update-to-weight ratio, a dot for each run of the rates that kill no net."""
    fig, ax = figures.canvas(5.8, 3.4)
    for family, (colour, marker) in LOOK.items():
        ratio, test = found[f"{family}_ratio"], found[f"{family}_test"]
        alive = (ratio > 1e-7).all(0)  # in no seed a net that has stopped moving
        ax.plot(np.exp(np.log(ratio[:, alive]).mean(0)), test[:, alive].mean(0), color=colour, linewidth=1)
        ax.plot(ratio[:, alive].T, test[:, alive].T, marker, color=colour, markersize=4, alpha=0.7)
        ax.plot([], [], marker, color=colour, label=family)
    ax.axvline(1e-3, color=figures.GOLD, linewidth=6, alpha=0.4, zorder=0)
    log_axis(ax, "median update-to-weight ratio")
    ax.set(ylabel="accuracy on test digits", ylim=(0, 1.02))
    ax.grid(axis="y")
    ax.legend(loc="lower right")
    return fig


def ratio_times(series: Mapping[str, Sequence[float]]) -> Figure:
    """The ratio of each kernel over the steps of one training."""
    fig, ax = figures.canvas(5.8, 3.0)
    for (name, values), colour in zip(series.items(), figures.CYCLE, strict=False):
        smooth = np.convolve(values, np.ones(15) / 15, "valid")
        ax.plot(np.arange(len(smooth)) + 7, smooth, color=colour, linewidth=1.8, label=name)
    ax.axhline(1e-3, color=figures.GOLD, linewidth=6, alpha=0.4, zorder=0)
    ax.set(yscale="log", xlabel="step", ylabel="update-to-weight ratio")
    ax.legend(loc="upper right", ncols=len(series))
    return fig


def batch_curves(found: Mapping[str, np.ndarray], rates: Sequence[float]) -> Figure:
    """Accuracy against the rate, a line for each batch size."""
    fig, ax = figures.canvas(5.8, 3.5)
    for (batch, runs), colour, marker in zip(found.items(), figures.CYCLE, "os^D", strict=False):
        ax.plot(rates, runs.mean(0), color=colour, marker=marker, label=f"batch of {batch}")
        ax.fill_between(rates, runs.min(0), runs.max(0), color=colour, alpha=0.15, linewidth=0)
    log_axis(ax, "learning rate")
    ax.set_xticks(rates, [f"{rate:.3g}" for rate in rates])
    ax.set(ylabel="accuracy on test digits", ylim=(0, 1.02))
    ax.grid(axis="y")
    ax.legend(loc="lower center", ncols=2, bbox_to_anchor=(0.5, 1.0))
    return fig


def noise_curves(batches: Sequence[int], found: Mapping[str, np.ndarray], count: int) -> Figure:
    """How far a batch's gradient lies from that of all digits, and how long it is; log scales, before and after."""
    fig, (left, right) = figures.canvas(6.0, 3.1, columns=2)
    sizes = np.array(batches)
    for when, colour, marker in (("start", figures.BLUE, "o"), ("end", figures.ORANGE, "s")):
        noise = found[f"{when}_noise"]
        left.plot(sizes, noise.T, marker, color=colour, markersize=3.5, alpha=0.6)
        fits = (count - sizes) / (count - 1) / sizes
        left.plot(
            sizes, fits * np.mean(noise / fits), color=colour, label={"start": "untrained", "end": "trained"}[when]
        )
        right.plot(sizes, found[f"{when}_mean"].mean(0), marker, color=colour, linestyle="-")
        right.plot(sizes, sizes * found[f"{when}_mean"].mean(0), marker, color=colour, linestyle=":", fillstyle="none")
    for ax, title in ((left, "squared distance to the whole"), (right, "length of mean and sum")):
        log_axis(ax, "batch size")
        ax.set(yscale="log", title=title)
        ax.set_xticks(sizes, batches)
    for name, factor in (("mean", 1), ("sum", sizes[-1])):
        end = factor * found["end_mean"].mean(0)[-1]
        right.annotate(name, (sizes[-1], end), xytext=(0, 7), textcoords="offset points", ha="right", fontsize=9.5)
    left.legend(loc="lower left")
    return fig


def search_scatter(found: Mapping[str, np.ndarray]) -> Figure:
    """Every draw of every seed: its rate and what came of it, a panel for each sampler."""
    fig, axes = figures.canvas(6.0, 3.0, columns=3, sharey=True)
    for ax, how in zip(axes, SAMPLERS, strict=True):
        ax.plot(
            found[f"{how}_rate"].ravel(),
            found[f"{how}_test"].ravel(),
            "o",
            color=figures.BLUE,
            markersize=3.6,
            alpha=0.6,
        )
        log_axis(ax, "rate")
        ax.set(title=how, xlim=(5e-7, 20), ylim=(0, 1.02))
        ax.set_xticks([1e-6, 1e-3, 1])
        ax.grid(axis="y")
    axes[0].set_ylabel("accuracy")
    return fig


def range_curve(rates: np.ndarray, losses: np.ndarray, best: float) -> Figure:
    """Loss against the growing rate, smoothed, with the best rate of the search as a line."""
    fig, ax = figures.canvas(5.8, 3.0)
    smooth = np.exp(np.convolve(np.log(losses), np.ones(9) / 9, "valid"))
    ax.plot(rates, np.minimum(losses, 20), color=figures.GREY, linewidth=0.8, alpha=0.7)
    ax.plot(rates[4:-4], np.minimum(smooth, 20), color=figures.BLUE, linewidth=2.2)
    ax.axvline(best, color=figures.GREEN, linewidth=5, alpha=0.4, zorder=0)
    log_axis(ax, "learning rate")
    ax.set(yscale="log", ylabel="loss of the batch", ylim=(0.05, 10))
    ax.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
    return fig
