"""The three layers of LeNet-5 that later networks dropped, and its squashing function. For any backend."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from cvnotes.models.rules import Cost, Shape, rule


@keras.saving.register_keras_serializable(package="cvnotes")
def squash(a):
    r"""Scale the hyperbolic tangent so that one maps to one: $A \tanh(S a)$ with $A = 1.7159$, $S = 2/3$.

    a: any shape. Source: LeCun and others (1998), section II.B and appendix A. Chapter: architectures.
    """
    return 1.7159 * ops.tanh(a * (2 / 3))


@keras.saving.register_keras_serializable(package="cvnotes")
class TrainableSubsampling2D(layers.Layer):
    r"""Halve a map: the sum of each 2 x 2 window, times one learned number a channel, plus another.

    $$ y_{ijc} = w_c \sum_{u, v < 2} x_{2i+u,\, 2j+v,\, c} + b_c $$

    Input (n, h, w, c), output (n, h // 2, w // 2, c); 2c weights. The factor starts at 1/4, a plain average.
    Source: LeCun and others (1998), section II.B, layers S2 and S4. Chapter: architectures.
    """

    def build(self, shape):
        self.factor = self.add_weight(name="factor", shape=(shape[-1],), initializer=keras.initializers.Constant(0.25))
        self.bias = self.add_weight(name="bias", shape=(shape[-1],), initializer="zeros")

    def call(self, x):
        """Add up each window, scale it, shift it."""
        return 4 * ops.average_pool(x, 2, 2, padding="valid") * self.factor + self.bias

    def compute_output_shape(self, shape):
        """Give half of each side, rounded down."""
        return shape[0], shape[1] // 2, shape[2] // 2, shape[3]


@keras.saving.register_keras_serializable(package="cvnotes")
class TableConv2D(layers.Layer):
    r"""Convolve, with each filter reading only the input channels that a table gives it.

    $$ y_{ijo} = b_o + \sum_{c \in T_o} \sum_{u, v} k_{uvco}\, x_{i+u,\, j+v,\, c} $$

    table: for each filter the channels that it reads. Input (n, h, w, c), output (n, h-F+1, w-F+1, filters).
    Only the kernels that the table names exist: F*F numbers for each of its entries, and a bias for each filter.
    Raises ValueError where the table names a channel that is not there, or one twice.
    Source: LeCun and others (1998), table I, layer C3. Chapter: architectures.
    """

    def __init__(self, table: Sequence[Sequence[int]], kernel_size: int, **options):
        super().__init__(**options)
        self.table, self.kernel_size = tuple(tuple(row) for row in table), kernel_size
        if not self.table or any(not row or len(set(row)) < len(row) for row in self.table):
            raise ValueError(f"Each filter needs channels to read, each named once. Received: table={table!r}")

    def build(self, shape):
        pairs = [(channel, filter_) for filter_, row in enumerate(self.table) for channel in row]
        if not all(0 <= channel < shape[-1] for channel, _ in pairs):
            raise ValueError(f"The table may name channels 0 to {shape[-1] - 1}. Received: {self.table!r}")
        self.places = np.zeros((len(pairs), shape[-1] * len(self.table)), "float32")
        self.places[range(len(pairs)), [c * len(self.table) + o for c, o in pairs]] = 1
        fans = self.kernel_size**2 * len(pairs) * (1 / len(self.table) + 1 / shape[-1])
        limit = math.sqrt(6 / fans)  # Glorot's, with the mean number of channels that a filter reads
        start = keras.initializers.RandomUniform(-limit, limit)
        self.kernel = self.add_weight(name="kernel", shape=(self.kernel_size**2, len(pairs)), initializer=start)
        self.bias = self.add_weight(name="bias", shape=(len(self.table),), initializer="zeros")

    def call(self, x):
        """Lay the kernels out as those of a full convolution, zeros elsewhere, and convolve."""
        full = (self.kernel_size, self.kernel_size, x.shape[-1], len(self.table))
        kernel = ops.reshape(ops.matmul(self.kernel, ops.convert_to_tensor(self.places, self.kernel.dtype)), full)
        return ops.conv(x, kernel, padding="valid") + self.bias

    def compute_output_shape(self, shape):
        """Give the stops of the window, and one channel a filter."""
        return shape[0], *(side - self.kernel_size + 1 for side in shape[1:3]), len(self.table)

    def get_config(self):
        """Give the table and the size of the window, so that a saved model can be loaded."""
        return super().get_config() | {"table": self.table, "kernel_size": self.kernel_size}


@keras.saving.register_keras_serializable(package="cvnotes")
class RadialBasis(layers.Layer):
    r"""Score each class by how near the input lies to its fixed code: $y_i = -\sum_j (x_j - w_{ij})^2$.

    codes: (classes, units) of -1 and 1, never trained. Input (n, units), output (n, classes); the paper gives the
    distance itself, a penalty; its negative is used here, so that the largest score wins as elsewhere in the book.
    Raises ValueError where codes and input do not fit. Source: LeCun and others (1998), eq. 7. Chapter: architectures.
    """

    def __init__(self, codes: Sequence[Sequence[float]], **options):
        super().__init__(**options)
        self.codes = np.asarray(codes, "float32")
        if self.codes.ndim != 2 or not self.codes.size:
            raise ValueError(f"codes must have the shape (classes, units). Received: {self.codes.shape}")

    def build(self, shape):
        if shape[-1] != self.codes.shape[1]:
            raise ValueError(f"The codes have {self.codes.shape[1]} units. Received: an input of shape {shape}")
        start = lambda shape, dtype=None: ops.convert_to_tensor(self.codes, dtype)  # noqa: E731
        self.centres = self.add_weight(name="codes", shape=self.codes.shape, initializer=start, trainable=False)

    def call(self, x):
        """Measure the squared distance to every code."""
        return -ops.sum(ops.square(x[:, None, :] - self.centres[None]), axis=-1)

    def compute_output_shape(self, shape):
        """Give one score a class."""
        return shape[0], len(self.codes)

    def get_config(self):
        """Give the codes, so that a saved model can be loaded."""
        return super().get_config() | {"codes": self.codes.tolist()}


@rule("TrainableSubsampling2D")
def _subsampling(layer: TrainableSubsampling2D, inputs: list[Shape], output: Shape) -> Cost:
    """One product a window: what is added up before it costs no product."""
    return Cost(math.prod(output), (2, 2), (2, 2))


@rule("TableConv2D")
def _table(layer: TableConv2D, inputs: list[Shape], output: Shape) -> Cost:
    side = layer.kernel_size
    return Cost(math.prod(output[:2]) * side**2 * len(layer.places), (side, side), (1, 1))


@rule("RadialBasis")
def _radial(layer: RadialBasis, inputs: list[Shape], output: Shape) -> Cost:
    return Cost(layer.codes.size)
