"""What stands around a box: regions of several sizes, messages between them with gates, and several nets that vote."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers
from scipy.special import softmax

from cvnotes import data
from cvnotes.captioning import words
from cvnotes.checks import choice, number
from cvnotes.data.scenes import Scenes

from . import regions

SCALES, BINS = (1, 2, 4), 10  # regions once, twice and four times as wide as the box, 10 x 10 pixels each
WIDTH = {"box": 88, "joined": 27, "gated": 20}  # numbers that a region is summed up in: about 14,000 weights each


def views(count: int, seed: int, objects: int | tuple[int, int] = 1) -> Scenes:
    """Paint scenes with plain shapes that do not touch, smaller than those of the captioner. Chapter: systems."""
    return data.scenes(
        count, seed=seed, size=words.SIDE, objects=objects, classes=words.KINDS, colours=words.HUES, textures="plain",
        radius=(0.14, 0.2), overlap=0, clutter=0.1, turn=30,
    )  # fmt: skip


def candidates(scenes: Scenes, seed: int, share: float) -> np.ndarray:
    """A box for the first object of each scene: as wide and high as this share of the true one, somewhere inside it.

    share 1 gives the true boxes. Returns (n, 4) corners in pixels. Raises ValueError for a share outside 0 to 1.
    Chapter: systems.
    """
    share, true = number("share", share, above=0, most=1), scenes.boxes[:, 0]
    size = true[:, 2:] - true[:, :2]
    corner = true[:, :2] + np.random.default_rng(seed).uniform(0, 1 - share, size.shape) * size
    return np.concatenate([corner, corner + share * size], axis=1)


def around(images: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The regions around one box (n, 4) of each picture (n, h, w, c), from the narrowest: (n, 3, 10, 10, c).

    What lies outside a picture is its border, repeated. Raises ValueError unless there is one box a picture.
    Chapter: systems.
    """
    if np.ndim(images) != 4 or len(images) != len(boxes):
        raise ValueError(f"Give pictures (n, h, w, c), a box each. Received: {np.shape(images)}, {np.shape(boxes)}")
    three = np.stack([scaled(boxes, scale) for scale in SCALES], axis=1)
    return np.stack([regions.roi(image, some, BINS, cell=1) for image, some in zip(images, three, strict=True)])


def scaled(boxes: np.ndarray, factor: float) -> np.ndarray:
    """Boxes (n, 4) made wider and higher by a factor, around the same middles. Chapter: systems."""
    boxes, factor = regions.corners(boxes), number("factor", factor, above=0)
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    return np.concatenate([middle - factor * half, middle + factor * half], axis=1)


def context_net(kind: str) -> keras.Model:
    r"""Build a net that names one of five shapes from regions of three sizes around a box.

    kind: "box" looks at the box alone; "joined" puts what it sees of the three regions side by side; "gated" lets
    neighbouring regions send messages first, outward and inward, each weighed by a gate that the sender sets:

    .. math:: h'_k = \operatorname{relu}\Bigl(h_k + \sum_{j = k \pm 1} g_{jk} \odot W_{jk} h_j\Bigr), \qquad
        g_{jk} = \sigma(V_{jk} h_j)

    Raises ValueError for another kind. Source: Zeng et al. (2016), section 3, with one layer. Chapter: systems.
    """
    choice("kind", kind, WIDTH)
    inputs = keras.Input((len(SCALES), BINS, BINS, 3), name="regions")
    used = range(1 if kind == "box" else len(SCALES))
    seen = [_summary(inputs[:, k], WIDTH[kind], k) for k in used]
    seen = _messages(seen, WIDTH[kind]) if kind == "gated" else seen
    joined = layers.Concatenate()(seen) if len(seen) > 1 else seen[0]
    return keras.Model(inputs, layers.Dense(len(words.KINDS), name="logits")(joined), name=kind)


def _summary(x, width: int, k: int):
    """Sum a region up in one row of numbers: two convolutions and the mean of each map."""
    for i, filters in enumerate((16, width), 1):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"region{k}_conv{i}")(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.MaxPooling2D(2)(x) if i == 1 else x
    return layers.GlobalAveragePooling2D()(x)


def _messages(seen: list, width: int) -> list:
    """One round of messages between neighbours, in both directions."""
    found = []
    for k, own in enumerate(seen):
        senders = [j for j in (k - 1, k + 1) if 0 <= j < len(seen)]
        sent = [_message(seen[j], width, f"{j}to{k}") for j in senders]
        found.append(layers.ReLU()(layers.Add()([own, *sent])))
    return found


def _message(sender, width: int, name: str):
    """What one region tells a neighbour, behind a gate that its own contents set."""
    gate = layers.Dense(width, "sigmoid", name=f"gate{name}")(sender)
    return layers.Multiply()([gate, layers.Dense(width, name=f"message{name}")(sender)])


def chances(net: keras.Model, x: np.ndarray) -> np.ndarray:
    """The probabilities (n, 5) that a net gives the shapes."""
    return softmax(keras.ops.convert_to_numpy(net(x, training=False)), axis=-1)


def fused(votes: Sequence[np.ndarray]) -> np.ndarray:
    r"""Fuse the probabilities of several nets (nets, n, classes) into one, by their mean.

    .. math:: p = \frac{1}{M} \sum_m p_m

    Raises ValueError unless each net gives every picture shares of one. Chapter: systems.
    """
    votes = np.asarray(votes, float)
    if votes.ndim != 3 or not votes.size or not np.allclose(votes.sum(-1), 1, atol=1e-4) or votes.min() < 0:
        raise ValueError(f"Give shares of one, (nets, pictures, classes). Received: shape {votes.shape}")
    return votes.mean(axis=0)
