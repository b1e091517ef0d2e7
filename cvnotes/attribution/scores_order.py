"""Does the net need what the map marks? Take it away, or give it first, and watch the score."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole

from .inputs import Array, Model, pictures, read, standin, take
from .occlusion import measured
from .scores_place import read_maps
from .targets import Score, Target, ask


def deletion(
    model: Model,
    images: Array,
    maps: Array,
    target: Target = None,
    *,
    steps: int = 16,
    size: int = 4,
    fill: Array | float = 0.5,
    seed: int = 0,
    batch_size: int = 64,
) -> Array:
    """The score while cells of the picture are covered, those that the map holds highest first.

    model, images, target: as in ``attribution.gradient``; a target of None is the class of the whole picture. The
    score is what the model gives: wrap it in a softmax for probabilities. maps: (n, h, w). steps: how many times an
    equal share of the cells is covered. size: pixels a side of a cell, which divides the picture; a cell has the mean
    of the map over it. fill: what covers: a number, a colour, a picture, or one for each image. seed: of the order of
    equal cells. Returns (n, steps + 1): the whole picture first, nothing but fill last. A low area is good.
    Raises ValueError for maps and sizes that do not fit, and as ``gradient`` does.
    Source: Petsiuk et al. (2018), section 4.1; Samek et al. (2017). Chapter: explanations.
    """
    x = pictures(read(model, images))
    taken, cover = _taken(maps, x.shape, steps, size, seed), standin("fill", fill, x)
    return _curves(ask(model, x, target, batch_size), x, x, cover, taken, batch_size)


def insertion(
    model: Model,
    images: Array,
    maps: Array,
    target: Target = None,
    *,
    steps: int = 16,
    size: int = 4,
    fill: Array | float = 0.5,
    seed: int = 0,
    batch_size: int = 64,
) -> Array:
    """The score while cells of the picture appear on the fill, those that the map holds highest first.

    Arguments, errors and source as in ``deletion``. Returns (n, steps + 1): nothing but fill first, the whole picture
    last. A high area is good. Chapter: explanations.
    """
    x = pictures(read(model, images))
    taken, cover = _taken(maps, x.shape, steps, size, seed), standin("fill", fill, x)
    return _curves(ask(model, x, target, batch_size), x, cover, x, taken, batch_size)


def area(curves: Array) -> Array:
    """The area (n,) under curves (n, steps + 1) over the shares from 0 to 1, by trapezoids."""
    curves = np.asarray(curves, "float64")
    if curves.ndim != 2 or curves.shape[1] < 2:
        raise ValueError(f"curves must be (n, steps + 1), at least one step. Received: shape {curves.shape}")
    return (curves[:, 1:] + curves[:, :-1]).mean(1) / 2


def relative_area(curves: Array) -> float:
    """The area under the mean curve, with the blank picture at 0 and the whole one at 1; of insertion or deletion.

    The lower end counts as blank. Raises ValueError if both ends are the same: then there is nothing to explain.
    """
    mean = np.asarray(curves, "float64").mean(0, keepdims=True)
    low, high = sorted((mean[0, 0], mean[0, -1]))
    if high <= low:
        raise ValueError(f"The whole picture must score above the blank one. Received: {high:.3g} for both")
    return float(area((mean - low) / (high - low))[0])


def cells(maps: Array, size: int) -> Array:
    """Means (n, h / size, w / size) of maps (n, h, w) over square cells; ValueError for a size that does not divide."""
    maps, size = read_maps(maps), whole("size", size, 1)
    count, height, width = maps.shape
    if height % size or width % size:
        raise ValueError(f"size must divide the sides of the maps. Received: size={size} for {height} x {width}")
    return maps.reshape(count, height // size, size, width // size, size).mean((2, 4))


def order(values: Array, seed: int = 0) -> Array:
    """The rank (n, ...) of every cell of its map, 0 for the highest; equal cells in an order drawn by seed."""
    flat = values.reshape(len(values), -1)
    down = np.lexsort((np.random.default_rng(seed).random(flat.shape), -flat))
    return np.argsort(down, axis=1).reshape(values.shape)


def _curves(score: Score, x: Array, first: Array, then: Array, taken: Array, batch_size: int) -> Array:
    """Scores (n, steps + 1) of pictures that go from ``first`` to ``then`` where taken (n, steps + 1, h, w, 1)."""
    each = taken.shape[1]

    def mixed(rows: Array) -> Array:
        own = rows // each
        return np.where(taken[own, rows % each], take(then, own), take(first, own))

    return measured(score, mixed, np.repeat(np.arange(len(x)), each), batch_size).reshape(len(x), each)


def _taken(maps: Array, shape: tuple[int, ...], steps: int, size: int, seed: int) -> Array:
    """Which pixels are taken at each step, (n, steps + 1, h, w, 1), none at first and all at last."""
    if np.shape(maps) != shape[:3]:
        raise ValueError(f"maps must be {shape[:3]}, one number a pixel. Received: shape {np.shape(maps)}")
    place = order(cells(maps, size), seed)
    count = place[0].size
    limits = np.linspace(0, count, whole("steps", steps, 1, count) + 1)
    return (place[:, None] < limits[:, None, None]).repeat(size, 2).repeat(size, 3)[..., None]
