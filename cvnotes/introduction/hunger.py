"""How many labelled pictures a ConvNet needs, and what makes it need fewer. Chapter: why_convolution."""

from __future__ import annotations

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cvnotes import data, experiments

from .comparison import RATE, Array, conv_net, put, trained

LABELLED = (25, 50, 150, 600)  # digits 5 to 9 that a net may learn from
EPOCHS = {"quick": 60, "full": 200}  # of the teacher
WAYS = ("scratch", "other", "untrained", "moved", "anywhere_head")


def move(images: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Put a batch of 8 x 8 digits on the canvas, each at a new place."""
    return put(images, "anywhere", dice)


def body(model: keras.Model) -> keras.Model:
    """The net without its last layer: pictures in, features out."""
    return keras.Model(model.input, model.layers[-2].output)


def taught_on_low_digits(seed: int, scale: str) -> keras.Model:
    """Train a ConvNet on the digits 0 to 4, moved in every batch; it meets no 5."""
    digits = data.digits()
    low = digits.train_labels < 5
    keras.utils.set_random_seed(seed)
    model = conv_net(classes=5)
    x, y = digits.train_images[low], digits.train_labels[low]
    options = {"epochs": EPOCHS[scale], "batch": 32, "rate": RATE, "seed": seed}
    experiments.fit(model, x, y, **options, augment=move)
    return model


def probe(body: keras.Model, x: Array, y: Array, new_x: Array, new_y: Array) -> float:
    """Train a linear classifier on frozen features; accuracy on new pictures."""
    to_numpy = keras.ops.convert_to_numpy
    seen, new = (to_numpy(body(images, training=False)) for images in (x, new_x))
    reader = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    return reader.fit(seen, y).score(new, new_y)


def high_digits(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Small training digits 5 to 9 in an order of the seed, labels 0 to 4; test digits on the canvas, and labels."""
    digits, dice = data.digits(), np.random.default_rng(seed)
    rows = dice.permutation(np.flatnonzero(digits.train_labels > 4))
    test = digits.test_labels > 4
    placed = move(digits.test_images[test], dice)
    return digits.train_images[rows], digits.train_labels[rows] - 5, placed, digits.test_labels[test] - 5


@experiments.experiment(version=1, seeds=5)
def hunger(seed: int, scale: str) -> dict[str, list[float]]:
    """Learn 5 to 9, anywhere on the canvas, from 25 to 600 digits in five ways.

    From scratch; on features of a net that knows 0 to 4; on untrained features; with digits moved in training; and
    from scratch with a head that keeps the largest answer of each filter and forgets its place.
    """
    small, labels, *test = high_digits(seed)
    canvas = move(small, np.random.default_rng(seed + 1000))
    teacher = body(taught_on_low_digits(seed, scale))
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    keras.utils.set_random_seed(seed + 1000)
    blank = body(conv_net(classes=5))
    for n in LABELLED:
        x, y = canvas[:n], labels[:n]
        nets = {
            "scratch": trained(lambda: conv_net(classes=5), x, y, seed, scale),
            "moved": trained(lambda: conv_net(classes=5), small[:n], y, seed, scale, augment=move),
            "anywhere_head": trained(lambda: conv_net(2 * 8, classes=5, head="max"), x, y, seed, scale),
        }
        for name, features in (("other", teacher), ("untrained", blank)):
            found[name].append(probe(features, x, y, *test))
        for name, net in nets.items():
            found[name].append(experiments.accuracy(net, *test))
    return found


def needed(curve: np.ndarray, goal: float) -> float:
    """Labelled digits at which a curve over LABELLED reaches `goal`, read off between its points on a log scale.

    Infinite where it never does. Chapter: why_convolution.
    """
    above = np.flatnonzero(np.asarray(curve) >= goal)
    if not len(above):
        return float("inf")
    i = int(above[0])
    if i == 0:
        return float(LABELLED[0])
    share = (goal - curve[i - 1]) / (curve[i] - curve[i - 1])
    return float(np.exp(np.interp(share, [0, 1], np.log([LABELLED[i - 1], LABELLED[i]]))))
