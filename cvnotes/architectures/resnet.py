"""ResNet: blocks that add to what they are given, for ImageNet and for CIFAR, at any depth."""

from __future__ import annotations

from dataclasses import dataclass

import keras
from keras import layers

from cvnotes.checks import choice, whole

from .blocks import PadChannels, chain, conv, norm, picture, relu, squeeze_excite

#: blocks of each stage, and whether they are bottlenecks (table 1)
DEPTHS = {
    18: ((2, 2, 2, 2), False),
    34: ((3, 4, 6, 3), False),
    50: ((3, 4, 6, 3), True),
    101: ((3, 4, 23, 3), True),
    152: ((3, 8, 36, 3), True),
}
SHORTCUTS = ("A", "B", "C", "none")


@dataclass(frozen=True)
class Style:
    """What all blocks of a net have in common; the words are those of `resnet`."""

    bottleneck: bool
    shortcut: str = "B"
    version: float = 1.5
    preactivation: bool = False
    squeeze: int = 0
    bias: bool = False


def resnet(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    classes: int = 1000,
    *,
    depth: int = 50,
    version: float = 1.5,
    shortcut: str = "B",
    preactivation: bool = False,
    squeeze: int = 0,
    bias: bool = False,
) -> keras.Model:
    """ResNet for large pictures: four stages of residual blocks. The outputs are logits.

    depth: 18, 34 (blocks of two 3 x 3), 50, 101 or 152 (bottlenecks); depth 50 has 25,557,032 parameters to train.
    version: 1, as published, a bottleneck steps in its first 1 x 1; 1.5, as in most later code, in its 3 x 3.
    shortcut: where sizes differ, "A" pads with maps of zeros, "B" projects; "C" projects everywhere; "none" leaves
    the shortcuts out, for a plain net. preactivation: normalization and ReLU before each convolution, and nothing
    behind the sum (He and others, 2016, "Identity mappings"). squeeze: 16 for SE-ResNet, 0 for none.
    bias: convolutions with a bias, as in keras.applications, whose names of layers are used too, so that with
    version=1, bias=True its weights can be copied. Start weights: He's, and normalizations as Keras has them.
    input_shape: sides of at least 32, or None. Raises ValueError for what is not listed above.
    Source: He, Zhang, Ren and Sun (2016), table 1, section 3.3. Chapters: architectures, transfer.
    """
    choice("depth", depth, tuple(DEPTHS))
    counts, bottleneck = DEPTHS[depth]
    style = Style(bottleneck, shortcut, version, preactivation, squeeze, bias)
    x = inputs = keras.Input(picture("ResNet", input_shape, 32, open_sides=True), name="image")
    x = relu(norm(conv(x, 64, 7, 2, name="conv1_conv", bias=bias), "conv1_bn"), "conv1_relu")
    x = layers.MaxPooling2D(3, 2, name="pool1_pool")(layers.ZeroPadding2D(1, name="pool1_pad")(x))
    stages = zip((64, 128, 256, 512), counts, strict=True)
    return keras.Model(inputs, _tower(x, stages, style, classes), name=f"{_kind(style)}-{depth}")


def resnet_cifar(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    classes: int = 10,
    *,
    depth: int = 56,
    bottleneck: bool = False,
    shortcut: str = "A",
    preactivation: bool = False,
    squeeze: int = 0,
    width: int = 16,
) -> keras.Model:
    """ResNet for small pictures: three stages of n blocks, of 16, 32 and 64 filters. The outputs are logits.

    depth: 6n + 2 (20, 32, 44, 56, 110, 1202 ...), with bottleneck blocks 9n + 2 (164, 1001 ...), as deep as you like:
    blocks are nested. Depth 56 has 853,018 parameters to train, with shortcuts of option A.
    shortcut, preactivation, squeeze: see `resnet`; "none" gives the plain net. width: filters of the first stage.
    input_shape: sides of at least 4, or None. Raises ValueError for what is not listed above.
    Source: He, Zhang, Ren and Sun (2016), section 4.2, table 6; bottlenecks: "Identity mappings" (2016), table 4.
    Chapter: architectures.
    """
    per_block = 9 if bottleneck else 6
    blocks, rest = divmod(whole("depth", depth, per_block + 2) - 2, per_block)
    if rest:
        near = per_block * blocks + 2
        raise ValueError(
            f"The depth is {per_block}n + 2, such as {near} or {near + per_block}. Received: depth={depth!r}."
        )
    width, style = whole("width", width, 1), Style(bottleneck, shortcut, 1, preactivation, squeeze)
    x = inputs = keras.Input(picture("ResNet", input_shape, 4, open_sides=True), name="image")
    x = relu(norm(conv(x, width, 3, name="conv1_conv"), "conv1_bn"), "conv1_relu")
    stages = [(width * 2**i, blocks) for i in range(3)]
    return keras.Model(inputs, _tower(x, stages, style, classes), name=f"{_kind(style)}-{depth}-cifar")


