"""The pictures of the page grabcut. Plain functions: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from cvnotes import figures
from cvnotes.checks import whole

from . import photographs
from .flow import Cut
from .links import smoothness
from .mixtures import fit_mixture
from .rounds import BACKGROUND, OBJECT, OPEN, Round

GAMMAS, ROUNDS = (0, 5, 20, 75), 4  # of the figure to play with
PLAYED = "astronaut"


def plain(ax: Axes, image: np.ndarray, title: str = "", **look) -> None:
    """An image without ticks, with a line of words above it."""
    ax.imshow(image, **look)
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=9)
    for spine in ax.spines.values():
        spine.set_visible(False)


def seeded(image: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """A picture under its seeds: what is background for good is faded, what is object for good is dark."""
    shown = np.array(image, float)
    shown[marks == BACKGROUND] = 0.35 * shown[marks == BACKGROUND] + 0.65 * np.array(to_rgb(figures.PAPER))
    shown[marks == OBJECT] = to_rgb(figures.INK)
    return shown


def lifted(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """A picture with everything but the object painted over with paper."""
    return np.where(labels[..., None], image, to_rgb(figures.PAPER))


def framed(name: str) -> Figure:
    """Draw a photograph, its rectangle, and what is known: outside faded, inside open."""
    image, marks = photographs.picture(name), photographs.framed(name)
    fig, axes = figures.canvas(5.6, 2.9, columns=2)
    plain(axes[0], image, "the picture")
    plain(axes[1], seeded(image, marks), "outside: background; inside: open")
    outline(axes[1], marks == OPEN, figures.ORANGE)
    return fig


def outline(ax: Axes, mask: np.ndarray, colour: str) -> None:
    """Trace the border of a mask, with paper beneath the line; nothing for a mask without one."""
    if mask.any() and not mask.all():
        padded = np.pad(mask.astype(float), 1)
        x, y = np.arange(-1, mask.shape[1] + 1), np.arange(-1, mask.shape[0] + 1)
        for shade, width in ((figures.PAPER, 2.6), (colour, 1.3)):
            ax.contour(x, y, padded, levels=[0.5], colors=[shade], linewidths=width)


# Mixtures and links -------------------------------------------------------------------------------------------------


def swatches(ax: Axes, mixture, title: str) -> None:
    """A bar for each component of a mixture, as long as its share and in its mean colour, largest first."""
    order = np.argsort(-mixture.weights_)
    shares, colours = mixture.weights_[order], np.clip(mixture.means_[order], 0, 1)
    ax.barh(range(len(order)), shares, color=colours, edgecolor=figures.GREY, linewidth=0.6)
    for place, share in enumerate(shares):
        ax.text(share + 0.02, place, f"{share:.0%}", va="center", fontsize=8.5)
    ax.set(xlim=(0, 1), ylim=(len(order) - 0.4, -0.6), xticks=[], yticks=[])
    ax.set_title(title, fontsize=9)
    ax.spines[["left", "bottom"]].set_visible(False)


def preferences(name: str, gamma: float) -> Figure:
    """Draw the components of both first mixtures, and what the mixtures alone would choose for each pixel."""
    image, marks = photographs.picture(name), photographs.framed(name)
    first = photographs.found(name, gamma)[0]
    fig, axes = figures.canvas(7.6, 2.7, columns=3, width_ratios=[0.8, 0.8, 1.2])
    swatches(axes[0], fit_mixture(image[marks == BACKGROUND]), "outside the rectangle")
    swatches(axes[1], fit_mixture(image[marks == OPEN]), "inside it")
    wish = np.where(np.isfinite(first.preference), first.preference, 0)
    bound = np.quantile(np.abs(wish), 0.98)
    drawn = axes[2].imshow(wish, cmap="PuOr_r", vmin=-bound, vmax=bound)
    axes[2].set(xticks=[], yticks=[])
    axes[2].set_title("colour alone: object or background?", fontsize=9)
    bar = fig.colorbar(drawn, ax=axes[2], shrink=0.8, ticks=[-bound, 0, bound])
    bar.ax.set_yticklabels(["background", "either", "object"], fontsize=8)
    bar.outline.set_visible(False)
    return fig


def borders(name: str, gamma: float) -> Figure:
    """Draw a picture, and what it costs to part each pixel from its neighbours: dark where that is cheap."""
    image = photographs.picture(name)
    near, weights = smoothness(image, gamma)
    own = sum(np.bincount(ends, weights, image[..., 0].size) for ends in near[:2])
    count = sum(np.bincount(ends, minlength=image[..., 0].size) for ends in near[:2])
    fig, axes = figures.canvas(5.6, 2.9, columns=2)
    plain(axes[0], image, "the picture")
    plain(axes[1], (own / count).reshape(image.shape[:2]), "price of a border: dark is cheap", cmap="gray")
    return fig


# A cut --------------------------------------------------------------------------------------------------------------


def graph(background: np.ndarray, thing: np.ndarray, weights: Sequence[float], cut: Cut) -> Figure:
    """Draw a row of pixels between source and sink, each arc with its capacity, cut arcs dashed.

    background, thing: (1, n) costs; weights: (n - 1,) between one pixel and the next.
    """
    count, labels = np.size(background), cut.labels.ravel()
    fig, ax = figures.canvas(6.4, 3.2)
    middle = (count - 1) / 2
    for i in range(count):
        _arc(ax, (middle, 2), (i, 1), background.flat[i], cut=not labels[i], at=0.62)
        _arc(ax, (i, 1), (middle, 0), thing.flat[i], cut=labels[i], at=0.38)
        if i + 1 < count:
            _arc(ax, (i, 1), (i + 1, 1), weights[i], cut=labels[i] != labels[i + 1], at=0.5)
    for i in range(count):
        face = figures.ORANGE if labels[i] else figures.PURPLE
        ax.plot(i, 1, "o", markersize=24, color=face, markeredgecolor=figures.INK, zorder=3)
        ax.text(i, 1, str(i + 1), ha="center", va="center", color="white", fontweight="bold", zorder=4)
    for y, words, face in ((2, "object", figures.ORANGE), (0, "background", figures.PURPLE)):
        ax.text(middle, y, words, ha="center", va="center", color="white", fontweight="bold", zorder=4,
                bbox={"boxstyle": "round,pad=0.4", "facecolor": face, "edgecolor": figures.INK})  # fmt: skip
    ax.set(xlim=(-0.6, count - 0.4), ylim=(-0.35, 2.35))
    ax.axis("off")
    return fig


def _arc(ax: Axes, start: tuple, end: tuple, price: float, *, cut: bool, at: float) -> None:
    """A line from node to node, with its price; grey and dashed if it is cut."""
    look = {"color": figures.GREY, "linestyle": (0, (2, 2)), "linewidth": 1.2} if cut else {"color": figures.INK}
    ax.plot(*zip(start, end, strict=True), zorder=1, **look)
    x, y = (1 - at) * np.array(start) + at * np.array(end)
    ax.text(x, y, f"{price:g}", ha="center", va="center", fontsize=9, zorder=2,
            fontweight="bold" if cut else "normal", color=figures.ORANGE if cut else figures.INK,
            bbox={"facecolor": figures.PAPER, "edgecolor": "none", "pad": 1.5})  # fmt: skip


# Rounds -------------------------------------------------------------------------------------------------------------


def at_round(gamma: float, turn: int) -> tuple[list[Round], int]:
    """The rounds of the photograph to play with, and the number of the one to show: the last, once labels rest."""
    done = photographs.found(PLAYED, float(gamma))
    return done, min(whole("turn", turn, 1), len(done))


def played(gamma: float, turn: int) -> Figure:
    """Draw the cut after a round on the picture, the object lifted out, and the energy so far. To play with."""
    done, last = at_round(gamma, turn)
    image, labels = photographs.picture(PLAYED), done[last - 1].labels
    fig, axes = figures.canvas(7.6, 2.75, columns=3, width_ratios=[1, 1, 1.05])
    plain(axes[0], image, "the cut", interpolation="nearest")  # in blocks, a frame takes half the bytes
    outline(axes[0], labels, figures.SKY)
    plain(axes[1], lifted(image, labels), "the object", interpolation="nearest")
    falling(axes[2], done, last)
    return fig


def falling(ax: Axes, done: Sequence[Round], last: int) -> None:
    """Energy a pixel after each fit and each cut, up to a round; the rest in grey."""
    fitted, cut = (np.array([getattr(one, key) for one in done]) / done[0].labels.size for key in ("fitted", "energy"))
    steps = np.stack([fitted, cut], axis=1).ravel()
    x = np.repeat(np.arange(1, len(done) + 1), 2) + np.tile([-0.2, 0.2], len(done))
    ax.plot(x, steps, color=figures.GREY, alpha=0.5, linewidth=1, zorder=1)
    ax.plot(x[: 2 * last], steps[: 2 * last], color=figures.INK, zorder=2)
    for offset, values, marker, colour, words in (
        (-0.2, fitted, "o", figures.BLUE, "after the fit"),
        (0.2, cut, "s", figures.ORANGE, "after the cut"),
    ):
        ax.plot(np.arange(1, last + 1) + offset, values[:last], marker, color=colour, label=words, zorder=3)
    ax.set(xlabel="round", xticks=range(1, len(done) + 1, 1 if len(done) < 9 else 3))
    ax.set_title("energy, nats a pixel", fontsize=9)
    ax.legend(loc="upper right", fontsize=8)


def say_played(gamma: float, turn: int) -> str:
    """What `played` shows, in words; shares in steps of two hundredths."""
    done, last = at_round(gamma, turn)
    share = 2 * round(50 * done[last - 1].labels.mean())
    rest = "; the labels have come to rest" if last == len(done) else ""
    return f"The astronaut, gamma {gamma:g}, round {last}: about {share} % of the picture is the object{rest}."


def strokes(cases: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> Figure:
    """Draw each case as its seeds over the picture and the object that they lift out, two cases a row.

    cases: name of a photograph, seeds (h, w), labels (h, w).
    """
    fig, axes = figures.canvas(7.6, 2.1 * -(-len(cases) // 2), rows=-(-len(cases) // 2), columns=4, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for (name, marks, labels), pair in zip(cases, axes.reshape(-1, 2), strict=False):  # an odd one leaves a gap
        image = photographs.picture(name)
        plain(pair[0], seeded(image, marks), "seeds")
        plain(pair[1], lifted(image, labels), f"object: {labels.mean():.0%}")
    return fig
