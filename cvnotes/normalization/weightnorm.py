"""Weight normalization as a layer around any layer with a kernel. Chapter: normalization_variants."""

from __future__ import annotations

import keras
from keras import ops

KINDS = keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D


@keras.saving.register_keras_serializable(package="cvnotes")
class WeightNormalization(keras.layers.Wrapper):
    """Wrap a layer with a kernel: its kernel becomes v, and a length g for each output is learned beside it.

    At the start g is the length that each vector has, so the wrapped layer answers as it would without the wrapper.
    Raises ValueError for another layer than a dense one or a convolution, whose kernels end in outputs.
    Source: Salimans and Kingma (2016), section 2. Chapter: normalization_variants.
    """

    def build(self, input_shape=None):
        """Build the layer, then g with the lengths of its vectors."""
        if not isinstance(self.layer, KINDS):  # a depthwise or transposed kernel has its outputs elsewhere
            names = ", ".join(kind.__name__ for kind in KINDS)
            raise ValueError(f"The layer needs a kernel: one of {names}. Received: {type(self.layer).__name__}")
        super().build(input_shape)
        kernel = self.layer.kernel
        self.g = self.add_weight(shape=(kernel.shape[-1],), initializer=self._start, name="g")

    def _start(self, shape, dtype=None):
        return ops.cast(self._length(self.layer.kernel), dtype)

    @staticmethod
    def _length(kernel):
        return ops.sqrt(ops.sum(ops.square(kernel), axis=tuple(range(len(kernel.shape) - 1))))

    def call(self, x):
        """Call the layer with w = g v / |v| in place of its kernel."""
        inner, v = self.layer, ops.convert_to_tensor(self.layer.kernel)
        w = self.g * v / self._length(v)

        def given(variables):  # a frozen kernel is not among the trainable ones
            return [w if one is inner.kernel else ops.convert_to_tensor(one) for one in variables]

        parts = inner.trainable_variables, inner.non_trainable_variables
        return inner.stateless_call(*map(given, parts), x)[0]

    def compute_output_shape(self, input_shape):
        """Give the shape of the wrapped layer's output."""
        return self.layer.compute_output_shape(input_shape)
