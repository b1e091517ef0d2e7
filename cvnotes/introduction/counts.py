"""What layers own and cost, asked of the layers themselves."""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import layers

from cvnotes import backend, models

Shape = tuple[int, ...]


def weights_of(layer: layers.Layer, shape: Shape) -> tuple[int, int]:
    """Count the weights and biases that a layer makes for one input of this shape; nothing is allocated.

    Returns (weights, biases): arrays of more than one axis, and of one. Chapter: introduction.
    """
    with backend.unallocated():
        layer.build((None, *shape))
    sizes = [(len(w.shape), math.prod(w.shape)) for w in layer.weights]
    return sum(n for axes, n in sizes if axes > 1), sum(n for axes, n in sizes if axes == 1)


def neuron(*shape: int) -> tuple[int, int]:
    """Count weights and biases of one dense neuron that sees a whole picture. Chapter: introduction."""
    return weights_of(layers.Dense(1), (math.prod(shape),))


def settings(layer: layers.Layer) -> list[str]:
    """Name what can be set on a layer and belongs to its kind: not its name, its dtype, whether it trains.

    Chapter: introduction.
    """
    return [key for key in layer.get_config() if key not in layers.Layer().get_config()]


def matters(kind: type, name: str, value: object, x: np.ndarray) -> bool:
    """Tell whether a setting changes what a layer answers to x. Chapter: introduction."""
    plain, changed = (keras.ops.convert_to_numpy(layer(x)) for layer in (kind(), kind(**{name: value})))
    return not np.allclose(plain, changed)


#: Layers of the book's first table; each is asked, never described.
ASKED = {
    "Conv2D(12, 3)": lambda: layers.Conv2D(12, 3),
    "Dense(10)": lambda: layers.Dense(10),
    "MaxPooling2D(2)": lambda: layers.MaxPooling2D(2),
    "AveragePooling2D(2)": lambda: layers.AveragePooling2D(2),
    "ReLU()": lambda: layers.ReLU(),
    "LeakyReLU()": lambda: layers.LeakyReLU(),
    "PReLU()": lambda: layers.PReLU(),
}


def owners(shape: Shape = (32, 32, 3)) -> list[list[object]]:
    """Give rows (layer, numbers it learns, how many settings it has, the first of them) for an input of this shape.

    A dense layer reads the picture flattened. Settings of initializers, regularizers and constraints are left out:
    they belong to training. Chapter: introduction.
    """
    rows = []
    for name, make in ASKED.items():
        layer = make()
        learns = sum(weights_of(layer, (math.prod(shape),) if name.startswith("Dense") else shape))
        own = [key for key in settings(layer) if not key.endswith(("initializer", "regularizer", "constraint"))]
        rows.append([name, learns, len(own), ", ".join(own[:3]) + (", …" if len(own) > 3 else "")])
    return rows


def journey(model: keras.Model) -> list[list[object]]:
    """Give rows (layer, volume behind it, numbers to learn) of a chain of layers, its input first.

    Chapter: introduction.
    """
    rows: list[list[object]] = [["input", tuple(model.input_shape[1:]), 0]]
    return rows + [[layer.name, tuple(layer.output.shape[1:]), layer.count_params()] for layer in model.layers]


def same_map(shape: Shape, filters: int, kernel: int = 3) -> dict[str, models.Profile]:
    """Profile a convolution that keeps the size, and the dense layer that gives a map of the same size.

    shape: (height, width, channels) in pixels. Keys: convolution, dense; no weight is allocated.
    Chapter: introduction.
    """
    height, width, _ = shape
    with backend.unallocated():
        conv = keras.Sequential(
            [keras.Input(shape), layers.Conv2D(filters, kernel, padding="same")], name="convolution"
        )
        wide = [layers.Flatten(), layers.Dense(height * width * filters), layers.Reshape((height, width, filters))]
        dense = keras.Sequential([keras.Input(shape), *wide], name="dense")
    return {"convolution": models.profile(conv), "dense": models.profile(dense)}


def shares(profile: models.Profile) -> dict[str, tuple[int, int]]:
    """Add up (parameters, MACs) of the convolutions and of the dense layers of a profile. Chapter: introduction."""
    kinds = {"convolutions": ("Conv2D", "DepthwiseConv2D"), "dense layers": ("Dense",)}
    rows = {name: [row for row in profile.rows if row.kind in kind] for name, kind in kinds.items()}
    return {name: (sum(r.parameters for r in found), sum(r.macs for r in found)) for name, found in rows.items()}
