"""A VGG small enough to train in a quarter of a minute, and the source nets that the page carries over."""

from __future__ import annotations

import functools

import keras
import numpy as np
from keras import layers

from cvnotes import experiments
from cvnotes.checks import whole

from . import families, keeping

WIDTHS, DENSE = (12, 24, 48), (64, 64)  # filters of the three blocks, units of the two dense layers
CUTS = ("block1_pool", "block2_pool", "block3_pool", "fc1", "fc2")
COUNT, EPOCHS, RATE = {"quick": 6000, "full": 30_000}, 8, 3e-3  # training of a source net


def small_vgg(classes: int = 5, widths: tuple[int, ...] = WIDTHS, dense: tuple[int, ...] = DENSE) -> keras.Model:
    """Build a VGG in small: blocks of 3 x 3 convolution, normalization, ReLU and pooling, then dense layers.

    Takes pictures of 32 x 32 x 3, gives logits. Layers are named as VGG's are: block1_conv, block1_pool, ..., fc1,
    fc2, logits. Raises ValueError for fewer than one class, filter or unit.
    Source: Simonyan and Zisserman (2015), section 2.1, with batch normalization added. Chapter: transfer.
    """
    inputs = x = keras.Input((families.SIDE, families.SIDE, 3), name="image")
    for block, filters in enumerate(widths, 1):
        x = layers.Conv2D(whole("widths", filters, 1), 3, padding="same", use_bias=False, name=f"block{block}_conv")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"block{block}_norm")(x)
        x = layers.ReLU(name=f"block{block}_relu")(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    for place, units in enumerate(dense, 1):
        x = layers.Dense(whole("dense", units, 1), activation="relu", name=f"fc{place}")(x)
    return keras.Model(inputs, layers.Dense(whole("classes", classes, 1), name="logits")(x), name="small_vgg")


def trained_source(seed: int, scale: str = "quick", steps: int | None = None) -> keras.Model:
    """Train a net on the five source shapes; `steps` stops it early, after so many batches of 32."""
    keras.utils.set_random_seed(seed)
    net = small_vgg()
    images, labels = families.family("source", COUNT[scale] if steps is None else 32 * steps, 3 * seed)
    epochs = EPOCHS if steps is None else 1
    experiments.fit(net, images, labels, epochs=epochs, batch=32, rate=RATE, seed=seed)
    return net


def source_net(seed: int = 0) -> keras.Model:
    """Give the stored source net of a seed from 0 to 4, a new copy at each call.

    Its weights were made by ``python -m cvnotes.transfer``. Chapter: transfer.
    """
    net = small_vgg()
    net.set_weights(_stored(seed))
    return net


@functools.cache
def _stored(seed: int) -> list[np.ndarray]:
    return keeping.load_weights("transfer", f"source{seed}")
