"""The pictures of the chapter memory. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import keras
import numpy as np
from matplotlib.figure import Figure

from cvnotes import backend, figures

from . import accounting, checkpoints, liveness, precision

NET = "ResNet50"
BATCHES, SIDES = (1, 8, 32, 128), (112, 224, 448)
OPTIMIZERS = {"SGD": "sgd", "momentum": "momentum", "Adam": "adam"}
TYPES = ("float32", "mixed_float16")
CARD = 16e9  # bytes of a common graphics card
PARTS = {"activations": figures.ORANGE, "weights": figures.BLUE, "gradients": figures.SKY,
         "optimizer state": figures.GREEN, "the rest": figures.GREY}  # fmt: skip


def optimizer(name: str) -> keras.Optimizer:
    """An optimizer by the name it has on the page. Raises ValueError for another one."""
    if name not in OPTIMIZERS:
        raise ValueError(f"optimizer is one of {', '.join(OPTIMIZERS)}. Received: {name!r}")
    return keras.optimizers.SGD(0.01, momentum=0.9) if name == "momentum" else keras.optimizers.get(OPTIMIZERS[name])


@functools.cache
def sketch(name: str, side: int) -> keras.Model:
    """A net of keras.applications for square pictures, without memory for its weights."""
    with backend.unallocated():
        return getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3))


@functools.cache
def parts(batch: int, side: int, optimizer_name: str, dtype: str) -> dict[str, int]:
    """Bytes of a training step of the page's net, by part."""
    found = accounting.account(sketch(NET, side), optimizer(optimizer_name), batch=batch, dtype=dtype)
    sizes = (found.activations, found.weights, found.gradients, found.state, found.rest)
    return dict(zip(PARTS, sizes, strict=True))


def draw_account(batch: int, side: int, optimizer: str, dtype: str) -> Figure:
    """Draw the memory of a training step as one bar of parts, and say whether a common card holds it."""
    sizes = parts(batch, side, optimizer, dtype)
    total = sum(sizes.values())
    fig, ax = figures.canvas(6.4, 2.2)
    left = 0.0
    for name, size in sizes.items():
        ax.barh(0, size / 1e9, left=left / 1e9, height=0.5, color=PARTS[name], label=name)
        if size > 0.07 * total:
            colour = figures.INK if name in ("gradients", "the rest") else "white"
            ax.text((left + size / 2) / 1e9, 0, f"{size / total:.0%}", ha="center", va="center", color=colour)
        left += size
    fits = "fits into 16 GB" if total <= CARD else "too much for 16 GB"
    ax.set(xlim=(0, 1.02 * total / 1e9), ylim=(-0.35, 0.35), yticks=[], xlabel="gigabytes")
    ax.set_title(f"{total / 1e9:.2f} GB: {fits}", fontsize=12)
    ax.spines["left"].set_visible(False)
    fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, handlelength=1.0)
    return fig


def say_account(batch: int, side: int, optimizer: str, dtype: str) -> str:
    """Say what `draw_account` shows."""
    sizes = parts(batch, side, optimizer, dtype)
    total = sum(sizes.values())
    shares = ", ".join(f"{name} {size / total:.0%}" for name, size in sizes.items())
    fits = "fits into" if total <= CARD else "does not fit into"
    return (
        f"Training {NET} on {batch} picture{'s' if batch > 1 else ''} of {side} by {side} in {dtype} with {optimizer}: "
        f"{total / 1e9:.2f} GB, which {fits} 16 GB. {shares}."
    )


def draw_timelines(models: Mapping[str, keras.Model]) -> Figure:
    """Draw what is alive at each call of a layer, forward and backward, in training and in inference, a panel a net."""
    fig, axes = figures.canvas(7.4, 3.2, columns=len(models), sharey=False, squeeze=False)
    for ax, (name, model) in zip(axes[0], models.items(), strict=True):
        for training, colour in ((True, figures.ORANGE), (False, figures.BLUE)):
            moments = liveness.timeline(model, training=training)
            values = np.array([moment.values for moment in moments]) * 4 / 1e6
            ax.fill_between(np.arange(len(values)), values, step="mid", color=colour, alpha=0.25, linewidth=0)
            ax.step(np.arange(len(values)), values, where="mid", color=colour, linewidth=1.3)
        turn = sum(not moment.backward for moment in moments)
        ax.axvline(turn - 0.5, color=figures.GREY, linewidth=0.8)
        ax.set(title=name, xlabel="calls: forward | backward", xticks=[], ylim=(0, None))
    axes[0, 0].set_ylabel("MB alive, one picture")
    for words, place, colour in (("training", (0.56, 0.6), figures.ORANGE), ("inference", (0.27, 0.17), figures.BLUE)):
        axes[0, 0].text(*place, words, color=colour, fontweight="bold", transform=axes[0, 0].transAxes)
    return fig


