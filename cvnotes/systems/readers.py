"""Readers of strips: one convolutional block, and behind it a recurrent net, a window, or nothing that remembers."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from cvnotes.checks import choice, whole

from .strips import HEIGHT, NOTHING

FILTERS = 8
UNITS = {"alone": 224, "window 5": 83, "window 11": 29, "LSTM": 40}  # so that all have about 17,000 weights
SEES = {"alone": 3, "window 5": 5, "window 11": 11, "LSTM": None}  # columns that an answer can depend on


def reader(kind: str) -> keras.Model:
    """Build a net that answers at every column of a strip: a digit that has just ended, or nothing.

    The block is the same for all: a convolution of 3 x 3, which makes 64 numbers of each column and its neighbours.
    kind: "alone" has a dense layer for each column; "window 5" and "window 11" a convolution over the last 3 or 9
    columns, so that an answer depends on 5 or 11 columns of the strip; "LSTM" reads column after column.
    Raises ValueError for another kind. Chapter: systems.
    """
    choice("kind", kind, UNITS)
    inputs = keras.Input((HEIGHT, None, 1), name="strip")
    x = layers.Conv2D(FILTERS, 3, padding="same", activation="relu", name="block")(inputs)
    columns = layers.Reshape((-1, FILTERS * HEIGHT), name="columns")(layers.Permute((2, 1, 3))(x))
    said = layers.Dense(NOTHING + 1, name="logits")(_memory(kind)(columns))
    return keras.Model(inputs, said, name=kind.replace(" ", "_"))


def _memory(kind: str) -> layers.Layer:
    """What stands between the columns and the answers."""
    if kind == "alone":
        return layers.Dense(UNITS[kind], "relu", name="memory")
    if kind == "LSTM":
        return layers.LSTM(UNITS[kind], return_sequences=True, name="memory")
    return layers.Conv1D(UNITS[kind], SEES[kind] - 2, padding="causal", activation="relu", name="memory")


def heard(net: keras.Model, images: np.ndarray, batch: int = 100) -> list[list[int]]:
    """Read strips (n, 8, width, 1): the digits that the columns name, from left to right.

    Raises ValueError if there is no strip. Chapter: systems.
    """
    whole("batch", batch, 1)
    if not len(images):
        raise ValueError(f"Give at least one strip (n, 8, width, 1). Received: {np.shape(images)}")
    parts = [net(images[i : i + batch], training=False) for i in range(0, len(images), batch)]
    answers = np.concatenate([keras.ops.convert_to_numpy(part).argmax(-1) for part in parts])
    return [[int(answer) for answer in row if answer != NOTHING] for row in answers]
