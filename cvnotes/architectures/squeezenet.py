"""SqueezeNet: narrow layers before wide ones, and no dense layer."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import choice, whole

from .blocks import conv_relu, picture, relu

#: of each version: filters and window of conv1, and the fire modules that a pooling follows
VERSIONS = {"1.0": (96, 7, (4, 8)), "1.1": (64, 3, (3, 5))}
FIRES = {2: (16, 64), 3: (16, 64), 4: (32, 128), 5: (32, 128), 6: (48, 192), 7: (48, 192), 8: (64, 256), 9: (64, 256)}


def fire(x, squeeze: int, expand: int, *, name: str):
    """Squeeze the maps by a 1 x 1 convolution, then expand them by `expand` filters of 1 x 1 and as many of 3 x 3.

    x: (n, h, w, c); gives (n, h, w, 2 expand). Source: Iandola and others (2016), section 3.2. Chapter: architectures.
    """
    x = conv_relu(x, squeeze, 1, name=f"{name}_squeeze")
    wide = [conv_relu(x, expand, size, name=f"{name}_expand{size}x{size}") for size in (1, 3)]
    return layers.Concatenate(name=f"{name}_concat")(wide)


def squeezenet(
    input_shape: tuple[int, int, int] = (227, 227, 3), classes: int = 1000, *, version: str = "1.0"
) -> keras.Model:
    """SqueezeNet: eight fire modules, and one map a class, whose mean is the logit.

    version: "1.0" (the paper's, 1,248,424 parameters) or "1.1" (the authors' later one, which pools earlier:
    1,235,496). The paper says 224 pixels a side; its 111 x 111 maps need 227. Start weights follow Keras's defaults.
    input_shape: sides of at least 35. Raises ValueError for smaller pictures, another version, fewer than 2 classes.
    Source: Iandola and others (2016), table 1. Chapter: architectures.
    """
    choice("version", version, tuple(VERSIONS))
    filters, window, pooled = VERSIONS[version]
    x = inputs = keras.Input(picture("SqueezeNet", input_shape, 35), name="image")
    x = relu(layers.Conv2D(filters, window, 2, name="conv1")(x), "conv1_relu")
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)
    for number, (squeeze, expand) in FIRES.items():
        x = fire(x, squeeze, expand, name=f"fire{number}")
        if number in pooled:
            x = layers.MaxPooling2D(3, 2, name=f"pool{number}")(x)
    x = layers.Dropout(0.5, name="drop9")(x)
    x = conv_relu(x, whole("classes", classes, 2), 1, name="conv10")
    return keras.Model(inputs, layers.GlobalAveragePooling2D(name="mean")(x), name=f"squeezenet-{version}")
