"""The relatives of batch normalization: one formula, other axes. Chapter: normalization_variants."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from cvnotes.checks import number, whole

from .batch import EPSILON, Axes, batch_axes, floats, normalize, per_channel, positive, shaped


def layer_norm(x: np.ndarray, epsilon: float = EPSILON) -> np.ndarray:
    """Normalize each example by itself, over all its channels, rows and columns.

    x: (n, ..., channels). Raises ValueError as `normalize`.
    Source: Ba, Kiros and Hinton (2016), equation 3. Chapter: normalization_variants.
    """
    batch_axes(x)
    return normalize(x, tuple(range(1, np.ndim(x))), epsilon)


def instance_norm(x: np.ndarray, epsilon: float = EPSILON) -> np.ndarray:
    """Normalize each channel of each example by itself, over its rows and columns.

    x: (n, h, w, channels). Raises ValueError for an x without places, whose channels
    would be single numbers.
    Source: Ulyanov, Vedaldi and Lempitsky (2016). Chapter: normalization_variants.
    """
    if np.ndim(x) < 3:
        wanted = "x needs places: (n, h, w, channels)"
        raise ValueError(f"{wanted}. Received the shape: {np.shape(x)}")
    return normalize(x, tuple(range(1, np.ndim(x) - 1)), epsilon)


def group_norm(x: np.ndarray, groups: int, epsilon: float = EPSILON) -> np.ndarray:
    """Normalize each group of channels of each example, over its rows and columns.

    x: (n, ..., channels); groups: how many, a divisor of the channels. One group is
    `layer_norm`, as many groups as channels `instance_norm`. Raises ValueError where
    the groups do not come out even.
    Source: Wu and He (2018), equation 7. Chapter: normalization_variants.
    """
    batch_axes(x)
    x, channels = floats("x", x), np.shape(x)[-1]
    if channels % whole("groups", groups, 1, channels):
        wanted = f"{channels} channels cannot be dealt into equal groups"
        raise ValueError(f"{wanted}. Received: groups={groups}")
    split = x.reshape(*x.shape[:-1], groups, channels // groups)
    return normalize(split, (*range(1, x.ndim - 1), x.ndim), epsilon).reshape(x.shape)


def rms_norm(x: np.ndarray, epsilon: float = EPSILON) -> np.ndarray:
    r"""Divide by the root mean square over the last axis; no mean is subtracted.

    $$ y = x \Big/ \sqrt{\tfrac1C \textstyle\sum_c x_c^2 + \varepsilon} $$

    x: (n, ..., channels). Raises ValueError as `normalize`.
    Source: Zhang and Sennrich (2019), equation 4. Chapter: normalization_variants.
    """
    batch_axes(x)
    x = floats("x", x)
    return x / np.sqrt(positive(np.square(x).mean(-1, keepdims=True) + number("epsilon", epsilon, 0)))


def weight_norm(v: np.ndarray, g: np.ndarray) -> np.ndarray:
    r"""Give each output's weights the direction of v and the length g.

    $$ w = g\,\frac{v}{\|v\|} $$

    v: (..., inputs, outputs), one vector for each output; g: (outputs,), or one number for all. Raises ValueError
    for other shapes and for a v without direction.
    Source: Salimans and Kingma (2016), equation 2. Chapter: normalization_variants.
    """
    v = floats("v", v)
    return per_channel("g", g, v) * v / _lengths(v)


def weight_norm_gradient(
    v: np.ndarray,
    g: np.ndarray,
    upstream: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Turn the gradient for w into the gradients for v and g.

    $$ \bar g = \frac{\bar w \cdot v}{\|v\|}, \qquad
       \bar v = \frac{g}{\|v\|}\Bigl(\bar w - \bar g\,\frac{v}{\|v\|}\Bigr) $$

    upstream: the gradient for w, of the shape of v. Raises ValueError as `weight_norm`.
    Source: Salimans and Kingma (2016), equation 3. Chapter: normalization_variants.
    """
    v, g = floats("v", v), per_channel("g", g, v)
    upstream = shaped("upstream", upstream, v, of="v")
    unit = v / _lengths(v)
    for_g = (upstream * unit).sum(tuple(range(v.ndim - 1)))
    return g / _lengths(v) * (upstream - for_g * unit), for_g


def _lengths(v: np.ndarray) -> np.ndarray:
    if v.ndim < 2:
        raise ValueError(f"v needs inputs and outputs: (..., inputs, outputs). Received the shape: {v.shape}")
    lengths = np.sqrt(np.square(v).sum(tuple(range(v.ndim - 1))))
    if not lengths.all():
        raise ValueError(f"A vector of zeros has no direction. Received: {int((lengths == 0).sum())} of them in v")
    return lengths


def axes_of(
    method: Callable[[np.ndarray], np.ndarray],
    shape: tuple[int, ...],
    epsilon: float = EPSILON,
) -> list[Axes]:
    """Find the sets of axes for which `normalize` gives the answer of a method.

    method: is given random numbers of that shape and normalizes them, without gamma and
    beta. No set fits a method that does anything else. Chapter: normalization_variants.
    """
    x = np.random.default_rng(0).normal(2, 3, shape).astype("float32")
    answer = np.asarray(method(x))
    if answer.shape != x.shape:
        return []
    sizes = range(1, len(shape) + 1)
    every = (itertools.combinations(range(len(shape)), size) for size in sizes)

    def fits(axes: Axes) -> bool:
        return np.allclose(normalize(x, axes, epsilon), answer, atol=1e-3)

    return [axes for axes in itertools.chain(*every) if fits(axes)]