def residual_block(x, filters: int, style: Style, *, stride: int = 1, activated: bool = False, name: str):
    """Add to `x` what two or three convolutions make of it.

    x: (n, h, w, c); gives (n, h / stride, w / stride, filters), four times the filters for a bottleneck.
    activated: with preactivation, `x` is normalized and rectified already.
    Source: He and others (2016), figures 2 and 5; preactivation: "Identity mappings" (2016), figure 4e.
    """
    width = 4 * filters if style.bottleneck else filters
    changes = stride > 1 or x.shape[-1] != width
    if not style.preactivation:
        return relu(_sum(x, _branch(x, filters, style, stride, name), style, stride, changes, name), f"{name}_out")
    ready = x if activated else relu(norm(x, f"{name}_0_bn_in"), f"{name}_0_relu_in")
    return _sum(ready if changes else x, _branch(ready, filters, style, stride, name), style, stride, changes, name)


def _branch(x, filters: int, style: Style, stride: int, name: str):
    """The convolutions of a block, each but the last followed by normalization and ReLU."""
    first = stride if style.version == 1 or not style.bottleneck else 1
    sizes = [(1, filters, first), (3, filters, stride // first), (1, 4 * filters, 1)]
    sizes = sizes if style.bottleneck else [(3, filters, stride), (3, filters, 1)]
    for i, (size, width, step) in enumerate(sizes, 1):
        x = conv(x, width, size, step, name=f"{name}_{i}_conv", bias=style.bias)
        if i < len(sizes) or not style.preactivation:
            x = norm(x, f"{name}_{i}_bn")
        if i < len(sizes):
            x = relu(x, f"{name}_{i}_relu")
    return squeeze_excite(x, style.squeeze, name=f"{name}_se") if style.squeeze else x


def _sum(x, branch, style: Style, stride: int, changes: bool, name: str):
    if style.shortcut == "none":
        return branch
    if style.shortcut == "C" or (changes and style.shortcut == "B"):
        x = conv(x, branch.shape[-1], 1, stride, name=f"{name}_0_conv", bias=style.bias)
        x = x if style.preactivation else norm(x, f"{name}_0_bn")
    elif changes:
        x = layers.MaxPooling2D(1, stride, name=f"{name}_0_step")(x) if stride > 1 else x
        extra = branch.shape[-1] - x.shape[-1]
        x = PadChannels(extra, name=f"{name}_0_pad")(x) if extra else x
    return layers.Add(name=f"{name}_add")([x, branch])


def _tower(x, stages, style: Style, classes: int):
    """All stages, then the mean over the maps and one dense layer."""
    _check(style)
    bodies = []
    for number, (filters, count) in enumerate(stages, 2):
        for i in range(1, count + 1):
            name = f"conv{number}_block{i}"
            options = {"stride": 2 if i == 1 and number > 2 else 1, "activated": not bodies, "name": name}
            bodies.append((name, lambda y, f=filters, o=options: residual_block(y, f, style, **o)))
    x = chain(x, bodies)
    if style.preactivation:
        x = relu(norm(x, "post_bn"), "post_relu")
    return layers.Dense(whole("classes", classes, 2), name="predictions")(
        layers.GlobalAveragePooling2D(name="avg_pool")(x)
    )


def _check(style: Style) -> None:
    choice("version", style.version, (1, 1.5))
    choice("shortcut", style.shortcut, SHORTCUTS)
    whole("squeeze", style.squeeze, 0, 64)


def _kind(style: Style) -> str:
    kind = "plain" if style.shortcut == "none" else "resnet"
    return f"{'se-' if style.squeeze else ''}{'preactivation-' if style.preactivation else ''}{kind}"
