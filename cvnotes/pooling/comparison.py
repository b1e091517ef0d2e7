"""A convolution layer and a pooling layer, asked the same questions. Every answer comes from running the layer."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

Layer = Callable[[np.ndarray], np.ndarray]


def run(layer: keras.layers.Layer, x: np.ndarray) -> np.ndarray:
    """Call a layer and return an array."""
    return keras.ops.convert_to_numpy(layer(x))


def mixes_channels(layer: Layer, x: np.ndarray) -> bool:
    """Tell whether a change in channel 0 reaches any other channel of the output."""
    nudged = x.copy()
    nudged[..., 0] += 1
    return not np.allclose(run(layer, x)[..., 1:], run(layer, nudged)[..., 1:], atol=1e-5)


def is_linear(layer: Layer, a: np.ndarray, b: np.ndarray) -> bool:
    """Tell whether f(a + b) = f(a) + f(b), after taking off what the layer answers to zero."""
    zero = run(layer, np.zeros_like(a))
    return np.allclose(run(layer, a + b) - zero, run(layer, a) + run(layer, b) - 2 * zero, atol=1e-4)


def answers(layer: keras.layers.Layer, seed: int = 0) -> dict[str, object]:
    """Ask one layer with a window of 3 everything that the table tells. Chapter: pooling."""
    rng = np.random.default_rng(seed)
    a, b = (rng.normal(size=(1, 32, 32, 4)).astype("float32") for _ in range(2))
    out = run(layer, a)
    return {
        "default stride": layer.strides[0],
        "default padding": layer.padding,
        "side after a side of 32": out.shape[1],
        "channels in": a.shape[-1],
        "channels out": out.shape[-1],
        "numbers it learns": layer.count_params(),
        "mixes channels": mixes_channels(layer, a),
        "linear": is_linear(layer, a, b),
    }


def table(window: int = 3, filters: int = 8) -> list[list[object]]:
    """Give the rows (question, convolution, max pooling, average pooling) with Keras's own defaults."""
    layers = (
        keras.layers.Conv2D(filters, window),
        keras.layers.MaxPooling2D(window),
        keras.layers.AveragePooling2D(window),
    )
    columns = [answers(layer) for layer in layers]
    return [[question, *(column[question] for column in columns)] for question in columns[0]]
