"""Keras layers of the chapter: a convolution that holds given weights, and one that shares nothing."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from .sizes import output_size

RANKED = {3: keras.layers.Conv1D, 4: keras.layers.Conv2D, 5: keras.layers.Conv3D}


def keras_layer(filters: np.ndarray, bias: np.ndarray | None = None, **options) -> keras.Layer:
    """Build Keras' own Conv1D, Conv2D or Conv3D around given weights: the oracle of this chapter.

    filters: (k..., c, o), or (kh, kw) for one grey filter; bias: (o,) or None; options go to Keras.
    Raises ValueError for filters of another rank. Chapter: convolution.
    """
    filters = np.asarray(filters, np.float32)
    filters = filters[..., None, None] if filters.ndim == 2 else filters
    if filters.ndim not in RANKED:
        raise ValueError(f"filters must be (k..., channels, filters). Received: shape={filters.shape}")
    layer = RANKED[filters.ndim](filters.shape[-1], filters.shape[:-2], use_bias=bias is not None, **options)
    layer.build((None, *[None] * (filters.ndim - 2), filters.shape[-2] * layer.groups))
    layer.set_weights([filters] if bias is None else [filters, np.asarray(bias, np.float32)])
    return layer


def keras_conv(images: np.ndarray, filters: np.ndarray, bias: np.ndarray | None = None, **options) -> np.ndarray:
    """Let Keras convolve: a batch (n, h, w, c), or a grey image (h, w) with a kernel (kh, kw). Returns the same rank.

    options: strides, padding, dilation_rate, groups, activation, as Keras names them. Chapter: convolution.
    """
    images = np.asarray(images, np.float32)
    grey = images.ndim == 2
    out = keras_layer(filters, bias, **options)(images[None, ..., None] if grey else images)
    return ops.convert_to_numpy(out)[0, ..., 0] if grey else ops.convert_to_numpy(out)


@keras.saving.register_keras_serializable("cvnotes")
class Unshared(keras.Layer):
    r"""Slide a window as a convolution does, with own weights at every place (a locally connected layer).

    $$ y_{ijo} = b_{ijo} + \sum_{uvc} k_{ijuvco}\, x_{iS+u,\,jS+v,\,c} $$

    Input (n, h, w, c), output (n, oh, ow, filters); no padding. Weights: (oh, ow, F*F*c, filters), and a bias each.
    Source: LeCun (1989). Chapter: filters.
    """

    def __init__(self, filters: int, kernel_size: int, strides: int = 1, activation: str | None = None, **options):
        super().__init__(**options)
        self.filters, self.kernel_size, self.strides = filters, kernel_size, strides
        self.activation = keras.activations.get(activation)

    def build(self, shape):
        self.sides = [output_size(side, self.kernel_size, self.strides) for side in shape[1:3]]
        fan_in, window = self.kernel_size**2 * shape[3], (*self.sides, self.kernel_size**2 * shape[3], self.filters)
        limit = (6 / (fan_in + self.kernel_size**2 * self.filters)) ** 0.5  # as Glorot for the shared layer
        start = keras.initializers.RandomUniform(-limit, limit)
        self.kernel = self.add_weight(name="kernel", shape=window, initializer=start)
        self.bias = self.add_weight(name="bias", shape=(*self.sides, self.filters), initializer="zeros")

    def call(self, images):
        size, reach = self.kernel_size, [(side - 1) * self.strides + 1 for side in self.sides]
        taps = [
            images[:, u : u + reach[0] : self.strides, v : v + reach[1] : self.strides]
            for u in range(size)
            for v in range(size)
        ]
        windows = ops.concatenate(taps, axis=-1)
        places = ops.expand_dims(ops.transpose(windows, (1, 2, 0, 3)), 3)
        out = ops.squeeze(ops.matmul(places, ops.expand_dims(self.kernel, 2)), 3)
        return self.activation(ops.transpose(out, (2, 0, 1, 3)) + self.bias)

    def compute_output_shape(self, shape):
        sides = [output_size(side, self.kernel_size, self.strides) for side in shape[1:3]]
        return (shape[0], *sides, self.filters)

    def share(self, filters: np.ndarray, bias: np.ndarray) -> Unshared:
        """Copy one set of shared weights (kh, kw, c, o) to every place."""
        flat = np.reshape(filters, (-1, self.filters))
        self.set_weights([np.tile(flat, (*self.sides, 1, 1)), np.tile(bias, (*self.sides, 1))])
        return self

    def get_config(self):
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "strides": self.strides}
        return {**super().get_config(), **own, "activation": keras.activations.serialize(self.activation)}
