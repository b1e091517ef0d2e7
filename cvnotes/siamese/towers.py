"""Two kinds of picture in one space of codes: a digit and its edges, found again by towers that share or do not.

Chapter: siamese.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from cvnotes.checks import choice

from .gallery import rank_of_own
from .twins import codes_of

TOWERS = ("tied", "tied, twice as wide", "partly tied", "separate")


def edge_pictures(pictures: np.ndarray) -> np.ndarray:
    """How steep each picture is at each pixel, by Sobel's filters: (n, height, width, 1) -> the same, float32.

    Raises ``ValueError`` for another shape. Source: scikit-image, `filters.sobel`. Chapter: siamese.
    """
    from skimage.filters import sobel

    if np.ndim(pictures) != 4 or np.shape(pictures)[-1] != 1:
        raise ValueError(f"Give pictures of one channel, (n, height, width, 1). Received: shape {np.shape(pictures)}")
    edges = [sobel(picture) for picture in np.asarray(pictures, "float32")[..., 0]]
    return np.reshape(edges, np.shape(pictures)).astype("float32")


def towers(kind: str, shape: tuple[int, ...] = (8, 8, 1), hidden: int = 64, codes: int = 16) -> list[keras.Model]:
    """Make the towers for pictures and for their edges, two dense layers each.

    "tied": one tower for both. "tied, twice as wide": one with twice the hidden units. "partly tied": each its own
    hidden layer, and one layer of codes for both. "separate": nothing in common.
    Raises ``ValueError`` for another word. Chapter: siamese.
    """
    choice("kind", kind, TOWERS)
    if kind.startswith("tied"):
        return [_tower(shape, hidden if kind == "tied" else 2 * hidden, layers.Dense(codes))] * 2
    heads = [layers.Dense(codes), layers.Dense(codes)]
    return [_tower(shape, hidden, heads[0 if kind == "partly tied" else side]) for side in (0, 1)]


def _tower(shape: tuple[int, ...], hidden: int, head: keras.Layer) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, head(layers.Dense(hidden, activation="relu")(layers.Flatten()(inputs))))


def side_by_side(left: keras.Model, right: keras.Model) -> keras.Model:
    """Make a net from pairs (n, 2, ...) to the codes of both towers (n, 2, d), which `BatchMatches` takes."""
    pairs = keras.Input((2, *left.input_shape[1:]))
    return keras.Model(pairs, ops.stack([left(pairs[:, 0]), right(pairs[:, 1])], axis=1))


def ranks(left: keras.Model, right: keras.Model, pictures: np.ndarray, partners: np.ndarray) -> np.ndarray:
    """For each partner, how many other pictures are as near to it as its own: (n,) whole numbers, 0 for found.

    left takes pictures (n, ...), right their partners, in the same order.
    Raises ``ValueError`` unless there are as many of both, and for codes that are not finite. Chapter: siamese.
    """
    from scipy.spatial.distance import cdist

    if len(pictures) != len(partners):
        raise ValueError(f"Give one partner for each picture. Received: {len(pictures)} and {len(partners)}")
    distance = cdist(codes_of(right, partners), codes_of(left, pictures))
    return rank_of_own(-distance, np.arange(len(distance)))
