"""AlexNet as published: two halves of filters that meet only now and then."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import whole
from cvnotes.pooling import LocalResponseNormalization

from .blocks import picture

#: name, filters, window, stride, padding, whether the two halves stay apart, what follows the ReLU
CONVOLUTIONS = (
    ("conv1", 96, 11, 4, "valid", False, ("norm", "pool")),
    ("conv2", 256, 5, 1, "same", True, ("norm", "pool")),
    ("conv3", 384, 3, 1, "same", False, ()),
    ("conv4", 384, 3, 1, "same", True, ()),
    ("conv5", 256, 3, 1, "same", True, ("pool",)),
)


def alexnet(
    input_shape: tuple[int, int, int] = (227, 227, 3), classes: int = 1000, *, groups: int = 2, dropout: float = 0.5
) -> keras.Model:
    """AlexNet: five convolutions and three dense layers, 60,965,224 numbers to train. The outputs are logits.

    The paper says 224 pixels a side; its 55 x 55 maps need the 227 that everyone uses since.
    groups: filters of conv2, conv4 and conv5 read their own half of the maps, one half for each of two graphics
    cards; 1 joins them (62,378,344 parameters). dropout: behind the first two dense layers, as published 0.5.
    input_shape: sides of at least 67. Start weights follow Keras's defaults, not the paper's.
    Raises ValueError for smaller pictures, fewer than 2 classes, and groups other than 1 or 2.
    Source: Krizhevsky, Sutskever and Hinton (2012), section 3. Chapters: introduction, architectures.
    """
    groups, classes = whole("groups", groups, 1, 2), whole("classes", classes, 2)
    x = inputs = keras.Input(picture("AlexNet", input_shape, 67), name="image")
    for name, filters, window, stride, padding, apart, after in CONVOLUTIONS:
        options = {"strides": stride, "padding": padding, "groups": groups if apart else 1}
        x = layers.Conv2D(filters, window, name=name, **options)(x)
        for layer in _after(name[-1], after):
            x = layer(x)
    x = layers.Flatten(name="flat")(x)
    for i in (6, 7):
        x = layers.ReLU(name=f"relu{i}")(layers.Dense(4096, name=f"fc{i}")(x))
        x = layers.Dropout(dropout, name=f"drop{i}")(x)
    return keras.Model(inputs, layers.Dense(classes, name="fc8")(x), name="alexnet")


def _after(number: str, kinds: tuple[str, ...]) -> list[layers.Layer]:
    """The ReLU of a convolution, then its normalization and its pooling where it has them."""
    made = {
        "norm": lambda: LocalResponseNormalization(2, 2.0, 1e-4, 0.75, name=f"norm{number}"),
        "pool": lambda: layers.MaxPooling2D(3, 2, name=f"pool{number}"),
    }
    return [layers.ReLU(name=f"relu{number}"), *(made[kind]() for kind in kinds)]
