"""DeepDream: let a net see more of what it sees already, at several sizes of the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from skimage.transform import resize

from cvnotes import backend
from cvnotes.checks import number, whole
from cvnotes.transfer import tapping

Gradient = Callable[[np.ndarray], np.ndarray]  # of a picture (h, w, 3), and of its shape
Goal = Callable[[Any], Any]  # of the answers of a layer (1, h, w, filters), one number

LEAST = 24  # pixels: no octave has a shorter side


# What is climbed ----------------------------------------------------------------------------------------------------


def half_norm(maps: Any) -> Any:
    r"""Half the squared norm of the answers, :math:`\tfrac12 \lVert a \rVert^2`; its gradient at the layer is a."""
    return ops.sum(ops.square(maps)) / 2


def total(maps: Any) -> Any:
    """The plain sum of the answers, whose gradient at the layer is 1 for every unit: the rival."""
    return ops.sum(maps)


def uphill(net: keras.Model, layer: str, goal: Goal = half_norm) -> Gradient:
    """Give the gradient of a goal at a layer as a function of a picture (h, w, 3). Chapter: hallucination."""
    front = tapping.tap(net, layer)
    run = backend.value_and_grad(lambda picture: goal(front(picture[None], training=False)))
    return lambda picture: run(picture)[1]


def channels(units: Sequence[int]) -> Goal:
    """The goal of a dream in which only some filters of the layer speak: half their squared norm."""
    chosen = [whole("units", unit, 0) for unit in units]
    return lambda maps: half_norm(ops.take(maps, chosen, axis=-1))


def pulled_back(net: keras.Model, layer: str, picture: np.ndarray, signal: np.ndarray) -> np.ndarray:
    r"""Set the gradient at a layer to a signal and pass it back to the pixels: :math:`J^\top s`.

    picture: (h, w, 3); signal: as the answers of the layer, (h', w', filters), which stays as it is whatever the
    picture. With the answers themselves as the signal this is the step of DeepDream. Chapter: hallucination.
    """
    return uphill(net, layer, lambda maps: ops.sum(maps[0] * ops.convert_to_tensor(signal)))(picture)


# One step -----------------------------------------------------------------------------------------------------------


def step(picture: np.ndarray, gradient: Gradient, rate: float, shift: tuple[int, int] = (0, 0)) -> np.ndarray:
    r"""Take one step, :math:`x + \eta\, g / \overline{|g|}`, on the picture moved by `shift` pixels round its edges.

    rate: :math:`\eta`, by how much the mean pixel changes; values stay in [0, 1]. Chapter: hallucination.
    """
    g = np.roll(gradient(np.roll(picture, shift, (0, 1))), (-shift[0], -shift[1]), (0, 1))
    return np.clip(picture + rate * g / (np.abs(g).mean() + 1e-12), 0, 1)


def tiled(gradient: Gradient, tile: int) -> Gradient:
    """Take a gradient tile by tile, as for a picture that is too large for the memory. Chapter: hallucination."""
    whole("tile", tile, LEAST)

    def run(picture: np.ndarray) -> np.ndarray:
        found = np.empty_like(picture)
        for y in range(0, picture.shape[0], tile):
            for x in range(0, picture.shape[1], tile):
                part = slice(y, y + tile), slice(x, x + tile)
                found[part] = gradient(picture[part])
        return found

    return run


# The loop -----------------------------------------------------------------------------------------------------------


def resized(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scale a picture (h, w, 3) to (height, width): straight lines between pixels, blurred before it shrinks."""
    return resize(picture, size, order=1, anti_aliasing=True, mode="edge").astype(np.float32)


def octave_sizes(size: tuple[int, int], octaves: int, ratio: float) -> list[tuple[int, int]]:
    """List the sizes (height, width) at which a dream is dreamed, the smallest first, each `ratio` times the last."""
    octaves, ratio = whole("octaves", octaves, 1), number("ratio", ratio, above=1)
    found = [tuple(round(side / ratio**k) for side in size) for k in reversed(range(octaves))]
    if min(found[0]) < LEAST:
        raise ValueError(f"The smallest octave must be {LEAST} pixels or more: take fewer. Received: {found[0]}")
    return found


def octave_dreams(
    picture: np.ndarray,
    gradient: Gradient,
    *,
    octaves: int = 3,
    ratio: float = 1.4,
    steps: int = 10,
    rate: float = 0.01,
    jitter: int = 8,
    seed: int = 0,
) -> Iterator[np.ndarray]:
    """Dream on a picture (h, w, 3) while it is small, carry what came to the next size, dream on; gives each size.

    octaves, ratio: how many sizes, and how much larger each is; steps, rate: climb so often at each, by so much.
    jitter: before each step the picture is moved by up to so many pixels, as `seed` throws the dice, and then back.
    Raises ValueError for numbers out of range and a picture that is too small for so many octaves.
    Source: Mordvintsev, Olah and Tyka (2015), the code of their blog post. Chapter: hallucination.
    """
    steps, jitter, dice = whole("steps", steps, 0), whole("jitter", jitter, 0), np.random.default_rng(seed)
    detail = np.zeros((1, 1, 3))
    for size in octave_sizes(picture.shape[:2], octaves, ratio):
        base = resized(picture, size)
        x = np.clip(base + resized(detail, size), 0, 1)
        for down, right in dice.integers(-jitter, jitter + 1, (steps, 2)):
            x = step(x, gradient, rate, (int(down), int(right)))
        yield x
        detail = x - base


def dream(picture: np.ndarray, gradient: Gradient, **options: float) -> np.ndarray:
    """The dream at full size, (h, w, 3): the last of `octave_dreams`, whose options it takes."""
    return list(octave_dreams(picture, gradient, **options))[-1]
