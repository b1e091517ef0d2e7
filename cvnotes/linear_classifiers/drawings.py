"""The pictures of the chapter linear_classifiers. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon, Rectangle

from cvnotes import figures

from . import contest, flatland
from .neighbours import NearestNeighbours, distances, nearest, vote

CLASS_COLOURS = (figures.BLUE, figures.ORANGE, figures.GREEN)
CLASS_MARKS = ("o", "s", "^")
SPOTS = {"lower left": (-1.0, -1.75), "between": (-0.39, 0.58), "far right": (2.4, -1.35), "clear": (-1.2, 0.6)}
KS = (1, 3, 5, 15)


def _pale(colour: str, share: float = 0.22) -> tuple[float, ...]:
    return tuple(1 - share * (1 - part) for part in to_rgb(colour))


def _plane(ax: Axes, title: str = "") -> None:
    reach = flatland.REACH
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    ax.set(xlabel="ink in the middle", ylabel="height of the ink")
    ax.set_title(title)


def _scatter(ax: Axes, size: float = 16) -> None:
    places, labels, _ = flatland.points()
    for c, colour, mark in zip(flatland.CLASSES, CLASS_COLOURS, CLASS_MARKS, strict=True):
        here = places[labels == c]
        ax.scatter(*here.T, s=size, color=colour, marker=mark, edgecolor="white", linewidth=0.5, label=f"{c}")


def _paint(ax: Axes, regions: np.ndarray) -> None:
    reach = flatland.REACH
    colours = ListedColormap([_pale(c) for c in CLASS_COLOURS])
    extent = (-reach, reach, -reach, reach)
    ax.imshow(regions, origin="lower", extent=extent, cmap=colours, vmin=0, vmax=2, interpolation="nearest", zorder=0)


def draw_regions(panels: Mapping[str, np.ndarray]) -> Figure:
    """Draw the plane of digits once for each panel, coloured by what a classifier says there: title -> (n, n)."""
    fig, axes = figures.canvas(7.6, 3.9 if len(panels) == 2 else 3.0, columns=len(panels))
    for ax, (title, regions) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        _paint(ax, regions)
        _scatter(ax)
        _plane(ax, title)
    axes[0].legend(title="digit", loc="upper right", frameon=True, framealpha=0.9, borderpad=0.3, handletextpad=0.1)
    return fig


# The vote, to play with ---------------------------------------------------------------------------------------------


@functools.cache
def _voted(k: int, metric: str) -> np.ndarray:
    places, labels, _ = flatland.points()
    return flatland.regions(NearestNeighbours(k, metric).fit(places, labels).predict, 70)


def polled(k: int, metric: str, spot: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find who votes at a spot of the plane: rows of the k nearest, their distances, votes for 0, 1 and 2."""
    places, labels, _ = flatland.points()
    rows, far = nearest(distances(np.array([SPOTS[spot]]), places, metric), k)
    return rows[0], far[0], vote(labels[rows], 3)[0]


def draw_vote(k: int, metric: str, spot: str) -> Figure:
    """Draw the plane, the k neighbours of a spot, the reach of the farthest of them, and the votes."""
    places, _, _ = flatland.points()
    rows, far, votes = polled(k, metric, spot)
    fig, (ax, bars) = figures.canvas(7.0, 4.1, columns=2, width_ratios=[2.1, 1])
    _paint(ax, _voted(k, metric))
    _scatter(ax)
    x, y = SPOTS[spot]
    for row in rows:
        ax.plot([x, places[row, 0]], [y, places[row, 1]], color=figures.INK, linewidth=0.8, zorder=1)
    look = {"fill": False, "edgecolor": figures.INK, "linewidth": 1.3, "linestyle": (0, (4, 2))}
    reach = far[-1] + 0.02
    if metric == "L2":
        ax.add_patch(Circle((x, y), reach, **look))
    else:
        ax.add_patch(Polygon([(x - reach, y), (x, y + reach), (x + reach, y), (x, y - reach)], **look))
    ax.plot(x, y, marker="X", markersize=10, color=figures.INK, markeredgecolor="white")
    _plane(ax, f"{k} nearest by {metric}")
    bars.barh(range(3), votes, height=0.6, color=CLASS_COLOURS)
    bars.set(yticks=range(3), yticklabels=["a 0", "a 1", "a 2"], ylim=(2.5, -0.5), xlim=(0, max(k, 2)))
    bars.set(xlabel="votes", xticks=sorted({0, k}))
    bars.set_title(f"the vote: a {votes.argmax()}")
    return fig


