"""EfficientNet, as Keras keeps it."""

from __future__ import annotations

import keras

from cvnotes.checks import choice, whole

from .blocks import picture

#: pictures of each size, from B0 to B7, in pixels a side
SIDES = (224, 240, 260, 300, 380, 456, 528, 600)


def efficientnet(input_shape: tuple[int, int, int] | None = None, classes: int = 1000, *, size: int = 0) -> keras.Model:
    """EfficientNet-B0 to B7 with random weights, through keras.applications; B0 has 5,288,548 parameters to train.

    size: 0 to 7. The outputs are logits; the pictures, from 0 to 255, are scaled by the model itself.
    input_shape: sides of at least 32; by default those of the paper. Needs 3 channels, as its normalization has.
    Raises ValueError for smaller pictures and another size.
    Source: Tan and Le (2019), table 1, section 4. Chapter: architectures.
    """
    choice("size", size, tuple(range(8)))
    shape = picture("EfficientNet", (SIDES[size], SIDES[size], 3) if input_shape is None else input_shape, 32)
    make = getattr(keras.applications, f"EfficientNetB{size}")
    options = {"classes": whole("classes", classes, 2), "classifier_activation": None}
    return make(weights=None, input_shape=shape, name=f"efficientnet-b{size}", **options)
