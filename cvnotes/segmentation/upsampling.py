"""From a coarse map to the size of the picture: bilinear transposed convolutions, and maps cut to one another's size.

Chapters: segmentation, segmentation_strategies.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from cvnotes.checks import whole
from cvnotes.convolution_variants import checkerboards
from cvnotes.models.rules import Cost, Shape, rule


@keras.saving.register_keras_serializable(package="cvnotes")
def bilinear(shape: tuple[int, ...], dtype: str | None = None):
    """Start the kernel (k, k, c, c) of a transposed convolution as linear interpolation, channel by channel.

    k = 2S for an even stride S, 2S - 1 for an odd one, so that the kernel has a middle where a cell has. To be given
    as `kernel_initializer`. Raises ValueError for a kernel that is not square, of another side, or whose channels do
    not match. Source: Long et al. (2015), section 3.3. Chapter: segmentation.
    """
    if len(shape) != 4 or shape[0] % 4 > 1 or tuple(shape) != (shape[0], shape[0], shape[2], shape[2]):
        raise ValueError(f"Interpolation has a kernel (k, k, c, c), k = 2S - S % 2 at stride S. Received: {shape}")
    kernel = checkerboards.bilinear_kernel((shape[0] + 1) // 2, shape[2])
    return ops.convert_to_tensor(kernel.astype(np.float32), dtype)


def upsampled(x, factor: int, name: str, *, fixed: bool = False, padding: str = "same"):
    """Enlarge a map by a whole factor, by a transposed convolution that starts as linear interpolation, without bias.

    fixed: it stays what it starts as. A factor of 1 changes nothing.
    Source: Long et al. (2015), section 3.3 and 4.2. Chapter: segmentation.
    """
    if whole("factor", factor, 1) == 1:
        return x
    options = {"padding": padding, "use_bias": False, "kernel_initializer": bilinear, "trainable": not fixed}
    return layers.Conv2DTranspose(x.shape[-1], 2 * factor - factor % 2, factor, name=name, **options)(x)


@keras.saving.register_keras_serializable(package="cvnotes")
class Cut(layers.Layer):
    """Cut a map to the height and width of another: `Cut()([map, other])`.

    offset: rows and columns that are left out at the top and left; None takes the middle.
    Raises ValueError where sizes are known and the map does not reach. Chapter: segmentation.
    """

    def __init__(self, offset: int | None = 0, **options):
        super().__init__(**options)
        self.offset = None if offset is None else whole("offset", offset, 0)

    def call(self, both):
        """Cut the first map to the size of the second."""
        x, other = both
        (top, height), (left, width) = (self._span(ops.shape(x)[i], ops.shape(other)[i]) for i in (1, 2))
        return x[:, top : top + height, left : left + width]

    def _span(self, size, wanted) -> tuple:
        """Where to begin, and how many cells to keep."""
        start = (size - wanted) // 2 if self.offset is None else self.offset
        if isinstance(size, int) and isinstance(wanted, int) and not 0 <= start <= size - wanted:
            raise ValueError(f"{wanted} cells from {start} on cannot be cut from {size}: the map is too small.")
        return start, wanted

    def compute_output_shape(self, shapes):
        """Take height and width of the second, channels of the first."""
        first, second = shapes
        for size, wanted in zip(first[1:3], second[1:3], strict=True):
            if size is not None and wanted is not None:
                self._span(size, wanted)
        return (first[0], *second[1:3], first[3])

    def get_config(self):
        """Give the offset, so that a saved model can be loaded."""
        return super().get_config() | {"offset": self.offset}


@rule("Cut")
def _cut(layer: Cut, inputs: list[Shape], output: Shape) -> Cost:
    """Look at one place alone; nothing is summed."""
    return Cost()
