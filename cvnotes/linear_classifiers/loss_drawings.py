"""The pictures of the chapter on losses. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvnotes import figures

from .losses import hinge_losses, softmax_losses

__all__ = ["bill", "draw_margins", "draw_scales", "draw_spectra", "draw_strengths", "say_bill"]


def bill(images: Sequence[np.ndarray], names: Sequence[str], scores: np.ndarray) -> Figure:
    """Draw pictures, the scores that each got, and what it pays for them; picture i shows class i.

    Orange is what a wrong score has beyond the right one minus one: the hinge loss is the orange ink.
    """
    fig, axes = figures.canvas(7.4, 3.9, 2, len(images), height_ratios=[1.35, 1])
    hinge, softmax = (fn(scores, np.arange(len(images))) for fn in (hinge_losses, softmax_losses))
    for i, image in enumerate(images):
        axes[0, i].imshow(image, cmap="gray")
        axes[0, i].axis("off")
        _scores(axes[1, i], names, scores[i], i)
        axes[1, i].set_title(f"hinge {hinge[i]:.1f}, softmax {softmax[i]:.2f}", fontsize=9.5)
    return fig


def _scores(ax: Axes, names: Sequence[str], row: np.ndarray, right: int) -> None:
    line = row[right] - 1
    for j, score in enumerate(row):
        ax.plot([0, score], [j, j], color=figures.BLUE if j == right else figures.GREY, linewidth=5, zorder=2)
        if j != right and score > line:
            ax.plot([line, score], [j + 0.3, j + 0.3], color=figures.ORANGE, linewidth=4)
        side = 1 if score >= 0 else -1
        ax.annotate(
            f"{score:g}".replace("-", "−"), (score, j), xytext=(6 * side, 0), textcoords="offset points",
            ha="left" if score >= 0 else "right", va="center", fontsize=8.5,
        )  # fmt: skip
    ax.axvline(0, color=figures.GREY, linewidth=0.7)
    ax.axvline(line, color=figures.ORANGE, linewidth=1, linestyle=":")
    ax.set(xlim=(-4.2, 6.4), ylim=(len(row) - 0.4, -0.6), xticks=[], yticks=range(len(row)))
    ax.set_yticklabels(names)
    ax.tick_params(axis="y", length=0)
    ax.spines[["left", "bottom"]].set_visible(False)


def say_bill(names: Sequence[str], scores: np.ndarray) -> str:
    """Say what `bill` shows."""
    hinge, softmax = (fn(scores, np.arange(len(names))) for fn in (hinge_losses, softmax_losses))
    rows = [
        f"{name}: scores {', '.join(f'{s:g}' for s in row)}; hinge {h:.1f}, softmax {p:.2f}"
        for name, row, h, p in zip(names, scores, hinge, softmax, strict=True)
    ]
    return f"Three photographs with bars for their scores as {', '.join(names)}. " + ". ".join(rows) + "."


def draw_margins() -> Figure:
    """Draw both losses of two classes against the lead of the right one, plainly and on a logarithmic scale."""
    fig, (left, right) = figures.canvas(7.4, 3.1, columns=2)
    lead = np.linspace(-4, 6, 201)
    far = np.linspace(-4, 34, 191)
    for ax, x in ((left, lead), (right, far)):
        scores = np.stack([x, 0 * x], 1)
        labels = np.zeros(len(x), int)
        hinge, softmax = hinge_losses(scores, labels), softmax_losses(scores, labels)
        ax.plot(x, np.where(hinge > 0, hinge, 0 if ax is left else np.nan), color=figures.BLUE)
        ax.plot(x, softmax, color=figures.ORANGE, linestyle=(0, (5, 1.6)))
        ax.set(xlabel="lead of the right class")
    left.step([-4, 0, 6], [1, 1, 0], where="pre", color=figures.GREY, linewidth=1.2, linestyle=":")
    left.set(ylabel="loss", title="near the border")
    left.text(-2.9, 4.25, "hinge", color=figures.BLUE, fontweight="bold", fontsize=9)
    left.text(-3.9, 1.75, "softmax", color=figures.ORANGE, fontweight="bold", fontsize=9)
    left.text(-3.9, 1.12, "error", color=figures.INK, fontsize=9)
    right.set(yscale="log", ylim=(1e-15, 20), title="far ahead: only softmax is left")
    right.text(3.2, 1e-13, "hinge is 0\nfrom 1 on", color=figures.BLUE, fontweight="bold", fontsize=9)
    right.text(20, 1e-7, "softmax", color=figures.ORANGE, fontweight="bold", fontsize=9)
    return fig


def draw_scales(factors: np.ndarray, totals: Mapping[str, np.ndarray]) -> Figure:
    """Draw what the same classifier costs with its weights multiplied by a factor: hinge left, softmax right."""
    fig, axes = figures.canvas(7.4, 2.9, columns=2, sharey=True)
    for ax, name, colour in zip(axes, ("hinge", "softmax"), (figures.BLUE, figures.ORANGE), strict=True):
        priced = totals[f"{name} + penalty"]
        ax.plot(factors, totals[name], color=colour)
        ax.plot(factors, priced, color=colour, linestyle=(0, (5, 1.6)))
        at = priced.argmin()
        ax.plot(factors[at], priced[at], "o", color=figures.INK, markersize=5)
        ax.annotate("lowest", (factors[at], priced[at]), xytext=(0, 9), textcoords="offset points", ha="center")
        ax.text(2.95, totals[name][-1] + 0.03, "alone", color=colour, ha="right", fontweight="bold", fontsize=9)
        ax.text(2.3, 0.45, "with penalty", color=colour, ha="right", fontweight="bold", fontsize=9)
        ax.set(xlabel="factor c on all weights", title=name, ylim=(-0.02, 0.8), xlim=(0, 3))
        ax.axhline(0, color=figures.GREY, linewidth=0.7)
    axes[0].set_ylabel("mean loss")
    return fig


def draw_spectra(spectra: Mapping[str, np.ndarray]) -> Figure:
    """Draw the eigenvalues of several Hessians, a row of dots each."""
    fig, ax = figures.canvas(6.8, 0.5 * len(spectra) + 0.9)
    for i, values in enumerate(spectra.values()):
        ax.plot(values, np.full(len(values), i), "o", color=figures.CYCLE[i], markersize=8, alpha=0.75)
        ax.axhline(i, color=figures.GREY, linewidth=0.4, zorder=0)
        for at, count in zip(*np.unique(values.round(6) + 0, return_counts=True), strict=True):
            if count > 1:
                ax.annotate(f"{count} times", (at, i), xytext=(7, 6), textcoords="offset points", fontsize=9)
    ax.axvline(0, color=figures.INK, linewidth=0.8)
    ax.set(ylim=(len(spectra) - 0.5, -0.5), xlabel="curvature: eigenvalues of the Hessian", yticks=range(len(spectra)))
    ax.set_yticklabels(list(spectra))
    return fig


def draw_strengths(strengths: Sequence[float], runs: Mapping[str, np.ndarray]) -> Figure:
    """Draw accuracies over seeds (seeds, strengths) against the strength of the penalty, all and the top enlarged.

    The first strength is 0 and stands at the left end of a logarithmic axis.
    """
    fig, axes = figures.canvas(7.5, 3.3, columns=2)
    powers = [i for i, s in enumerate(strengths) if s and np.isclose(np.log10(s), round(np.log10(s)))]
    for ax, few in zip(axes, (len(strengths), 8), strict=True):
        shown = {name: values[:, :few] for name, values in runs.items()}
        shown = shown if few > 8 else {name: shown[name] for name in list(shown)[1:]}
        for i, (name, values) in enumerate(shown.items()):
            colour = figures.CYCLE[list(runs).index(name)]
            ax.plot(values.mean(0), color=colour, marker="os"[i], label=name)
            ax.fill_between(range(few), values.min(0), values.max(0), color=colour, alpha=0.15, linewidth=0)
        ticks = [i for i in powers if i < few]
        ax.set_xticks([0, *ticks], ["0", *[f"$10^{{{round(np.log10(strengths[i]))}}}$" for i in ticks]])
        ax.set(xlabel="strength λ of the L2 penalty")
        ax.grid(axis="y")
    axes[0].legend(loc="lower left")
    axes[0].set(ylabel="accuracy", ylim=(0, 1.04))
    axes[1].set_title(f"the left end, {list(runs)[-1]}, enlarged")
    return fig
