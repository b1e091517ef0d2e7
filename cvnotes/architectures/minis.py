"""The landmarks in small: one idea each, for pictures of 16 x 16, from the same blocks as the nets at full size."""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import layers

from cvnotes import models
from cvnotes.pooling import LocalResponseNormalization

from .blocks import conv, conv_relu, norm, relu, squeeze_excite
from .googlenet import inception
from .squeezenet import fire

SHAPE, CLASSES = (16, 16, 1), 10
#: widths of the branches of the three small inception modules, as in `googlenet.MODULES`
INCEPTIONS = ((8, 8, 16, 4, 4, 4), (16, 16, 32, 8, 8, 8), (16, 16, 32, 8, 8, 8))
FIRES = ((8, 16), (16, 32), (16, 32))  # squeeze, expand
MOBILES = ((8, 1, 1), (16, 4, 2), (24, 4, 2), (24, 4, 1))  # filters, expansion, stride

Answer = Callable[[keras.KerasTensor], keras.KerasTensor]


def _model(name: str, body: Answer) -> keras.Model:
    image = keras.Input(SHAPE, name="image")
    return keras.Model(image, body(image), name=name)


def _pool(x, name: str):
    return layers.MaxPooling2D(3, 2, padding="same", name=name)(x)


def _mean_logits(x):
    """One number a map, then one dense layer: the head since GoogLeNet."""
    return layers.Dense(CLASSES, name="predictions")(layers.GlobalAveragePooling2D(name="mean")(x))


def _dense_logits(x, units: int):
    """Two hidden dense layers with dropout, half of the published rate, then the scores: AlexNet, ZF net, VGG."""
    x = layers.Flatten(name="flat")(x)
    for i in (1, 2):
        x = layers.Dropout(0.25, name=f"fc{i}_drop")(relu(layers.Dense(units, name=f"fc{i}")(x), f"fc{i}_relu"))
    return layers.Dense(CLASSES, name="predictions")(x)


def lenet() -> keras.Model:
    """LeNet-5 in its later form, the picture in the middle of a field of 32 x 32, as its paper laid smaller digits."""
    options = {"connections": "full", "subsampling": "average", "output": "dense"}
    body = models.build("lenet-5", (32, 32, 1), CLASSES, **options)
    return _model("lenet", lambda x: body(layers.ZeroPadding2D(8, name="border")(x)))


def alexnet(stem: tuple[int, int] = (5, 2), second: int = 1, name: str = "alexnet") -> keras.Model:
    """Five convolutions, ReLUs, neighbours normalized, overlapping maxima, dropout; `stem` is (window, stride)."""

    def body(x):
        for i, (filters, size, stride) in enumerate(((16, *stem), (32, 5, second)), 1):
            x = conv_relu(x, filters, size, stride, name=f"conv{i}")
            x = LocalResponseNormalization(2, 2.0, 1e-4, 0.75, name=f"norm{i}")(_pool(x, f"pool{i}"))
        for i, filters in enumerate((48, 48, 32), 3):
            x = conv_relu(x, filters, 3, name=f"conv{i}")
        return _dense_logits(x, 128)

    return _model(name, body)


def zfnet() -> keras.Model:
    """AlexNet with a smaller window and a shorter step in its first layer, and a longer one in its second."""
    return alexnet((3, 1), 2, "zfnet")


def nin() -> keras.Model:
    """Network in Network: two 1 x 1 layers behind each convolution, and one map a class at the end."""

    def body(x):
        for i, (size, widths) in enumerate(((5, (16, 16, 16)), (5, (32, 24, 24)), (3, (32, 32, CLASSES))), 1):
            x = conv_relu(x, widths[0], size, name=f"conv{i}")
            for j, width in enumerate(widths[1:], 1):
                x = conv_relu(x, width, 1, name=f"cccp{i}_{j}")
            x = _pool(x, f"pool{i}") if i < 3 else x
        return layers.GlobalAveragePooling2D(name="mean")(x)

    return _model("nin", body)


def vgg(batch_norm: bool = False) -> keras.Model:
    """Three blocks of two 3 x 3, twice as wide after each pooling, and dense layers."""

    def body(x):
        for block, width in enumerate((12, 24, 48), 1):
            for i in (1, 2):
                name = f"block{block}_conv{i}"
                x = layers.Conv2D(width, 3, padding="same", name=name)(x)
                x = relu(norm(x, f"{name}_bn") if batch_norm else x, f"{name}_relu")
            x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
        return _dense_logits(x, 96)

    return _model("vgg-bn" if batch_norm else "vgg", body)


