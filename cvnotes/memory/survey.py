"""Counts for the tables of the page: where VGG16 keeps what, first layers, optimizers. Chapter: memory."""

from __future__ import annotations

import math
from collections.abc import Mapping

import keras

from cvnotes import models

from .accounting import state_of

#: The parts of VGG16, by the beginnings of the names of their layers.
BLOCKS = {f"block {i}": (f"block{i}",) for i in range(1, 6)} | {"dense layers": ("fc", "predictions", "flatten")}


def shares(model: keras.Model, parts: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[float, float]]:
    """For each part of a model its share of all activations (the picture left out) and of all parameters.

    parts: the beginnings of the names of its layers. Raises ValueError for a part that has no layer in the model.
    """
    rows = [row for row in models.profile(model).rows if row.kind != "InputLayer"]
    activations, parameters = (sum(getattr(row, name) for row in rows) for name in ("activations", "parameters"))
    found = {}
    for name, starts in parts.items():
        own = [row for row in rows if row.name.startswith(starts)]
        if not own:
            raise ValueError(f"No layer of {model.name} begins with any of {starts}. Received: the part {name!r}")
        found[name] = (
            sum(row.activations for row in own) / activations,
            sum(row.parameters for row in own) / parameters,
        )
    return found


def first_map(side: int, filters: int, size: int, stride: int) -> int:
    """Numbers that a convolution without padding puts out for a square picture, by the shapes of Keras."""
    layer = keras.layers.Conv2D(filters, size, strides=stride)
    return math.prod(layer.compute_output_shape((1, side, side, 3)))


def numbers_each(optimizer: keras.Optimizer, model: keras.Model) -> float:
    """Numbers for each weight of a model in training: itself, its gradient, and what a really built optimizer keeps."""
    trained = model.trainable_variables
    gradients, kept = (sum(math.prod(v.shape) for v in some) for some in (trained, state_of(optimizer, trained)))
    return (model.count_params() + gradients + kept) / model.count_params()
