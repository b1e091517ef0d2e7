"""Does the map speak of this net? Randomised weights, likeness of two maps, and how fine a map is."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from scipy.stats import rankdata
from skimage.metrics import structural_similarity

from cvnotes.checks import whole

from .inputs import Array
from .scores_order import cells
from .scores_place import read_maps


def from_top(model: keras.Model) -> list[str]:
    """The names of the layers that have weights, from the outputs down to the picture. Raises ValueError without."""
    names = [layer.name for layer in model.layers if layer.weights]
    if not names:
        raise ValueError(f"There is nothing to shuffle: no layer of {model.name} has weights")
    return names[::-1]


def shuffled(model: keras.Model, layers: Sequence[str] | None = None, seed: int = 0) -> keras.Model:
    """A copy of a model in which some layers know nothing: each of their arrays keeps its values, at places drawn anew.

    So the scale of every layer stays, and what was learned goes. layers: names, such as ``from_top(model)[:3]``; all
    if None. seed: of the draw. The model itself stays as it was. Functional and Sequential models.
    Raises ValueError for a name that is not there. Source: the cascade of Adebayo et al. (2018), section 3, whose
    weights are drawn from the distribution before training. Chapter: explanations.
    """
    known = from_top(model)
    layers = known if layers is None else list(layers)
    if strange := set(layers) - set(known):
        raise ValueError(f"Layers with weights are {', '.join(known)}. Received: {', '.join(sorted(strange))}")
    copy, dice = keras.models.clone_model(model), np.random.default_rng(whole("seed", seed, 0))
    copy.set_weights(model.get_weights())
    for name in known:
        drawn = [dice.permuted(array.ravel()).reshape(array.shape) for array in copy.get_layer(name).get_weights()]
        if name in layers:
            copy.get_layer(name).set_weights(drawn)
    return copy


def likeness(maps: Array, others: Array) -> Array:
    r"""Spearman's rank correlation, (n,), of each map with the other of the same number: 1 the same order, 0 unrelated.

    A flat map is like nothing: 0. maps, others: (n, h, w). Raises ValueError for unequal shapes and values that are
    not finite. Chapter: explanations.
    """
    first, second = (rankdata(each, axis=1) for each in _rows(maps, others))
    first, second = (each - each.mean(1, keepdims=True) for each in (first, second))
    size = np.sqrt((first**2).sum(1) * (second**2).sum(1))
    return np.where(size > 0, (first * second).sum(1) / np.where(size > 0, size, 1), 0.0)


def structure(maps: Array, others: Array) -> Array:
    """The structural similarity (n,) of maps as pictures, each stretched to [0, 1]: 1 for the same.

    Arguments and errors as in ``likeness``; sides of at least 7. Source: Wang et al. (2004). Chapter: explanations.
    """
    _rows(maps, others)
    pairs = zip(*(_stretched(np.asarray(each, "float64")) for each in (maps, others)), strict=True)
    return np.array([structural_similarity(*pair, data_range=1.0) for pair in pairs])


def fineness(maps: Array, size: int = 8) -> Array:
    """The share (n,) of a map's variance within square cells: near 1 for lines, 0 for a map of such cells, or flat.

    size: pixels a side of a cell, which divides the map; white noise scores 1 - 1/size². Chapter: explanations.
    """
    maps = read_maps(maps)
    between, all_of_it = cells(maps, size).var((1, 2)), maps.var((1, 2))
    return np.where(all_of_it > 0, 1 - between / np.where(all_of_it > 0, all_of_it, 1), 0.0)


def _rows(maps: Array, others: Array) -> tuple[Array, Array]:
    maps, others = read_maps(maps), read_maps(others)
    if maps.shape != others.shape:
        raise ValueError(f"Maps are compared one by one: equal shapes. Received: {maps.shape} and {others.shape}")
    return maps.reshape(len(maps), -1), others.reshape(len(others), -1)


def _stretched(maps: Array) -> Array:
    low, span = maps.min((1, 2), keepdims=True), np.ptp(maps, axis=(1, 2), keepdims=True)
    return (maps - low) / np.where(span > 0, span, 1)
