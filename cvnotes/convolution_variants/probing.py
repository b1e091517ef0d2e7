"""How far one number of a deep layer sees, measured: which pixels move it when they are nudged."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from cvnotes import backend
from cvnotes.checks import whole

from .receptive import Layer, checked, receptive_field

WINDOWS = {
    1: (keras.layers.Conv1D, keras.layers.AveragePooling1D, keras.layers.MaxPooling1D, keras.layers.ZeroPadding1D),
    2: (keras.layers.Conv2D, keras.layers.AveragePooling2D, keras.layers.MaxPooling2D, keras.layers.ZeroPadding2D),
}


def keras_stack(stack: Sequence[Layer], side: int, rank: int = 1, weights: str = "ones") -> keras.Sequential:
    """Build a stack with Keras's own layers, one channel throughout, no bias.

    rank 1 or 2: rows or pictures of `side` pixels. weights: any Keras initializer; "ones" makes the gradient count
    paths. Keras refuses stride and dilation in one layer, so the stride then goes into a pooling of one cell.
    Raises ValueError for another rank. Chapter: receptive_field.
    """
    conv, average, largest, zeros = WINDOWS[whole("rank", rank, 1, 2)]
    net = keras.Sequential([keras.Input((side,) * rank + (1,))])
    for layer in map(checked, stack):
        if layer.padding:
            net.add(zeros(layer.padding))
        if layer.kind != "conv":
            net.add({"average": average, "max": largest}[layer.kind](layer.kernel, layer.stride))
            continue
        both = layer.stride > 1 and layer.dilation > 1
        options = {"dilation_rate": layer.dilation, "use_bias": False, "kernel_initializer": weights}
        net.add(conv(1, layer.kernel, strides=1 if both else layer.stride, **options))
        if both:
            net.add(average(1, layer.stride))
    return net


def gradient_map(
    model: keras.Model,
    unit: int | tuple[int, ...],
    images: int = 1,
    seed: int = 0,
) -> np.ndarray:
    """Measure how strongly each input pixel moves one unit, at random pictures.

    unit: its place in the output, one number for all axes or one for each; its
    channels are added up. images: how many pictures of values between 0 and 1.
    Raises ValueError for a unit outside the map, which JAX would take for the nearest.
    Returns the mean of |gradient| over pictures and channels, (side,) or (h, w).
    Chapter: receptive_field.
    """
    shape = model.input_shape[1:]
    sides = model.output_shape[1:-1]
    place = unit if isinstance(unit, tuple) else (unit,) * len(sides)
    for axis, side in zip(place, sides, strict=True):
        whole("unit", axis, 0, side - 1)

    def answer(x):
        return ops.sum(model(x)[(slice(None), *place)])

    x = np.random.default_rng(seed).uniform(size=(images, *shape)).astype("float32")
    _, gradient = backend.value_and_grad(answer)(x)
    return np.abs(gradient).mean(axis=(0, -1))


def support(strength: np.ndarray) -> tuple[tuple[int, int], ...]:
    """Give the first and last pixel of each axis that moved the unit. Raises ValueError where none did."""
    if not np.any(strength):
        raise ValueError("no pixel moves this unit: every gradient is zero.")
    places = np.argwhere(strength)
    return tuple((int(low), int(high)) for low, high in zip(places.min(0), places.max(0), strict=True))


def free_unit(stack: Sequence[Layer]) -> tuple[int, int]:
    """Give the first unit whose field lies inside the picture, and a side of the picture that is large enough."""
    field = receptive_field(stack)
    unit = math.ceil(-field.start / field.jump)
    return unit, field.span(unit)[1] + 4


def measured_paths(stack: Sequence[Layer], rank: int = 1) -> np.ndarray:
    """Count the paths to each pixel of one unit's field by Keras's gradient; pooling must be of the average kind.

    The averages of the pools are scaled back to sums. Returns an array of `rank` axes, cut to the pixels from the
    first to the last that moved the unit. Chapter: receptive_field.
    """
    unit, side = free_unit(stack)
    strength = gradient_map(keras_stack(stack, side, rank), unit)
    cut = strength[tuple(slice(low, high + 1) for low, high in support(strength))]
    return cut * math.prod(layer.kernel**rank for layer in stack if layer.kind == "average")


def measured_span(stack: Sequence[Layer], images: int = 1) -> tuple[int, int]:
    """Measure the first and last pixel that move the first unit whose field lies inside the row.

    With max pooling one picture shows only the winners' path, so ask several. Chapter: receptive_field.
    """
    unit, side = free_unit(stack)
    return support(gradient_map(keras_stack(stack, side), unit, images))[0]


def travelled(kernel: int, depth: int = 1, side: int = 65, *, alternate: bool = False) -> np.ndarray:
    """Send one bright pixel in the middle of a row through layers of equal weights with Keras's padding "same".

    alternate: every second layer sees the row mirrored, so that the odd zero of an even kernel changes sides.
    Returns the row, (side,). Chapter: receptive_field.
    """
    row = np.zeros((1, side, 1), "float32")
    row[0, side // 2] = 1
    kernels = np.full((kernel, 1, 1), 1 / kernel, "float32")
    for layer in range(whole("depth", depth, 1)):
        turn = slice(None, None, -1 if alternate and layer % 2 else 1)
        row = ops.convert_to_numpy(ops.conv(row[:, turn], kernels, strides=1, padding="same"))[:, turn]
    return row[0, :, 0]


def drift(kernel: int, depth: int = 1, side: int = 65, *, alternate: bool = False) -> float:
    """Measure how far, in pixels, the centre of mass of a bright point moves; negative is to the left.

    Arguments as for `travelled`. Chapter: receptive_field.
    """
    response = travelled(kernel, depth, side, alternate=alternate)
    return float(response @ np.arange(side) / response.sum() - side // 2)
