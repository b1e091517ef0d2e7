"""DenseNet: each layer reads everything that was made before it in its block."""

from __future__ import annotations

import math

import keras
from keras import layers

from cvnotes.checks import choice, number, whole

from .blocks import chain, conv, norm, picture, relu

#: layers of each block, growth, channels before the first block (table 1; 161: growth 48)
DEPTHS = {
    121: ((6, 12, 24, 16), 32, 64),
    161: ((6, 12, 36, 24), 48, 96),
    169: ((6, 12, 32, 32), 32, 64),
    201: ((6, 12, 48, 32), 32, 64),
    264: ((6, 12, 64, 48), 32, 64),
}


def densenet(
    input_shape: tuple[int, int, int] = (224, 224, 3), classes: int = 1000, *, depth: int = 121
) -> keras.Model:
    """DenseNet-BC for large pictures: four dense blocks of bottlenecks, halved in between. The outputs are logits.

    depth: 121 (7,978,856 parameters to train), 161 (growth 48), 169, 201 or 264 (growth 32). Layers are named as in
    keras.applications, so that its weights can be copied. Start weights: He's.
    input_shape: sides of at least 32, or None. Raises ValueError for smaller pictures and another depth.
    Source: Huang, Liu, van der Maaten and Weinberger (2017), table 1. Chapter: densenet.
    """
    choice("depth", depth, tuple(DEPTHS))
    counts, growth, start = DEPTHS[depth]
    x = inputs = keras.Input(picture("DenseNet", input_shape, 32, open_sides=True), name="image")
    x = relu(norm(conv(x, start, 7, 2, name="conv1_conv"), "conv1_bn"), "conv1_relu")
    x = layers.MaxPooling2D(3, 2, name="pool1")(layers.ZeroPadding2D(1, name="pool1_pad")(x))
    x = _blocks(x, counts, growth, 0.5, bottleneck=True, dropout=0)
    return keras.Model(inputs, _head(x, classes), name=f"densenet-{depth}")


def densenet_cifar(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    classes: int = 10,
    *,
    depth: int = 40,
    growth: int = 12,
    bottleneck: bool = False,
    compression: float = 1.0,
    dropout: float = 0.0,
) -> keras.Model:
    """DenseNet for small pictures: three dense blocks of equal length. The outputs are logits.

    depth: 3n + 4, with bottleneck 6n + 4; growth: maps that a layer adds, k. compression: the share of maps that a
    transition keeps. The paper's BC form is bottleneck=True, compression=0.5, and starts from 2k maps instead of 16.
    (40, 12) has 1,019,722 parameters to train, BC (100, 12) 769,162. dropout: behind each convolution but the first,
    0.2 in the paper where pictures are not augmented. input_shape: sides of at least 4, or None.
    Raises ValueError for another depth, a compression outside (0, 1] and a dropout outside [0, 1).
    Source: Huang, Liu, van der Maaten and Weinberger (2017), section 3, table 2. Chapter: densenet.
    """
    per_layer = 6 if bottleneck else 3
    count, rest = divmod(whole("depth", depth, per_layer + 4) - 4, per_layer)
    if rest:
        near = per_layer * count + 4
        raise ValueError(f"The depth is {per_layer}n + 4, such as {near} or {near + per_layer}. Received: {depth!r}.")
    growth, compression = whole("growth", growth, 1), number("compression", compression, above=0, most=1)
    dropout = number("dropout", dropout, 0, below=1)
    x = inputs = keras.Input(picture("DenseNet", input_shape, 4, open_sides=True), name="image")
    x = conv(x, 2 * growth if bottleneck and compression < 1 else 16, 3, name="conv1_conv")
    x = _blocks(x, (count,) * 3, growth, compression, bottleneck=bottleneck, dropout=dropout)
    kind = f"{'b' if bottleneck else ''}{'c' if compression < 1 else ''}"
    return keras.Model(inputs, _head(x, classes), name=f"densenet{kind and '-' + kind}-{depth}-{growth}-cifar")


def dense_layer(x, growth: int, *, bottleneck: bool = False, dropout: float = 0.0, name: str):
    """Append `growth` new maps to those that came: normalization, ReLU, convolution; before it 1 x 1 to 4 growth.

    x: (n, h, w, c); gives (n, h, w, c + growth), the first c of them unchanged.
    Source: Huang and others (2017), section 3, "Composite function", "Bottleneck layers". Chapter: densenet.
    """
    y, steps = x, [(4 * growth, 1), (growth, 3)] if bottleneck else [(growth, 3)]
    for i, (width, size) in enumerate(steps):
        y = relu(norm(y, f"{name}_{i}_bn"), f"{name}_{i}_relu")
        y = conv(y, width, size, name=f"{name}_{i + 1}_conv")
        y = layers.Dropout(dropout, name=f"{name}_{i + 1}_drop")(y) if dropout else y
    return layers.Concatenate(name=f"{name}_concat")([x, y])


def transition(x, compression: float, *, dropout: float = 0.0, name: str):
    """Keep floor(compression c) maps by a 1 x 1 convolution, then halve the sides by averages of 2 x 2.

    Source: Huang and others (2017), section 3, "Compression"; the ReLU is the reference code's. Chapter: densenet.
    """
    kept = math.floor(x.shape[-1] * compression)
    x = conv(relu(norm(x, f"{name}_bn"), f"{name}_relu"), kept, 1, name=f"{name}_conv")
    x = layers.Dropout(dropout, name=f"{name}_drop")(x) if dropout else x
    return layers.AveragePooling2D(2, name=f"{name}_pool")(x)


def _blocks(x, counts: tuple[int, ...], growth: int, compression: float, *, bottleneck: bool, dropout: float):
    options = {"bottleneck": bottleneck, "dropout": dropout}
    for stage, count in enumerate(counts, 2):
        if stage > 2:
            x = transition(x, compression, dropout=dropout, name=f"pool{stage - 1}")
        names = [f"conv{stage}_block{i}" for i in range(1, count + 1)]
        x = chain(x, [(n, lambda y, n=n: dense_layer(y, growth, name=n, **options)) for n in names])
    return relu(norm(x, "bn"), "relu")


def _head(x, classes: int):
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return layers.Dense(whole("classes", classes, 2), name="predictions")(x)
