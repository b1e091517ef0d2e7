"""VGG: one kind of convolution, stacked."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import choice, whole

from .blocks import norm, picture, relu

#: filters of each convolution, block by block
WIDTHS = (64, 128, 256, 512, 512)
COUNTS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


def vgg(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    classes: int = 1000,
    *,
    depth: int = 16,
    batch_norm: bool = False,
    pointwise: bool = False,
    dropout: float = 0.5,
) -> keras.Model:
    """VGG: blocks of 3 x 3 convolutions, each closed by a pooling, then three dense layers. The outputs are logits.

    depth: layers with weights, 11 (configuration A), 13 (B), 16 (D) or 19 (E); pointwise: with depth 16 the last
    convolution of blocks 3 to 5 is 1 x 1 (C). batch_norm: between each convolution and its ReLU, as later copies have.
    depth 16 has 138,357,544 parameters. Layers are named as in keras.applications, so that its weights can be copied.
    input_shape: sides of at least 32. Start weights follow Keras's defaults (Glorot's), which the paper commends.
    Raises ValueError for smaller pictures, another depth, and pointwise with another depth than 16.
    Source: Simonyan and Zisserman (2015), table 1. Chapters: architectures, transfer.
    """
    choice("depth", depth, tuple(COUNTS))
    if pointwise and depth != 16:
        raise ValueError(f"pointwise is configuration C, of depth 16. Received: depth={depth!r}.")
    x = inputs = keras.Input(picture("VGG", input_shape, 32), name="image")
    for block, (width, count) in enumerate(zip(WIDTHS, COUNTS[depth], strict=True), 1):
        for i in range(1, count + 1):
            name = f"block{block}_conv{i}"
            size = 1 if pointwise and block > 2 and i == count else 3
            x = layers.Conv2D(width, size, padding="same", name=name)(x)
            x = norm(x, f"{name}_bn") if batch_norm else x
            x = relu(x, f"{name}_relu")
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    for i in (1, 2):
        x = relu(layers.Dense(4096, name=f"fc{i}")(x), f"fc{i}_relu")
        x = layers.Dropout(dropout, name=f"fc{i}_drop")(x)
    logits = layers.Dense(whole("classes", classes, 2), name="predictions")(x)
    return keras.Model(inputs, logits, name=f"vgg-{depth}{'c' if pointwise else ''}{'-bn' if batch_norm else ''}")
