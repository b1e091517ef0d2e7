"""Local response normalization: neighbouring channels hold each other down. It pools nothing."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from cvnotes.checks import whole


def local_response_normalization(
    x: np.ndarray, radius: int = 2, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5
) -> np.ndarray:
    r"""Divide each activation by a measure of its neighbours in depth.

    $$ y_c = x_c \Big/ \Bigl(k + \alpha \sum_{|d - c| \le r} x_d^2\Bigr)^{\beta} $$

    x: (..., channels); radius r in channels, bias k, alpha and beta without unit. Shape and place are kept.
    Some libraries divide alpha by the 2r + 1 channels of the window. Raises ValueError for a radius below 0 or no axis.
    Source: Krizhevsky, Sutskever and Hinton (2012), section 3.3. Chapter: pooling.
    """
    x, radius = np.asarray(x), whole("radius", radius, 0)
    if x.ndim == 0:
        raise ValueError(f"x needs an axis of channels, the last one. Received: a single number, {x}")
    channels = x.shape[-1]
    energy = np.pad(np.square(x), [(0, 0)] * (x.ndim - 1) + [(radius, radius)])
    neighbours = sum(energy[..., d : d + channels] for d in range(2 * radius + 1))
    return x / (bias + alpha * neighbours) ** beta


@keras.saving.register_keras_serializable(package="cvnotes")
class LocalResponseNormalization(keras.layers.Layer):
    """The same formula as a layer for any backend, differentiable and without a weight. Chapter: pooling."""

    def __init__(self, radius: int = 2, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5, **kwargs):
        super().__init__(**kwargs)
        self.radius, self.bias, self.alpha, self.beta = whole("radius", radius, 0), bias, alpha, beta

    def call(self, x):
        """Normalize x of shape (..., channels)."""
        channels = x.shape[-1]
        energy = ops.pad(ops.square(x), [(0, 0)] * (len(x.shape) - 1) + [(self.radius, self.radius)])
        neighbours = sum(energy[..., d : d + channels] for d in range(2 * self.radius + 1))
        return x / (self.bias + self.alpha * neighbours) ** self.beta

    def compute_output_shape(self, input_shape):
        """Give the shape of the input: nothing is pooled."""
        return input_shape

    def get_config(self):
        """Give the four constants, so that a saved model can be loaded."""
        return super().get_config() | {k: getattr(self, k) for k in ("radius", "bias", "alpha", "beta")}
