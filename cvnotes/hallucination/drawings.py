"""The drawings of the page on DeepDream."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence

import keras
import numpy as np
from matplotlib.figure import Figure

from cvnotes.figures import CYCLE, canvas, image_grid
from cvnotes.figures.style import DASHES, MARKERS

from . import nets
from .dream import dream, uphill

GRAINS = {  # what a layer of the stored net makes of a cat, in words for those who do not see it
    "relu1": "glaring light and dark shadows along every outline",
    "relu2": "dark spots as a leopard has them, and outlined eyes",
    "relu3": "rows of dark spots, all over the picture",
    "relu4": "a few large dark spots with light rims",
    "relu5": "long dark stripes as a tiger has them",
    "relu6": "soft tall streaks in the fur",
    "relu7": "soft streaks and shadows, with a fine grid between them",
}
GALLERY = (  # photograph, layer, ratio of its octaves
    ("cat", "relu2", 1.4),
    ("cat", "relu5", 1.4),
    ("rocket", "relu7", 1.5),
    ("coffee", "relu7", 1.5),
)


def draw_bands(edges: np.ndarray, found: np.ndarray, octaves: Sequence[int]) -> Figure:
    """Where the energy of a detail lies: one line for each number of octaves, found (seeds, octaves, bands)."""
    fig, ax = canvas(6.4, 3.2)
    x, between = np.arange(len(edges) - 1), itertools.pairwise(edges[1:])
    names = [f"{1 / high:.0f} to {1 / low:.0f}" for low, high in between]
    for i, n in enumerate(octaves):
        look = {"color": CYCLE[i], "marker": MARKERS[i], "linestyle": DASHES[i]}
        ax.plot(x, found[:, i].mean(0), label=f"{n} octave{'s' * (n > 1)}", **look)
        ax.fill_between(x, found[:, i].min(0), found[:, i].max(0), color=CYCLE[i], alpha=0.12, linewidth=0)
    ax.set_xticks(x, [f"over {1 / edges[1]:.0f}", *names])
    ax.set(xlabel="length of the waves, pixels", ylabel="share of the energy", ylim=(0, None))
    ax.legend()
    return fig


def draw_depths(found: dict[str, np.ndarray]) -> Figure:
    """How fine and how colourful dreams are, layer by layer, trained and untrained: arrays (seeds, layers)."""
    fig, axes = canvas(7.2, 2.9, 1, 2)
    x = np.arange(1, len(nets.LAYERS) + 1)
    panels = {"fine": "mean frequency, cycles a pixel", "tint": "share of energy in colour"}
    for ax, (name, words) in zip(axes, panels.items(), strict=True):
        for i, who in enumerate(("trained", "untrained")):
            runs = found[f"{who}_{name}"]
            ax.plot(x, runs.mean(0), color=CYCLE[i], marker=MARKERS[i], linestyle=DASHES[i], label=who)
            ax.fill_between(x, runs.min(0), runs.max(0), color=CYCLE[i], alpha=0.15, linewidth=0)
        ax.set(xlabel="layer", ylabel=words, ylim=(0, None), xticks=x)
    axes[0].legend()
    return fig


def player(net: keras.Model, photo: np.ndarray, **options: float) -> tuple[Callable, Callable]:
    """A figure to play with: the dream of one layer on a photo; and its words."""

    @functools.cache
    def dreamed(layer: str) -> np.ndarray:
        return dream(photo, uphill(net, layer), **options)

    def draw_layer(layer: str) -> Figure:
        return image_grid([dreamed(layer)], [layer], scale=2.5)

    return draw_layer, say_layer


def say_layer(layer: str) -> str:
    """What the dream of a layer looks like, in words."""
    return f"A cat's face as {layer} dreams it: {GRAINS[layer]}."
