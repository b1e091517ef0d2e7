"""Four ways to answer a new question with an old net, or without it."""

from __future__ import annotations

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

from cvnotes import experiments
from cvnotes.checks import whole
from cvnotes.introduction.features import Labelled

from . import nets, probing
from .tapping import codes

STRATEGIES = ("frozen", "tuned", "earlier", "scratch")
WORDS = {
    "frozen": "frozen + linear",
    "tuned": "fine-tuned whole",
    "earlier": "linear, earlier layer",
    "scratch": "from scratch",
}
BATCH, LEAST = 25, 150  # pictures a step, and fewest steps however few the pictures
EPOCHS = {"quick": 25, "full": 100}


def epochs(count: int, scale: str = "quick") -> int:
    """Passes over `count` pictures: as many for every net, and at least 150 steps.

    Raises ValueError for less than one picture, and for a scale that is neither quick nor full.
    """
    if scale not in EPOCHS:
        raise ValueError(f"scale must be one of {', '.join(EPOCHS)}. Received: scale={scale!r}")
    count = whole("count", count, 1)
    return max(EPOCHS[scale], -(-LEAST * BATCH // count))


def frozen(source: keras.Model, train: Labelled, test: Labelled) -> float:
    """Read the codes of the last hidden layer with a linear classifier."""
    (x, y), (tx, ty) = train, test
    return probing.readout((codes(source, x, "fc2"), y), (codes(source, tx, "fc2"), ty))


def earlier(source: keras.Model, train: Labelled, test: Labelled) -> float:
    """Read an earlier layer, which the few pictures choose themselves."""
    (x, y), (tx, ty) = train, test
    cut, cells = probing.chosen_cut(source, x, y)
    return probing.readout((codes(source, x, cut, cells=cells), y), (codes(source, tx, cut, cells=cells), ty))


def with_head(source: keras.Model, images: np.ndarray, labels: np.ndarray, warm: bool = True) -> keras.Model:
    """Copy a source net and give the copy a new last layer.

    warm: the new layer starts as the logistic regression on the frozen codes; otherwise from small random numbers.
    Chapter: transfer.
    """
    net = nets.small_vgg(classes=len(np.unique(labels)))
    for layer in source.layers[:-1]:
        net.get_layer(layer.name).set_weights(layer.get_weights())
    if warm:
        reader = LogisticRegression(max_iter=2000).fit(codes(source, images, "fc2"), labels)
        given = [reader.coef_.T, reader.intercept_]
        if len(reader.intercept_) == 1:  # of two classes scikit-learn scores the second, and the net both
            given = [np.concatenate([-half, half], axis=-1) / 2 for half in given]
        net.get_layer("logits").set_weights(given)
    return net


def tuned(
    source: keras.Model,
    train: Labelled,
    *,
    rate: float,
    seed: int,
    scale: str = "quick",
    warm: bool = True,
    validation: Labelled | None = None,
) -> tuple[keras.Model, experiments.History]:
    """Train a copy of the source net, all of it, on the target pictures. Chapter: transfer."""
    keras.utils.set_random_seed(seed)
    net = with_head(source, *train, warm=warm)
    given = {"epochs": epochs(len(train[0]), scale), "batch": BATCH, "rate": rate, "seed": seed}
    return net, experiments.fit(net, *train, **given, validation=validation)


def scratch(
    train: Labelled, *, seed: int, scale: str = "quick", validation: Labelled | None = None
) -> tuple[keras.Model, experiments.History]:
    """Train a new net on the target pictures: as many steps, at the rate of the source net. Chapter: transfer."""
    keras.utils.set_random_seed(seed)
    net = nets.small_vgg(classes=len(np.unique(train[1])))
    given = {"epochs": epochs(len(train[0]), scale), "batch": BATCH, "rate": nets.RATE, "seed": seed}
    return net, experiments.fit(net, *train, **given, validation=validation)
