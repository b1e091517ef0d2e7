"""Reading weights: how smooth a kernel is as a picture, and how far weights foretell what a filter answers to."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import backend
from cvnotes.transfer.tapping import tap

from .maps import responses


def smoothness(kernels: np.ndarray) -> float:
    """Correlate neighbouring weights of kernels (h, w, c, o), across and down, within each tile of one channel.

    1 for flat fields of any height, 0 for noise. Tiles keep their means; all of them together have none.
    Chapter: visualization.
    """
    k = kernels - kernels.mean()
    pairs = [(k[1:], k[:-1]), (k[:, 1:], k[:, :-1])]
    a, b = (np.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1))
    return float((a * b).mean() / np.sqrt((a**2).mean() * (b**2).mean()))


def straightened(model: keras.Model) -> keras.Model:
    """Copy a net with its weights and take out all that is not a sum: no ReLU, averages in place of maxima.

    What such a twin answers is a weighted sum of pixels (and a constant). Chapter: visualization.
    """
    twin = keras.models.clone_model(model, clone_function=_straight)
    twin.set_weights(model.get_weights())
    return twin


def _straight(layer: keras.Layer) -> keras.Layer:
    if isinstance(layer, keras.layers.ReLU):
        return keras.layers.Activation("linear", name=layer.name)
    if isinstance(layer, keras.layers.MaxPooling2D):
        return keras.layers.AveragePooling2D(layer.pool_size, layer.strides, layer.padding, name=layer.name)
    return layer.__class__.from_config(layer.get_config())


def foretold(model: keras.Model, twin: keras.Model, images: np.ndarray, *layers: str) -> list[np.ndarray]:
    """Correlate, for each filter of each named layer, what it answers with what a straightened twin does: (c,) each.

    Over all pictures and places. Filters that never move count as 0. Chapter: visualization.
    """
    said, guessed = (responses(net, images, *layers) for net in (model, twin))
    return [_correlated(said[layer], guessed[layer]) for layer in layers]


def _correlated(said: np.ndarray, guessed: np.ndarray) -> np.ndarray:
    a, b = (x.reshape(-1, x.shape[-1]) - x.mean((0, 1, 2)) for x in (said, guessed))
    scale = np.sqrt((a**2).mean(0) * (b**2).mean(0))
    return np.divide((a * b).mean(0), scale, out=np.zeros_like(scale), where=scale > 1e-9)


def misread(model: keras.Model, layer: str) -> keras.Model:
    """Copy a net whose one convolution takes each input channel for the one before it: the same tiles, elsewhere."""
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    kernel, *others = twin.get_layer(layer).get_weights()
    twin.get_layer(layer).set_weights([np.roll(kernel, 1, axis=2), *others])
    return twin


def read_through(twin: keras.Model, layer: str, units: list[int]) -> np.ndarray:
    """Multiply the weights of all layers below into one kernel of pixels: the slope of a straightened twin.

    Returns (n, h, w, c) for the middle unit of each filter; zero outside its field. Chapter: visualization.
    """
    front = tap(twin, layer)
    row, column = (side // 2 for side in front.output_shape[1:3])
    mask = np.eye(front.output_shape[-1], dtype=np.float32)[units]

    def answer(pictures):
        return keras.ops.sum(keras.ops.multiply(front(pictures, training=False)[:, row, column], mask))

    return backend.value_and_grad(answer)(np.zeros((len(units), *front.input_shape[1:]), np.float32))[1]
