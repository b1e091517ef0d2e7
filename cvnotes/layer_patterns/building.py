"""From a pattern to a Keras model."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes import backend
from cvnotes.checks import whole

from .grammar import Pattern, parse

START = {"kernel_initializer": "he_normal"}  # in front of a ReLU (He et al., 2015)


def build(
    pattern: Pattern | str, input_shape: tuple[int, int, int] = (32, 32, 3), classes: int = 10, **sizes
) -> keras.Model:
    """Build the net that a pattern or a sentence of the grammar describes. The outputs are logits.

    Layers are named for their places: conv2_1 is the first convolution of the second stage; then relu2_1, pool2, flat,
    fc1, relu_fc1, scores. sizes: as ``grammar.parse`` takes them, for a sentence alone.
    Raises ValueError for sizes beside a Pattern, and names the layer at which no pixel is left.
    Chapter: layer_patterns.
    """
    if not isinstance(pattern, Pattern):
        pattern = parse(pattern, **sizes)
    elif sizes:
        raise ValueError(f"A Pattern has its sizes already: use dataclasses.replace. Received: {sizes}")
    x = inputs = keras.Input(input_shape, name="image")
    for layer in [*_body(pattern), *_head(pattern, whole("classes", classes, 2))]:
        _room(layer, x.shape)
        x = layer(x)
    return keras.Model(inputs, x, name="pattern")


def sketch(pattern: Pattern | str, input_shape: tuple[int, int, int] = (32, 32, 3), classes: int = 10, **sizes):
    """``build`` without memory for the weights: made for ``models.profile``, and for nothing that computes."""
    with backend.unallocated():
        return build(pattern, input_shape, classes, **sizes)


def _body(p: Pattern) -> list[layers.Layer]:
    made = []
    for i, (count, pool, width) in enumerate(zip(p.convolutions, p.pools, p.widths, strict=True), 1):
        for j in range(1, count + 1):
            steps = 2 if pool == "stride" and j == count else 1
            made.append(layers.Conv2D(width, p.kernel, steps, p.padding, **START, name=f"conv{i}_{j}"))
            made.append(layers.ReLU(name=f"relu{i}_{j}"))
        made += _pooling(pool, p.window, f"pool{i}")
    return made


def _pooling(pool: str, window: int, name: str) -> list[layers.Layer]:
    kinds = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}
    return [kinds[pool](window, name=name)] if pool in kinds else []


def _head(p: Pattern, classes: int) -> list[layers.Layer]:
    made = [layers.Flatten(name="flat")]
    for i in range(1, p.K + 1):
        made += [layers.Dense(p.units, **START, name=f"fc{i}"), layers.ReLU(name=f"relu_fc{i}")]
    return [*made, layers.Dense(classes, name="scores")]


def _room(layer: layers.Layer, shape: tuple[int | None, ...]) -> None:
    """Complain before Keras does, and say what to do."""
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if window and layer.padding == "valid" and min(shape[1:3]) < max(window):
        raise ValueError(
            f"At {layer.name} a map of {shape[1]} x {shape[2]} is smaller than the window of {window[0]}: "
            "use fewer stages, a larger picture, or padding='same'."
        )
