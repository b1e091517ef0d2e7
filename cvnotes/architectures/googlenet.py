"""GoogLeNet: four branches side by side, nine times."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import whole
from cvnotes.pooling import LocalResponseNormalization

from .blocks import conv_relu, picture, relu

#: widths of the branches: 1x1; 1x1 before 3x3, 3x3; 1x1 before 5x5, 5x5; 1x1 behind the pooling (table 1)
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
HEADS = ("4a", "4d")


def inception(x, widths: tuple[int, int, int, int, int, int], *, name: str):
    """Give the concatenation of four branches: 1 x 1, 3 x 3, 5 x 5 and a pooling, each through a narrow 1 x 1.

    x: (n, h, w, c); widths as in `MODULES`; gives (n, h, w, widths[0] + widths[2] + widths[4] + widths[5]).
    Source: Szegedy and others (2015), figure 2b. Chapter: architectures.
    """
    one, before_three, three, before_five, five, behind_pool = widths
    pooled = layers.MaxPooling2D(3, 1, padding="same", name=f"{name}_pool")(x)
    branches = [
        conv_relu(x, one, 1, name=f"{name}_1x1"),
        conv_relu(conv_relu(x, before_three, 1, name=f"{name}_3x3_reduce"), three, 3, name=f"{name}_3x3"),
        conv_relu(conv_relu(x, before_five, 1, name=f"{name}_5x5_reduce"), five, 5, name=f"{name}_5x5"),
        conv_relu(pooled, behind_pool, 1, name=f"{name}_pool_proj"),
    ]
    return layers.Concatenate(name=f"{name}_output")(branches)


def googlenet(
    input_shape: tuple[int, int, int] = (224, 224, 3), classes: int = 1000, *, auxiliary: bool = False
) -> keras.Model:
    """GoogLeNet: nine inception modules, a mean over what is left and one dense layer; 6,998,552 parameters.

    The output is a row of logits. auxiliary: two more heads, on modules 4a and 4d, as they were used in training
    (13,378,280 parameters in all); the outputs are then a list, the main one first.
    input_shape: sides of at least 32, with auxiliary heads of at least 80. Start weights follow Keras's defaults.
    Raises ValueError for smaller pictures and fewer than 2 classes.
    Source: Szegedy and others (2015), table 1, section 5. Chapter: architectures.
    """
    shape, classes = picture("GoogLeNet", input_shape, 80 if auxiliary else 32), whole("classes", classes, 2)
    inputs = keras.Input(shape, name="image")
    x, heads = _stem(inputs), []
    for name, widths in MODULES.items():
        if name in ("4a", "5a"):
            x = layers.MaxPooling2D(3, 2, padding="same", name=f"pool{int(name[0]) - 1}")(x)
        x = inception(x, widths, name=f"inception_{name}")
        if auxiliary and name in HEADS:
            heads.append(_head(x, classes, name=f"auxiliary_{name}"))
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    logits = layers.Dense(classes, name="predictions")(layers.Dropout(0.4, name="drop")(x))
    return keras.Model(inputs, [logits, *heads] if auxiliary else logits, name="googlenet")


def _stem(x):
    x = layers.MaxPooling2D(3, 2, padding="same", name="pool1")(conv_relu(x, 64, 7, 2, name="conv1"))
    x = LocalResponseNormalization(2, 1.0, 2e-5, 0.75, name="norm1")(x)
    x = conv_relu(conv_relu(x, 64, 1, name="conv2_reduce"), 192, 3, name="conv2")
    x = LocalResponseNormalization(2, 1.0, 2e-5, 0.75, name="norm2")(x)
    return layers.MaxPooling2D(3, 2, padding="same", name="pool2")(x)


def _head(x, classes: int, *, name: str):
    x = layers.AveragePooling2D(5, 3, name=f"{name}_pool")(x)
    x = layers.Flatten(name=f"{name}_flat")(conv_relu(x, 128, 1, name=f"{name}_conv"))
    x = relu(layers.Dense(1024, name=f"{name}_fc")(x), f"{name}_fc_relu")
    return layers.Dense(classes, name=f"{name}_predictions")(layers.Dropout(0.7, name=f"{name}_drop")(x))
