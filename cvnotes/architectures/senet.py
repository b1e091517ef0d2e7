"""SENet-154: gates on a net of grouped bottlenecks, the largest of its family."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import whole

from .blocks import chain, conv, norm, picture, relu, squeeze_excite

COUNTS, WIDTHS, GROUPS, RATIO = (3, 8, 36, 3), (64, 128, 256, 512), 64, 16


def senet_154(input_shape: tuple[int, int, int] = (224, 224, 3), classes: int = 1000) -> keras.Model:
    """SENet-154: 50 grouped bottlenecks, each with a squeeze-and-excitation gate; 115,088,984 parameters to train.

    Three 3 x 3 convolutions at its start, 64 groups in each bottleneck, its first 1 x 1 of half the usual width, and
    3 x 3 projections where the size changes. The outputs are logits. SE-ResNet is ``resnet(squeeze=16)``.
    input_shape: sides of at least 32, or None. Start weights: He's.
    Raises ValueError for smaller pictures and fewer than 2 classes.
    Source: Hu, Shen and Sun (2018), appendix of the journal version. Chapter: architectures.
    """
    x = inputs = keras.Input(picture("SENet", input_shape, 32, open_sides=True), name="image")
    for i, (filters, stride) in enumerate(((64, 2), (64, 1), (128, 1)), 1):
        x = _unit(x, filters, 3, stride, name=f"conv1_{i}")
    x = layers.MaxPooling2D(3, 2, name="pool1")(layers.ZeroPadding2D(1, name="pool1_pad")(x))
    bodies = []
    for number, (filters, count) in enumerate(zip(WIDTHS, COUNTS, strict=True), 2):
        for i in range(1, count + 1):
            options = {"stride": 2 if i == 1 and number > 2 else 1, "name": f"conv{number}_block{i}"}
            bodies.append((options["name"], lambda y, f=filters, o=options: _block(y, f, **o)))
    x = layers.GlobalAveragePooling2D(name="avg_pool")(chain(x, bodies))
    logits = layers.Dense(whole("classes", classes, 2), name="predictions")(layers.Dropout(0.2, name="drop")(x))
    return keras.Model(inputs, logits, name="senet-154")


def _unit(x, filters: int, size: int, stride: int = 1, *, groups: int = 1, name: str):
    x = norm(conv(x, filters, size, stride, groups=groups, name=f"{name}_conv"), f"{name}_bn")
    return relu(x, f"{name}_relu")


def _block(x, filters: int, *, stride: int, name: str):
    y = _unit(x, 2 * filters, 1, name=f"{name}_1")
    y = _unit(y, 4 * filters, 3, stride, groups=GROUPS, name=f"{name}_2")
    y = norm(conv(y, 4 * filters, 1, name=f"{name}_3_conv"), f"{name}_3_bn")
    if x.shape[-1] != 4 * filters:
        x = conv(x, 4 * filters, 3 if stride > 1 else 1, stride, name=f"{name}_0_conv")
        x = norm(x, f"{name}_0_bn")
    gated = squeeze_excite(y, RATIO, name=f"{name}_se")
    return relu(layers.Add(name=f"{name}_add")([x, gated]), f"{name}_out")
