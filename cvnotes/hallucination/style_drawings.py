"""The drawings of the page on neural style, and the paintings that hang on it."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import numpy as np
from matplotlib.figure import Figure

from cvnotes.figures import CYCLE, canvas, image_grid
from cvnotes.figures.style import DASHES

from . import trials_style
from .descent import minimise
from .dream import resized
from .style import Recipe, painting_loss, targets

SIZES, EVALUATIONS = (64, 112), (40, 15)
GALLERY = (("cat", "swirls"), ("pagoda", "swirls"), ("astronaut", "glass"), ("coffee", "dabs"))
WEIGHTS = (0.003, 0.03, 0.3, 3, 100)
LOOKS = {  # of a painted cat, by the weight of the style
    0.003: "hardly other than the photograph",
    0.03: "the photograph with bluer shadows",
    0.3: "all colours turned to blue, orange and green, and first strokes",
    3: "strokes of blue, ochre and turquoise along the fur",
    100: "strokes of blue, ochre and turquoise everywhere, even over the nose",
}


def painted(
    net: keras.Model,
    content: np.ndarray,
    style: np.ndarray,
    recipe: Recipe = Recipe(),  # noqa: B008
    sizes: tuple[int, ...] = SIZES,
    evaluations: tuple[int, ...] = EVALUATIONS,
) -> np.ndarray:
    """Paint a square picture in the manner of another, small at first and then larger, from the content picture.

    content, style: (side, side, 3); each size starts from the last, enlarged. Chapter: style_transfer.
    """
    x = content
    for side, count in zip(sizes, evaluations, strict=True):
        kept, taken, x = (resized(each, (side, side)) for each in (content, style, x))
        x = minimise(painting_loss(net, targets(net, kept, taken, recipe), recipe), x, count).picture
    return np.clip(x, 0, 1)


def player(net: keras.Model, content: np.ndarray, style: np.ndarray) -> tuple[Callable, Callable]:
    """A figure to play with: a painting for each weight of the style; and its words."""

    @functools.cache
    def made(weight: float) -> np.ndarray:
        return painted(net, content, style, Recipe(style_weight=weight))

    def draw_weight(weight: float) -> Figure:
        return image_grid([made(weight)], [f"style weight {weight:g}"], scale=2.6)

    def say_weight(weight: float) -> str:
        return f"A cat painted with a style weight of {weight:g}: {LOOKS[weight]}."

    return draw_weight, say_weight


def draw_ways(found: dict[str, np.ndarray]) -> Figure:
    """The lowest loss after each evaluation, as a share of the first one: L-BFGS and Adam at each rate, log scales."""
    fig, ax = canvas(6.6, 3.4)
    first = found["lbfgs"][:, :1]
    lines = {"L-BFGS": found["lbfgs"]}
    lines |= {f"Adam, rate {rate:g}": found["adam"][:, i] for i, rate in enumerate(trials_style.RATES)}
    lines |= {f"Adam, rate {trials_style.FASTER:g}": found["faster"], "L-BFGS, small loss": found["small"]}
    x = np.arange(1, found["lbfgs"].shape[1] + 1)
    for i, (name, runs) in enumerate(lines.items()):
        runs = runs / first
        ax.plot(x, np.exp(np.log(runs).mean(0)), color=CYCLE[i], linestyle=DASHES[i], label=name)
        if i == 0:
            ax.fill_between(x, runs.min(0), runs.max(0), color=CYCLE[i], alpha=0.15, linewidth=0)
    ax.set(xscale="log", yscale="log", xlabel="evaluations of the loss", ylabel="loss, share of the first")
    ax.legend()
    return fig
