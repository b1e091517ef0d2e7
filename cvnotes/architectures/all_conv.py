"""The all-convolutional network: no pooling layer, no hidden dense layer."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import whole

from .blocks import picture

#: filters, window, stride, padding of each convolution but the last
CONVOLUTIONS = (
    *((96, 3, 1, "same"), (96, 3, 1, "same"), (96, 3, 2, "same")),
    *((192, 3, 1, "same"), (192, 3, 1, "same"), (192, 3, 2, "same")),
    *((192, 3, 1, "valid"), (192, 1, 1, "valid")),
)


def all_cnn_c(input_shape: tuple[int, int, int] = (32, 32, 3), classes: int = 10) -> keras.Model:
    """All-CNN-C: nine convolutions, two of them with stride 2, and a mean over what is left. The outputs are logits.

    1,369,738 numbers to train for CIFAR-10; no padding in the seventh convolution, so that 6 x 6 maps are averaged,
    as in the paper. Dropout of the input (0.2) and after each stride (0.5). input_shape: sides of at least 9, or None.
    Raises ValueError for smaller pictures and fewer than 2 classes.
    Source: Springenberg, Dosovitskiy, Brox and Riedmiller (2015), tables 1, 2. Chapters: introduction, architectures.
    """
    inputs = keras.Input(picture("All-CNN-C", input_shape, 9, open_sides=True), name="image")
    x = layers.Dropout(0.2, name="drop0")(inputs)
    for i, (filters, window, stride, padding) in enumerate(CONVOLUTIONS, 1):
        x = layers.Conv2D(filters, window, stride, padding, name=f"conv{i}")(x)
        x = layers.ReLU(name=f"relu{i}")(x)
        if stride == 2:
            x = layers.Dropout(0.5, name=f"drop{i}")(x)
    x = layers.Conv2D(whole("classes", classes, 2), 1, name="conv9")(x)
    return keras.Model(inputs, layers.GlobalAveragePooling2D(name="mean")(x), name="all-cnn-c")
