"""Pictures of anchors: where they lie, what they can become, which box each answers for. Chapter: boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from cvnotes import figures

from .anchoring import IGNORED
from .drawings import frame, picture
from .formats import convert
from .overlap import iou
from .reach import KINDS


def laid(image: np.ndarray, grid: np.ndarray, place: tuple[int, int]) -> Figure:
    """Draw anchors (rows, columns, A, 4): the centres of all places on a scene, one anchor of some, all of one."""
    fig, (left, right) = figures.canvas(7.2, 3.7, columns=2)
    centres = convert(grid[:, :, 0], "xyxy", "center_xywh")[..., :2].reshape(-1, 2)
    for ax in (left, right):
        picture(ax, image, room=6)
        ax.plot(*centres.T, ".", color=figures.PAPER, markersize=5)
        ax.plot(*centres.T, ".", color=figures.INK, markersize=2.5)
    for anchor in grid[::2, ::2, grid.shape[2] // 2].reshape(-1, 4):
        frame(left, anchor, figures.ORANGE, 1.2)
    for i, anchor in enumerate(grid[place]):
        frame(right, anchor, figures.CYCLE[i // 3 % 3], 1.6)
    left.set_title("one anchor of every second place", fontsize=9)
    right.set_title(f"the {grid.shape[2]} anchors of one place", fontsize=9)
    return fig


def sizes_plane(boxes: np.ndarray, sides: Sequence[float]) -> Figure:
    """Draw true boxes as points (width, height), and around each anchor the sizes that it may become with tanh.

    The curved outline holds the sizes whose IoU with the anchor can reach 0.5.
    """
    fig, ax = figures.canvas(4.6, 4.2)
    wide, high = (boxes[:, 2:] - boxes[:, :2]).T
    ax.plot(wide, high, ".", color=figures.GREY, markersize=3, alpha=0.5)
    for side, colour in zip(sides, figures.CYCLE, strict=False):
        ax.plot(side, side, "s", color=colour, markersize=7)
        ax.add_patch(Rectangle((side / 2, side / 2), side, side, fill=False, edgecolor=colour, linewidth=1.8))
        half_overlap(ax, side, colour)
    ax.set(xlabel="width, pixels", ylabel="height, pixels", aspect="equal", xlim=(0, 64), ylim=(0, 64))
    looks = [("-", "what tanh lets it become"), ("--", "IoU 0.5, centres together")]
    handles = [Line2D([], [], color=figures.INK, linestyle=style, label=words) for style, words in looks]
    ax.legend(handles=handles, loc="upper right")
    return fig


def half_overlap(ax: Axes, side: float, colour: str) -> None:
    """Draw the line of sizes whose IoU with a square about the same centre is a half."""
    lengths = np.linspace(side / 4, 4 * side, 120)
    wide, high = np.meshgrid(lengths, lengths)
    half = np.stack([wide, high], -1).reshape(-1, 2) / 2
    shared = iou(np.concatenate([-half, half], 1), side / 2 * np.array([[-1, -1, 1, 1]]))
    ax.contour(wide, high, shared.reshape(wide.shape), levels=[0.5], colors=[colour], linestyles="--", linewidths=1.3)


def fates(image: np.ndarray, truth: np.ndarray, anchors: np.ndarray, found: np.ndarray, forced: np.ndarray) -> Figure:
    """Draw a scene with its true boxes, and what becomes of its anchors; those that were forced, dotted."""
    fig, axes = figures.canvas(7.2, 3.9, columns=2)
    groups = {"answering for a box": found >= 0, "ignored": found == IGNORED}
    for ax, (words, chosen), colour in zip(axes, groups.items(), (figures.BLUE, figures.GOLD), strict=True):
        picture(ax, image, room=6)
        for box in truth:
            frame(ax, box, figures.ORANGE, 2.4)
        for anchor, by_force in zip(anchors[chosen], forced[chosen], strict=True):
            frame(ax, anchor, colour, 2.2 if by_force else 1.2, ":" if by_force else "-")
        ax.set_title(f"{words}: {int(chosen.sum())} of {len(anchors)} anchors", fontsize=9)
    return fig


def seen(image: np.ndarray, heat: np.ndarray, field: Sequence[float], anchors: np.ndarray) -> Figure:
    """Draw what one unit sees over a grey scene, the square that holds it, and the anchors of its place."""
    fig, ax = figures.canvas(5.6, 4.0)
    picture(ax, np.repeat(image.mean(-1, keepdims=True).astype("uint8"), 3, -1))
    high, wide = heat.shape
    strength = heat / heat.max()
    ax.imshow(strength, extent=(0, wide, high, 0), cmap="inferno", alpha=0.85 * (heat > 0), interpolation="nearest")
    frame(ax, field, figures.GOLD, 2.2)
    handles = [Line2D([], [], color=figures.GOLD, linewidth=2.2, label=f"seen: {field[2] - field[0]:.0f} pixels")]
    for anchor, colour in zip(anchors, figures.CYCLE, strict=False):
        frame(ax, anchor, colour, 1.8)
        handles.append(Line2D([], [], color=colour, label=f"anchor: {anchor[2] - anchor[0]:.0f} pixels"))
    fig.legend(handles=handles, loc="outside right center")
    return fig


def recalls(found: Mapping[str, np.ndarray], kinds: Sequence[str] = KINDS) -> Figure:
    """Draw recall (series, kinds) of each set of anchors: a dot for every series of pictures, a bar for their mean."""
    fig, ax = figures.canvas(7.6, 3.2)
    width = 0.8 / len(found)
    for i, (name, runs) in enumerate(found.items()):
        places = np.arange(len(kinds)) - 0.4 + (i + 0.5) * width
        ax.bar(places, runs.mean(0), width * 0.92, color=figures.CYCLE[i], alpha=0.45, label=name)
        for run in runs:
            ax.plot(places, run, ".", color=figures.CYCLE[i], markersize=3.5)
    ax.set_xticks(range(len(kinds)), kinds)
    ax.set(ylim=(0, 1.02), ylabel="recall at IoU 0.5")
    fig.legend(loc="outside upper center", ncols=len(found))
    return fig
