"""Who takes part in the contest, how all of them are trained, and what they are asked."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import numpy as np

from cvnotes import data, experiments
from cvnotes.checks import choice
from cvnotes.pooling.measures import four_ways, rotate

from . import moves, parts, peers
from .nets import CapsNet

#: Who takes part, and how it is built. All of them share their convolutions.
ARMS = {
    "capsules": peers.capsule_net,
    "uniform": functools.partial(peers.capsule_net, rounds=1),
    "blind": functools.partial(peers.capsule_net, redraws=False),
    "convnet": peers.conv_net,
}
READERS = ("capsules", "uniform", "convnet")
TRIED = (4e-3, 8e-3, 16e-3)

#: Learning rates, the best of `TRIED` on digits held out from training (the experiment `rates`).
RATES = {"capsules": 8e-3, "uniform": 8e-3, "blind": 8e-3, "convnet": 4e-3}
#: The same for painted shapes, on scenes that no test shows.
PAINTED = {"capsules": 4e-3, "uniform": 4e-3, "convnet": 2e-3}
SHAPES = ("disc", "square", "triangle", "star", "cross")

#: How far training shifts its digits, in pixels either way, and how often it shows them all.
TRAINED = {"calm": (1, 8), "strewn": (2, 16)}
TESTS = ("as they are", "shifted by 2", "turned by 30°", "quarters scrambled", "two overlapping")


def passes(scale: str, quick: int) -> int:
    """How often training shows all pictures: four times as often with patience."""
    return {"quick": quick, "full": 4 * quick}[scale]


def loss_of(net: keras.Model, rows: bool):
    """The loss of a net: a CapsNet has its own; for a ConvNet it depends on whether answers are rows (n, classes)."""
    if isinstance(net, CapsNet):
        return net.compute_loss
    return keras.losses.BinaryCrossentropy(from_logits=True) if rows else None


def taught(
    arm: str,
    x: np.ndarray,
    y: np.ndarray,
    *,
    seed: int,
    epochs: int,
    augment: Callable | None = None,
    rate: float | None = None,
    **size,
) -> keras.Model:
    """Build and train one of `ARMS` on labels (n,) or rows (n, classes), at its own rate unless told.

    size: of the net, see `peers`. Raises ValueError for another arm. Chapter: capsnet.
    """
    choice("arm", arm, ARMS)
    keras.utils.set_random_seed(seed)
    net = ARMS[arm](**size)
    options = {"epochs": epochs, "batch": 32, "rate": rate or RATES[arm], "seed": seed, "augment": augment}
    experiments.fit(net, x, y, loss=loss_of(net, np.ndim(y) == 2), **options)
    return net


@functools.lru_cache(maxsize=32)
def trained(arm: str, training: str = "strewn", seed: int = 0, scale: str = "quick") -> keras.Model:
    """Train one arm on digits shifted as `TRAINED` says; asked twice, it trains once. Chapter: capsnet."""
    d, (most, epochs) = moves.digits(), TRAINED[training]
    shifted = moves.shifts(most)
    return taught(arm, d.train_images, d.train_labels, seed=seed, epochs=passes(scale, epochs), augment=shifted)


def tasks(seed: int) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """Test digits by what is done to them (`TESTS`): pictures with labels (n,), or with rows (n, 10) for pairs."""
    d, core = moves.digits(), data.digits().test_images
    x, y = d.test_images, d.test_labels
    mixed = parts.scrambled(core, parts.orders(len(core), 1000 + seed))
    over, rows, _ = moves.laid_over(x, y, 1000, 2000 + seed)
    views = ([x], four_ways(x, 2), [rotate(x, angle) for angle in (-30, 30)], [moves.roomy(mixed)])
    found = {name: [(view, y) for view in given] for name, given in zip(TESTS[:-1], views, strict=True)}
    return {**found, TESTS[-1]: [(over, rows)]}


def named(net: keras.Model, pictures: np.ndarray, truth: np.ndarray) -> float:
    """The share of pictures whose class, or both of whose classes, a net names. Chapter: capsnet."""
    return peers.right(net, pictures, truth) if np.ndim(truth) == 1 else peers.both(net, pictures, truth)


def painted(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Paint coloured, textured shapes on cluttered ground, (count, 20, 20, 3), each of one of `SHAPES` (count,).

    Turned by up to 20 degrees either way. Chapter: capsnet.
    """
    options = {"radius": (0.3, 0.42), "turn": 20, "clutter": 0.2}
    found = data.scenes(count, seed, 20, objects=1, classes=SHAPES, **options)
    return found.floats, found.labels[:, 0]
