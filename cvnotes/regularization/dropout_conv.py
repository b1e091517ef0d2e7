"""The experiments of the chapter dropout with ConvNets: where dropout goes, and beside batch normalization."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import data, experiments

from .dropout_trials import COUNTS, RATES
from .problem import digits

STEPS = {"quick": 400, "full": 2400}
LONG = {"quick": 1000, "full": 6000}
PLACES = ("nowhere", "wide layer", "narrow layer", "conv blocks", "whole maps", "everywhere")
WIDE, NARROW = 512, 16


def placed_net(place: str, rate: float = 0.5) -> keras.Model:
    """Two conv blocks, a wide dense layer, a narrow one, ten scores; dropout at one place, or at three.

    "whole maps" is SpatialDropout2D behind the conv blocks: a map is dropped with all its places.
    "everywhere" is behind blocks, wide and narrow layer. Raises ValueError for another place. Chapter: dropout.
    """
    if place not in PLACES:
        raise ValueError(f"place must be one of {', '.join(PLACES)}. Received: place={place!r}")
    layers = keras.layers

    def drop(*places: str) -> list[keras.Layer]:
        kind = layers.SpatialDropout2D if place == "whole maps" else layers.Dropout
        return [kind(rate)] if place in places else []

    def block(filters: int) -> list[keras.Layer]:
        conv = layers.Conv2D(filters, 3, padding="same", activation="relu")
        return [conv, layers.MaxPooling2D(2), *drop("conv blocks", "whole maps", "everywhere")]

    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            *block(16),
            *block(32),
            layers.Flatten(),
            layers.Dense(WIDE, "relu"),
            *drop("wide layer", "everywhere"),
            layers.Dense(NARROW, "relu"),
            *drop("narrow layer", "everywhere"),
            layers.Dense(10),
        ]
    )


def normalized_net(rate: float) -> keras.Model:
    """Two conv blocks with batch normalization and dropout at this rate behind each; digits of 8 x 8."""
    layers = keras.layers

    def block(filters: int) -> list[keras.Layer]:
        conv = layers.Conv2D(filters, 3, padding="same", use_bias=False)
        norm = [layers.BatchNormalization(momentum=0.9), layers.ReLU(), layers.MaxPooling2D(2)]
        return [conv, *norm, *([layers.Dropout(rate)] if rate else [])]

    return keras.Sequential([keras.Input((8, 8, 1)), *block(16), *block(32), layers.Flatten(), layers.Dense(10)])


def fitted(model: keras.Model, x: np.ndarray, y: np.ndarray, seed: int, steps: int, rate: float = 5e-3) -> keras.Model:
    """Train for a number of steps that does not depend on how many digits there are."""
    epochs = -(-steps // max(1, len(x) // 32))
    experiments.fit(model, x, y, epochs=epochs, batch=32, rate=rate, seed=seed)
    return model


@experiments.experiment(version=1, seeds=10)
def placement(seed: int, scale: str) -> dict[str, float]:
    """Dropout of one half at one place of a ConvNet; 500 digits, a fifth of the labels wrong.

    Accuracy on its own digits as labelled and on test digits; the share of wrong labels that it repeats.
    """
    p, found = digits(seed, count=500), {}
    x, test_x = (rows.reshape(-1, 8, 8, 1).astype("float32") for rows in (p.x, p.test_x))
    for place in PLACES:
        keras.utils.set_random_seed(seed)
        net = fitted(placed_net(place), x, p.y, seed, LONG[scale], rate=2e-3)
        found[f"{place}_own"] = experiments.accuracy(net, x, p.y)
        found[f"{place}_test"] = experiments.accuracy(net, test_x, p.test_y)
        found[f"{place}_repeats"] = experiments.accuracy(net, x[p.wrong], p.y[p.wrong])
    return found


@experiments.experiment(version=1, seeds=5)
def beside_batch_norm(seed: int, scale: str) -> dict[str, float]:
    """Three rates in a ConvNet with batch normalization, few and many digits: accuracy on test digits."""
    d, found = data.digits(), {}
    for count in COUNTS:
        for rate in RATES:
            keras.utils.set_random_seed(seed)
            net = fitted(normalized_net(rate), d.train_images[:count], d.train_labels[:count], seed, STEPS[scale])
            found[f"{count}_{rate}"] = experiments.accuracy(net, d.test_images, d.test_labels)
    return found
