"""The pictures of the chapters backpropagation and numpy_convnet. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

from cvnotes import figures
from cvnotes.figures.style import RULE, sheet

from . import stepping
from .adjoints import input_gradient
from .correlations import framed, stuffed, unreached
from .stepping import GIVEN, ORDER, neuron, said

SIZE = (3.6, 5.2)  # inches: as wide as a telephone
PLACES = {
    **{"w": (0.95, 0.8), "x": (2.25, 0.8), "p": (1.6, 1.5)},
    **{"b": (2.8, 1.5), "z": (1.6, 2.26), "0": (2.8, 2.26), "a": (1.6, 3.02)},
    **{"y": (2.8, 3.02), "e": (1.6, 3.78), "L": (1.6, 4.56)},
}
EDGES = (("w", "p"), ("x", "p"), ("p", "z"), ("b", "z"), ("z", "a"), ("0", "a"), ("a", "e"), ("y", "e"))
RADIUS = 0.19


def draw_neuron(w: float, step: int) -> Figure:
    """Draw the graph of one neuron and its loss after `step` steps: values in blue, gradients in orange."""
    nodes, now = neuron(w), stepping.at(step)
    fig, ax = sheet(*SIZE)
    ax.set_aspect("equal")
    for start, end in EDGES:
        _edge(ax, start, end, nodes, now)
    _twice(ax, nodes, now)
    _end(ax, nodes, now)
    for name in PLACES:
        _node(ax, name, nodes[name].op, now)
    _headline(ax, step, now)
    return fig


def _edge(ax: Axes, start: str, end: str, nodes: Mapping, now: stepping.Step) -> None:
    """A value on its way down, and beside it the gradient that came up along the same line."""
    back = end in now.sent
    _arrow(ax, start, end, back, start in now.valued and (end in now.valued or now.active is None), now.active == end)
    (x, y), middle = PLACES[start], (PLACES[start][1] + PLACES[end][1]) / 2
    if start in ("w", *GIVEN):  # beside the leaf, one above the other
        side, align = (-0.28, "right") if start == "w" else (0.28, "left")
        value, gradient = (x + side, y - 0.12, align), (x + side, y + 0.14, align)
    else:  # left and right of the line
        value, gradient = (x - 0.1, middle, "right"), (x + 0.1, middle, "left")
    if start in now.valued:
        _label(ax, *value, nodes[start].value, figures.BLUE)
    if back:
        slope = nodes[end].slopes[[parent is nodes[start] for parent in nodes[end].parents].index(True)]
        _label(ax, *gradient, nodes[end].gradient * slope, figures.ORANGE)


def _twice(ax: Axes, nodes: Mapping, now: stepping.Step) -> None:
    """The error goes into the loss twice: two bent lines, a value and a gradient for each."""
    (x, y0), (_, y1) = PLACES["e"], PLACES["L"]
    for sign in (-1, 1):
        _arrow(ax, "e", "L", "L" in now.sent, "L" in now.valued, now.active == "L", bend=0.75 * sign)
        where = x + sign * 0.42
        align = "right" if sign < 0 else "left"
        if "e" in now.valued:
            _label(ax, where, (y0 + y1) / 2 - 0.1, align, nodes["e"].value, figures.BLUE)
        if "L" in now.sent:
            _label(ax, where, (y0 + y1) / 2 + 0.13, align, nodes["e"].gradient / 2, figures.ORANGE)


def _end(ax: Axes, nodes: Mapping, now: stepping.Step) -> None:
    """What comes out at the bottom: the loss, and the 1 with which the way back starts."""
    x, y = PLACES["L"]
    if "L" in now.valued:
        _label(ax, x - 0.1, y + 0.38, "right", nodes["L"].value, figures.BLUE)
    if now.seeded:
        _label(ax, x + 0.1, y + 0.38, "left", nodes["L"].gradient, figures.ORANGE)


def _arrow(ax: Axes, start: str, end: str, back: bool, known: bool, active: bool, bend: float = 0.0) -> None:
    colour = figures.ORANGE if back else figures.BLUE if known else RULE
    ends = (PLACES[end], PLACES[start]) if back else (PLACES[start], PLACES[end])
    curve = f"arc3,rad={-bend if back else bend}"
    style = {"color": colour, "linewidth": 2.4 if active else 1.4, "mutation_scale": 11}
    gap = 72 * RADIUS + 2  # points that the arrow keeps from the middle of a node
    ax.add_patch(FancyArrowPatch(*ends, connectionstyle=curve, arrowstyle="-|>", shrinkA=gap, shrinkB=gap, **style))


def _node(ax: Axes, name: str, op: str, now: stepping.Step) -> None:
    colour = figures.BLUE if now.forward else figures.ORANGE
    active = name == now.active
    face = colour if active else "white" if op else figures.PAPER
    edge = colour if active else figures.INK if name in now.valued else RULE
    ax.add_patch(Circle(PLACES[name], RADIUS, facecolor=face, edgecolor=edge, linewidth=1.2, zorder=3))
    style = {"ha": "center", "va": "center", "zorder": 4, "color": "white" if active else figures.INK}
    ax.text(*PLACES[name], op or name, fontsize=8.5 if op == "max" else 12, **style)
    if op:
        x, y = PLACES[name]
        ax.text(x - 0.3, y, name, ha="right", va="center", fontsize=11, style="italic", color=figures.GREY)


def _label(ax: Axes, x: float, y: float, align: str, value: float, colour: str) -> None:
    ax.text(x, y, said(value), ha=align, va="center", fontsize=11.5, color=colour, fontweight="bold")


def _headline(ax: Axes, step: int, now: stepping.Step) -> None:
    """What happens at this step, in three words."""
    rules = {"p": "× swaps", "z": "+ distributes", "a": "max routes", "e": "− turns one sign", "L": "e, used twice"}
    if now.active is None:
        words, colour = "inputs", figures.INK
    elif now.forward:
        words, colour = f"forward {step} of {len(ORDER)}", figures.BLUE
    elif not now.sent:
        words, colour = "the loss, to itself: 1", figures.ORANGE
    else:
        words, colour = f"back {len(now.sent)} of {len(ORDER)}: {rules[now.active]}", figures.ORANGE
    ax.text(0.15, 0.28, words, ha="left", va="center", fontsize=12, fontweight="bold", color=colour)


# The adjoints of a convolution --------------------------------------------------------------------------------------

SIDE = 6  # of the input in the pictures
CELL = 0.235  # inches: a frame of eight cells and a picture of six stand side by side on a telephone
KERNELS = {2: np.array([[1, 2], [3, 4]]), 3: np.arange(1, 10).reshape(3, 3)}
ABOVE = np.random.default_rng(4).integers(1, 4, (7, 7))  # gradients from above
QUIET = "#e8e4d9"  # cells that hold nothing but zeros put there


def pixel_view() -> Figure:
    """Draw a pixel that nine windows see, and the weight that each of the nine outputs used for it."""
    image, seen = np.zeros((5, 5)), np.zeros((3, 3))
    image[2, 2] = 1
    for i, j in np.ndindex(3, 3):  # the window of output (i, j) meets the pixel with its tap (2 - i, 2 - j)
        seen[i, j] = KERNELS[3][2 - i, 2 - j]
    fig, page = sheet(3.6, 1.75)
    _grid(page, image, "one pixel", 0.12, highlight=[(2, 2, 1, 1, figures.ORANGE)])
    _grid(page, KERNELS[3], "filter", 1.63)
    _grid(page, seen, "weight used", 2.62)
    return fig


def _grid(page: Axes, grid: np.ndarray, title: str, left: float, top: float = 0.3, **options) -> Axes:
    """Put a grid of numbers on a sheet, its corner at a place in inches, with a title above it."""
    wide, tall = page.figure.get_size_inches()
    height, width = (CELL * (n + 0.4) for n in grid.shape)
    ax = page.figure.add_axes((left / wide, 1 - (top + height) / tall, width / wide, height / tall))
    figures.numbers(grid, ax=ax, **options)
    page.text(left + 0.2 * CELL, top, title, ha="left", va="bottom", fontsize=9.5)
    return ax


def back_parts(kernel: int, stride: int, padding: int) -> dict[str, np.ndarray]:
    """The four grids of `draw_back`: upstream, its stuffed frame, the turned kernel, the gradient of a 6 x 6 input."""
    weights = KERNELS[kernel]
    side = (SIDE + 2 * padding - kernel) // stride + 1
    upstream = ABOVE[:side, :side].astype(float)
    wide = stuffed(upstream[None, ..., None], stride)
    before = kernel - 1 - padding
    for axis in (1, 2):
        wide = framed(wide, axis, before, SIDE + kernel - 1 - wide.shape[axis] - before)
    gradient = input_gradient(weights[..., None, None], upstream[None, ..., None], (1, SIDE, SIDE, 1), stride, padding)
    return {
        "from above": upstream,
        "kernel, turned": weights[::-1, ::-1],
        "stuffed and framed": wide[0, ..., 0],
        "for the input": gradient[0, ..., 0],
    }


def draw_back(kernel: int, stride: int, padding: int) -> Figure:
    """Draw how the gradient of the input comes about: the stuffed frame, correlated with the turned kernel."""
    above, turned, wide, gradient = back_parts(kernel, stride, padding).items()
    fig, page = sheet(3.7, 4.5)
    _grid(page, above[1], above[0], 0.1)
    _grid(page, turned[1], turned[0], 2.1)
    frame = _grid(page, wide[1], wide[0], 0.1, 2.4)
    _grid(page, gradient[1], gradient[0], 2.1, 2.4)
    _quieten(frame, came_from_above(kernel, stride, padding))
    return fig


def came_from_above(kernel: int, stride: int, padding: int) -> np.ndarray:
    """Which cells of the stuffed frame hold a gradient, and which only a zero that was put there."""
    wide = back_parts(kernel, stride, padding)
    real = stuffed(np.ones((1, *wide["from above"].shape, 1)), stride)
    before = kernel - 1 - padding
    for axis in (1, 2):
        real = framed(real, axis, before, SIDE + kernel - 1 - real.shape[axis] - before)
    return real[0, ..., 0] > 0


def _quieten(ax: Axes, loud: np.ndarray) -> None:
    """Grey out the cells that are not loud."""
    for box, text, real in zip(ax.patches, ax.texts, loud.ravel(), strict=True):
        if not real:
            box.set_facecolor(QUIET)
            text.set_color(figures.GREY)


def say_back(kernel: int, stride: int, padding: int) -> str:
    """Say what `draw_back` shows."""
    parts, rest = back_parts(kernel, stride, padding), unreached(SIDE, kernel, stride, padding)
    side, wide = len(parts["from above"]), len(parts["stuffed and framed"])
    reach = kernel - 1 - padding
    between = {1: "Touching", 2: "With one zero between neighbours"}.get(stride, f"With {stride - 1} zeros between")
    words = f"Filter {kernel}, stride {stride}, padding {padding}: {side} by {side} gradients come from above. "
    words += f"{between}, {reach} in front and {reach + rest} behind, they fill {wide} by {wide} cells; "
    words += f"the turned kernel makes the {SIDE} by {SIDE} gradient of them."
    if rest:
        words += f" No window reaches the end of the padded input: rows left over, {rest}."
    return words


# The network ----------------------------------------------------------------------------------------------------------


def damage(accuracies: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the test accuracy of each net with a planted error: a dot for every seed, a bar to the mean."""
    fig, ax = figures.canvas(4.4, 0.42 * len(accuracies) + 0.9)
    figures.bars(
        {name: 100 * np.asarray(values) for name, values in accuracies.items()}, xlabel="test accuracy, %", ax=ax
    )
    return fig


def remembered(waiting: Mapping[str, float]) -> Figure:
    """Draw how many KiB each layer keeps for the way back."""
    fig, ax = figures.canvas(4.4, 0.42 * len(waiting) + 0.9)
    figures.bars(waiting, xlabel="KiB kept until the way back", ax=ax)
    return fig
