"""The pictures of the page faces. Plain functions: numbers in, a figure out. Chapter: faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvnotes import data, figures
from cvnotes.data.portraits import CHANGES
from cvnotes.figures.style import sheet

from .face_judges import BINS, KEPT, PLACES, RATES
from .face_windows import Windows

SAME, DIFFERENT = figures.BLUE, figures.ORANGE
Stored = Mapping[str, np.ndarray]
BOLD = {"fontsize": 9, "fontweight": "bold"}


def mosaic(pictures: np.ndarray, rows: int) -> np.ndarray:
    """Lay pictures (n, h, w, c) side by side in rows of equal length: (rows * h, n / rows * w, c)."""
    count, height, width, channels = pictures.shape
    table = pictures.reshape(rows, count // rows, height, width, channels)
    return table.transpose(0, 2, 1, 3, 4).reshape(rows * height, -1, channels)


def wall(drawn: data.Portraits) -> Figure:
    """Hang portraits on a wall: a row for each person."""
    rows = len(np.unique(drawn.people))
    return _rows(drawn.images, [f"{chr(65 + i)}" for i in range(rows)])


def one_at_a_time(person: int, pictures: int, seed: int = 0, size: int = 48) -> Figure:
    """Draw one person with one change at a time, and at last with all of them."""
    alone = {change: {other: 0.0 for other in CHANGES if other != change} for change in CHANGES} | {"all": {}}
    drawn = [data.portraits(1, pictures, seed, size, first=person, **changes).images for changes in alone.values()]
    return _rows(np.concatenate(drawn), list(alone))


def _rows(pictures: np.ndarray, names: Sequence[str]) -> Figure:
    across, side = len(pictures) // len(names), 0.62
    left = 0.15 + 0.085 * max(map(len, names))
    fig, ax = sheet(left + across * side + 0.05, len(names) * side + 0.1)
    ax.imshow(
        mosaic(pictures, len(names)),
        extent=(left, left + across * side, 0.05 + len(names) * side, 0.05),
        interpolation="antialiased",
    )
    for i, name in enumerate(names):
        ax.text(left - 0.08, 0.05 + (i + 0.5) * side, name, ha="right", va="center", **BOLD)
    ax.set(xlim=(0, fig.get_figwidth()), ylim=(fig.get_figheight(), 0), aspect="auto")
    return fig


def eigenfaces(fitted: Any, count: int, shape: Sequence[int]) -> Figure:
    """Draw the mean face and the mean plus twice the spread along each of the first components."""
    mean, spread = fitted.mean_, np.sqrt(fitted.explained_variance_)[:count, None]
    faces = np.clip(np.concatenate([mean[None], mean + 2 * spread * fitted.components_[:count]]), 0, 1)
    names = ["mean", *(f"+ {i + 1}" for i in range(count))]
    return figures.image_grid(faces.reshape(-1, *shape), names, count + 1, scale=0.8)


def distances(stored: Stored, arms: Sequence[str]) -> Figure:
    """Draw the distances of one person's pictures and of two people's, a small chart for each code; mean over seeds."""
    fig, axes = figures.canvas(7.6, 2.0, columns=len(arms), sharex=True, sharey=True)
    for ax, arm in zip(axes, arms, strict=True):
        for kind, colour in (("same", SAME), ("different", DIFFERENT)):
            share = stored[f"{arm} counted {kind}"].mean(axis=0)
            ax.stairs(share, BINS, color=colour, fill=True, alpha=0.25)
            ax.stairs(share, BINS, color=colour, linewidth=1.3, label=f"{'one' if kind == 'same' else 'two'}")
        ax.set(yticks=[], xlim=(0, 2))
        ax.set_title(arm, fontsize=9)
    axes[0].legend(loc="upper left", title="people", title_fontsize=8.5, fontsize=8.5, handlelength=1)
    fig.supxlabel("distance / mean distance of two people", fontsize=9)
    return fig


def rates(stored: Stored, arms: Sequence[str]) -> Figure:
    """Draw true against false accepts, the latter as powers of ten, with bands over seeds."""
    fig, ax = figures.canvas(5.6, 3.2)
    ax.set_ylim(0, 1.02)
    series = {arm: stored[f"{arm} curve"] for arm in arms}
    figures.curves(np.log10(RATES), series, xlabel="strangers accepted", ylabel="own pictures accepted", ax=ax)
    ax.plot(np.log10(RATES), RATES, color=figures.GREY, linestyle=":")
    ax.set_xticks(range(-3, 1), ["0.1 %", "1 %", "10 %", "100 %"])
    return fig


def hard_pairs(drawn: data.Portraits, stored: Stored, arm: str, seed: int) -> Figure:
    """Draw the nearest strangers above, and one person's furthest pictures below; distances in thresholds."""
    fig, ax = sheet(7.4, 2.35)
    for top, kind, words in ((0.3, "strangers", "two people, nearest"), (1.45, "own", "one person, furthest apart")):
        ax.text(0.1, top - 0.1, words, color=DIFFERENT if kind == "strangers" else SAME, **BOLD)
        told = zip(stored[f"{arm} {kind} rows"][seed].astype(int), stored[f"{arm} {kind} apart"][seed], strict=True)
        for i, (rows, apart) in enumerate(told):
            left = 0.1 + i * 1.22
            ax.imshow(mosaic(drawn.images[rows], 1), extent=(left, left + 1.12, top + 0.56, top))
            ax.text(left + 0.56, top + 0.72, f"{apart:.2f}", ha="center", va="center", fontsize=8.5)
    ax.set(xlim=(0, 7.4), ylim=(2.35, 0), aspect="auto")
    return fig


