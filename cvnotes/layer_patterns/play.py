"""The figure to play with: a pattern, its volumes, and what it costs."""

from __future__ import annotations

import functools

from matplotlib.figure import Figure

from cvnotes import figures, models
from cvnotes.models import Profile

from .building import sketch
from .grammar import Pattern

PICTURE, CLASSES = (32, 32, 3), 10
DEPTHS, WIDTHS, CONVS, POOLS = (1, 2, 3, 4), (8, 32), (1, 2), ("max", "stride", "none")
#: What is shown of a profile: words, and the ends of the scale over all settings of the figure.
SCALES = {
    "parameters": (1e3, 1e8),
    "multiply-accumulates": (1e5, 1e10),
    "MB to train on 32 pictures": (1, 1e3),
    "receptive field, pixels": (1, 200),
}
WIDE, TALL, BELOW = 7.4, 2.75, 1.5  # inches: the figure, its upper part with the volumes, its lower part


def pattern(depth: int, width: int, convs: int, pooling: str) -> Pattern:
    """The pattern behind the sliders: M, filters of the first stage, N, and what shrinks the map; K = 1."""
    return Pattern(N=convs, M=depth, K=1, pool=pooling, width=width, units=64)


@functools.cache
def profile(depth: int, width: int, convs: int, pooling: str) -> Profile:
    """Profile the net behind the sliders, for pictures of 32 x 32 in colour and ten classes."""
    return models.profile(sketch(pattern(depth, width, convs, pooling), PICTURE, CLASSES))


def stages(found: Profile) -> dict[str, tuple[int, ...]]:
    """The volume at the end of each stage, from the picture to the scores."""
    shapes, rows = {"picture": PICTURE}, [row for row in found.rows if row.name[-1].isdigit()]
    for row in rows:
        if row.name.startswith(("relu", "pool")) and len(row.output_shape) == 3:
            shapes[f"stage {row.name.removeprefix('pool').removeprefix('relu').split('_')[0]}"] = row.output_shape
    return shapes | {"hidden": found.row("fc1").output_shape, "scores": found.row("scores").output_shape}


def field(found: Profile) -> int:
    """How many pixels wide a number of the last map sees; more than the picture has means all of it."""
    last = next(row for row in reversed(found.rows) if len(row.output_shape) == 3)
    return last.receptive_field[0]


def numbers(found: Profile) -> dict[str, float]:
    """The four numbers that the figure shows; megabytes with one decimal."""
    megabytes = round(found.memory(batch=32, training=True) / 1e6, 1)
    return dict(zip(SCALES, (found.parameters, found.macs, megabytes, field(found)), strict=True))


def draw_design(depth: int, width: int, convs: int, pooling: str) -> Figure:
    """Draw the volumes of a design, and below them its price on four logarithmic scales."""
    found = profile(depth, width, convs, pooling)
    shapes = stages(found)
    fig = figures.volumes(list(shapes.values()), list(shapes))
    _reframe(fig)
    for place, (words, value) in enumerate(numbers(found).items(), 1):
        bottom = (BELOW - 0.35 * place) / (TALL + BELOW)
        _gauge(fig, (2.5 / WIDE, bottom, (WIDE - 4.2) / WIDE, 0.17 / (TALL + BELOW)), words, value)
    return fig


def _reframe(fig: Figure) -> None:
    """Give every setting a figure of one size, so that nothing jumps: the volumes in the upper part."""
    wide, tall = fig.get_size_inches()
    scale = min(1, WIDE / wide, TALL / tall)
    wide, tall, whole = wide * scale, tall * scale, TALL + BELOW
    fig.axes[0].set_position(((WIDE - wide) / 2 / WIDE, BELOW / whole, wide / WIDE, tall / whole))
    fig.set_size_inches(WIDE, whole)


def _gauge(fig: Figure, box: tuple[float, float, float, float], words: str, value: float) -> None:
    ax = fig.add_axes(box)
    ax.barh(0, value - SCALES[words][0], left=SCALES[words][0], height=1, color=figures.SKY)
    ax.set(xscale="log", xlim=SCALES[words], ylim=(-0.5, 0.5))
    ax.axis("off")
    ax.axhline(-0.5, color=figures.GREY, linewidth=0.8)
    ax.text(-0.02, 0.5, words, transform=ax.transAxes, ha="right", va="center", fontsize=9)
    ax.text(1.02, 0.5, f"{value:,}", transform=ax.transAxes, ha="left", va="center", fontsize=9)


def say_design(depth: int, width: int, convs: int, pooling: str) -> str:
    """Say what `draw_design` shows."""
    found = profile(depth, width, convs, pooling)
    ways = {"max": "pooled by 2", "stride": "the last convolution of each steps by 2", "none": "nothing shrinks"}
    volumes = ", ".join(" × ".join(map(str, shape)) for shape in stages(found).values())
    prices = "; ".join(f"{words} {value:,}" for words, value in numbers(found).items())
    many = f"{depth} stage{'s' if depth > 1 else ''} of {convs} convolution{'s' if convs > 1 else ''}"
    return f"{many}, {ways[pooling]}. Volumes {volumes}. {prices[0].upper()}{prices[1:]}."
