"""Activations by name, each a real layer, and what one may ask of any of them: its answers and its slopes."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops
from scipy.stats import norm

from cvnotes import backend
from cvnotes.checks import whole

from .layers import RReLU

#: A slope below this is flat. A sigmoid's slope falls below it where its answer leaves 0.01 to 0.99.
FLAT = 0.01 * (1 - 0.01)

KINDS: dict[str, Callable[..., keras.Layer]] = {
    "sigmoid": lambda **_: layers.Activation("sigmoid"),
    "tanh": lambda **_: layers.Activation("tanh"),
    "ReLU": lambda **_: layers.ReLU(),
    "leaky ReLU": lambda **_: layers.LeakyReLU(negative_slope=0.01),
    "PReLU": lambda shared_axes=None: layers.PReLU(keras.initializers.Constant(0.25), shared_axes=shared_axes),
    "RReLU": lambda **_: RReLU(),
    "ELU": lambda **_: layers.ELU(),
    "GELU": lambda **_: layers.Activation("gelu"),
    "SiLU": lambda **_: layers.Activation("silu"),
}


def make(kind: str, rank: int = 2) -> keras.Layer:
    """Make the layer of a named activation, for inputs with `rank` axes.

    A PReLU shares its slope over all places of a map, so that each channel learns one. A leaky ReLU has the slope 0.01.
    Raises ValueError for an unknown name, and fewer than two axes. Chapter: activations.
    """
    if kind not in tuple(KINDS):
        raise ValueError(f"kind must be one of {', '.join(KINDS)}. Received: kind={kind!r}")
    return KINDS[kind](shared_axes=list(range(1, whole("rank", rank, 2) - 1)) or None)


def answers(layer: keras.Layer, x: np.ndarray) -> np.ndarray:
    """Ask an elementwise layer about numbers x (n,), as in prediction: its answers (n,).

    Raises ValueError for another x, and for a layer that does not answer one number with one. Chapter: activations.
    """
    column = _column(x)
    found = ops.convert_to_numpy(layer(column, training=False))
    if found.shape != column.shape:
        raise ValueError(f"layer must answer {column.shape} with the same shape. Received: {found.shape}")
    return found[:, 0]


def slopes(layer: keras.Layer, x: np.ndarray) -> np.ndarray:
    """Ask automatic differentiation for the slope of an elementwise layer at numbers x (n,). Chapter: activations."""
    column = _column(x)
    layer(column)  # builds it: weights may not be drawn while it is differentiated
    return backend.value_and_grad(lambda t: ops.sum(layer(t, training=False)))(column)[1][:, 0]


def flat_share(layer: keras.Layer, x: np.ndarray, least: float = FLAT) -> float:
    """Say at which share of the numbers x (n,) the slope of a layer is below `least`, upwards or downwards.

    Raises ValueError for another x, and unless `least` is above 0. Chapter: activations.
    """
    if not least > 0:
        raise ValueError(f"least must be above 0: no slope is steeper than less. Received: least={least!r}")
    return float(np.mean(np.abs(slopes(layer, x)) < least))


def _column(x: np.ndarray) -> np.ndarray:
    """Numbers as a batch of single units, (n, 1). Raises ValueError unless they are some finite numbers in a row."""
    x = np.asarray(x)
    if x.ndim != 1 or x.size == 0 or x.dtype.kind not in "fiu" or not np.all(np.abs(x) <= np.finfo("float32").max):
        raise ValueError(f"x must be a row of finite numbers (n,) in float32. Received: {x.dtype} of shape {x.shape}")
    return x.astype("float32")[:, None]


def portrait(kind: str) -> list[str | float | int]:
    """What a named activation is like: a row for the table of the page, each cell asked of the layer.

    Lowest answer from -10 to 10; slope at -2 and at 2; mean answer to standard normal inputs; numbers that it learns
    for one channel. Chapter: activations.
    """
    layer = make(kind)
    lowest = answers(layer, np.linspace(-10, 10, 2001)).min()
    steep = slopes(layer, np.array([-2.0, 2.0]))
    mean = answers(layer, norm.ppf((np.arange(2000) + 0.5) / 2000)).mean()
    told = (f"{value + 0:.2f}".replace("-", "−") for value in (lowest.round(2), *steep, mean.round(3)))
    return [kind, *told, layer.count_params()]
