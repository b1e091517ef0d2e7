"""Network in Network: each convolution followed by a small net at every position, and no dense layer."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import choice, whole

from .blocks import picture, relu

#: a stage: window, stride, padding of its convolution, then the widths of that and of its 1 x 1 convolutions
STAGES = {
    "cifar": ((5, 1, "same", (192, 160, 96)), (5, 1, "same", (192, 192, 192)), (3, 1, "same", (192, 192, 0))),
    "imagenet": (
        (11, 4, "valid", (96, 96, 96)),
        (5, 1, "same", (256, 256, 256)),
        (3, 1, "same", (384, 384, 384)),
        (3, 1, "same", (1024, 1024, 0)),
    ),
}
LEAST, SHAPES = {"cifar": 8, "imagenet": 67}, {"cifar": (32, 32, 3), "imagenet": (224, 224, 3)}


def network_in_network(
    input_shape: tuple[int, int, int] | None = None, classes: int | None = None, *, size: str = "cifar"
) -> keras.Model:
    """Network in Network: three or four stages, the last with one map a class, whose mean is the logit.

    size: "cifar" (32 x 32 pixels, 10 classes, 966,986 parameters) or "imagenet" (224 x 224, 1000 classes, 7,595,176).
    The widths are those of the authors' published definitions; the paper itself gives the layout. All poolings but
    the last are maxima here, of 3 x 3 with stride 2. Start weights follow Keras's defaults.
    Raises ValueError for another size, sides below 8 ("cifar") or 67 ("imagenet"), and fewer than 2 classes.
    Source: Lin, Chen and Yan (2014), figure 2, section 4. Chapter: architectures.
    """
    choice("size", size, tuple(STAGES))
    classes = whole("classes", {"cifar": 10, "imagenet": 1000}[size] if classes is None else classes, 2)
    shape = picture("Network in Network", SHAPES[size] if input_shape is None else input_shape, LEAST[size])
    x = inputs = keras.Input(shape, name="image")
    for number, (window, stride, padding, widths) in enumerate(STAGES[size], 1):
        x = layers.Conv2D(widths[0], window, stride, padding=padding, name=f"conv{number}")(x)
        x = relu(x, f"conv{number}_relu")
        for i, width in enumerate(widths[1:], 1):
            x = relu(layers.Conv2D(width or classes, 1, name=f"cccp{number}_{i}")(x), f"cccp{number}_{i}_relu")
        if number < len(STAGES[size]):
            x = layers.MaxPooling2D(3, 2, padding="same", name=f"pool{number}")(x)
            x = layers.Dropout(0.5, name=f"drop{number}")(x)
    return keras.Model(inputs, layers.GlobalAveragePooling2D(name="mean")(x), name=f"network-in-network-{size}")
