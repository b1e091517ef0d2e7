"""Keras's own transposed convolution around given weights: the oracle of its chapter."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops


def keras_transposed_layer(kernel: np.ndarray, stride: int = 1, padding: str = "valid", extra: int | None = None):
    """Build Keras's Conv2DTranspose around a kernel (kh, kw, o, c), without bias.

    padding: "valid" or "same"; extra: output padding, None for Keras's own choice. Chapter: transposed_convolution.
    """
    options = {"strides": stride, "padding": padding, "output_padding": extra, "use_bias": False}
    layer = keras.layers.Conv2DTranspose(kernel.shape[2], kernel.shape[:2], **options)
    layer.build((None, None, None, kernel.shape[3]))
    layer.set_weights([np.asarray(kernel, "float32")])
    return layer


def keras_transposed(x: np.ndarray, kernel: np.ndarray, stride: int = 1, padding: str = "valid", extra=None):
    """Run `keras_transposed_layer` on one picture (h, w, c); returns (oh, ow, o). Chapter: transposed_convolution."""
    layer = keras_transposed_layer(kernel, stride, padding, extra)
    return ops.convert_to_numpy(layer(np.asarray(x, "float32")[None]))[0]