def dial_moves(moves: Mapping[str, np.ndarray], dials: Sequence[str], changing: int) -> Figure:
    """Draw how far each dial, at its further end, moves each code; the first dials are not the person's own."""
    fig, ax = figures.canvas(6.4, 3.5)
    high = 0.8 / len(moves)
    for i, (name, values) in enumerate(moves.items()):
        ends = values[:, :, [0, -1]].max(axis=2)
        at = np.arange(len(dials)) + high * (i - (len(moves) - 1) / 2)
        ax.barh(at, ends.mean(axis=0), height=high, color=figures.CYCLE[i], alpha=0.75, label=name)
        ax.hlines(at, ends.min(axis=0), ends.max(axis=0), color=figures.INK, linewidth=0.8)
    ax.axhline(changing - 0.5, color=figures.GREY, linewidth=0.8, linestyle="--")
    ax.set_yticks(range(len(dials)), dials)
    ax.set(xlabel="distance moved / distance of two people", ylim=(len(dials) - 0.4, -0.6))
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 0.08))
    return fig


def naming(stored: Stored, arm: str) -> Figure:
    """Draw how often a name is right, by the number of pictures kept: all enrolled, and with strangers at the door."""
    fig, (left, right) = figures.canvas(7.6, 2.9, columns=2)
    words = {kept: f"{kept} kept" for kept in KEPT}
    closed = {words[kept]: stored[f"{arm} {kept} named"] for kept in KEPT}
    figures.curves(np.arange(1, PLACES + 1), closed, xlabel="names on the list", ylabel="own name is on it", ax=left)
    opened = {words[kept]: stored[f"{arm} {kept} open"] for kept in KEPT}
    figures.curves(np.log10(RATES), opened, xlabel="strangers let in", ylabel="let in, by own name", ax=right)
    right.set_xticks(range(-3, 1), ["0.1 %", "1 %", "10 %", "100 %"])
    for ax, title in ((left, "everybody is enrolled"), (right, "strangers come too")):
        ax.set(ylim=(0, 1), title=title)
    return fig


def found_faces(photo: np.ndarray, boxes: Mapping[str, np.ndarray]) -> Figure:
    """Draw boxes on a photograph, a panel for each detector."""
    fig, axes = figures.canvas(7.6, 2.8, columns=len(boxes))
    for ax, (name, some) in zip(np.atleast_1d(axes), boxes.items(), strict=True):
        ax.imshow(photo, interpolation="antialiased")
        for x0, y0, x1, y1 in some:
            _frame(ax, x0, y0, x1 - x0, y1 - y0)
        ax.set_title(name, fontsize=9)
        ax.set(xlim=(0, photo.shape[1]), ylim=(photo.shape[0], 0))
        ax.axis("off")
    return fig


def _frame(ax: Axes, x: float, y: float, width: float, height: float) -> None:
    for colour, line in ((figures.PAPER, 2.4), (figures.ORANGE, 1.2)):
        ax.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=colour, linewidth=line))


def best_boxes(windows: Windows, scores: np.ndarray, most: int) -> np.ndarray:
    """The boxes that score above 0, the best first, at most so many: (n, 4)."""
    order = np.argsort(-scores, kind="stable")[:most]
    return windows.boxes[order[scores[order] > 0]]
