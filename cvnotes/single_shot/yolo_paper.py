"""YOLO, version 1, at the size of its paper."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.architectures.blocks import picture
from cvnotes.checks import whole

#: blocks of (filters, window) of a convolution; a pooling closes each of the first four blocks
BLOCKS = (
    ((64, 7),),
    ((192, 3),),
    ((128, 1), (256, 3), (256, 1), (512, 3)),
    (*((256, 1), (512, 3)) * 4, (512, 1), (1024, 3)),
    (*((512, 1), (1024, 3)) * 2, (1024, 3), (1024, 3)),
    ((1024, 3), (1024, 3)),
)
STRIDED = ("block1_conv1", "block5_conv6")  # the two convolutions of stride 2
HIDDEN = 4096


def yolo_v1(
    input_shape: tuple[int, int, int] = (448, 448, 3), classes: int = 20, *, boxes: int = 2, dropout: float = 0.5
) -> keras.Model:
    """YOLO, version 1: 24 convolutions and 2 dense layers, from 448 x 448 pixels to a tensor of 7 x 7 x 30.

    The side of the grid is that of the picture over 64. Outputs are linear, all other layers end in a leaky ReLU of
    slope 0.1. There is no batch normalization, and the layer in front of the outputs is dense, as the paper says (a
    later configuration of the authors has a locally connected layer there): 271,703,550 parameters.
    input_shape: sides of at least 64. Raises ValueError for smaller pictures.
    Source: Redmon et al. (2016), figure 3 and section 2.2. Chapter: yolo.
    """
    height, width, _ = picture("YOLO", input_shape, 64)
    x = inputs = keras.Input(input_shape, name="image")
    for i, block in enumerate(BLOCKS, 1):
        for j, (filters, size) in enumerate(block, 1):
            name = f"block{i}_conv{j}"
            x = layers.Conv2D(filters, size, 2 if name in STRIDED else 1, padding="same", name=name)(x)
            x = layers.LeakyReLU(0.1, name=f"{name}_leaky")(x)
        x = layers.MaxPooling2D(2, name=f"block{i}_pool")(x) if i < 5 else x
    x = layers.Flatten(name="flatten")(x)
    x = layers.LeakyReLU(0.1, name="fc1_leaky")(layers.Dense(HIDDEN, name="fc1")(x))
    x = layers.Dropout(dropout, name="fc1_drop")(x)
    numbers = 5 * whole("boxes", boxes, 1) + whole("classes", classes, 1)
    shape = (height // 64, width // 64, numbers)
    outputs = layers.Dense(shape[0] * shape[1] * shape[2], name="predictions")(x)
    return keras.Model(inputs, layers.Reshape(shape, name="cells")(outputs), name="yolo-v1")
