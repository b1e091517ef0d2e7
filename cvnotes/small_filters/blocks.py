"""One large layer or a stack of small ones, built with Keras and asked the same questions. Chapter: small_filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from cvnotes import models
from cvnotes.checks import whole


def block(
    sizes: Sequence[int],
    given: int,
    width: int,
    inner: int | None = None,
    *,
    side: int = 32,
    bias: bool = True,
    activation: str | None = "relu",
    padding: str = "same",
) -> keras.Sequential:
    """Build a stack of convolutions, with filters of these sizes, that keeps the side of its maps.

    given: channels in; width: channels out; inner: channels between the layers, as many
    as out if None. Raises ValueError for no size and for numbers below 1.
    Chapter: small_filters.
    """
    if not len(sizes):
        raise ValueError(f"Give at least one filter size. Received: sizes={sizes!r}")
    given, width = whole("given", given, 1), whole("width", width, 1)
    inner = width if inner is None else whole("inner", inner, 1)
    options = {"use_bias": bias, "activation": activation, "padding": padding}
    filters = [*[inner] * (len(sizes) - 1), width]
    layers = [
        keras.layers.Conv2D(filters, whole("size", size, 1), **options)
        for filters, size in zip(filters, sizes, strict=True)
    ]
    return keras.Sequential([keras.Input((side, side, given)), *layers])


class Cost(NamedTuple):
    """What a block needs for one picture: weights, multiply-accumulates, and values of its maps.

    kept: those that it writes, all needed to train; peak: the most alive at one time to infer.
    """

    weights: int
    macs: int
    kept: int
    peak: int


def cost(model: keras.Model) -> Cost:
    """Count a block through `models.profile`. Chapter: small_filters."""
    found = models.profile(model)
    return Cost(found.parameters, found.macs, found.activations - found.rows[0].activations, found.peak)


def cheaper_from(depth: int) -> float:
    r"""Give the input depth, as a share of the width, above which n layers of 3 x 3 have fewer weights than one layer.

    $$ 9\,D C + 9\,(n - 1)\,C^2 < (2n + 1)^2 D C \iff
       \frac{D}{C} > \frac{9\,(n - 1)}{(2n + 1)^2 - 9} $$

    depth n: at least 2; D channels in, C out and in between, no biases.
    Raises ValueError for a smaller depth. Chapter: small_filters.
    """
    depth = whole("depth", depth, 2)
    return 9 * (depth - 1) / ((2 * depth + 1) ** 2 - 9)


def departure(model: keras.Model, seed: int = 0) -> float:
    r"""Measure how far a model is from linear: how much the answer to a mixture differs from the mixture of answers.

    $$ \|f(2x - 3y) - 2 f(x) + 3 f(y)\| \; / \; \|f(2x - 3y)\| $$

    x and y are pictures of normal noise. Zero, up to rounding, for a layer without bias
    or activation. Chapter: small_filters.
    """
    dice = np.random.default_rng(seed)
    x, y = dice.normal(size=(2, 1, *model.input_shape[1:])).astype("float32")
    mixed, one, other = (ops.convert_to_numpy(model(each)) for each in (2 * x - 3 * y, x, y))
    return float(np.linalg.norm(mixed - 2 * one + 3 * other) / np.linalg.norm(mixed))


def pieces(model: keras.Sequential, steps: int = 2000, seed: int = 0) -> int:
    """Count the linear pieces that a block with ReLU has on a straight line from one picture to another.

    Walks from noise to noise in equal steps and counts how often the set of open ReLUs
    changes; a piece shorter than a step is missed. Every unit of the model counts, so
    give it pictures as small as the field of one unit. Chapter: small_filters.
    """
    dice = np.random.default_rng(seed)
    start, end = dice.normal(size=(2, *model.input_shape[1:]))
    way = np.linspace(0, 1, whole("steps", steps, 2))[:, None, None, None]
    maps = [(start + way * (end - start)).astype("float32")]
    for layer in model.layers:
        maps.append(ops.convert_to_numpy(layer(maps[-1])))
    opened = np.hstack([each.reshape(len(way), -1) > 0 for each in maps[1:]])
    return 1 + int((opened[1:] != opened[:-1]).any(1).sum())
