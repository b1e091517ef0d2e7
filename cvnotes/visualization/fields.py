"""Where the units of any layer look: the field arithmetic of one stack, carried through a whole Keras graph."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import numpy as np

from cvnotes import backend
from cvnotes.convolution_variants import Field, Layer, grow
from cvnotes.models.graph import Call, calls
from cvnotes.models.rules import cost
from cvnotes.transfer.tapping import tap

Fields = tuple[Field, Field]  # along rows, along columns
Box = tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels

WINDOWED = (
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
    keras.layers.MaxPooling2D,
    keras.layers.AveragePooling2D,
)


def field(model: keras.Model, layer: str) -> Fields:
    r"""Work out which pixels a unit of a layer can see, along rows and along columns.

    Unit $i$ sees the pixels $a + ij, \dots, a + ij + r - 1$; a convolution of side $F$, stride $S$, dilation $d$ with
    $P$ zeros before the first pixel turns $(r, j, a)$ into $(r + d(F-1)j,\; Sj,\; a - Pj)$. Where paths meet, the unit
    sees all that any of them sees. model: any functional or sequential net of pictures (h, w, c), also nested.
    Raises ValueError for a layer that is not there, or whose units have no place (behind a global average, say).
    Source: Araujo, Norris and Sim (2019). Chapter: visualization.
    """
    found: dict[int, Fields | None] = {}
    names = []
    for call in calls(model):
        spot = _after(call, [found[id(value)] for value in call.inputs])
        found |= {id(value): spot for value in call.outputs}
        names.append(call.name)
        if layer in (call.name, call.name.rpartition("/")[2]):
            if spot is None:
                raise ValueError(f"The units of {call.name!r} look at no one place. Received: layer={layer!r}")
            return spot
    raise ValueError(f"{model.name!r} has the layers {', '.join(names)}. Received: layer={layer!r}")


def _after(call: Call, before: Sequence[Fields | None]) -> Fields | None:
    """The fields behind one call, or None where its units have no place."""
    if not call.inputs:
        return Field(), Field()
    if any(spot is None for spot in before):
        return None
    joined = [_joined([spot[axis] for spot in before]) for axis in (0, 1)]
    steps = _steps(call)
    if steps is None or None in joined:
        return None
    return tuple(grow(one, step) for one, step in zip(joined, steps, strict=True))


def _joined(given: Sequence[Field]) -> Field | None:
    """The smallest field that holds all; None where neighbours are not equally far apart."""
    if len({one.jump for one in given}) > 1:
        return None
    first, last = min(one.start for one in given), max(one.span()[1] for one in given)
    return Field(last - first + 1, given[0].jump, first)


def _steps(call: Call) -> tuple[Layer, Layer] | None:
    """What a call does along rows and along columns, or None where that is not known."""
    layer = call.operation
    if isinstance(layer, WINDOWED):
        return tuple(_window(layer, axis, call.inputs[0].shape[axis]) for axis in (0, 1))
    if isinstance(layer, keras.layers.ZeroPadding2D):
        return tuple(Layer(1, padding=before) for before, _ in layer.padding)
    price = cost(layer, [value.shape for value in call.inputs], call.outputs[0].shape)
    return (Layer(1), Layer(1)) if price.window == () and not price.collapses else None


def _window(layer: keras.Layer, axis: int, size: int) -> Layer:
    """One axis of a windowed layer; "same" shares its zeros out, the odd one behind."""
    kernel = getattr(layer, "kernel_size", None) or layer.pool_size
    kernel, stride = kernel[axis], layer.strides[axis]
    dilation = getattr(layer, "dilation_rate", (1, 1))[axis]
    reach = dilation * (kernel - 1) + 1
    zeros = max((math.ceil(size / stride) - 1) * stride + reach - size, 0) if layer.padding == "same" else 0
    return Layer(kernel, stride, dilation, zeros // 2)


def box(fields: Fields, row: int, column: int) -> Box:
    """Frame the field of one unit, in pixels; it may jut out of the picture. Chapter: visualization."""
    (top, bottom), (left, right) = fields[0].span(row), fields[1].span(column)
    return left, top, right + 1, bottom + 1


def crop(image: np.ndarray, frame: Box, fill: float = 0.9) -> np.ndarray:
    """Cut a frame out of a picture (h, w, c); what lies outside is `fill`. Chapter: visualization."""
    x0, y0, x1, y1 = frame
    height, width = image.shape[:2]
    out = np.full((y1 - y0, x1 - x0, *image.shape[2:]), fill, np.float32)
    rows, columns = slice(max(y0, 0), min(y1, height)), slice(max(x0, 0), min(x1, width))
    part = image[rows, columns]
    out[rows.start - y0 :, columns.start - x0 :][: part.shape[0], : part.shape[1]] = part
    return out


def reached(model: keras.Model, layer: str, images: np.ndarray) -> Box:
    """Frame the pixels that can move the middle unit of a layer, by the gradient: the witness of `field`.

    images: (n, h, w, c), of which a few are enough for ReLUs and maxima to let every pixel through once.
    Chapter: visualization.
    """
    front = tap(model, layer)
    row, column = (side // 2 for side in front.output_shape[1:3])
    answer = backend.value_and_grad(lambda x: keras.ops.sum(front(x, training=False)[:, row, column] ** 2))
    rows, columns = np.nonzero(np.abs(answer(images)[1]).max((0, 3)) > 0)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
