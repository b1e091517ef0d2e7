"""U-Net as it was published: down four times, up four times, without padding; a picture of 572 gives labels for 388."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.architectures.blocks import picture, relu
from cvnotes.checks import whole

from .upsampling import Cut

WIDTHS = (64, 128, 256, 512, 1024)  # filters at each size, from the picture's own down
SIDES = (572, 388)  # of the picture, and of what is said about its middle


def u_net(input_shape: tuple[int, int, int] = (SIDES[0], SIDES[0], 1), classes: int = 2) -> keras.Model:
    """U-Net: two 3 x 3 convolutions at each size, poolings down, 2 x 2 transposed convolutions up, joined at each size.

    No padding: what comes down a skip is cut to the middle, and the answer is 184 pixels smaller than the picture.
    With one channel and two classes 31,030,658 numbers to train. Gives logits. Sides are 16 k + 12 (572, 188 ...), so
    that every pooling finds pairs; at least 188. Raises ValueError for others.
    Source: Ronneberger et al. (2015), figure 1. Chapter: segmentation.
    """
    shape, classes = picture("U-Net", input_shape, 188), whole("classes", classes, 2)
    if any((side - 12) % 16 for side in shape[:2]):
        raise ValueError(f"Sides must be 16 k + 12, as 572 is: else a pooling drops a row. Received: {input_shape!r}")
    x = inputs = keras.Input(shape, name="image")
    down = []
    for level, width in enumerate(WIDTHS):
        x = layers.MaxPooling2D(2, name=f"pool{level}")(x) if level else x
        x = _pair(x, width, f"down{level + 1}")
        down.append(x)
    for level, (width, finer) in enumerate(zip(WIDTHS[-2::-1], down[-2::-1], strict=True), 1):
        x = layers.Conv2DTranspose(width, 2, 2, name=f"up{level}")(x)
        finer = Cut(None, name=f"cut{level}")([finer, x])
        x = _pair(layers.Concatenate(name=f"join{level}")([finer, x]), width, f"up{level}")
    logits = layers.Conv2D(classes, 1, name="score")(x)
    return keras.Model(inputs, logits, name="u-net")


def _pair(x, width: int, name: str):
    """Two convolutions of 3 x 3 without padding, each with a ReLU."""
    for i in (1, 2):
        x = relu(layers.Conv2D(width, 3, name=f"{name}_conv{i}")(x), f"{name}_conv{i}_relu")
    return x
