"""Pictures of single boxes and of pairs. Plain functions: numbers in, a figure out. Chapter: boxes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from cvnotes import figures

from .formats import convert
from .overlap import giou, iou

READ = ("xyxy", "yxyx", "xywh", "center_xywh")
FIXED = (6.0, 6.0, 14.0, 14.0)  # the box that stands still in the figure to play with
FIELD = (28, 20)


def picture(ax: Axes, image: np.ndarray, room: int = 0) -> None:
    """Show an image so that pixel c spans c to c + 1, with some room around it."""
    high, wide = image.shape[:2]
    ax.imshow(image, extent=(0, wide, high, 0), interpolation="nearest")
    ax.set(xlim=(-room, wide + room), ylim=(high + room, -room))
    ax.axis("off")


def frame(ax: Axes, box: np.ndarray, colour: str, width: float = 1.8, style: str = "-", on_image: bool = True) -> None:
    """Draw a box, with paper beneath its line where it lies on a picture."""
    x0, y0, x1, y1 = (float(n) for n in box)
    options = {"fill": False, "linewidth": width, "linestyle": style, "edgecolor": colour}
    patch = ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, **options))
    if on_image:
        patch.set_path_effects([withStroke(linewidth=width + 1.6, foreground=figures.PAPER)])


def word(ax: Axes, x: float, y: float, words: str, colour: str, **align: str) -> None:
    """Write on a picture, legibly."""
    text = ax.text(x, y, words, color=colour, fontsize=8.5, **({"ha": "center", "va": "center"} | align))
    text.set_path_effects([withStroke(linewidth=3, foreground=figures.PAPER)])


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    """Draw a measure from place to place."""
    ax.annotate(
        "", end, start, arrowprops={"arrowstyle": "<->", "color": colour, "lw": 1.4, "shrinkA": 0, "shrinkB": 0}
    )


def three_ways(image: np.ndarray, box: np.ndarray) -> Figure:
    """Show which four numbers name a box: two corners, a corner and the size, the centre and the size."""
    fig, axes = figures.canvas(7.6, 3.0, columns=3)
    for ax, name in zip(axes, ("xyxy", "xywh", "center_xywh"), strict=True):
        picture(ax, image)
        frame(ax, box, figures.BLUE)
        numbers = convert(box, "xyxy", name)
        said = ", ".join(f"{n:g}" for n in numbers)
        ax.set_title(f"{name}\n{said}", fontsize=9)
        point(ax, numbers[:2])
        if name == "xyxy":
            point(ax, numbers[2:])
        else:
            measures(ax, box)
    return fig


def point(ax: Axes, place: np.ndarray) -> None:
    """Mark one place of a picture."""
    ax.plot(*place, "o", color=figures.ORANGE, markersize=7, markeredgecolor=figures.PAPER)


def measures(ax: Axes, box: np.ndarray) -> None:
    """Draw width and height beside a box."""
    x0, y0, x1, y1 = (float(n) for n in box)
    arrow(ax, (x0, y1 + 3), (x1, y1 + 3), figures.ORANGE)
    arrow(ax, (x1 + 3, y0), (x1 + 3, y1), figures.ORANGE)
    word(ax, (x0 + x1) / 2, y1 + 7, "w", figures.INK)
    word(ax, x1 + 7, (y0 + y1) / 2, "h", figures.INK)


def misread(image: np.ndarray, box: np.ndarray) -> Figure:
    """Draw the rectangles that the same four numbers mean in four formats."""
    fig, axes = figures.canvas(7.6, 2.5, columns=4)
    colours = (figures.BLUE, figures.ORANGE, figures.GREEN, figures.PURPLE)
    for ax, name, colour in zip(axes, READ, colours, strict=True):
        picture(ax, image, room=6)
        frame(ax, convert(box, name, "xyxy"), colour)
        ax.set_title(f"read as {name}", fontsize=9)
    return fig


def moved(right: int, down: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the box that stands still and the one that was moved from its upper left corner."""
    start = FIXED[0] + right, FIXED[1] + down - 4
    return np.float32([FIXED]), np.float32([[*start, start[0] + side, start[1] + side]])


def draw_pair(right: int, down: int, side: int) -> Figure:
    """Draw two boxes, what they share, the box that holds both, and both measures on a line."""
    still, other = moved(right, down, side)
    fig, (ax, line) = figures.canvas(7.2, 2.9, columns=2, width_ratios=[1.25, 1])
    common = [*np.maximum(still[0], other[0])[:2], *np.minimum(still[0], other[0])[2:]]
    hull = [*np.minimum(still[0], other[0])[:2], *np.maximum(still[0], other[0])[2:]]
    if iou(still, other)[0, 0]:
        size = common[2] - common[0], common[3] - common[1]
        ax.add_patch(Rectangle(common[:2], *size, color=figures.GOLD, alpha=0.55, linewidth=0))
    frame(ax, hull, figures.GREY, 1.2, "--", on_image=False)
    frame(ax, still[0], figures.BLUE, 2.4, on_image=False)
    frame(ax, other[0], figures.ORANGE, 2.4, on_image=False)
    ax.set(xlim=(3, FIELD[0] + 3), ylim=(FIELD[1] - 1, 1), aspect="equal")
    ax.axis("off")
    gauge(line, {"IoU": float(iou(still, other)[0, 0]), "GIoU": float(giou(still, other)[0, 0])})
    return fig


def gauge(ax: Axes, values: dict[str, float]) -> None:
    """Draw numbers from -1 to 1 as bars from zero."""
    for row, ((name, value), colour) in enumerate(zip(values.items(), (figures.GOLD, figures.GREEN), strict=True)):
        ax.barh(row, value, height=0.5, color=colour)
        ax.text(-1.05, row, name, ha="right", va="center")
        ax.text(1.05, row, f"{value:.2f}".replace("-", "−"), ha="left", va="center")
    ax.axvline(0, color=figures.INK, linewidth=0.9)
    ax.set(xlim=(-1, 1), ylim=(1.7, -0.7), yticks=[], xticks=[-1, 0, 1])


def say_pair(right: int, down: int, side: int) -> str:
    """Say what `draw_pair` shows."""
    still, other = moved(right, down, side)
    shared, wide = float(iou(still, other)[0, 0]), float(giou(still, other)[0, 0])
    touch = "share a part" if shared else "share nothing"
    return f"Two boxes that {touch}: IoU {shared:.2f}, GIoU {wide:.2f}."


def journey(paths: dict[str, np.ndarray], other: np.ndarray, every: int) -> Figure:
    """Draw where boxes go, by the measure whose gradient they follow: one panel each, paler is earlier."""
    fig, axes = figures.canvas(7.2, 2.9, columns=len(paths), sharex=True, sharey=True)
    for ax, (name, path) in zip(axes, paths.items(), strict=True):
        shown = path[::every]
        frame(ax, other, figures.ORANGE, 2.6, on_image=False)
        for strength, box in zip(np.linspace(0.25, 1, len(shown)), shown, strict=True):
            x0, y0, x1, y1 = box
            ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=figures.BLUE, alpha=strength))
        ax.set(xlim=(0, 40), ylim=(30, 0), aspect="equal")
        ax.axis("off")
        ax.set_title(f"steps along the gradient of {name}", fontsize=9)
    return fig
