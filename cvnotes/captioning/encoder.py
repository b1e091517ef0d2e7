"""The eye of the captioner: a ConvNet that was taught which shapes and colours are in a picture."""

from __future__ import annotations

import functools

import keras
import numpy as np
from keras import layers

from cvnotes import experiments
from cvnotes.data.scenes import Scenes
from cvnotes.transfer import keeping

from . import words

COUNT, EPOCHS, RATE = {"quick": 5000, "full": 30_000}, 10, 3e-3
FILTERS = (16, 32, 48)


def encoder_net() -> keras.Model:
    """Build the net: maps of 8 x 8 x 48 (layer ``maps``), their largest values, and nine logits: presence.

    The logits stand for the shapes of `words.KINDS`, then for the colours of `words.HUES`. Chapter: captioning.
    """
    inputs = x = keras.Input((words.SIDE, words.SIDE, 3), name="image")
    for block, filters in enumerate(FILTERS, 1):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"block{block}_conv")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"block{block}_norm")(x)
        x = layers.ReLU(name="maps" if block == len(FILTERS) else f"block{block}_relu")(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x) if block < len(FILTERS) else x
    x = layers.GlobalMaxPooling2D(name="largest")(x)
    return keras.Model(inputs, layers.Dense(len(words.KINDS + words.HUES), name="logits")(x), name="encoder")


def presence(scenes: Scenes) -> np.ndarray:
    """Mark which shapes and which colours are in each scene: float32 (n, 9) of zeros and ones."""
    hues = tuple(np.flatnonzero(np.isin(list(words.data.COLOURS), words.HUES)))
    order = [list(words.data.COLOURS)[row] for row in hues]
    found = np.zeros((len(scenes), len(words.KINDS) + len(words.HUES)), np.float32)
    for row, scene in enumerate(scenes):
        found[row, scene.labels] = 1
        found[row, [len(words.KINDS) + words.HUES.index(order[hues.index(c)]) for c in scene.colours]] = 1
    return found


def trained_encoder(seed: int, scale: str = "quick") -> keras.Model:
    """Train the encoder on scenes of a seed with one binary cross-entropy for each shape and colour."""
    keras.utils.set_random_seed(seed)
    net, scenes = encoder_net(), words.views(COUNT[scale], 3 * seed)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    experiments.fit(net, scenes.floats, presence(scenes), epochs=EPOCHS, batch=32, rate=RATE, seed=seed, loss=loss)
    return net


def stored_encoder(seed: int = 0) -> keras.Model:
    """Give the stored encoder of a seed from 0 to 4; made by ``python -m cvnotes.captioning``. Chapter: captioning."""
    net = encoder_net()
    net.set_weights(_stored(f"encoder{seed}"))
    return net


@functools.cache
def _stored(net: str) -> list[np.ndarray]:
    return keeping.load_weights("captioning", net)


def maps(net: keras.Model, images: np.ndarray) -> np.ndarray:
    """Compute the last maps of pictures (n, 32, 32, 3): (n, 64, 48), a row of 48 numbers for each of 8 x 8 places."""
    from cvnotes.transfer import codes

    return codes(net, images, "maps").reshape(len(images), -1, FILTERS[-1])
