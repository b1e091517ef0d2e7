"""One residual block of the book's ResNet by itself: built, taken apart at its sum, and its two ways listed."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from cvnotes.architectures import residual_block
from cvnotes.architectures.resnet import Style
from cvnotes.checks import choice, whole
from cvnotes.models.graph import Call, calls

KINDS, SHORTCUTS, ORDERS = ("basic", "bottleneck"), ("identity", "projection"), ("v1", "v2")


def single(
    kind: str = "basic", shortcut: str = "identity", order: str = "v1", *, filters: int = 64, size: int = 8
) -> keras.Model:
    """One residual block as a model, with the identity or a projection on its shortcut.

    The projection halves the sides and doubles the channels, as at the start of a stage. order: "v1" has its ReLU
    behind the sum, "v2" has normalization and ReLU before each convolution.
    Raises ValueError for other words, sizes below 1, and odd ones where a projection halves them.
    Source: He and others (2016), figure 5, table 1. Chapter: shortcuts.
    """
    choice("shortcut", shortcut, SHORTCUTS)
    style = Style(choice("kind", kind, KINDS) == "bottleneck", preactivation=choice("order", order, ORDERS) == "v2")
    width = (4 if style.bottleneck else 1) * whole("filters", filters, 1)
    stride = 1 if shortcut == "identity" else 2
    if whole("size", size, 1) % stride or width % stride:
        raise ValueError(f"A projection needs an even size and channels. Received: size={size}, {width} channels")
    inputs = keras.Input((size, size, width // stride), name="x")
    return keras.Model(inputs, residual_block(inputs, filters, style, stride=stride, name="block"), name=kind)


def parts(block: keras.Model, x: np.ndarray) -> tuple[np.ndarray, ...]:
    """What the shortcut and the branch bring to the sum, the sum, and the block's output. Chapter: shortcuts."""
    total = block.get_layer("block_add")
    inner = keras.Model(block.input, [*total.input, total.output, block.output])
    return tuple(keras.ops.convert_to_numpy(part) for part in inner(x, training=False))


def mute(block: keras.Model) -> keras.Model:
    """Set the last convolution of the branch to zero, in place, so that it adds nothing. Gives the block.

    Raises ValueError for a model without one.
    """
    last = [layer for layer in block.layers if isinstance(layer, layers.Conv2D) and not layer.name.endswith("0_conv")]
    if not last:
        raise ValueError(f"Give a block with a convolution on its branch. Received: {block.name!r}, which has none")
    last[-1].set_weights([np.zeros(weight.shape, "float32") for weight in last[-1].get_weights()])
    return block


class Routes(NamedTuple):
    """The calls of a block in order: before the ways part, on the shortcut, on the branch, behind the sum."""

    shared: list[Call]
    shortcut: list[Call]
    branch: list[Call]
    after: list[Call]


def routes(block: keras.Model) -> Routes:
    """Sort the calls of a block by the way they lie on, as its graph has them.

    Raises ValueError for a model that adds nothing. Chapter: shortcuts.
    """
    found = [call for call in calls(block) if call.inputs]
    makers = {id(value): call for call in found for value in call.outputs}
    sums = [i for i, call in enumerate(found) if isinstance(call.operation, layers.Add)]
    if not sums:
        raise ValueError(f"Give a block that adds two ways. Received: {block.name!r}, which has no sum")
    at = sums[0]

    def back(value) -> list[Call]:
        call = makers.get(id(value))
        return [] if call is None else [*back(call.inputs[0]), call]

    shortcut, branch = map(back, found[at].inputs)
    shared = [call for call in shortcut if call in branch]
    own = [[call for call in way if call not in shared] for way in (shortcut, branch)]
    return Routes(shared, *own, found[at + 1 :])
