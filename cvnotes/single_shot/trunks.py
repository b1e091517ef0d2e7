"""One small trunk for the detectors of the book: a picture becomes maps at strides of 4, 8 and 16 pixels."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from cvnotes.checks import choice, number, whole

#: filters of the 3 x 3 convolutions of each stage at width 1; the first convolution of a stage halves the map
STAGES = {2: (16,), 4: (32, 32), 8: (64, 64), 16: (96, 96)}
MOMENTUM = 0.9  # of the running averages: short trainings end before 0.99 has forgotten its start


def conv(x, filters: int, name: str, size: int = 3, stride: int = 1):
    """A convolution without bias, batch normalization and a ReLU. Chapters: yolo, ssd, faster_rcnn."""
    x = layers.Conv2D(filters, size, stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def trunk(width: float = 1.0, strides: Sequence[int] = (4, 8), size: int | None = 64) -> keras.Model:
    """Build the trunk of a detector: pictures in, and a map for each of the strides that are asked for.

    width: factor on all filters (at least 8 are kept); strides: of 2, 4, 8, 16, and nothing is built beyond the
    largest; size: height and width of the pictures, None for any.
    Takes pictures (n, size, size, 3) from 0 to 255, bytes or floats. Gives a dictionary, `"stride_8"` for stride 8,
    of maps (n, size / 8, size / 8, filters). A head goes on from `trunk(...).output["stride_8"]`.
    Raises ValueError for another stride, none, or a width that is no positive number. Chapters: yolo, ssd, faster_rcnn.
    """
    if not isinstance(strides, Sequence) or not strides:
        known = ", ".join(map(str, STAGES))
        raise ValueError(f"Ask for a sequence of at least one of the strides {known}. Received: strides={strides!r}")
    width, strides = number("width", width, above=0), [choice("strides", stride, STAGES) for stride in strides]
    size = None if size is None else whole("size", size, max(strides))
    inputs = keras.Input((size, size, 3), name="image")
    x, maps = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(inputs), {}
    for stride, filters in STAGES.items():
        for i, count in enumerate(filters):
            x = conv(x, max(8, round(width * count)), f"stride{stride}_{i + 1}", stride=1 if i else 2)
        maps[stride] = x
        if stride == max(strides):
            break
    return keras.Model(inputs, {f"stride_{stride}": maps[stride] for stride in strides}, name="trunk")
