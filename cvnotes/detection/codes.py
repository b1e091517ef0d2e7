"""The ConvNet of R-CNN: a crop goes in, and a row of numbers, its code, comes out.

Chapter: rcnn.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

import keras
import numpy as np
from keras import layers, ops

from cvnotes.checks import whole

from .warping import SIDE

FILTERS, WIDTH, BATCH = (24, 32, 48), 64, 1000
LAYERS = ("maps", "code", "logits")


def code_net(classes: int, side: int = SIDE, width: int = WIDTH) -> keras.Model:
    """Build a ConvNet for crops (side, side, 3) of bytes, with one logit for each class and the background.

    Layer ``maps`` is what the convolutions saw, in one row; ``code``, of `width` numbers, is the last hidden layer.
    Raises ValueError for sizes below 8 and 1. Chapter: rcnn.
    """
    whole("side", side, 8), whole("width", width, 1), whole("classes", classes, 1)
    inputs = keras.Input((side, side, 3), name="crop")
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    for i, filters in enumerate(FILTERS, 1):
        size, stride = (5, 2) if i == 1 else (3, 1)
        x = layers.Conv2D(filters, size, stride, padding="same", use_bias=False, name=f"conv{i}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"norm{i}")(x)
        x = layers.ReLU(name=f"relu{i}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{i}")(x) if i < len(FILTERS) else x
    x = layers.Flatten(name="maps")(x)
    code = layers.Dense(width, "relu", name="code")(x)
    return keras.Model(inputs, layers.Dense(classes + 1, name="logits")(code), name="code_net")


@functools.lru_cache(maxsize=4)
def reader(net: keras.Model, names: tuple[str, ...] = LAYERS) -> keras.Model:
    """The same net and weights, with the outputs of these layers; the last few are remembered. Chapter: rcnn."""
    return keras.Model(net.input, [net.get_layer(name).output for name in names])


def seen(net: keras.Model, crops: np.ndarray, names: Iterable[str] = LAYERS) -> list[np.ndarray]:
    """What layers of a net make of crops (n, side, side, 3): one array (n, numbers) each.

    Raises ValueError for crops that the net does not take, and for a layer that it lacks. Chapter: rcnn.
    """
    if isinstance(names, str):
        raise ValueError(f"names must be a sequence, such as ({names!r},). Received: names={names!r}")
    names = tuple(names)
    read = reader(net, names)
    parts = [[np.zeros((0, net.get_layer(name).output.shape[1]), np.float32) for name in names]]
    for start in range(0, len(crops), BATCH):
        found = read(crops[start : start + BATCH], training=False)
        found = found if isinstance(found, (list, tuple)) else [found]
        parts.append([ops.convert_to_numpy(one) for one in found])
    return [np.concatenate(one) for one in zip(*parts, strict=True)]
