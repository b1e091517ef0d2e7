"""Layers that Keras does not have: randomized leaky ReLU, and maxout for dense and convolution layers."""

from __future__ import annotations

import functools
import math
import numbers

import keras
from keras import ops

from cvnotes.checks import whole


@keras.saving.register_keras_serializable(package="cvnotes")
class RReLU(keras.layers.Layer):
    r"""Randomized leaky ReLU: a new slope for every negative number in training, the mean slope in prediction.

    $$ y = x \text{ for } x \ge 0, \quad y = a\,x \text{ else}, \quad a \sim U(l, u) \text{ or } a = \tfrac{l + u}{2} $$

    x: any shape, kept. lower, upper: of the slope, 0 <= lower <= upper <= 1. seed: of the slopes; None draws one.
    Raises ValueError for slopes out of order. Source: Xu et al. (2015), section 2.4. Chapter: activations.
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        for value in (lower, upper):
            if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
                raise ValueError(f"slopes must be numbers. Received: lower={lower!r}, upper={upper!r}")
        if not 0 <= lower <= upper <= 1:
            raise ValueError(f"need 0 <= lower <= upper <= 1. Received: lower={lower!r}, upper={upper!r}")
        self.lower, self.upper, self.seed = float(lower), float(upper), seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, x, training=False):
        """Bend the negative part of x, each number at random (training) or all alike."""
        slope = (self.lower + self.upper) / 2
        if training:
            slope = keras.random.uniform(ops.shape(x), self.lower, self.upper, x.dtype, self.seed_generator)
        return ops.where(x < 0, slope * x, x)

    def compute_output_shape(self, input_shape):
        """Give the shape of the input."""
        return input_shape

    def get_config(self):
        """Give both slopes and the seed, so that a saved model can be loaded."""
        return super().get_config() | {"lower": self.lower, "upper": self.upper, "seed": self.seed}


def largest(y: keras.KerasTensor, pieces: int) -> keras.KerasTensor:
    """Take the largest of `pieces` equal blocks of channels, (..., pieces * n) to (..., n).

    Raises ValueError for pieces that do not divide the channels. Chapter: activations.
    """
    if y.shape[-1] % whole("pieces", pieces, 1):
        raise ValueError(f"pieces must divide the channels. Received: pieces={pieces!r}, {y.shape[-1]} channels")
    return functools.reduce(ops.maximum, ops.split(y, pieces, axis=-1))


class _LargestOf(keras.layers.Layer):
    """What both maxout layers share: one affine layer with all pieces side by side, and the largest of them."""

    def __init__(self, affine: type[keras.Layer], count: int, pieces: int, options: dict, **kwargs):
        super().__init__(**kwargs)
        if "activation" in options:
            raise ValueError(f"The maximum is the activation: leave it out. Received: {options['activation']!r}")
        self.pieces = whole("pieces", pieces, 1)
        self.options = tuple(options)
        self.affine = affine(count * self.pieces, dtype=self.dtype_policy, name="affine", **options)

    def build(self, input_shape):
        """Make the weights of all pieces."""
        self.affine.build(input_shape)
        self.built = True

    def call(self, x):
        """Give the largest piece of each unit."""
        return largest(self.affine(x), self.pieces)

    def compute_output_shape(self, input_shape):
        """Give the shape behind the affine layer, with as many channels as there are units."""
        *places, channels = self.affine.compute_output_shape(input_shape)
        return (*places, channels // self.pieces)

    def get_config(self):
        """Give the pieces and the options of the affine layer."""
        inner = self.affine.get_config()
        return super().get_config() | {"pieces": self.pieces} | {key: inner[key] for key in self.options}


@keras.saving.register_keras_serializable(package="cvnotes")
class Maxout(_LargestOf):
    r"""A dense layer whose units answer with the largest of k affine maps.

    $$ y_j = \max_{p = 1 \dots k} \bigl( w_{pj}^\top x + b_{pj} \bigr) $$

    x: (..., d) to (..., units). pieces: k. Kernel (d, k * units), the pieces side by side: piece p of unit j is column
    p * units + j. options: as for `keras.layers.Dense`, without an activation. The kernel's variance is 1/d unless
    told otherwise: the larger of two standard normal numbers has a mean square of 1, so signals keep their size.
    Raises ValueError for counts below 1 or an activation. Source: Goodfellow et al. (2013), section 2.
    Chapter: activations.
    """

    def __init__(self, units: int, pieces: int = 2, *, name=None, dtype=None, trainable=True, **options):
        options = {"kernel_initializer": "lecun_normal"} | options
        self.units = whole("units", units, 1)
        common = {"name": name, "dtype": dtype, "trainable": trainable}
        super().__init__(keras.layers.Dense, self.units, pieces, options, **common)
        self.supports_masking = True  # as Dense does: no place is moved

    def get_config(self):
        """Give the units besides, so that a saved model can be loaded."""
        return super().get_config() | {"units": self.units}


@keras.saving.register_keras_serializable(package="cvnotes")
class MaxoutConv2D(_LargestOf):
    """A convolution whose channels answer, at each place, with the largest of k filters.

    x: (n, h, w, c) to (n, h', w', filters). pieces: k. options: as for `keras.layers.Conv2D`, channels last, without
    an activation. Raises ValueError for counts below 1, an activation, or channels first.
    Source: Goodfellow et al. (2013), section 2. Chapter: activations.
    """

    def __init__(self, filters: int, kernel_size, pieces: int = 2, *, name=None, dtype=None, trainable=True, **options):
        options = {"kernel_initializer": "lecun_normal", "data_format": "channels_last"} | options
        options |= {"kernel_size": kernel_size}
        if options["data_format"] != "channels_last":  # the pieces lie side by side on the last axis
            raise ValueError(f"data_format must be 'channels_last'. Received: {options['data_format']!r}")
        self.filters = whole("filters", filters, 1)
        common = {"name": name, "dtype": dtype, "trainable": trainable}
        super().__init__(keras.layers.Conv2D, self.filters, pieces, options, **common)

    def get_config(self):
        """Give the filters besides, so that a saved model can be loaded."""
        return super().get_config() | {"filters": self.filters}
