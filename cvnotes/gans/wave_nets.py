"""Nets that play waves and nets that listen: the shapes of DCGAN along one axis, after WaveGAN.

Chapter: generators. Steps of four in the place of steps of two by two.
"""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import whole

from .digit_nets import LEAK
from .waves import LENGTH

STEP, REACH = 4, 12  # samples: of a stride, and of a kernel, a multiple of the stride


def playing_net(codes: int = 8, width: int = 16) -> keras.Sequential:
    """Play waves from codes: (n, codes) to (n, 64, 1) by a dense layer and two transposed convolutions.

    Raises ValueError for sizes below 1. Donahue et al. (2019), scaled down. Chapter: generators.
    """
    start, wide = LENGTH // STEP**2, 2 * whole("width", width, 1)
    return keras.Sequential([
        keras.Input((whole("codes", codes, 1),)),
        layers.Dense(start * wide, use_bias=False),
        layers.Reshape((start, wide)),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.Conv1DTranspose(width, REACH, STEP, padding="same", use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.Conv1DTranspose(1, REACH, STEP, padding="same"),
    ])  # fmt: skip


def listening_net(width: int = 16) -> keras.Sequential:
    """Listen to waves (n, 64, 1) by two convolutions with a step of four; one logit each, (n, 1).

    Raises ValueError for a width below 1. Donahue et al. (2019), scaled down. Chapter: generators.
    """
    net = keras.Sequential([keras.Input((LENGTH, 1))])
    for channels in (whole("width", width, 1), 2 * width):
        net.add(layers.Conv1D(channels, REACH, STEP, padding="same"))
        net.add(layers.LeakyReLU(LEAK))
    net.add(layers.Flatten())
    net.add(layers.Dense(1))
    return net