def googlenet() -> keras.Model:
    """A stem and three inception modules; the head has no hidden layer."""

    def body(x):
        x = _pool(conv_relu(x, 16, 3, name="conv1"), "pool1")
        for i, widths in enumerate(INCEPTIONS):
            x = inception(x, widths, name=f"inception_{i + 1}")
            x = _pool(x, "pool2") if i == 0 else x
        return _mean_logits(x)

    return _model("googlenet", body)


def squeezenet() -> keras.Model:
    """A stem and three fire modules; one map a class at the end."""

    def body(x):
        x = _pool(conv_relu(x, 16, 3, name="conv1"), "pool1")
        for i, (squeeze, expand) in enumerate(FIRES):
            x = fire(x, squeeze, expand, name=f"fire{i + 2}")
            x = _pool(x, "pool2") if i == 0 else x
        x = layers.Conv2D(CLASSES, 1, name="conv10")(x)
        return layers.GlobalAveragePooling2D(name="mean")(x)

    return _model("squeezenet", body)


def resnet(**variant) -> keras.Model:
    """Three stages of one residual block; `variant` as in the register's resnet-cifar."""
    return models.build("resnet-cifar", SHAPE, CLASSES, depth=8, width=12, **variant)


def se_resnet() -> keras.Model:
    """The same net with a gate on every branch."""
    return resnet(squeeze=4)


def densenet() -> keras.Model:
    """Three dense blocks of two bottlenecks, growth 8, halved in between."""
    options = {"depth": 16, "growth": 8, "bottleneck": True, "compression": 0.5}
    return models.build("densenet-cifar", SHAPE, CLASSES, **options)


def efficientnet() -> keras.Model:
    """Four mobile blocks: wide inside and narrow outside, one channel at a time, with gates and swish."""

    def body(x):
        x = layers.Activation("swish", name="stem_swish")(norm(conv(x, 8, 3, name="stem"), "stem_bn"))
        for i, (filters, expansion, stride) in enumerate(MOBILES, 1):
            x = mobile_block(x, filters, expansion, stride, name=f"block{i}")
        return _mean_logits(layers.Activation("swish", name="top_swish")(norm(conv(x, 64, 1, name="top"), "top_bn")))

    return _model("efficientnet", body)


def mobile_block(x, filters: int, expansion: int, stride: int, *, name: str):
    """Widen by 1 x 1, filter each map by itself, weigh the maps by a gate, narrow by 1 x 1; add the input if it fits.

    x: (n, h, w, c); gives (n, h / stride, w / stride, filters).
    Source: Sandler and others (2018), figure 3; gates and swish: Tan and Le (2019), section 4. Chapter: architectures.
    """
    wide, y = expansion * x.shape[-1], x
    swish = lambda y, part: layers.Activation("swish", name=f"{name}_{part}_swish")(norm(y, f"{name}_{part}_bn"))  # noqa: E731
    if expansion > 1:
        y = swish(conv(y, wide, 1, name=f"{name}_expand"), "expand")
    options = {"padding": "same", "use_bias": False, "name": f"{name}_depthwise"}
    y = swish(layers.DepthwiseConv2D(3, stride, **options)(y), "depthwise")
    y = norm(conv(squeeze_excite(y, 4, name=f"{name}_se"), filters, 1, name=f"{name}_project"), f"{name}_project_bn")
    return layers.Add(name=f"{name}_add")([x, y]) if y.shape == x.shape else y


#: by year: what the page calls each, and who builds it
NETS: dict[str, Callable[[], keras.Model]] = {
    "LeNet-5": lenet,
    "AlexNet": alexnet,
    "ZF net": zfnet,
    "NiN": nin,
    "VGG": vgg,
    "VGG + BN": lambda: vgg(batch_norm=True),
    "GoogLeNet": googlenet,
    "ResNet": resnet,
    "SqueezeNet": squeezenet,
    "DenseNet": densenet,
    "SE-ResNet": se_resnet,
    "EfficientNet": efficientnet,
}
