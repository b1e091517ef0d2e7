"""A recurrent net that reads the maps of a ConvNet column by column, from left to right. Chapter: captioning."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from cvnotes import experiments
from cvnotes.data.scenes import Scenes

from . import encoder, words

SIDE, DEPTH = 8, encoder.FILTERS[-1]  # of the maps
COUNT, EPOCHS, RATE = 1500, {"quick": 15, "full": 60}, 4e-3


def reader(kind: str) -> keras.Model:
    """Build a net that names one of five shapes from maps of 8 rows, any number of columns and 48 channels.

    kind: "lstm" reads a column at a time and answers after the last; "average" takes the mean over the columns.
    Raises ValueError for another kind. Chapter: captioning.
    """
    if kind not in ("lstm", "average"):
        raise ValueError(f"kind must be lstm or average. Received: kind={kind!r}")
    inputs = keras.Input((SIDE, None, DEPTH), name="maps")
    columns = layers.Reshape((-1, SIDE * DEPTH), name="columns")(layers.Permute((2, 1, 3))(inputs))
    if kind == "lstm":
        last = layers.LSTM(32, name="lstm")(columns)
    else:
        last = layers.Dense(48, "relu")(layers.GlobalAveragePooling1D()(columns))
    return keras.Model(inputs, layers.Dense(len(words.KINDS), name="logits")(last), name=kind)


def pairs(count: int, seed: int) -> tuple[Scenes, np.ndarray]:
    """Paint scenes with two different shapes side by side, and tell which stands on the left."""
    found = words.views(4 * count, seed, objects=2)
    apart = np.abs(found.centres[:, 0, 0] - found.centres[:, 1, 0]) > 8
    rows = np.flatnonzero(apart & (found.labels[:, 0] != found.labels[:, 1]))[:count]
    left = found.centres[rows, :, 0].argmin(1)
    return found[rows], found.labels[rows, left]


def square(maps: np.ndarray) -> np.ndarray:
    """Give maps (n, 64, 48) their rows and columns back: (n, 8, 8, 48)."""
    return maps.reshape(len(maps), SIDE, SIDE, DEPTH)


def longer(maps: np.ndarray) -> np.ndarray:
    """Put behind each map (n, 8, 8, c) the map of another scene: (n, 8, 16, c)."""
    return np.concatenate([maps, np.roll(maps, 1, axis=0)], axis=2)


@experiments.experiment(version=1, seeds=5)
def order(seed: int, scale: str) -> dict[str, float]:
    """Name the shape on the left: a recurrent reader, an average over columns, columns in the wrong order.

    ``either``: how often the average at least names one of the two; ``longer``: strips twice as wide.
    """
    eye = encoder.stored_encoder(seed)
    (train, y), (test, ty) = pairs(COUNT, 3 * seed + 1), pairs(500, 3 * seed + 2)
    x, tx = (square(encoder.maps(eye, scenes.floats)) for scenes in (train, test))
    found = {}
    for kind in ("lstm", "average"):
        keras.utils.set_random_seed(seed)
        net = reader(kind)
        experiments.fit(net, x, y, epochs=EPOCHS[scale], batch=50, rate=RATE, seed=seed)
        found[kind] = experiments.accuracy(net, tx, ty)
        answers = keras.ops.convert_to_numpy(net(tx)).argmax(1)
        found[f"{kind}_either"] = float(np.mean((answers[:, None] == test.labels).any(1)))
        if kind == "lstm":
            found["longer"] = experiments.accuracy(net, longer(tx), ty)
            found["mirrored"] = experiments.accuracy(net, tx[:, :, ::-1], ty)
    return found
