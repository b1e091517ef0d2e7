"""Nets that draw digits and nets that judge drawings, after DCGAN: convolutions with a step in the place of pooling.

Chapter: generators. Pictures are (n, side, side, 1) in [0, 1], side a multiple of 4.
"""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import choice, whole

DOWN = ("strided", "max", "average")  # how a picture shrinks
UP = ("transposed", "repeated")  # how a picture grows
LEAK = 0.2


def drawing_net(codes: int = 16, side: int = 8, width: int = 32, up: str = "transposed", *,
                batch_norm: bool = True, last: str | None = "sigmoid") -> keras.Sequential:  # fmt: skip
    """Draw pictures from codes: a dense layer to a quarter of the side, then two steps that double it.

    Channels: 2 width, width, 1. up: "transposed", convolutions 4x4 with stride 2; or "repeated", each pixel four times
    and then a convolution 3x3. batch_norm: after each layer but the last. last: activation of the pixels.
    Codes (n, codes) become pictures (n, side, side, 1). Raises ValueError for sizes below 1, a side that is no multiple
    of 4, or another way up. Radford et al. (2016). Chapter: generators.
    """
    quarter, wide = _quarter(side), 2 * whole("width", width, 1)
    net = keras.Sequential([keras.Input((whole("codes", codes, 1),))])
    for layer in (
        layers.Dense(quarter * quarter * wide, use_bias=not batch_norm),
        layers.Reshape((quarter, quarter, wide)),
        *_calm(batch_norm),
        *_larger(width, up, not batch_norm),
        *_calm(batch_norm),
        *_larger(1, up, True),
        *([layers.Activation(last)] if last else []),
    ):
        net.add(layer)
    return net


def looking_net(answers: int = 1, side: int = 8, width: int = 32, down: str = "strided") -> keras.Sequential:
    """Look at pictures: two steps that halve the side, leaky ReLUs, a dense layer; (n, answers).

    Channels: width, 2 width. down: "strided", convolutions 4x4 with stride 2; "max" or "average", the same convolutions
    with stride 1 and a pooling by 2 after each. Weights are the same in number whichever way.
    Raises ValueError for sizes below 1, a side that is no multiple of 4, or another way down.
    Radford et al. (2016). Chapter: generators.
    """
    _quarter(side)
    net = keras.Sequential([keras.Input((side, side, 1))])
    for channels in (whole("width", width, 1), 2 * width):
        for layer in _smaller(channels, down):
            net.add(layer)
    net.add(layers.Flatten())
    net.add(layers.Dense(whole("answers", answers, 1)))
    return net


def _quarter(side: int) -> int:
    if whole("side", side, 4) % 4:
        raise ValueError(f"side must be a multiple of 4, as it is halved twice. Received: side={side!r}")
    return side // 4


def _calm(batch_norm: bool) -> list[layers.Layer]:
    """ReLU, after a batch norm that forgets quickly enough for a short game."""
    return [*([layers.BatchNormalization(momentum=0.9)] if batch_norm else []), layers.ReLU()]


def _larger(channels: int, up: str, bias: bool) -> list[layers.Layer]:
    if choice("up", up, UP) == "transposed":
        return [layers.Conv2DTranspose(channels, 4, 2, padding="same", use_bias=bias)]
    return [layers.UpSampling2D(2), layers.Conv2D(channels, 3, padding="same", use_bias=bias)]


def _smaller(channels: int, down: str) -> list[layers.Layer]:
    stride = 2 if choice("down", down, DOWN) == "strided" else 1
    pool = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}.get(down)
    return [
        layers.Conv2D(channels, 4, stride, padding="same"),
        layers.LeakyReLU(LEAK),
        *([pool(2)] if pool else []),
    ]