def say_vote(k: int, metric: str, spot: str) -> str:
    """Put `draw_vote` into words."""
    _, far, votes = polled(k, metric, spot)
    shape = "circle" if metric == "L2" else "diamond"
    count = ", ".join(f"{votes[c]} for {c}" for c in flatland.CLASSES)
    return (
        f"The {spot} spot. A {shape} of radius {far[-1]:.2f} holds the {k} nearest by {metric}. "
        f"Votes: {count}. The spot is called a {votes.argmax()}."
    )


# Distances ----------------------------------------------------------------------------------------------------------


def draw_difference(a: np.ndarray, b: np.ndarray) -> Figure:
    """Draw two small pictures as numbers, what separates them pixel by pixel, and the squares of it."""
    grids = {"a": a, "b": b, "|a − b|": np.abs(a - b), "(a − b)²": (a - b) ** 2}
    fig, axes = figures.canvas(7.2, 2.1, columns=4)
    for i, (ax, (name, grid)) in enumerate(zip(axes, grids.items(), strict=True)):
        figures.numbers(grid, ax=ax, cmap="gray" if i < 2 else None)
        ax.set_title(name)
    return fig


def draw_query(
    query: np.ndarray, images: np.ndarray, labels: np.ndarray, far: np.ndarray, ks: Sequence[int] = (3, 5, 7)
) -> Figure:
    """Draw the way to an answer: a query picture, its neighbours in order of distance, and what k of them say.

    query (64,); images (n, 64), labels (n,) and distances (n,) of the neighbours, nearest first; each k at most n.
    """
    fig, ax = figures.canvas(7.6, 2.5)
    lefts = [0, *(1.75 + 1.12 * i for i in range(len(images)))]
    heads = ["the query", *(f"a {label}" for label in labels)]
    feet = ["distance", *(f"{d:.2f}" for d in far)]
    for left, image, head, foot in zip(lefts, [query, *images], heads, feet, strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray", vmin=0, vmax=1, extent=(left, left + 1, 0, 1))
        ax.text(left + 0.5, 1.08, head, ha="center", va="bottom", fontsize=9.5)
        ax.text(left + 0.5, -0.08, foot, ha="center", va="top", fontsize=8.5)
    for row, k in enumerate(ks):
        y, end = -0.68 - 0.42 * row, lefts[k] + 1
        said = vote(labels[None, :k], 10)[0].argmax()
        ax.plot([lefts[1], lefts[1], end, end], [y + 0.12, y, y, y + 0.12], color=figures.BLUE, linewidth=1.4)
        ax.text(0, y, f"k = {k} says {said}", va="center", fontsize=9.5, color=figures.BLUE, fontweight="bold")
    ax.set(xlim=(-0.1, lefts[-1] + 1.1), ylim=(-0.55 - 0.42 * len(ks), 1.35), aspect="equal")
    ax.axis("off")
    return fig


def draw_mistakes(queries: np.ndarray, truth: np.ndarray, near: np.ndarray, labels: np.ndarray) -> Figure:
    """Draw pictures that were named wrongly, two to a row, each with its neighbours behind it.

    queries (n, 64), truth (n,); near (n, k, 64) and their labels (n, k).
    """
    k, rows = near.shape[1], -(-len(queries) // 2)
    widths = [1.0] * (k + 1) + [0.3] + [1.0] * (k + 1)
    fig, axes = figures.canvas(7.4, 1.25 * rows, rows=rows, columns=2 * k + 3, width_ratios=widths, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for i, (query, right, others, names) in enumerate(zip(queries, truth, near, labels, strict=True)):
        start = (i % 2) * (k + 2)
        for j, picture in enumerate([query, *others]):
            ax = axes[i // 2, start + j]
            ax.imshow(picture.reshape(8, 8), cmap="gray", vmin=0, vmax=1)
            weight = "normal" if j else "bold"
            ax.set_title(f"a {names[j - 1]}" if j else f"really {right}", loc="center", fontsize=8.5, fontweight=weight)
    return fig


# Scores -------------------------------------------------------------------------------------------------------------


def _boxes(ax: Axes, grid: np.ndarray, top: float, left: float, colours: Sequence[str] | None = None) -> None:
    """Write a matrix of numbers in unit cells; a colour for each column."""
    for (i, j), value in np.ndenumerate(np.atleast_2d(grid)):
        face = _pale(colours[j]) if colours else "white"
        ax.add_patch(Rectangle((left + j, top + i), 1, 1, facecolor=face, edgecolor=figures.GREY, linewidth=0.7))
        text = f"{value:g}".replace("-", "−")
        ax.text(left + j + 0.5, top + i + 0.5, text, ha="center", va="center", fontsize=10)


def draw_row_times_matrix(picture: np.ndarray, weights: np.ndarray, bias: np.ndarray, names: Sequence[str]) -> Figure:
    """Draw a 2 x 2 picture, the row it becomes, three columns of weights, the constants and the three scores."""
    fig, ax = figures.canvas(7.6, 2.5)
    ax.imshow(picture, cmap="gray", vmin=0, vmax=1, extent=(0, 2, 3, 1))
    for (i, j), value in np.ndenumerate(picture):
        ink = "white" if value < 0.5 else figures.INK
        ax.text(j + 0.5, i + 1.5, f"{value:g}", ha="center", va="center", fontsize=10, color=ink)
    row = picture.reshape(1, -1)
    parts = ((3.2, row, None), (11.9, bias[None], CLASS_COLOURS), (16.1, row @ weights + bias, CLASS_COLOURS))
    for left, grid, colours in parts:
        _boxes(ax, grid, 1.5, left, colours)
    _boxes(ax, weights, 0, 7.9, CLASS_COLOURS)
    for x, sign in ((2.6, "→"), (7.55, "×"), (11.4, "+"), (15.5, "=")):
        ax.text(x, 2, sign, ha="center", va="center", fontsize=13)
    for x, y, name in ((1, 0.8, "picture"), (5.2, 1.3, "x, its row"), (9.4, 4.25, "W"), (13.4, 2.75, "b")):
        ax.text(x, y, name, ha="center", va="bottom" if y < 2 else "top", fontsize=9.5)
    ax.text(17.6, 2.75, "scores", ha="center", va="top", fontsize=9.5)
    for left, top in ((7.9, -0.15), (16.1, 1.35)):
        for j, (name, colour) in enumerate(zip(names, CLASS_COLOURS, strict=True)):
            ax.text(left + 0.5 + j, top, name, ha="center", va="bottom", fontsize=8, color=colour, fontweight="bold")
    ax.set(xlim=(-0.1, 19.3), ylim=(4.9, -0.8), aspect="equal")
    ax.axis("off")
    return fig


def draw_lines(regions: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> Figure:
    """Draw the plane cut by a linear classifier: regions, the line between each two classes, the way each score grows.

    regions (n, n); weights (2, 3); bias (3,).
    """
    fig, ax = figures.canvas(5.2, 4.6)
    _paint(ax, regions)
    _scatter(ax)
    span = np.linspace(-flatland.REACH, flatland.REACH, 2)
    for i, j, dashes in ((0, 1, "-"), (0, 2, (0, (5, 2))), (1, 2, (0, (1.5, 1.5)))):
        (a, b), c = weights[:, i] - weights[:, j], bias[i] - bias[j]
        line = (span, -(c + a * span) / b) if abs(b) > abs(a) else (-(c + b * span) / a, span)
        ax.plot(*line, color=figures.INK, linewidth=1.1, linestyle=dashes, label=f"{i} or {j}?")
    for c, colour in enumerate(CLASS_COLOURS):
        way = weights[:, c] / np.abs(weights).max() * 1.3
        ax.annotate("", way, (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2.4})
    _plane(ax)
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return fig


# Cost ---------------------------------------------------------------------------------------------------------------


def draw_growth(sizes: Sequence[int], seconds: Mapping[str, np.ndarray], xlabel: str) -> Figure:
    """Draw times, (repeats, sizes) for each name, on log-log axes: the median, and all repeats as a band."""
    fig, ax = figures.canvas(7.2, 3.6)
    for (name, times), colour, mark in zip(
        seconds.items(), figures.CYCLE, ("o", "s", "^", "D", "v", "P", "X"), strict=False
    ):
        ax.plot(sizes, np.median(times, axis=0), color=colour, marker=mark, label=name)
        ax.fill_between(sizes, times.min(axis=0), times.max(axis=0), color=colour, alpha=0.15, linewidth=0)
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel="seconds")
    ax.set_xticks(sizes, [f"{n:,}" for n in sizes])
    ax.minorticks_off()
    ax.grid(axis="y")
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return fig


# A blend of two digits, to play with --------------------------------------------------------------------------------

STEPS = tuple(round(0.1 * i, 1) for i in range(11))
SHARES = (0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0)  # those to play with
PAIRS = {"1 and 7": (1, 7), "3 and 8": (3, 8), "4 and 9": (4, 9)}


@functools.cache
def _classifiers() -> tuple[NearestNeighbours, np.ndarray, np.ndarray]:
    """Nine neighbours and a linear classifier, trained on the training digits; and their test digits by name."""
    x, labels, test, truth = contest.split(0)
    first = np.array([test[np.flatnonzero(truth == c)[0]] for c in range(10)])
    return NearestNeighbours(9).fit(x, labels), contest.logistic(0.1).fit(x, labels), first


@functools.cache
def mixture(pair: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fade one test digit into another in eleven steps: pictures (11, 8, 8), votes (11, 10), linear scores (11, 10)."""
    neighbours, line, first = _classifiers()
    start, end = first[list(PAIRS[pair])]
    rows = np.array([(1 - t) * start + t * end for t in STEPS])
    votes = vote(neighbours.labels[neighbours.neighbours(rows)[0]], 10)
    return rows.reshape(-1, 8, 8), votes, line.decision_function(rows)


def draw_blend(pair: str, share: float) -> Figure:
    """Draw a mixture of two digits, and along the whole way from one to the other the votes and the linear scores."""
    images, votes, scores = mixture(pair)
    step, two = STEPS.index(share), PAIRS[pair]
    fig, (left, middle, right) = figures.canvas(7.6, 3.0, columns=3, width_ratios=[0.75, 1.1, 1.1])
    left.imshow(images[step], cmap="gray", vmin=0, vmax=1)
    left.set(xticks=[], yticks=[])
    left.set_title(f"{1 - share:.0%} a {two[0]}, {share:.0%} a {two[1]}", fontsize=9)
    for ax, values, title in ((middle, votes, "9 neighbours"), (right, scores, "linear scores")):
        for c in sorted(range(10), key=lambda c: c in two):
            if c in two:
                look = {"color": CLASS_COLOURS[two.index(c)], "marker": CLASS_MARKS[two.index(c)], "linewidth": 2.0}
                ax.plot(STEPS, values[:, c], label=f"{c}", **look)
            else:
                ax.plot(STEPS, values[:, c], color=figures.GREY, linewidth=0.7)
        ax.axvline(share, color=figures.INK, linewidth=1, linestyle=(0, (3, 2)))
        ax.set(xlabel=f"share of the {two[1]}", xticks=[0, 0.5, 1])
        ax.set_title(f"{title}: a {values[step].argmax()}", fontsize=9)
    middle.set_ylabel("votes")
    middle.legend(loc="center left", title="digit")
    return fig


def say_blend(pair: str, share: float) -> str:
    """Put `draw_blend` into words."""
    _, votes, scores = mixture(pair)
    step, (first, last) = STEPS.index(share), PAIRS[pair]
    return (
        f"A mixture, {1 - share:.0%} a {first} and {share:.0%} a {last}. Of nine neighbours {votes[step, first]} say "
        f"{first}, {votes[step, last]} say {last}; most say {votes[step].argmax()}. The linear scores change along "
        f"straight lines; the highest is that of the {scores[step].argmax()}."
    )
