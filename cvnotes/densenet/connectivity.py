"""Dense and residual connectivity in one line each, and what can be read off a concatenation. Chapter: densenet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from cvnotes import backend
from cvnotes.checks import whole

Tensor = Any

__all__ = ["composite", "dense_block", "gradient_through", "maps_of", "residual_block"]


def composite(growth: int, *, bottleneck: bool = False) -> keras.Sequential:
    """H_l: normalization, ReLU, convolution of 3 x 3 to `growth` maps; before it the same with 1 x 1 to 4 growth.

    Raises ValueError for a growth below 1. Source: Huang and others (2017), section 3. Chapter: densenet.
    """
    growth = whole("growth", growth, 1)
    steps = [(4 * growth, 1), (growth, 3)] if bottleneck else [(growth, 3)]
    units = [[_norm(), layers.ReLU(), _conv(width, size)] for width, size in steps]
    return keras.Sequential([layer for unit in units for layer in unit])


def dense_block(x: Tensor, functions: Sequence[Callable[[Tensor], Tensor]]) -> Tensor:
    r"""Let each layer read everything made before it.

    .. math:: x_l = H_l([x_0, x_1, \ldots, x_{l-1}]), \qquad l = 1, \ldots, L

    x: :math:`x_0`, (n, h, w, k_0). functions: :math:`H_1, \ldots, H_L`; those that give k maps each see
    :math:`k_0 + k(l-1)`. Gives :math:`[x_0, \ldots, x_L]`, (n, h, w, k_0 + k L).
    Source: Huang and others (2017), equation 2. Chapter: densenet.
    """
    maps = [x]
    for function in functions:
        maps.append(function(ops.concatenate(maps, axis=-1)))
    return ops.concatenate(maps, axis=-1)


def residual_block(x: Tensor, functions: Sequence[Callable[[Tensor], Tensor]]) -> Tensor:
    r"""Let each layer add to what came: :math:`x_l = x_{l-1} + F_l(x_{l-1})`. Shapes stay.

    Raises ValueError for a layer that changes the shape. Chapter: densenet.
    """
    for function in functions:
        x = _sum(x, function(x))
    return x


def _sum(x: Tensor, change: Tensor) -> Tensor:
    """Both added, place by place: shapes that only broadcast are no residual unit."""
    if tuple(x.shape) != tuple(change.shape):
        raise ValueError(f"A layer must keep the shape {tuple(x.shape)}. Received: {tuple(change.shape)}")
    return ops.add(x, change)


def maps_of(concatenation: Tensor, start: int, growth: int) -> list[np.ndarray]:
    """Cut a concatenation into the block's input and the maps of each layer, as arrays.

    concatenation: (..., start + L growth). Raises ValueError for sizes below 1 and channels that do not divide so.
    Chapter: densenet.
    """
    whole("start", start, 1), whole("growth", growth, 1)
    channels = concatenation.shape[-1]
    if channels < start or (channels - start) % growth:
        raise ValueError(f"{start} maps and some times {growth} do not make up what came. Received: {channels} maps")
    return np.split(ops.convert_to_numpy(concatenation), range(start, channels, growth), axis=-1)


def gradient_through(branch: keras.Layer, x: np.ndarray, *, relu: bool = False) -> np.ndarray:
    r"""Slope of a residual unit for each of its inputs: of :math:`x + F(x)`, or of a ReLU of that sum.

    What is differentiated is the sum of all outputs. With :math:`F = 0` these slopes are the diagonal of the Jacobian
    (the rest of it is zero). branch: F, built, as many outputs as inputs. x: (n, width).
    Raises ValueError if the branch changes the shape. Chapter: densenet.
    """

    def summed(z: Tensor) -> Tensor:
        out = _sum(z, branch(z))
        return ops.sum(ops.relu(out) if relu else out)

    return backend.value_and_grad(summed)(np.asarray(x, "float32"))[1]


def _norm() -> keras.Layer:
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)


def _conv(width: int, size: int) -> keras.Layer:
    return layers.Conv2D(width, size, padding="same", use_bias=False, kernel_initializer="he_normal")
