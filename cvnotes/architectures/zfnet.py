"""ZF net: AlexNet with a first layer that looks closer and steps shorter."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import whole
from cvnotes.pooling import LocalResponseNormalization

from .blocks import picture, relu


def zfnet(input_shape: tuple[int, int, int] = (224, 224, 3), classes: int = 1000) -> keras.Model:
    """ZF net: windows of 7 with stride 2 where AlexNet has 11 with stride 4; 62,357,608 parameters. Outputs are logits.

    The first two poolings round their output up, as the maps of 55 and 13 in the paper's figure ask for; its contrast
    normalization is taken as AlexNet's over neighbouring maps. Start weights follow Keras's defaults.
    input_shape: sides of at least 53. Raises ValueError for smaller pictures and fewer than 2 classes.
    Source: Zeiler and Fergus (2014), figure 3. Chapter: architectures.
    """
    x = inputs = keras.Input(picture("ZF net", input_shape, 53), name="image")
    x = layers.ZeroPadding2D(1, name="conv1_pad")(x)
    for name, filters, size, stride, padding in (
        ("conv1", 96, 7, 2, "valid"),
        ("conv2", 256, 5, 2, "valid"),
        ("conv3", 384, 3, 1, "same"),
        ("conv4", 384, 3, 1, "same"),
        ("conv5", 256, 3, 1, "same"),
    ):
        x = relu(layers.Conv2D(filters, size, stride, padding=padding, name=name)(x), f"{name}_relu")
        if name in ("conv1", "conv2"):
            x = layers.MaxPooling2D(3, 2, padding="same", name=f"{name}_pool")(x)
            x = LocalResponseNormalization(2, 2.0, 1e-4, 0.75, name=f"{name}_norm")(x)
    x = layers.Flatten(name="flat")(layers.MaxPooling2D(3, 2, name="conv5_pool")(x))
    for i in (6, 7):
        x = relu(layers.Dense(4096, name=f"fc{i}")(x), f"fc{i}_relu")
        x = layers.Dropout(0.5, name=f"fc{i}_drop")(x)
    return keras.Model(inputs, layers.Dense(whole("classes", classes, 2), name="fc8")(x), name="zfnet")
