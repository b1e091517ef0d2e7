"""The pictures of the page normalization_variants. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle

from cvnotes import convolution, data, figures
from cvnotes.figures.style import sheet

from .batch import EPSILON, batch_norm, infer
from .variants import group_norm, instance_norm, layer_norm, weight_norm

# Who is averaged with whom ------------------------------------------------------------------------------------------

METHODS: dict[str, Callable[[int, int], int]] = {
    "batch": lambda example, channel: channel,
    "layer": lambda example, channel: example,
    "group (2 groups)": lambda example, channel: 2 * example + channel // 3,
    "instance": lambda example, channel: 2 * example + channel,  # neighbours differ
}
COLOURS = (figures.BLUE, figures.GOLD, figures.GREEN, figures.PURPLE, figures.SKY, figures.ORANGE, figures.GREY)


def who_with_whom(examples: int = 4, channels: int = 6) -> Figure:
    """Draw a batch for each method: rows are examples, columns channels, each a map of places.

    Maps of one colour that touch share a mean and a spread.
    """
    fig, page = sheet(6.4, 5.85)
    for i, (name, group) in enumerate(METHODS.items()):
        left, top = 0.42 + (i % 2) * 3.1, 0.75 + (i // 2) * 2.95
        page.text(left, top - 0.42, name, fontsize=14, fontweight="bold", va="center")
        page.text(left, top - 0.14, "channels", fontsize=10.5, va="center", color=figures.INK)
        page.text(left - 0.17, top + 1.0, "examples", fontsize=10.5, rotation=90, va="center", ha="center")
        for example in range(examples):
            for channel in range(channels):
                colour = COLOURS[group(example, channel) % len(COLOURS)]
                _map(page, left + 0.45 * channel, top + 0.5 * example, colour)
    return fig


def _map(page: Axes, left: float, top: float, colour: str, cells: int = 3, cell: float = 0.128) -> None:
    """One channel of one example: a square of places."""
    for row in range(cells):
        for column in range(cells):
            corner = (left + column * cell, top + row * cell)
            look = {"facecolor": to_rgba(colour, 0.75), "edgecolor": "white", "linewidth": 0.8}
            page.add_patch(Rectangle(corner, cell, cell, **look))


# Batch size and shift -----------------------------------------------------------------------------------------------

BATCH_SIZES, SHIFTS = (1, 2, 8, 32, 128), (0.0, 0.5, 1.0, 2.0)
WHERE = ("all channels", "its channel", "contrast")
DRAWS, CHANNELS, LIMITS = 40, 8, (0.5, 6.0)  # draws of companions; channels; ends of the axis
DIGIT, PLACE = 2, (0, 1, 1)  # the number watched: of which digit, and its row, column and channel
ROWS = ("none", "batch, training", "batch, inference", "layer", "group (4)", "instance")


@functools.cache
def maps(count: int = 400) -> np.ndarray:
    """Real digits behind eight random filters of 3 x 3 with stride 2, (count, 3, 3, 8); spreads near one."""
    filters = np.random.default_rng(3).normal(size=(3, 3, 1, CHANNELS))
    images = data.digits().train_images[:count].astype(float)
    found = convolution.conv2d(images, filters, np.zeros(CHANNELS), stride=2)
    return found / found.std((0, 1, 2)).mean()


def moved(x: np.ndarray, shift: float, where: str) -> np.ndarray:
    """Shift all channels or the watched one by `shift`, or stretch all numbers by 1 + shift.

    Raises ValueError for another word. Chapter: normalization_variants.
    """
    if where not in WHERE:
        raise ValueError(f"where must be one of {', '.join(WHERE)}. Received: where={where!r}")
    if where == "contrast":
        return x * (1 + shift)
    return x + shift * (np.arange(CHANNELS) == PLACE[2] if where == "its channel" else 1.0)


def answers(batch: int, shift: float, where: str) -> dict[str, np.ndarray]:
    """What each normalization makes of one number of one digit, (draws,), in batches with other companions each time.

    Example and companions are moved alike; running statistics are those of digits that are not moved.
    """
    every, dice = maps(), np.random.default_rng(0)
    mean, variance = every.mean((0, 1, 2)), every.var((0, 1, 2))
    methods = {
        "none": lambda x: x,
        "batch, training": batch_norm,
        "batch, inference": lambda x: infer(x, mean, variance, epsilon=EPSILON),
        "layer": layer_norm,
        "group (4)": lambda x: group_norm(x, 4),
        "instance": instance_norm,
    }
    others = np.delete(np.arange(len(every)), DIGIT)
    drawn = [np.r_[DIGIT, dice.choice(others, batch - 1, replace=False)] for _ in range(DRAWS)]
    batches = [moved(every[rows], shift, where) for rows in drawn]
    return {name: np.array([method(x)[(0, *PLACE)] for x in batches]) for name, method in methods.items()}


def batch_and_shift(batch: int, shift: float, where: str) -> Figure:
    """Draw what each normalization makes of one number: a dot for each set of companions, a bar where it was."""
    now, still = answers(batch, shift, where), answers(max(BATCH_SIZES), 0, where)
    fig, ax = figures.canvas(6.2, 3.5)
    jitter = np.random.default_rng(1).uniform(-0.2, 0.2, DRAWS)
    for row, name in enumerate(ROWS):
        middle = still[name].mean()
        ax.plot([middle, middle], [row - 0.36, row + 0.36], color=figures.ORANGE, linewidth=3, zorder=1)
        ax.plot(now[name], row + jitter, "o", color=figures.BLUE, markersize=4, alpha=0.5)
    ax.set_yticks(range(len(ROWS)), ROWS, fontsize=11)
    ax.set(xlim=LIMITS, ylim=(len(ROWS) - 0.5, -0.5), xlabel="output")
    ax.grid(axis="x")
    return fig


def says_batch_and_shift(batch: int, shift: float, where: str) -> str:
    """Put `batch_and_shift` into words."""
    now, still = answers(batch, shift, where), answers(max(BATCH_SIZES), 0, where)
    scatter = now["batch, training"].std()
    off = {name: now[name].mean() - still[name].mean() for name in ROWS}
    stays = [name for name in ROWS if abs(off[name]) < 0.05 and now[name].std() < 0.05]
    told = "stretched" if where == "contrast" else "shifted"
    what = "nothing moved" if not shift else f"{where} {told} by {shift if where != 'contrast' else 1 + shift:g}"
    return (
        f"Batches of {batch}, {what}. Batch normalization in training scatters by {scatter:.2f} with its companions; "
        f"in inference it is off by {off['batch, inference']:+.1f}. Where it was: {'; '.join(stays) or 'no row'}."
    ).replace("-", "−")


# Direction and length -----------------------------------------------------------------------------------------------


def direction_and_length(v: Sequence[float], g: float, slope: Sequence[float], step: float) -> Figure:
    """Draw v, the weight w = g v/|v| on its circle, and a step of v at right angles, after which v is longer."""
    v, slope = np.asarray(v, float), np.asarray(slope, float)
    unit = v / np.linalg.norm(v)
    after = v - step * (slope - (slope @ unit) * unit)
    fig, ax = figures.canvas(4.6, 3.9)
    ax.add_patch(Circle((0, 0), g, fill=False, edgecolor=figures.GREY, linestyle=(0, (4, 3))))
    ends = {"v": (v, figures.BLUE), "v after a step": (after, figures.SKY)}
    for name, (end, colour) in ends.items():
        _vector(ax, (0, 0), end, colour)
        ax.annotate(name, end, (6, 2), textcoords="offset points", color=colour, fontsize=12, fontweight="bold")
    _vector(ax, v, after, figures.ORANGE)
    for end in (v, after):
        w = weight_norm(end[:, None], np.array([g]))[:, 0]
        ax.plot(*w, "o", color=figures.INK, markersize=8)
    ax.annotate("w", weight_norm(v[:, None], np.array([g]))[:, 0], (-16, 6), textcoords="offset points", fontsize=13)
    ax.set(aspect="equal", xlim=(-1.3, 3.6), ylim=(-1.3, 2.6), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return fig


def _vector(ax: Axes, start: Sequence[float], end: Sequence[float], colour: str) -> None:
    style = {"color": colour, "linewidth": 2.2, "mutation_scale": 13, "shrinkA": 0, "shrinkB": 0}
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", **style))


# What was measured --------------------------------------------------------------------------------------------------


def by_batch_size(found: Mapping[str, np.ndarray], sizes: Sequence[int]) -> Figure:
    """Draw accuracy over batch size, one named line for each normalization, with bands over seeds."""
    fig, ax = figures.canvas(6.4, 3.5)
    names = {"batch": "batch", "layer": "layer", "group": "group", "none": "none"}
    lines = {label: found[key] for key, label in names.items()}
    figures.curves(np.arange(len(sizes)), lines, xlabel="examples in a batch", ylabel="accuracy on test digits", ax=ax)
    ax.set_xticks(range(len(sizes)), sizes)
    return fig
