"""The pictures of the chapter on capsules. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from keras import ops
from matplotlib.figure import Figure

from cvnotes import backend
from cvnotes.figures import BLUE, GREEN, GREY, INK, ORANGE, canvas, curves

from .losses import margin_loss
from .squashing import squash


def squashed_lengths(at: np.ndarray) -> np.ndarray:
    """The length that `squash` gives to vectors of the lengths `at`, (n,). Chapter: capsules."""
    vectors = np.stack([at, np.zeros_like(at)], -1).astype("float32")
    return np.linalg.norm(ops.convert_to_numpy(squash(vectors)), axis=-1)


def slopes(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How `squash` answers a small step along a vector of length `at`, and one across it. Chapter: capsules."""
    vectors = np.stack([at, np.zeros_like(at)], -1).astype("float32")
    steps = [backend.value_and_grad(lambda x, k=k: ops.sum(squash(x)[:, k]))(vectors)[1][:, k] for k in (0, 1)]
    return tuple(steps)


def squash_curves() -> Figure:
    """Length out against length in, and both slopes beside it."""
    at = np.linspace(0, 4, 161)
    fig, (left, right) = canvas(7.2, 2.9, 1, 2)
    left.plot(at, squashed_lengths(at), color=BLUE)
    left.axhline(1, color=GREY, linewidth=0.8, linestyle=(0, (3, 3)))
    left.set(xlabel="length before", ylabel="length after", ylim=(0, 1.08), title="squash")
    along, across = slopes(at)
    right.plot(at, along, color=ORANGE)
    right.plot(at, across, color=GREEN, linestyle=(0, (5, 1.6)))
    right.annotate("along", (0.75, 0.64), color=ORANGE, fontweight="bold", fontsize=9)
    right.annotate("across", (1.9, 0.44), color=GREEN, fontweight="bold", fontsize=9)
    right.set(xlabel="length before", ylabel="slope", ylim=(0, 0.72), title="its two slopes")
    return fig


def margin_curves() -> Figure:
    """What one capsule's length costs, where its class is in the picture and where it is not."""
    at = np.linspace(0, 1, 101).astype("float32")
    series = {
        name: ops.convert_to_numpy(margin_loss(np.full((101, 1), there, "float32"), at[:, None]))
        for name, there in (("class is there", 1), ("class is not there", 0))
    }
    return curves(at, series, xlabel="length of the capsule", ylabel="loss")


def shares_by_place(couplings: Sequence[np.ndarray], titles: Sequence[str], truth: int) -> Figure:
    """Couplings (classes, parts) as maps: a row for each class, a column for each part, parts sorted by place.

    All maps share one scale, that of the last. truth: the row that is framed.
    """
    fig, axes = canvas(7.6, 2.9, 1, len(couplings), squeeze=False, sharey=True)
    most = couplings[-1].max()
    for ax, one, title in zip(axes[0], couplings, titles, strict=True):
        image = ax.imshow(one, cmap="viridis", vmin=0, vmax=most, aspect="auto", interpolation="nearest")
        ax.axhline(truth - 0.5, color=ORANGE, linewidth=1.2)
        ax.axhline(truth + 0.5, color=ORANGE, linewidth=1.2)
        ax.set(title=title, xlabel="part", yticks=range(len(one)), xticks=[])
    axes[0, 0].set_ylabel("class")
    bar = fig.colorbar(image, ax=axes[0].tolist(), pad=0.02)
    bar.set_label("coupling")
    bar.outline.set_visible(False)
    return fig


def settling(stored: Mapping[str, np.ndarray], rounds: Sequence[int]) -> Figure:
    """Left the entropy of the couplings by round; right how far parts join the longest capsule, in order and not."""
    fig, (left, right) = canvas(7.6, 3.1, 1, 2)
    curves(rounds, {"": stored["entropy"]}, xlabel="rounds", ylabel="entropy, share of largest", ax=left)
    series = {"in order": stored["joined"], "scrambled": stored["scrambled_joined"]}
    curves(rounds, series, xlabel="rounds", ylabel="coupling to the longest, × 10", ax=right)
    for ax in (left, right):
        ax.axvline(3, color=GREY, linewidth=0.8, linestyle=(0, (3, 3)))
        ax.set_xticks([1, 3, 6, 10])
    left.set(title="how undecided parts are", ylim=(0, 1.05))  # from 0: a fall of little must look like little
    right.set_title("how far they join the winner")
    return fig


def reliable(count: np.ndarray, true: np.ndarray, total: np.ndarray) -> Figure:
    """The share of true statements against their mean length, bin by bin; (seeds, bins) each, seeds added up."""
    n, t, s = (np.sum(each, axis=0) for each in (count, true, total))
    kept = n > 0
    fig, ax = canvas(4.6, 3.4)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=(0, (3, 3)))
    ax.plot(s[kept] / n[kept], t[kept] / n[kept], color=BLUE, marker="o")
    ax.annotate("calibrated", (0.62, 0.57), color=GREY, fontsize=9, rotation=33)
    ax.set(xlabel="mean length of the capsules", ylabel="share whose class is there", xlim=(0, 1), ylim=(-0.02, 1.04))
    ax.tick_params(colors=INK)
    return fig
