"""The four numbers that a designer of a convolution layer chooses, one at a time. Chapter: why_convolution."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np

from cvnotes import experiments

from .comparison import SIDE, Array, split, trained

Setting = int | str
BASE: dict[str, Setting] = {"filters": 8, "size": 3, "stride": 1, "padding": "same"}
SETTINGS: dict[str, tuple[Setting, ...]] = {
    "filters": (2, 4, 8, 16),
    "size": (1, 3, 5, 7),
    "stride": (1, 2, 4),
    "padding": ("valid", "same"),
}
ROUNDS, BATCH = 10, 256  # of the timing


def first_layer_net(filters: int, size: int, stride: int, padding: str):
    """A ConvNet whose first layer has these settings; the rest stays as it is."""
    layers, options = keras.layers, {"padding": padding, "activation": "relu"}
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            layers.Conv2D(filters, size, strides=stride, **options, name="first"),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def cases() -> dict[tuple[str, Setting], dict[str, Setting]]:
    """Every setting changed alone, as (name, value) -> all four settings; the base appears under each name."""
    return {(name, value): BASE | {name: value} for name, values in SETTINGS.items() for value in values}


def step_ratios(nets: Mapping, base: keras.Model, x: Array, y: Array) -> dict:
    """Time a training step of each net beside the base net; median over the rounds.

    The nets take turns, so that whatever else the machine does meets them alike.
    """
    every = {**nets, None: base}
    steps = {key: lambda model=model: model.train_on_batch(x, y) for key, model in every.items()}
    times = experiments.race(steps, ROUNDS, warm=3)  # the first rounds still build graphs
    return {key: float(np.median(times[key] / times[None])) for key in nets}


@experiments.experiment(version=1, seeds=5)
def settings(seed: int, scale: str) -> dict[str, list[float]]:
    """Change one setting of the first layer at a time: accuracy, parameters and time of a step beside the base net."""
    given = split("anywhere", 500, seed)
    base = trained(lambda: first_layer_net(**BASE), given.x, given.y, seed, scale)
    nets = {
        key: trained(lambda case=case: first_layer_net(**case), given.x, given.y, seed, scale)
        for key, case in cases().items()
        if case != BASE
    }
    exact = {key: experiments.accuracy(net, given.test_x, given.test_y) for key, net in nets.items()}
    level = experiments.accuracy(base, given.test_x, given.test_y)
    ratio = step_ratios(nets, base, given.x[:BATCH], given.y[:BATCH])
    found = {}
    for name, values in SETTINGS.items():
        keys = [(name, value) for value in values]
        found[f"{name}_accuracy"] = [exact.get(key, level) for key in keys]
        found[f"{name}_parameters"] = [nets.get(key, base).count_params() for key in keys]
        found[f"{name}_time"] = [ratio.get(key, 1.0) for key in keys]
    return found
