"""What published DenseNets are made of, read off built models. Chapter: densenet."""

from __future__ import annotations

import keras

from cvnotes import models
from cvnotes.models.graph import calls

from .graph import Block, blocks

SHORT = {"BatchNormalization": "BN", "Activation": "ReLU"}

__all__ = ["bottleneck_maps", "counts", "reads", "steps"]


def steps(model: keras.Model, prefix: str) -> list[str]:
    """Kinds of the layers whose names begin with `prefix`, in order, with the windows of those that have one.

    Raises ValueError where no layer's name begins so. Chapter: densenet.
    """
    found = [layer for layer in model.layers if layer.name.startswith(prefix)]
    if not found:
        raise ValueError(f"No layer of {model.name} begins so. Received: {prefix!r}")
    return [SHORT.get(type(layer).__name__, type(layer).__name__) + _window(layer) for layer in found]


def _window(layer: keras.Layer) -> str:
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    return " {} × {}".format(*window) if window else ""


def bottleneck_maps(model: keras.Model) -> list[int]:
    """How many maps the 1 x 1 convolutions inside the dense layers make: each number that occurs, in order.

    Raises ValueError for a model without dense blocks. Chapter: densenet.
    """
    if not blocks(model):
        raise ValueError(f"The model must have dense blocks. Received: {model.name}, where nothing is concatenated so")
    inside = [call for call in calls(model) if "_block" in call.name]
    convs = [call for call in inside if getattr(call.operation, "kernel_size", None) == (1, 1)]
    return sorted({call.outputs[0].shape[-1] for call in convs})


def reads(found: list[Block]) -> list[int]:
    """How many maps each dense layer reads, block after block."""
    return [block.inputs(part.source) for block in found for part in block.parts[1:]]


def counts(model: keras.Model) -> dict[str, float]:
    """Parameters, products, outputs of all layers and of convolutions for one picture, in millions.

    Products are those of convolutions and dense layers; the picture is not counted. Chapter: densenet.
    """
    rows = [row for row in models.profile(model).rows if row.kind != "InputLayer"]
    found = {
        "parameters": sum(row.parameters for row in rows),
        "multiply-accumulates": sum(row.macs or 0 for row in rows),
        "outputs of all layers": sum(row.activations for row in rows),
        "outputs of convolutions": sum(row.activations for row in rows if row.kind == "Conv2D"),
    }
    return {name: number / 1e6 for name, number in found.items()}
