"""What ConvNets have in common, and what they do not: their parts, counted in the built models."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes import backend, models
from cvnotes.models import Profile

POOLS = ("MaxPooling2D", "AveragePooling2D", "TrainableSubsampling2D")


def fully_convolutional(input_shape: tuple[int, int, int] = (224, 224, 3), classes: int = 21) -> keras.Model:
    """FCN-32s: VGG16 whose dense layers became convolutions, and an enlargement by 32. Scores for every pixel.

    Here with "same" padding, so that the scores lie on the picture; the paper pads by 100 and crops.
    Source: Long, Shelhamer and Darrell (2015), section 4. Chapters: introduction, segmentation.
    """
    trunk = keras.applications.VGG16(include_top=False, weights=None, input_shape=input_shape)
    x = layers.Conv2D(4096, 7, padding="same", activation="relu", name="fc6")(trunk.output)
    x = layers.Conv2D(4096, 1, activation="relu", name="fc7")(x)
    x = layers.Conv2D(classes, 1, name="scores")(x)
    x = layers.Conv2DTranspose(classes, 64, 32, padding="same", use_bias=False, name="enlarge")(x)
    return keras.Model(trunk.input, x, name="fcn-32s")


def zoo() -> dict[str, Profile]:
    """Profile six networks of different build, without memory for their weights. Chapter: introduction."""
    with backend.unallocated():
        found = {
            "LeNet-5": models.build("lenet-5"),
            "AlexNet": models.build("alexnet"),
            "VGG16": keras.applications.VGG16(weights=None),
            "ResNet50": keras.applications.ResNet50(weights=None),
            "All-CNN-C": models.build("all-cnn-c"),
            "FCN-32s": fully_convolutional(),
        }
    return {name: models.profile(model) for name, model in found.items()}


def parts(profile: Profile) -> dict[str, int]:
    """Count a net's convolutions, pooling layers, global pooling layers, and dense layers before the last layer.

    Chapter: introduction.
    """
    kinds = [row.kind for row in profile.rows]
    return {
        "convolutions": sum(kind in ("Conv2D", "TableConv2D", "Conv2DTranspose") for kind in kinds),
        "pooling": sum(kind in POOLS for kind in kinds),
        "global pooling": sum(kind.startswith("Global") for kind in kinds),
        "hidden dense": sum(kind == "Dense" for kind in kinds[:-1]),
    }


def as_drawn(counted: dict[str, int]) -> bool:
    """Tell whether a net has the plan of textbooks: convolutions, pooling, then at least one hidden dense layer."""
    return min(counted[part] for part in ("convolutions", "pooling", "hidden dense")) > 0
