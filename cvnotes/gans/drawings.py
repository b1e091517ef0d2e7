"""The pictures of the chapter on GANs. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import backend, figures

from . import ring
from .objective import LOSSES, generator_loss

REACH = 3.0  # of the plane in which the ring lies
HUES = {"minimax": figures.ORANGE, "non-saturating": figures.BLUE}
BOLD = {"fontsize": 9.5, "fontweight": "bold"}


def two_losses(reach: float = 6.0) -> Figure:
    """Draw both losses of the generator against the logit, and beside them how hard each pushes."""
    fig, (left, right) = figures.canvas(6.6, 2.9, columns=2)
    logits = np.linspace(-reach, reach, 241).astype("float32")
    for kind in LOSSES:
        values = [float(generator_loss(keras.ops.convert_to_tensor(x), kind)) for x in logits]
        left.plot(logits, values, color=HUES[kind])
        right.plot(logits, push(logits, kind), color=HUES[kind])
    left.set(title="loss of the generator", xlabel="logit of a made sample")
    right.set(title="push on the logit", xlabel="logit of a made sample", ylim=(0, 1.05))
    right.axvspan(-reach, -2, color=figures.GREY, alpha=0.15, linewidth=0)
    right.annotate("caught", (-reach + 0.3, 0.5), fontsize=9)
    left.text(-2.9, 3.5, "non-saturating", color=HUES["non-saturating"], **BOLD)
    left.text(2.6, -3.9, "minimax", color=HUES["minimax"], ha="right", **BOLD)
    for ax in (left, right):
        ax.grid(axis="y")
    return fig


def push(logits: np.ndarray, kind: str) -> np.ndarray:
    """Give how strongly a loss pulls each logit up, one sample each: minus its derivative, (n,)."""
    _, slope = backend.value_and_grad(lambda t: keras.ops.multiply(t.shape[0], generator_loss(t, kind)))(logits)
    return -slope


def judged(x: np.ndarray, p: np.ndarray, q: np.ndarray, best: np.ndarray, learned: np.ndarray) -> Figure:
    """Draw two densities, and below them the best discriminator with one that was learned."""
    fig, (upper, lower) = figures.canvas(5.6, 3.9, rows=2, sharex=True)
    for density, hue, name in ((p, figures.GREEN, "real"), (q, figures.ORANGE, "made")):
        upper.fill_between(x, density, color=hue, alpha=0.3, linewidth=0)
        upper.plot(x, density, color=hue, label=name)
    upper.set(ylabel="density", ylim=(0, None))
    upper.legend(loc="upper right")
    lower.plot(x, best, color=figures.INK, linewidth=2.4, alpha=0.5, label="p / (p + q)")
    lower.plot(x, learned, color=figures.BLUE, linestyle=(0, (4, 1.5)), label="learned")
    lower.axhline(0.5, color=figures.GREY, linewidth=0.8)
    lower.set(ylabel="answer D", xlabel="x", ylim=(-0.03, 1.3), yticks=[0, 0.5, 1])
    lower.legend(loc="upper right", ncols=2)
    return fig


def clouds(shots: Mapping[str, np.ndarray], columns: int = 4) -> Figure:
    """Draw made samples over the ring, one named panel a moment, with what `ring.judge` says of them."""
    rows = -(-len(shots) // columns)
    fig, axes = figures.canvas(1.9 * columns, 2.15 * rows, rows=rows, columns=columns, squeeze=False)
    for ax in axes.ravel()[len(shots) :]:
        ax.axis("off")
    for ax, (name, samples) in zip(axes.ravel(), shots.items(), strict=False):
        told = ring.judge(samples)
        cloud(ax, samples)
        count = "1 mode" if told.covered == 1 else f"{told.covered} modes"
        ax.set_title(f"{name}\n{count}, quality {told.quality:.2f}", fontsize=9)
    return fig


def cloud(ax: Axes, samples: np.ndarray, hue: str = figures.BLUE) -> None:
    """Draw the circles of the modes and samples (n, 2) over them; what leaves the panel lies on its border."""
    for middle in ring.centres():
        ax.add_patch(_circle(middle))
    ax.plot(*np.clip(samples, -REACH, REACH).T, "o", color=hue, markersize=1.6, alpha=0.35, markeredgewidth=0)
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal", xticks=[], yticks=[])


def _circle(middle: np.ndarray):
    from matplotlib.patches import Circle

    return Circle(middle, ring.NEAR * ring.SIGMA, color=figures.GREEN, alpha=0.35, linewidth=0)


def occupied(turns: Sequence[float], runs: Mapping[str, np.ndarray]) -> Figure:
    """Draw how many samples each mode gets as training goes on: a dark field is a full mode, one panel a run.

    runs: for each name the shares (checkpoints, modes).
    """
    fig, axes = figures.canvas(6.8, 1.55 * len(runs), rows=len(runs), sharex=True, squeeze=False)
    for ax, (name, shares) in zip(axes[:, 0], runs.items(), strict=True):
        ax.imshow(np.asarray(shares).T, aspect="auto", cmap="Blues", vmin=0, vmax=2 / ring.MODES,
                  extent=(0, turns[-1], ring.MODES + 0.5, 0.5), interpolation="nearest")  # fmt: skip
        ax.set(ylabel="mode", yticks=[1, ring.MODES], title=name)
    axes[-1, 0].set_xlabel("turns")
    return fig


def over_time(
    times: Sequence[float], panels: Sequence[Mapping[str, np.ndarray]], *, xlabel: str, ylabel: str, top: float
) -> Figure:
    """Draw numbers from 0 to `top` over time, in panels: a line for each arm, with its band where there are few."""
    fig, axes = figures.canvas(6.4, 2.7 * len(panels), rows=len(panels), sharex=True, squeeze=False)
    for ax, series in zip(axes[:, 0], panels, strict=True):
        figures.curves(times, series, xlabel="", ylabel=ylabel, bands=len(series) < 4, ax=ax)
        ax.set_ylim(-0.02 * top, 1.04 * top)
    axes[-1, 0].set_xlabel(xlabel)
    return fig


def ends(shares: Mapping[str, np.ndarray], xlabel: str) -> Figure:
    """Draw numbers above 0 on a scale of powers of ten, a dot for each seed and a row for each name; 1 is marked."""
    fig, ax = figures.canvas(6.2, 0.5 * len(shares) + 0.8)
    for i, run in enumerate(shares.values()):
        ax.plot(run, np.full(len(run), i), "o", color=figures.BLUE, markersize=6, alpha=0.6)
    ax.axvline(1, color=figures.INK, linewidth=1)
    ax.set(xscale="log", xlabel=xlabel, ylim=(len(shares) - 0.5, -0.5))
    ax.set_yticks(range(len(shares)), list(shares))
    ax.grid(axis="x")
    return fig