def draw_trade(depth: int = 36, every: Sequence[int] = (1, 2, 3, 4, 6, 9, 12, 18, 36)) -> Figure:
    """Draw activations kept against layers computed, one point for each way to keep every k-th."""
    x, weights = np.ones((1, 4)), checkpoints.chain(depth, 4)
    runs = {k: checkpoints.gradients_of_chain(x, weights, k) for k in every}
    fig, ax = figures.canvas(6.4, 3.3)
    points = np.array([(run.evaluations / depth, run.peak) for run in runs.values()])
    ax.plot(*points.T, "o-", color=figures.BLUE, markersize=6, linewidth=0.8)
    best = round(depth**0.5)
    for k, (work, kept) in zip(runs, points, strict=True):
        offset = (-9, -11) if k <= best else (12, -3) if k > 1.5 * best else (3, -14)
        ax.annotate(f"{k}", (work, kept), xytext=offset, textcoords="offset points", ha="center")
    ax.set(xlabel="forward computations, passes through the chain", ylabel="activations kept", ylim=(0, depth + 4))
    ax.set(xlim=(0.95, 2.08), xticks=[1, 1.25, 1.5, 1.75, 2])
    return fig


def draw_gradients(sizes: np.ndarray, scale: float) -> Figure:
    """Draw how large gradients are, as they are and multiplied, over the range that float16 can hold."""
    facts = precision.format_facts("float16")
    fig, axes = figures.canvas(7.2, 3.4, rows=2, sharex=True, sharey=True)
    for ax, factor, title in ((axes[0], 1.0, "as they are"), (axes[1], scale, f"multiplied by {scale:,.0f}")):
        shown = np.log2(np.asarray(sizes) * factor)
        ax.axvspan(np.log2(facts.normal), np.log2(facts.largest), color=figures.SKY, alpha=0.22, linewidth=0)
        ax.axvspan(np.log2(facts.tiny), np.log2(facts.normal), color=figures.GOLD, alpha=0.22, linewidth=0)
        counts, *_ = ax.hist(shown, bins=np.arange(-40, 20), color=figures.INK)
        ax.set(yticks=[], title=title, xlim=(-40, 18), ylim=(0, 1.45 * counts.max()))
        ax.spines["left"].set_visible(False)
    axes[1].set_xlabel("exponent: size as a power of 2")
    axes[0].text(1, 0.93, "full digits", transform=axes[0].get_xaxis_transform(), va="top", ha="center", fontsize=9)
    axes[0].text(-19, 0.93, "fewer", transform=axes[0].get_xaxis_transform(), va="top", ha="center", fontsize=9)
    axes[0].text(-39, 0.93, "lost: becomes 0", transform=axes[0].get_xaxis_transform(), va="top", fontsize=9)
    return fig


def draw_sums(count: int = 10_000, term: float = 1e-4) -> Figure:
    """Draw running sums of equal small numbers in four types; all should arrive at 1."""
    fig, ax = figures.canvas(6.6, 3.0)
    looks = {
        "float64": (figures.INK, (0.6, 0.78), "float64, float32"),
        "float16": (figures.ORANGE, (0.99, 0.28), "float16"),
        "bfloat16": (figures.BLUE, (0.99, 0.06), "bfloat16"),
    }
    for name, (colour, (across, up), label) in looks.items():
        ax.plot(np.arange(1, count + 1), precision.running_sum(np.full(count, term), name), color=colour)
        ax.text(across * count, up, label, color=colour, fontweight="bold", ha="right", va="bottom")
    ax.set(xlabel="numbers of 0.0001 added", ylabel="sum", ylim=(0, 1.15), xlim=(0, count))
    return fig
