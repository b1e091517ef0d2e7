"""The pictures of the page matching. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from cvnotes import figures
from cvnotes.figures.style import sheet

from .drawings import arrow
from .hands import Signatures
from .hashing import hash_bits

SAME, DIFFERENT = figures.BLUE, figures.ORANGE
PARTS = ("conv 3 × 3", "conv 3 × 3, stride 2", "conv 3 × 3, stride 2", "dense")  # of the encoder of signatures
BOLD = {"fontsize": 9.5, "fontweight": "bold"}


def machine(parts: Sequence[str] = PARTS, codes: int = 16) -> Figure:
    """Draw a twin with all its parts: two pictures, the layers of the encoder, codes, a store, distance, threshold."""
    fig, ax = sheet(7.6, 4.1)
    rows, at = {"known": 0.75, "new": 3.35}, np.linspace(1.75, 4.15, len(parts))
    for name, y in rows.items():
        _box(ax, 0.62, y, f"{name}\npicture", 0.98, 0.62)
        arrow(ax, (1.11, y), (at[0] - 0.2, y))
        for x, part in zip(at, parts, strict=True):
            _box(ax, x, y, part.replace(", ", ",\n"), 0.4, 1.05, edge=figures.SKY, turned=True)
        for left, right in itertools.pairwise(at):
            arrow(ax, (left + 0.2, y), (right - 0.2, y))
        arrow(ax, (at[-1] + 0.2, y), (4.88, y))
        _code(ax, 4.9, y, codes, seed=round(y))
    for x in at:
        ax.plot([x, x], [1.28, 2.82], color=figures.GREY, linestyle=":", linewidth=1.1)
    ax.text(at.mean(), 2.05, "the same weights", ha="center", va="center", fontsize=9, backgroundcolor=figures.PAPER)
    ax.text(5.1, 0.15, f"code: {codes} numbers", ha="center", fontsize=9)
    _box(ax, 6.55, 0.75, "store", 1.0, 0.5, edge=figures.GREEN)
    arrow(ax, (5.3, 0.75), (6.05, 0.75))
    arrow(ax, (6.55, 1.0), (6.55, 1.78))
    _box(ax, 6.55, 2.05, "distance", 1.0, 0.5)
    ax.plot([5.3, 6.55], [3.35, 3.35], color=figures.INK, linewidth=1.2)
    arrow(ax, (6.55, 3.35), (6.55, 2.3))
    arrow(ax, (6.05, 2.05), (5.6, 2.05))
    _box(ax, 5.05, 2.05, "below the\nthreshold?", 1.08, 0.62, edge=figures.ORANGE)
    ax.text(0.62, 1.32, "once,\nbeforehand", ha="center", fontsize=8.5, color=figures.GREEN, va="top")
    ax.text(0.62, 2.75, "at each\nquestion", ha="center", fontsize=8.5, color=figures.ORANGE, va="bottom")
    return fig


def _box(
    ax: Axes, x: float, y: float, words: str, width: float, height: float, edge: str = figures.INK, turned: bool = False
) -> None:
    corner, round_ = (x - width / 2, y - height / 2), "round,pad=0,rounding_size=0.07"
    look = {"facecolor": "white", "edgecolor": edge, "linewidth": 1.0 if edge == figures.INK else 2.2}
    ax.add_patch(FancyBboxPatch(corner, width, height, boxstyle=round_, zorder=3, **look))
    turn = {"rotation": 90, "fontsize": 7.6} if turned else {"fontsize": 9.5}
    ax.text(x, y, words, ha="center", va="center", zorder=4, **turn)


def _code(ax: Axes, x: float, y: float, count: int, seed: int) -> None:
    """A code as a column of cells, some darker than others."""
    tall = 1.05 / count
    for i, shade in enumerate(np.random.default_rng(seed).uniform(0.1, 0.9, count)):
        look = {"facecolor": str(shade), "edgecolor": figures.INK, "linewidth": 0.3}
        ax.add_patch(Rectangle((x, y - 0.525 + i * tall), 0.36, tall, **look))


def errors(bins: np.ndarray, counts: Mapping[str, np.ndarray], at: int, title: str) -> Figure:
    """Draw two histograms with a threshold at an edge of the bins; beside them all thresholds, this one marked.

    counts: "same" and "different", counted in `bins`. What is accepted wrongly and rejected wrongly is hatched.
    """
    fig, (left, right) = figures.canvas(7.6, 3.1, columns=2, width_ratios=(1.5, 1))
    shares = {kind: counts[kind] / counts[kind].sum() for kind in ("same", "different")}
    wrong = {"same": np.arange(len(bins) - 1) >= at, "different": np.arange(len(bins) - 1) < at}
    for kind, colour in (("same", SAME), ("different", DIFFERENT)):
        left.stairs(shares[kind], bins, color=colour, fill=True, alpha=0.25)
        left.stairs(shares[kind], bins, color=colour, linewidth=1.4, label=kind)
        left.stairs(np.where(wrong[kind], shares[kind], 0), bins, fill=True, facecolor=colour, alpha=0.7, hatch="//")
    left.axvline(bins[at], color=figures.INK, linewidth=1.6)
    left.set(title=title, xlabel="distance / mean distance of two kinds", yticks=[], xlim=(0, bins[-1]))
    left.legend(loc="upper right")
    curve = {kind: np.r_[0, np.cumsum(share)] for kind, share in shares.items()}
    right.plot(curve["different"], curve["same"], color=figures.INK)
    right.plot([0, 1], [1, 0], color=figures.GREY, linewidth=0.8, linestyle=":")
    right.plot(curve["different"][at], curve["same"][at], "o", color=figures.GREEN, markersize=9)
    right.set(xlabel="false accepts", ylabel="true accepts", xlim=(-0.03, 1.03), ylim=(-0.03, 1.05), aspect="equal")
    return fig


def signatures(drawn: Signatures, writers: Sequence[int], genuine: int = 5, copies: int = 3) -> Figure:
    """Draw signatures of some hands, ink on paper: a line for each hand, first genuine ones, then copies."""
    fig, axes = figures.canvas(7.0, 0.95 * len(writers) + 0.2, rows=len(writers), columns=genuine + copies)
    for line, writer in zip(np.atleast_2d(axes), writers, strict=True):
        of = [np.flatnonzero((drawn.writers == writer) & (drawn.genuine == real)) for real in (True, False)]
        for i, (ax, row) in enumerate(zip(line, [*of[0][:genuine], *of[1][:copies]], strict=True)):
            ax.imshow(1 - drawn.images[row, :, :, 0], cmap="gray", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            for spine in ax.spines.values():
                spine.set(visible=i >= genuine, color=DIFFERENT, linewidth=1.6)
    top = np.atleast_2d(axes)[0]
    top[0].set_title("genuine", fontsize=9.5)
    top[genuine].set_title("copies", fontsize=9.5, color=DIFFERENT)
    return fig


def by_ways(ways: Sequence[int], shares: Mapping[str, np.ndarray]) -> Figure:
    """Draw the share of pictures named rightly from one example of each kind, against the number of kinds."""
    fig, ax = figures.canvas(5.4, 3.2)
    ax.set_ylim(0, 1.05)
    figures.curves(np.log2(ways), shares, xlabel="hands to choose from", ylabel="named rightly", ax=ax)
    ax.plot(np.log2(ways), 1 / np.array(ways), color=figures.GREY, linestyle=":")
    ax.text(np.log2(ways[1]), 1 / ways[1] + 0.03, "chance", color=figures.GREY, fontsize=9)
    ax.set_xticks(np.log2(ways), [str(n) for n in ways])
    return fig


def planes_in_the_plane(degrees: Sequence[float] = (20, 75, 140)) -> Figure:
    """Draw two codes in the plane, lines through zero, and the bits that each line gives them."""
    fig, ax = figures.canvas(4.4, 3.3)
    codes = np.array([[np.cos(a), np.sin(a)] for a in np.radians((55, 100))])
    turns = np.radians(degrees)
    bits = np.unpackbits(hash_bits(codes, np.array([-np.sin(turns), np.cos(turns)])), axis=1)[:, : len(turns)]
    for i, turn in enumerate(turns):
        end = 1.25 * np.array([np.cos(turn), np.sin(turn)])
        parted = bits[0, i] != bits[1, i]
        look = {"color": figures.ORANGE if parted else figures.GREY, "linewidth": 2.2 if parted else 1.2}
        ax.plot([-end[0], end[0]], [-end[1], end[1]], linestyle="-" if parted else "--", **look)
        ax.text(*(1.34 * end / 1.25), f"{i + 1}", ha="center", va="center", color=look["color"], **BOLD)
    for name, code, row in zip("ab", codes, bits, strict=True):
        ax.annotate("", code, (0, 0), arrowprops={"arrowstyle": "-|>", "color": SAME, "lw": 1.8})
        side = {"ha": "left" if name == "a" else "right", "va": "bottom"}
        ax.text(*(1.04 * code), f"${name}$: {''.join(map(str, row))}", color=SAME, fontsize=10.5, **side)
    ax.set(xlim=(-1.6, 1.6), ylim=(-0.62, 1.4), aspect="equal")
    ax.axis("off")
    return fig


def law(angle: np.ndarray, share: np.ndarray, scattered: np.ndarray) -> Figure:
    """Draw the share of differing bits of pairs against their angle in degrees: of random planes, and of SHA-256."""
    fig, ax = figures.canvas(5.2, 3.2)
    degrees = np.degrees(angle)
    ax.plot(degrees, scattered, ".", color=figures.ORANGE, markersize=3, alpha=0.6)
    ax.plot(degrees, share, ".", color=figures.BLUE, markersize=3, alpha=0.6)
    ax.plot([0, degrees.max()], [0, degrees.max() / 180], color=figures.INK, linewidth=1.1)
    ax.text(2, 0.56, "SHA-256", color=figures.ORANGE, **BOLD)
    ax.text(degrees.max() * 0.62, 0.16, "random planes", color=figures.BLUE, **BOLD)
    ax.set(xlabel="angle between two codes, degrees", ylabel="share of bits that differ", xlim=(0, None), ylim=(0, 0.8))
    return fig


def recall_by_bits(bits: Sequence[int], runs: Mapping[str, np.ndarray]) -> Figure:
    """Draw recall at ten against the number of bits, a band over seeds for each kind of code."""
    fig, ax = figures.canvas(5.4, 3.1)
    ax.set_ylim(0, 1)
    figures.curves(np.log2(bits), runs, xlabel="bits for each picture", ylabel="recall at 10", ax=ax)
    ax.set_xticks(np.log2(bits), [str(n) for n in bits])
    return fig
