"""What the families share: the check of an input shape, convolutions, and chains of blocks of any length."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import keras
from keras import layers

from cvnotes.models.rules import Cost, Shape, rule

Body = Callable[[keras.KerasTensor], keras.KerasTensor]
EPSILON, MOMENTUM = 1e-5, 0.9
LONGEST = 50


def picture(name: str, input_shape: object, least: int, *, open_sides: bool = False) -> tuple[int | None, ...]:
    """Read the shape of a picture, (height, width, channels), sides of at least `least`, or None where allowed.

    Raises ValueError that names the model and shows what was received. Used by every family.
    """
    whole = isinstance(input_shape, (tuple, list)) and len(input_shape) == 3
    sides = [*input_shape[:2]] if whole else []
    fits = [open_sides if side is None else isinstance(side, int) and side >= least for side in sides]
    if not whole or not all(fits) or not isinstance(input_shape[2], int) or input_shape[2] < 1:
        free = " (or None)" if open_sides else ""
        raise ValueError(
            f"{name} reads (height, width, channels), sides of {least} or more{free}. Received: {input_shape!r}."
        )
    return tuple(input_shape)


def conv(x, filters: int, size: int, stride: int = 1, *, name: str, bias: bool = False, groups: int = 1):
    """Convolve, padded by size // 2 on every side: Keras's "same" pads a strided convolution unevenly."""
    even = stride == 1 or size == 1
    if not even:
        x = layers.ZeroPadding2D(size // 2, name=f"{name}_pad")(x)
    options = {"strides": stride, "padding": "same" if even else "valid", "groups": groups, "use_bias": bias}
    return layers.Conv2D(filters, size, kernel_initializer="he_normal", name=name, **options)(x)


def norm(x, name: str):
    """Normalize over the batch."""
    return layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, name=name)(x)


def relu(x, name: str):
    """Cut off below zero."""
    return layers.ReLU(name=name)(x)


def conv_relu(x, filters: int, size: int, stride: int = 1, *, name: str):
    """Convolve with a bias, then a ReLU, as nets did before batch normalization."""
    x = layers.Conv2D(filters, size, stride, padding="same", name=name)(x)
    return relu(x, f"{name}_relu")


def squeeze_excite(x, ratio: int, *, name: str):
    """Scale each map by a gate between 0 and 1 that a small net reads off the means of all maps.

    x: (n, h, w, c); the small net has c // ratio hidden units. Source: Hu, Shen and Sun (2018), section 3.
    """
    channels = x.shape[-1]
    gate = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
    gate = layers.Conv2D(channels // ratio, 1, activation="relu", name=f"{name}_reduce")(gate)
    gate = layers.Conv2D(channels, 1, activation="sigmoid", name=f"{name}_expand")(gate)
    return layers.Multiply(name=f"{name}_excite")([x, gate])


def nested(x, name: str, body: Body):
    """Apply `body` as a model of its own: one node of the outer graph, whatever is in it."""
    inputs = keras.Input(x.shape[1:], name=f"{name}_input")
    return keras.Model(inputs, body(inputs), name=name)(x)


def chain(x, bodies: Sequence[tuple[str, Body]]):
    """Apply one named block after another, each nested; long chains are nested in groups of groups.

    Keras walks a graph by recursion, so a flat chain of some thousand layers cannot be built.
    """
    if len(bodies) > LONGEST:
        size = math.ceil(len(bodies) / LONGEST)
        groups = [bodies[i : i + size] for i in range(0, len(bodies), size)]
        bodies = [(f"{group[0][0]}_to_{group[-1][0]}", lambda y, group=group: chain(y, group)) for group in groups]
    for name, body in bodies:
        x = nested(x, name, body)
    return x


@keras.saving.register_keras_serializable(package="cvnotes")
class PadChannels(layers.Layer):
    """Append `extra` maps of zeros: (n, h, w, c) to (n, h, w, c + extra). The shortcut that has nothing to learn.

    Source: He, Zhang, Ren and Sun (2016), section 3.3, option A. Chapter: architectures.
    """

    def __init__(self, extra: int, **options):
        super().__init__(**options)
        self.extra = extra

    def call(self, x):
        """Pad the last axis at its end."""
        return keras.ops.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(0, self.extra)])

    def compute_output_shape(self, shape):
        """Give the shape with more channels."""
        return *shape[:-1], shape[-1] + self.extra

    def get_config(self):
        """Give the number of maps, so that a saved model can be loaded."""
        return super().get_config() | {"extra": self.extra}


@rule("PadChannels")
def _padded(layer: PadChannels, inputs: list[Shape], output: Shape) -> Cost:
    """Copy, and add nothing up."""
    return Cost()
