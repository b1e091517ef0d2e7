r"""What one layer costs and how far it sees: a small rule for each kind of layer.

The receptive field of a unit is the box of input pixels that can change it. A window of ``k`` with stride ``s`` and
dilation ``d`` turns a field of ``r`` pixels, whose neighbours lie ``j`` pixels apart, into

.. math:: r' = r + (k - 1)\,d\,j, \qquad j' = j\,s .

A transposed convolution sees :math:`\lceil k / s \rceil` neighbours and divides ``j`` by ``s``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Cost:
    """Multiply-accumulates of a call on one example, and its window over the input.

    macs: ``None`` where no rule is known. window: pixels along each axis (dilation included), ``()`` for a layer that
    looks at one position alone, ``None`` where it cannot be told. step: stride along each axis, a fraction where the
    layer enlarges. collapses: whether no axis of the image is left.
    """

    macs: int | None = 0
    window: tuple[int, ...] | None = ()
    step: tuple[float, ...] = ()
    collapses: bool = False


Rule = Callable[[Any, list[Shape], Shape], Cost]
_RULES: dict[str, Rule] = {}

POINTWISE = (
    *("InputLayer", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Identity"),
    *("BatchNormalization", "LocalResponseNormalization", "Rescaling", "Normalization"),
    *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"),
    *("GaussianNoise", "GaussianDropout", "ActivityRegularization"),
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"),
    *("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping1D", "Cropping2D", "Cropping3D"),
    *("Relu", "Relu6", "Sigmoid", "Tanh", "Silu", "Gelu", "HardSigmoid", "HardSwish", "Softplus"),  # keras.ops
)


def rule(*kinds: str) -> Callable[[Rule], Rule]:
    """Decorate ``fn(layer, input_shapes, output_shape) -> Cost`` as the rule of the classes with these names.

    Shapes are those of one example, channels included. Classes are named, not imported, so a chapter's own layer can
    have a rule before the chapter is loaded. A subclass without a rule of its own follows its parent's.
    """

    def keep(fn: Rule) -> Rule:
        _RULES.update(dict.fromkeys(kinds, fn))
        return fn

    return keep


def cost(layer: Any, inputs: list[Shape], output: Shape) -> Cost:
    """The cost of calling ``layer``, or ``Cost(macs=None, window=None)`` where no rule is known."""
    for kind in type(layer).__mro__:
        if kind.__name__ in _RULES:
            return _RULES[kind.__name__](layer, inputs, output)
    return Cost(macs=None, window=None)


@rule(*POINTWISE)
def _pointwise(layer: Any, inputs: list[Shape], output: Shape) -> Cost:
    """Position by position, with no sum of products: counted as zero, though additions and comparisons take time."""
    return Cost()


@rule("Conv1D", "Conv2D", "Conv3D", "BaseConv")
def _conv(layer: Any, inputs: list[Shape], output: Shape) -> Cost:
    channels = inputs[0][_channel_axis(layer)] // layer.groups
    return Cost(math.prod(output) * math.prod(layer.kernel_size) * channels, *_window(layer, layer.kernel_size))


@rule("DepthwiseConv1D", "DepthwiseConv2D", "BaseDepthwiseConv")
def _depthwise(layer: Any, inputs: list[Shape], output: Shape) -> Cost:
    return Cost(math.prod(output) * math.prod(layer.kernel_size), *_window(layer, layer.kernel_size))


@rule("SeparableConv1D", "SeparableConv2D", "BaseSeparableConv")
def _separable(layer: Any, inputs: list[Shape], output: Shape) -> Cost:
    middle = inputs[0][_channel_axis(layer)] * layer.depth_multiplier
    positions = math.prod(output) // output[_channel_axis(layer)]
    macs = positions * middle * (math.prod(layer.kernel_size) + layer.filters)
    return Cost(macs, *_window(layer, layer.kernel_size))


@rule("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "BaseConvTranspose")
def _transpose(layer: Any, inputs: list[Shape], output: Shape) -> Cost:
    """Each input position is multiplied into the whole kernel, also where "same" then cuts the border off."""
    macs = math.prod(inputs[0]) * math.prod(layer.kernel_size) * layer.filters
    reach = [(k - 1) * d + 1 for k, d in zip(layer.kernel_size, layer.dilation_rate, strict=True)]
    window = tuple(math.ceil(k / s) for k, s in zip(reach, layer.strides, strict=True))
    return Cost(macs, window, tuple(1 / s for s in layer.strides))


@rule("Dense")
def _dense(layer: Any, inputs: list[Shape], output: Shape) -> Cost:
    return Cost(math.prod(output) * inputs[0][-1])


@rule("BasePooling")
def _pool(layer: Any, inputs: list[Shape], output: Shape) -> Cost:
    return Cost(0, tuple(layer.pool_size), tuple(layer.strides))


@rule("BaseGlobalPooling")
def _global(layer: Any, inputs: list[Shape], output: Shape) -> Cost:
    spatial = _spatial(inputs[0], layer)
    return Cost(0, spatial, (1,) * len(spatial), collapses=not layer.keepdims)


@rule("Flatten")
def _flatten(layer: Any, inputs: list[Shape], output: Shape) -> Cost:
    spatial = _spatial(inputs[0], layer) if len(inputs[0]) > 1 else ()
    return Cost(0, spatial, (1,) * len(spatial), collapses=True)


@rule("UpSampling1D", "UpSampling2D", "UpSampling3D")
def _upsample(layer: Any, inputs: list[Shape], output: Shape) -> Cost:
    sizes = layer.size if isinstance(layer.size, (tuple, list)) else (layer.size,)
    if getattr(layer, "interpolation", "nearest") != "nearest":
        return Cost(0, None)
    return Cost(0, (1,) * len(sizes), tuple(1 / s for s in sizes))


@rule("Reshape")
def _reshape(layer: Any, inputs: list[Shape], output: Shape) -> Cost:
    """As ``Flatten`` where one position is left; else where a position comes from can no longer be told."""
    return _flatten(layer, inputs, output) if math.prod(_spatial(output, layer)) == 1 else Cost(0, None)


@rule("Permute", "RepeatVector", "Resizing")
def _rearrange(layer: Any, inputs: list[Shape], output: Shape) -> Cost:
    return Cost(0, None)


def _window(layer: Any, size: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    reach = tuple((k - 1) * d + 1 for k, d in zip(size, layer.dilation_rate, strict=True))
    return reach, tuple(layer.strides)


def _channel_axis(layer: Any) -> int:
    return 0 if getattr(layer, "data_format", None) == "channels_first" else -1


def _spatial(shape: Shape, layer: Any) -> Shape:
    return shape[1:] if _channel_axis(layer) == 0 else shape[:-1]
