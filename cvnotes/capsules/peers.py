"""Twins below, strangers above: a CapsNet and a ConvNet with the same convolutions and the same number of weights."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops

from .layers import Capsules, PrimaryCapsules
from .nets import CapsNet, redrawer
from .squashing import lengths

FILTERS, KERNEL = 32, 5  # of the first convolution
CHANNELS, NUMBERS = 8, 8  # primary capsules at each place, and the numbers of every capsule
HIDDEN = (128, 256)  # of the decoder

#: More than the 0.0005 of the paper, since its sum runs over 144 pixels here, and not over 784.
SHARE = 0.01


def capsule_net(
    shape: tuple[int, int, int] = (12, 12, 1),
    classes: int = 10,
    *,
    stride: int = 1,
    rounds: int = 3,
    redraws: bool = True,
) -> CapsNet:
    """Build a small CapsNet: a convolution, primary capsules at half as many places a side, one capsule a class.

    stride: of the first convolution. rounds: of routing; 1 is uniform coupling. redraws: has it a decoder?
    Raises ValueError for counts below 1. Chapter: capsnet.
    """
    inputs = keras.Input(shape, name="picture")
    maps = layers.Conv2D(FILTERS, KERNEL, stride, activation="relu", name="conv")(inputs)
    parts = PrimaryCapsules(CHANNELS, NUMBERS, KERNEL, 2, "same", name="primary")(maps)
    wholes = Capsules(classes, NUMBERS, rounds, name="classes")(parts)
    painter = redrawer(classes * NUMBERS, HIDDEN, tuple(shape)) if redraws else None
    return CapsNet(keras.Model(inputs, wholes, name="encoder"), painter, SHARE, name="capsules")


def conv_net(shape: tuple[int, int, int] = (12, 12, 1), classes: int = 10, *, stride: int = 1) -> keras.Model:
    """Build its ConvNet: the same two convolutions with ReLU and max pooling, and a dense code as wide as all capsules.

    The second convolution has as many filters as the CapsNet has numbers at a place. Gives logits. Chapter: capsnet.
    """
    inputs = keras.Input(shape, name="picture")
    x = layers.Conv2D(FILTERS, KERNEL, stride, activation="relu", name="conv")(inputs)
    x = layers.MaxPooling2D(2, padding="same", name="pool")(x)
    x = layers.Conv2D(CHANNELS * NUMBERS, KERNEL, padding="same", activation="relu", name="conv2")(x)
    code = layers.Dense(classes * NUMBERS, activation="relu", name="code")(layers.Flatten(name="flat")(x))
    return keras.Model(inputs, layers.Dense(classes, name="logits")(code), name="convnet")


def batched(answer: Callable, pictures: np.ndarray, batch: int = 256) -> np.ndarray:
    """Ask for an answer to pictures (n, ...), a batch at a time; no pictures give no answers, in the right shape."""
    if not len(pictures):  # not every convolution takes none
        return ops.convert_to_numpy(answer(np.zeros((1, *pictures.shape[1:]), pictures.dtype)))[:0]
    parts = [answer(pictures[i : i + batch]) for i in range(0, len(pictures), batch)]
    return np.concatenate([ops.convert_to_numpy(part) for part in parts])


def scores(net: keras.Model, pictures: np.ndarray) -> np.ndarray:
    """What a net says of each class, (n, classes): lengths of capsules, or logits. Chapter: capsnet."""
    if isinstance(net, CapsNet):
        return batched(lambda x: lengths(net(x, training=False)), pictures)
    return batched(lambda x: net(x, training=False), pictures)


def codes(net: keras.Model, pictures: np.ndarray) -> np.ndarray:
    """What a net knows before it names a class, (n, classes * NUMBERS): all its capsules, or its dense code."""
    if isinstance(net, CapsNet):
        return batched(lambda x: net(x, training=False), pictures).reshape(len(pictures), -1)
    below = keras.Model(net.input, net.get_layer("code").output)
    return batched(lambda x: below(x, training=False), pictures)


def right(net: keras.Model, pictures: np.ndarray, labels: np.ndarray) -> float:
    """The share of pictures (n, ...) whose largest score is that of their label (n,). Chapter: capsnet."""
    return float(np.mean(scores(net, pictures).argmax(1) == labels))


def both(net: keras.Model, pictures: np.ndarray, rows: np.ndarray) -> float:
    """The share of pictures whose two largest scores are those of their two classes, rows (n, classes) with two ones.

    Raises ValueError for rows with another number of ones. Chapter: capsnet.
    """
    if np.ndim(rows) != 2 or not np.all(np.sum(rows, axis=1) == 2):
        raise ValueError(f"rows must hold two ones for each picture, (n, classes). Received: shape {np.shape(rows)}")
    two = np.argsort(scores(net, pictures), axis=1)[:, -2:]
    return float(np.mean(np.take_along_axis(np.asarray(rows), two, axis=1).sum(1) == 2))
