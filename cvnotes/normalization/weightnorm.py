"""Weight normalization as a layer around any layer with a kernel. Chapter: normalization_variants."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="cvnotes")
class WeightNormalization(keras.layers.Wrapper):
    """Wrap a layer with a kernel: its kernel becomes v, and a length g for each output is learned beside it.

    At the start g is the length that each vector has, so the wrapped layer answers as it would without the wrapper.
    Raises ValueError for a layer without a kernel. Source: Salimans and Kingma (2016), section 2.
    Chapter: normalization_variants.
    """

    def build(self, input_shape=None):
        """Build the layer, then g with the lengths of its vectors."""
        super().build(input_shape)
        kernel = getattr(self.layer, "kernel", None)
        if kernel is None or not isinstance(kernel, keras.Variable):
            raise ValueError(f"The layer needs a kernel to normalize. Received: {type(self.layer).__name__}")
        self.g = self.add_weight(shape=(kernel.shape[-1],), initializer=self._start, name="g")

    def _start(self, shape, dtype=None):
        return ops.cast(self._length(self.layer.kernel), dtype)

    @staticmethod
    def _length(kernel):
        return ops.sqrt(ops.sum(ops.square(kernel), axis=tuple(range(len(kernel.shape) - 1))))

    def call(self, x):
        """Call the layer with w = g v / |v| in place of its kernel."""
        v, *others = map(ops.convert_to_tensor, self.layer.trainable_variables)
        weights = [self.g * v / self._length(v), *others]
        kept = self.layer.non_trainable_variables
        return self.layer.stateless_call(weights, kept, x)[0]

    def compute_output_shape(self, input_shape):
        """Give the shape of the wrapped layer's output."""
        return self.layer.compute_output_shape(input_shape)
