"""Before or after the activation: each order with the rate that suits it. Chapter: why_normalization."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
from scipy.stats import t

from cvnotes import experiments
from cvnotes.introduction import permutation

from .effects import EPOCHS, Array, Given, best_rate, conv_net, dense_net, descend, learner, split

RATES = (0.03, 0.1, 0.3, 1.0, 3.0)  # the same budget for each order
ORDERS = ("before", "after")
SIDE = 8  # of a patch


class Difference(NamedTuple):
    """Accuracy of one way less that of another, each at its own best rate: per seed, mean, and 95 % interval of it."""

    seeds: Array
    mean: float
    low: float
    high: float
    rates: tuple[int, int]


def patches(seed: int) -> Given:
    """Patches (n, 8, 8, 1) of eight photographs: training from upper halves, test from lower ones.

    Chapter: why_normalization.
    """
    cut = slice((permutation.SIDE - SIDE) // 2, (permutation.SIDE + SIDE) // 2)
    x, y = permutation.texture_crops(1347, 2 * seed)
    test_x, test_y = permutation.texture_crops(450, 2 * seed + 1, test=True)
    x, test_x = x[:, cut, cut], test_x[:, cut, cut]
    return Given(x[:1000], y[:1000], x[1000:], y[1000:], test_x, test_y)


def tuned(one: tuple[Array, Array], other: tuple[Array, Array], confidence: float = 0.95) -> Difference:
    """Compare test accuracies at the rates that validation chooses for each; one, other: (val, test), (seeds, rates).

    confidence: of the interval. Raises ValueError for less than two seeds, other shapes, or a confidence that is not
    between 0 and 1. Chapter: why_normalization.
    """
    shapes = {np.shape(values) for values in (*one, *other)}
    if len(shapes) != 1 or min(map(len, shapes)) != 2 or next(iter(shapes))[0] < 2 or not 0 < confidence < 1:
        raise ValueError(f"Give (seeds, rates), two seeds or more. Received: {shapes}, confidence={confidence!r}")
    places = best_rate(one[0]), best_rate(other[0])
    seeds = one[1][:, places[0]] - other[1][:, places[1]]
    half = t.ppf((1 + confidence) / 2, len(seeds) - 1) * seeds.std(ddof=1) / np.sqrt(len(seeds))
    return Difference(seeds, float(seeds.mean()), float(seeds.mean() - half), float(seeds.mean() + half), places)


TASKS: dict[str, tuple[Callable[[int], Given], Callable[[str], keras.Model]]] = {
    "dense": (split, dense_net),
    "photos": (patches, conv_net),
}


@experiments.experiment(version=1, seeds=8)
def orders(seed: int, scale: str) -> dict[str, list[float]]:
    """Train both orders at every rate, a dense net on digits and a ConvNet on patches of photographs."""
    found = {}
    for task, (data, build) in TASKS.items():
        given = data(seed)
        for norm in ORDERS:
            keras.utils.set_random_seed(seed)
            model = learner(build(norm))
            start = model.get_weights()
            runs = [descend(model, start, given, rate, seed=seed, epochs=EPOCHS[scale]) for rate in RATES]
            for name in ("val", "test"):
                found[f"{task}_{norm}_{name}"] = [run[name][-1] for run in runs]
    return found
