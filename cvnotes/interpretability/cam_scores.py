"""Rulers for maps: how much of one is on its own object, how like two maps are, how far one reaches, how fine it is."""

from __future__ import annotations

import numpy as np

from cvnotes.attribution import heat
from cvnotes.checks import number, whole

Array = np.ndarray


def flat(maps: Array) -> Array:
    """Maps (n, h, w, c) as rows (n, h * w * c)."""
    return np.asarray(maps).reshape(len(maps), -1)


def likeness(one: Array, other: Array) -> Array:
    """Pearson's correlation of two maps (n, h, w, c), pixel by pixel and with signs, (n,); NaN where one is constant.

    Chapter: class_activation_maps.
    """
    a, b = (flat(maps) - flat(maps).mean(1, keepdims=True) for maps in (one, other))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


def strength(maps: Array) -> Array:
    """How strong a map (n, h, w, c) is at each pixel, (n, h, w): what is above 0 if c is 1, else the sum of sizes.

    Chapter: class_activation_maps.
    """
    return heat(maps, "positive" if maps.shape[-1] == 1 else "absolute")


def own_share(maps: Array, own: Array, other: Array) -> Array:
    """Of the strength per pixel on two objects, the share on the own one, (n,): 1/2 is no preference, NaN no strength.

    maps: (n, h, w, c); own, other: masks (n, h, w), of objects that may differ in size. Chapter: class_activation_maps.
    """
    strong = strength(maps)
    mine, others = ((strong * mask).sum((1, 2)) / np.maximum(mask.sum((1, 2)), 1) for mask in (own, other))
    with np.errstate(invalid="ignore", divide="ignore"):
        return mine / (mine + others)


def strongest(maps: Array, count: Array) -> Array:
    """Mark in each map (n, h, w, 1) its `count` strongest pixels, (n, h, w) of booleans; ties by place.

    count: one number a map. Chapter: class_activation_maps.
    """
    rows = np.argsort(np.argsort(-strength(maps).reshape(len(maps), -1), axis=1, kind="stable"), axis=1)
    return (rows < np.asarray(count)[:, None]).reshape(maps.shape[:3])


def overlap(one: Array, other: Array) -> Array:
    """Intersection over union of masks (n, h, w), (n,). Chapter: class_activation_maps."""
    union = (one | other).sum((1, 2))
    return (one & other).sum((1, 2)) / np.maximum(union, 1)


def fit(maps: Array, masks: Array) -> Array:
    """IoU of each mask with as many of the map's strongest pixels, (n,): where a map is, whatever its threshold.

    Chapter: class_activation_maps.
    """
    return overlap(strongest(maps, masks.sum((1, 2))), masks)


def above(maps: Array, share: float = 0.5) -> Array:
    """Mark where a map (n, h, w, c) exceeds a share of its own maximum, (n, h, w). Chapter: class_activation_maps."""
    strong = strength(maps)
    return strong > number("share", share, 0, 1) * strong.max((1, 2), keepdims=True)


def cover(marked: Array, masks: Array) -> Array:
    """The share of each mask that is marked, (n,). Chapter: class_activation_maps."""
    return (marked & masks).sum((1, 2)) / np.maximum(masks.sum((1, 2)), 1)


def fine_share(maps: Array, cycles: int = 4) -> Array:
    """The share of a map's variance in waves of more than `cycles` a side, (n,): what a grid of 2 * cycles cannot show.

    Of `strength`, by the two-dimensional Fourier transform. NaN for a constant map. Chapter: class_activation_maps.
    """
    strong, cycles = strength(maps), whole("cycles", cycles, 1)
    power = np.abs(np.fft.fft2(strong - strong.mean((1, 2), keepdims=True))) ** 2
    rows, columns = (np.abs(np.fft.fftfreq(side) * side) for side in strong.shape[1:])
    fine = (rows[:, None] > cycles) | (columns[None] > cycles)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (power * fine).sum((1, 2)) / power.sum((1, 2))


def peak_cells(maps: Array, cells: int) -> Array:
    """In which of cells x cells squares each map (n, h, h) has its maximum, (n,), row by row.

    Chapter: class_activation_maps.
    """
    n, side, _ = np.shape(maps)
    size = side // whole("cells", cells, 1, side)
    tops = np.asarray(maps).reshape(n, cells, size, cells, size).max((2, 4))
    return tops.reshape(n, -1).argmax(1)


def mask_of(instances: Array, which: int) -> Array:
    """Where object `which` (from 0) can be seen, (n, h, w). Chapter: class_activation_maps."""
    return instances == whole("which", which, 0) + 1
