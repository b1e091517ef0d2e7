"""Pictures of the page: five shapes to learn from, five other shapes, and grounds without any shape."""

from __future__ import annotations

import numpy as np

from cvnotes import data
from cvnotes.checks import whole
from cvnotes.introduction import features
from cvnotes.introduction.features import SIDE, Labelled

SOURCE, SIMILAR = features.NEAR, features.OTHERS
DIFFERENT = ("waves", "bricks", "cells", "weave", "wood")  # grounds, drawn with no shape on them
NAMES = {"source": SOURCE, "similar": SIMILAR, "different": DIFFERENT}
FAMILIES = ("similar", "different")
PER_CLASS = (5, 10, 50, 200)  # target pictures of each class; "small" is 10, "large" 200
SMALL, LARGE = 1, 3  # their places in PER_CLASS
TEST = 1000  # pictures that every net of the page is judged on


def family(name: str, count: int, seed: int) -> Labelled:
    """Paint `count` pictures of a family: (count, 32, 32, 3) in [0, 1], and labels 0 to 4, balanced.

    name: "source" and "similar" are one large shape on cluttered ground, of classes that differ; "different" is
    ground without a shape, and the ground is the class. Of one seed, fewer pictures are the first of more.
    Raises ValueError for another name. Chapter: transfer.
    """
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(NAMES)}. Received: name={name!r}")
    count = whole("count", count, 1)
    return grounds(count, seed) if name == "different" else features.shapes(count, seed, NAMES[name])


def grounds(count: int, seed: int) -> Labelled:
    """Paint grounds with a few scraps and no shape; of every five pictures, each ground is one."""
    each = -(-count // len(DIFFERENT))
    wanted = 8 * each + 60  # grounds fall by chance: paint more than are needed, and take each in turn
    scenes = data.scenes(wanted, seed=seed, size=SIDE, objects=0, clutter=0.3, backgrounds=DIFFERENT)
    kinds = [data.BACKGROUNDS.index(name) for name in DIFFERENT]
    rows = np.stack([np.flatnonzero(scenes.backgrounds == kind)[:each] for kind in kinds], axis=1).ravel()[:count]
    return scenes.floats[rows], np.searchsorted(np.sort(kinds), scenes.backgrounds[rows])


def few(pictures: Labelled, per_class: int) -> Labelled:
    """Give the first pictures of a family, so many of each class.

    Raises ValueError when there are not as many, or not one label a picture. Chapter: transfer.
    """
    images, labels = map(np.asarray, pictures)
    per_class = whole("per_class", per_class, 1)
    if not len(labels) or labels.shape != images.shape[:1]:
        raise ValueError(f"Give one label a picture, and some. Received: {images.shape}, labels {labels.shape}")
    rows = [np.flatnonzero(labels == label)[:per_class] for label in np.unique(labels)]
    if min(map(len, rows)) < per_class:
        raise ValueError(f"There are only {min(map(len, rows))} pictures of a class. Received: per_class={per_class}")
    rows = np.sort(np.concatenate(rows))
    return images[rows], labels[rows]
