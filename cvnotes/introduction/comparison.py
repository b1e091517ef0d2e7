"""A dense net against a ConvNet: one digit on a small canvas, in its middle or anywhere. Chapter: why_convolution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

from cvnotes import convolution, data, experiments, models
from cvnotes.checks import whole

SIDE = 16  # of the canvas, in pixels; a digit has 8
PLACES = ("middle", "anywhere")
SIZES = (50, 100, 200, 500, 1300)  # training digits of the learning curves
STEPS, RATE = {"quick": 400, "full": 2400}, 6e-3  # tried from 1e-3 to 1e-2 on other seeds: it suits both nets
HIDDEN, WIDTH, LARGE = 128, 8, 1024  # the dense net, the ConvNet and the large dense net of the page
DENSE, CONV = (16, 32, LARGE), (2, 4, 32)  # the other widths whose gap is drawn against their parameters

Array = np.ndarray
Build = Callable[[], keras.Model]


class Split(NamedTuple):
    """Pictures (n, 16, 16, 1) and labels for training, then those for testing."""

    x: np.ndarray
    y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray


def put(images: np.ndarray, place: str, dice: np.random.Generator) -> np.ndarray:
    """Put digits (n, 8, 8, 1) on canvases (n, 16, 16, 1): all in the middle, or each anywhere.

    Raises ValueError for another place. Chapter: why_convolution.
    """
    if place not in PLACES:
        raise ValueError(f"place must be one of {', '.join(PLACES)}. Received: place={place!r}")
    room = SIDE - images.shape[1]
    corners = dice.integers(room + 1, size=(2, len(images))) if place == "anywhere" else [[room // 2] * len(images)] * 2
    return convolution.on_canvas(images, *corners, (SIDE, SIDE))


def split(place: str, count: int, seed: int) -> Split:
    """Choose `count` training digits and put them and all 450 test digits at their places; a seed repeats both.

    Of one seed, fewer digits are the first of more. Raises ValueError for a count outside 1 to 1,347.
    Chapter: why_convolution.
    """
    digits, dice = data.digits(), np.random.default_rng(seed)
    chosen = dice.permutation(len(digits.train_images))[: whole("count", count, 1, len(digits.train_images))]
    x, test_x = (put(each, place, dice) for each in (digits.train_images, digits.test_images))
    return Split(x[chosen], digits.train_labels[chosen], test_x, digits.test_labels)


def dense_net(
    width: int = HIDDEN,
    classes: int = 10,
    dropout: float = 0.0,
    decay: float = 0.0,
) -> keras.Model:
    """One hidden layer, each of whose `width` units sees all 256 pixels."""
    layers, rule = keras.layers, keras.regularizers.L2(decay) if decay else None
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            layers.Flatten(),
            layers.Dense(width, "relu", kernel_regularizer=rule, name="hidden"),
            *([layers.Dropout(dropout)] if dropout else []),
            layers.Dense(classes, name="scores"),
        ]
    )


def conv_net(width: int = WIDTH, classes: int = 10, **switches: str) -> keras.Model:
    """Two stages of 3 x 3 filters, ReLU, pooling; twice as many in the second."""
    given = {"input_shape": (SIDE, SIDE, 1), "width": width, "classes": classes}
    return models.build("small-convnet", **given, **switches)


def windows_net(shared: bool) -> keras.Model:
    """Two stages of 3 x 3 windows without padding: filters shared over all places, or own weights at each place."""
    layers = keras.layers

    def stage(filters: int) -> list[keras.Layer]:
        kind = layers.Conv2D if shared else convolution.Unshared
        return [kind(filters, 3, activation="relu"), layers.MaxPooling2D(2)]

    return keras.Sequential(
        [keras.Input((SIDE, SIDE, 1)), *stage(WIDTH), *stage(2 * WIDTH), layers.Flatten(), layers.Dense(10)]
    )


def passes(count: int, scale: str) -> int:
    """Passes over `count` digits in batches of 32 that make at least 400 steps, and at least 20 passes."""
    per_pass = max(1, count // 32)
    return -(-max(STEPS[scale], 20 * per_pass) // per_pass)


def trained(build: Build, x: Array, y: Array, seed: int, scale: str, **more):
    """Seed, build and train a net for as many steps, however few digits."""
    keras.utils.set_random_seed(seed)
    model, options = build(), {"batch": 32, "rate": RATE, "seed": seed}
    experiments.fit(model, x, y, epochs=passes(len(x), scale), **options, **more)
    return model


def scores(build: Build, given: Split, seed: int, scale: str) -> dict[str, float]:
    """Accuracy of a new net on its own and on test digits; its parameters."""
    model = trained(build, given.x, given.y, seed, scale)
    return {
        "train": experiments.accuracy(model, given.x, given.y),
        "test": experiments.accuracy(model, given.test_x, given.test_y),
        "parameters": model.count_params(),
    }


def series(name: str, runs: Sequence[dict[str, float]]) -> dict[str, list[float]]:
    """Turn the scores of several nets into one list for each number, named `name_train` and so on."""
    return {f"{name}_{key}": [run[key] for run in runs] for key in runs[0]}


@experiments.experiment(version=1, seeds=5)
def curves(seed: int, scale: str) -> dict[str, list[float]]:
    """Train both nets on 50 to 1,300 digits, in the middle and anywhere: two learning curves for each place."""
    found = {}
    for place in PLACES:
        whole_set = split(place, max(SIZES), seed)
        parts = [whole_set._replace(x=whole_set.x[:n], y=whole_set.y[:n]) for n in SIZES]
        for name, build in (("dense", dense_net), ("conv", conv_net)):
            found |= series(f"{place}_{name}", [scores(build, part, seed, scale) for part in parts])
    return found


@experiments.experiment(version=1, seeds=5)
def widths(seed: int, scale: str) -> dict[str, list[float]]:
    """Train narrower and wider nets of each kind on 500 digits; the widths of the page are in `curves`."""
    found = {}
    for place in PLACES:
        given = split(place, 500, seed)
        for name, net, sizes in (("dense", dense_net, DENSE), ("conv", conv_net, CONV)):
            runs = [scores(lambda net=net, width=width: net(width), given, seed, scale) for width in sizes]
            found |= series(f"{place}_{name}", runs)
    return found


@experiments.experiment(version=1, seeds=5)
def remedies(seed: int, scale: str) -> dict[str, float]:
    """Hold back a large dense net: dropout, weight decay, and early stopping so kind that it sees the test digits."""
    found = {}
    for place in PLACES:
        given = split(place, 500, seed)
        held = {"dropout": {"dropout": 0.5}, "decay": {"decay": 1e-3}}
        for name, options in held.items():
            run = scores(lambda options=options: dense_net(LARGE, **options), given, seed, scale)
            found |= {f"{place}_{name}_{key}": run[key] for key in ("train", "test")}
        curve = stopped(given, seed, scale)
        found |= {f"{place}_stopped_test": max(curve), f"{place}_plain_test": curve[-1]}
    return found


def stopped(given: Split, seed: int, scale: str) -> list[float]:
    """Accuracy of the large dense net on the test digits after every pass over the training digits."""
    keras.utils.set_random_seed(seed)
    model, test = dense_net(LARGE), (given.test_x, given.test_y)
    options = {"epochs": passes(len(given.x), scale), "batch": 32, "rate": RATE, "seed": seed}
    return experiments.fit(model, given.x, given.y, validation=test, **options)["val_accuracy"]


@experiments.experiment(version=1, seeds=5)
def ladder(seed: int, scale: str) -> dict[str, float]:
    """Take the step from dense to convolution in two: first look through windows, then share their weights."""
    found = {}
    for place in PLACES:
        given = split(place, 500, seed)
        for name, shared in (("unshared", False), ("shared", True)):
            run = scores(lambda shared=shared: windows_net(shared), given, seed, scale)
            found |= {f"{place}_{name}_{key}": value for key, value in run.items()}
    return found


@experiments.experiment(version=1, seeds=5)
def linear(seed: int, scale: str) -> dict[str, list[float]]:
    """Fit a linear classifier to the digits of `curves`, with scikit-learn's logistic regression."""
    found = {}
    for place in PLACES:
        every, fits = split(place, max(SIZES), seed), []
        for n in SIZES:
            model = LogisticRegression(max_iter=2000).fit(every.x[:n].reshape(n, -1), every.y[:n])
            fits.append([model.score(x.reshape(len(x), -1), y) for x, y in ((every.x[:n], every.y[:n]), every[2:])])
        found |= {f"{place}_linear_train": [fit[0] for fit in fits], f"{place}_linear_test": [fit[1] for fit in fits]}
    return found
