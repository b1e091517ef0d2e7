"""Walks to play with: from one digit to another through the codes of two nets, and through the pixels.

Chapter: generators.
"""

from __future__ import annotations

import functools

import keras
import numpy as np
from matplotlib.figure import Figure

from cvnotes import figures
from cvnotes.checks import choice

from . import judges, trials_generators, walks
from .generator_drawings import bare, tiled

FROM, TO = (0, 1, 3, 4, 7), (2, 5, 6, 8, 9)
STEPS = 11
WAYS = ("GAN, arc", "GAN, chord", "VAE, chord", "pixels")


@functools.lru_cache(maxsize=1)
def ends() -> dict[str, dict[int, np.ndarray]]:
    """Give codes that make each digit: of the generator those that both judges are surest of, of the VAE real digits'.

    For each net a code (16,) by digit. Chapter: generators.
    """
    codes = trials_generators.some_codes(3000, seed=7)
    pictures = judges.heaps().compare
    answers = trials_generators.stored("encoder")(pictures, training=False)
    means = keras.ops.convert_to_numpy(answers)[:, : trials_generators.CODES]
    made = trials_generators.made(trials_generators.stored("generator"), codes)
    return {"GAN": _surest(codes, made), "VAE": _surest(means, pictures)}


def _surest(codes: np.ndarray, pictures: np.ndarray) -> dict[int, np.ndarray]:
    least = judges.chances(pictures).min(0)  # of both judges, for each digit
    return {digit: codes[least[:, digit].argmax()] for digit in range(10)}


def walk(way: str, first: int, last: int) -> np.ndarray:
    """Walk from one digit to another: pictures (11, 8, 8, 1). way: one of WAYS. Raises ValueError for another.

    Chapter: generators.
    """
    choice("way", way, WAYS)
    if way == "pixels":
        both = walk("GAN, arc", first, last)
        return walks.chord(both[0], both[-1], STEPS)
    net, _, step = way.partition(", ")
    codes = getattr(walks, step)(*(ends()[net][choice("digit", d, range(10))] for d in (first, last)), STEPS)
    name = {"GAN": "generator", "VAE": "decoder"}[net]
    return trials_generators.made(_net(name), codes.astype("float32"))


@functools.lru_cache(maxsize=3)
def _net(name: str):
    return trials_generators.stored(name)


def named(pictures: np.ndarray) -> list[str]:
    """Give the digit that both judges recognise in each picture, or a dot. Chapter: generators."""
    said = judges.chances(pictures)
    return [str(d) if ok else "•" for d, ok in zip(said[0].argmax(1), judges.recognised(said), strict=True)]


def draw_walk(first: int, last: int) -> Figure:
    """Draw all ways from one digit to another, and below each picture what the judges recognise."""
    fig, axes = figures.canvas(6.8, 3.7, rows=len(WAYS))
    for ax, way in zip(axes, WAYS, strict=True):
        pictures = walk(way, first, last)
        ax.imshow(tiled(pictures), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        bare(ax)
        ax.set_ylabel(way, rotation=0, ha="right", va="center", fontsize=9)
        for place, name in enumerate(named(pictures)):
            hue = figures.BLUE if name != "•" else figures.GREY
            ax.text(9 * place + 3.5, 8.4, name, ha="center", va="top", fontsize=10, color=hue)
    return fig


def say_walk(first: int, last: int) -> str:
    """Say what the figure of a walk shows."""
    return (
        f"Four rows of eleven pictures from a {first} to a {last}: through the codes of the GAN by an arc and by a "
        "chord, through those of the VAE, and by fading pixels; below each the digit that both judges recognise, "
        "or a dot."
    )


def halfway(count: int = 360, seed: int = 11) -> dict[str, judges.Verdict]:
    """Judge what lies half way between pairs of codes of the generator, by each step, and the ends. By name.

    Chapter: generators.
    """
    starts, stops = trials_generators.some_codes(2 * count, seed=seed).reshape(2, count, -1)
    net, found = _net("generator"), {"ends": starts}
    for step in (walks.arc, walks.chord):
        middles = [step(a, b, 3)[1] for a, b in zip(starts, stops, strict=True)]
        found[step.__name__] = np.array(middles, "float32")
    pictures = {name: trials_generators.made(net, codes) for name, codes in found.items()}
    other = trials_generators.made(net, stops)
    pictures["pixels"] = (pictures["ends"] + other) / 2
    return {name: judges.verdict(heap) for name, heap in pictures.items()}
