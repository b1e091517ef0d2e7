"""The stored experiments of the page: designs at equal prices, poolings, and padding where the evidence is."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace

import keras

from cvnotes import experiments

from . import tasks
from .building import build
from .grammar import Pattern, parse
from .matching import cost, match

#: The pattern that all designs are compared with.
BASE = parse("INPUT -> [[CONV -> RELU]*N -> POOL]*M -> [FC -> RELU]*K -> FC", N=1, M=3, K=2, width=8)
STRIDES, TWO = replace(BASE, pool="stride"), replace(BASE, N=2)
RATE, BATCH = 4e-3, 32  # better than 2e-3 for every design, on a split that is used for nothing else
EPOCHS = {"quick": 20, "full": 80}

#: How far a live run may be from the stored one, on another processor or backend.
TOLERANCE = 0.06


def price(pattern: Pattern, kind: str) -> int:
    """Count the parameters or multiply-accumulates ("macs") of a design on the digits of the page."""
    return cost(pattern, kind, tasks.PICTURE, tasks.CLASSES)


@functools.cache
def designs() -> dict[str, Pattern]:
    """Every design by its name; "= MACs" and "= parameters" have the price of the first. Chapter: layer_patterns."""

    def equal(pattern: Pattern, kind: str) -> Pattern:
        return match(pattern, price(BASE, kind), kind, tasks.PICTURE, tasks.CLASSES)

    return {
        "pool": BASE,
        "stride": STRIDES,
        "stride, = MACs": equal(STRIDES, "macs"),
        "two": TWO,
        "two, = parameters": equal(TWO, "parameters"),
        "two, = MACs": equal(TWO, "macs"),
        "average": replace(BASE, pool="average"),
        "8 at once": replace(BASE, pool=("max", "none", "none"), window=8),
        "none": replace(BASE, pool="none"),
    }


def trained(name: str, task: str, seed: int, scale: str = "quick") -> keras.Model:
    """Seed, build and train one of `designs` on digits that change anew at each step."""
    pattern, (train, _) = designs()[name], tasks.task(task, seed)
    keras.utils.set_random_seed(seed)
    model = build(pattern, tasks.PICTURE, tasks.CLASSES)
    options = {"epochs": EPOCHS[scale], "batch": BATCH, "rate": RATE, "seed": seed}
    experiments.fit(model, *train, augment=tasks.TASKS[task], **options)
    return model


def scores(names: Sequence[str], seed: int, scale: str) -> dict[str, float]:
    """Train some of `designs` on both tasks; accuracy on the digits of the split's other half, by task and name."""
    pairs = [(task, name) for task in tasks.TASKS for name in names]
    return {
        f"{task} {name}": experiments.accuracy(trained(name, task, seed, scale), *tasks.task(task, seed)[1])
        for task, name in pairs
    }


@experiments.experiment(version=1, seeds=5)
def strides(seed: int, scale: str) -> dict[str, float]:
    """Shrink by a pool behind each convolution or by its stride, as is and at equal multiply-accumulates."""
    return scores(("pool", "stride", "stride, = MACs"), seed, scale)


@experiments.experiment(version=1, seeds=5)
def depths(seed: int, scale: str) -> dict[str, float]:
    """Put two convolutions before each pool, as is, at equal parameters and at equal multiply-accumulates."""
    return scores(("two", "two, = parameters", "two, = MACs"), seed, scale)


@experiments.experiment(version=1, seeds=5)
def poolings(seed: int, scale: str) -> dict[str, float]:
    """Change the pools of the first design: averages, one large window at the start, or no pool at all."""
    return scores(("average", "8 at once", "none"), seed, scale)


@experiments.experiment(version=1, seeds=5)
def paddings(seed: int, scale: str) -> dict[str, float]:
    """Train the same stack with and without zeros at the border, on digits in a corner and in the middle."""
    found = {}
    for place in tasks.PLACES:
        train, test = tasks.digits(place, seed)
        for padding in ("same", "valid"):
            keras.utils.set_random_seed(seed)
            model = tasks.unpooled(padding)
            experiments.fit(model, *train, epochs=EPOCHS[scale], batch=BATCH, rate=RATE, seed=seed)
            found[f"{place}_{padding}"] = experiments.accuracy(model, *test)
    return found
