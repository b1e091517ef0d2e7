"""Small nets of digits with and without normalization, to ask where the zeros of deep maps come from."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from cvnotes import data, experiments

from . import maps

SIDE = 16
FILTERS = (16, 16, 32, 32)
LAYERS = tuple(f"relu{i}" for i in range(1, 5))
EPOCHS = {"quick": 15, "full": 60}


def digit_net(*, normalized: bool = False, biases: bool = True) -> keras.Model:
    """Build four convolutions of 3x3, each with a ReLU, a max pool after every second, and a dense layer: VGG, small.

    normalized: batch normalization before each ReLU, in place of a bias. biases: off, there is none anywhere.
    Chapter: visualization.
    """
    inputs = x = keras.Input((SIDE, SIDE, 1), name="digit")
    for i, filters in enumerate(FILTERS, 1):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=biases and not normalized, name=f"conv{i}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"norm{i}")(x) if normalized else x
        x = layers.ReLU(name=f"relu{i}")(x)
        x = layers.MaxPooling2D(2)(x) if i % 2 == 0 else x
    return keras.Model(inputs, layers.Dense(10, use_bias=biases, name="logits")(layers.Flatten()(x)))


def taught(d: data.Digits, seed: int, scale: str = "quick", **options: bool) -> keras.Model:
    """Train such a net on the digits of a seed; options: of `digit_net`."""
    keras.utils.set_random_seed(seed)
    net = digit_net(**options)
    experiments.fit(net, d.train_images, d.train_labels, epochs=EPOCHS[scale], batch=32, rate=2e-3, seed=seed)
    return net


def drawn(d: data.Digits, seed: int, *, normalized: bool) -> keras.Model:
    """Draw the weights and leave them; the normalization, if there is one, has seen the digits."""
    keras.utils.set_random_seed(seed)
    net = digit_net(normalized=normalized)
    for _ in range(30 * normalized):
        net(d.train_images[:256], training=True)
    return net


def profiled(net: keras.Model, images: np.ndarray) -> dict[str, list[float]]:
    """For each layer the shares of zeros, of empty maps, and of pictures that move a filter: at 64 places, strongly."""
    found = maps.responses(net, images, *LAYERS).values()
    return {
        "zeros": [maps.zeros(each) for each in found],
        "empty": [maps.silent_part(each)[0] for each in found],
        "excited64": [float(maps.excited(maps.sampled(each)).mean()) for each in found],
        "strong": [float(maps.strong(each).mean()) for each in found],
    }
