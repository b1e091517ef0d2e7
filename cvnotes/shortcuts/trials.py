"""The experiments of the page shortcuts that train dense stacks in NumPy: depth, gradients, first blocks, gates."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import RidgeClassifier

from cvnotes import experiments
from cvnotes.backpropagation import Network
from cvnotes.checks import whole
from cvnotes.linear_classifiers import softmax_loss
from cvnotes.normalization.effects import Given, split
from cvnotes.optimization import momentum

from .stacks import flat, signals, sizes, stack
from .training import fit

WIDTH, EPOCHS = 32, {"quick": 15, "full": 60}
BLOCKS, CUT = (2, 5, 10, 20), 10  # two layers of weights in each; where blocks are taken out of the trained nets
DEPTH_RATES, GATE_RATES = (3e-3, 1e-2, 3e-2), (1e-3, 3e-3, 1e-2)
#: Adam's rate where none is searched for: the best of `GATE_RATES` on held-out digits of two other seeds.
RATES = {
    ("plain", False): 1e-3,
    ("plain", True): 1e-2,
    ("v1", False): 1e-2,
    ("v1", True): 1e-2,
    ("v2", False): 3e-3,
    ("v2", True): 1e-2,
    ("highway", False): 1e-2,
}


@functools.cache
def rows(seed: int) -> Given:
    """Digits as rows of 64 pixels less the mean of those to train on: 1,000, 347 to choose by, 450 to test."""
    given = split(seed)
    mean = given.x.mean(0)
    return Given(*((part - mean).reshape(len(part), -1) if part.ndim == 4 else part for part in given))


class Trained(NamedTuple):
    """A net, its mean loss by epoch, and its loss on the digits that a rate is chosen by."""

    net: Network
    losses: list[float]
    held_out: float


def trained(net: Network, rate: float, given: Given, seed: int, epochs: int) -> Trained:
    """Train a net by Adam. Chapter: shortcuts."""
    losses = fit(net, given.x, given.y, epochs=epochs, rate=rate, seed=seed)
    return Trained(net, losses, softmax_loss(net.forward(given.val_x), given.val_y)[0])


def best(build: Callable[[], Network], rates: Sequence[float], given: Given, seed: int, epochs: int) -> Trained:
    """Train one net for each rate, and keep that with the least loss on held-out digits. Chapter: shortcuts."""
    runs = [trained(build(), rate, given, seed, epochs) for rate in rates]
    return min(runs, key=lambda run: run.held_out)


def errors(net: Network, given: Given) -> list[float]:
    """The share of wrong answers on the digits trained on and on the test digits, each named in one batch."""
    return [1 - net.accuracy(given.x, given.y), 1 - net.accuracy(given.test_x, given.test_y)]


def without(net: Network, i: int) -> Network:
    """The same net, weights shared, with block i left out; the first block is 1.

    Raises ValueError for a block that is not there. Chapter: shortcuts.
    """
    whole("i", i, 1, len(net.layers) - 2)
    return Network([layer for place, layer in enumerate(net.layers) if place != i])


@experiments.experiment(version=1, seeds=5)
def depth(seed: int, scale: str) -> dict[str, list[float]]:
    """Train plain and residual stacks of 6 to 42 layers, all with batch normalization; take blocks out of those of 22.

    For each kind: the errors in training and test by depth, and the test error without each block.
    """
    given, found = rows(seed), {}
    for kind in ("plain", "v1"):
        builds = [partial(stack, kind, n, width=WIDTH, normalized=True, seed=seed) for n in BLOCKS]
        nets = [best(build, DEPTH_RATES, given, seed, EPOCHS[scale]).net for build in builds]
        both = np.array([errors(net, given) for net in nets])
        found |= {f"{kind}_train": both[:, 0], f"{kind}_test": both[:, 1]}
        cuts = [without(nets[BLOCKS.index(CUT)], i) for i in range(1, CUT + 1)]
        found[f"{kind}_without"] = [errors(net, given)[1] for net in cuts]
    return found


@experiments.experiment(version=1, seeds=5)
def gradients(seed: int, scale: str) -> dict[str, list[float]]:
    """Measure the loss's gradient between the 15 blocks of each stack, before training and after."""
    given, found = rows(seed), {}
    for (kind, normalized), rate in RATES.items():
        name = f"{kind}{'_bn' if normalized else ''}"
        net = stack(kind, 15, width=WIDTH, normalized=normalized, seed=seed)
        found[f"{name}_before"] = sizes(signals(net, given.val_x, given.val_y).gradients)
        trained(net, rate, given, seed, EPOCHS[scale])
        found[f"{name}_after"] = sizes(signals(net, given.val_x, given.val_y).gradients)
        found[f"{name}_wrong"] = errors(net, given)
    return found


# The first block -----------------------------------------------------------------------------------------------------

FIRST = {"plain": ("plain", False), "plain_bn": ("plain", True), "v1_bn": ("v1", True)}
SGD_RATES = {"plain": 0.01, "plain_bn": 0.03, "v1_bn": 0.03}  # of 0.003 to 0.1, chosen as `RATES`
LOOKS = (0, 1, 2, 4, 8, 15, 30, 60, 120, 225)  # steps at which the first block is read; fifteen make an epoch

#: How far a live run may be from the stored one, on another processor.
TOLERANCE = {
    f"{name}_{what}": room
    for name in FIRST
    for what, room in {"first": 0.05, "last": 0.05, "probe": 0.1, "test": 0.3}.items()
}


def probe(net: Network, given: Given) -> float:
    """How many held-out digits a ridge classifier names that reads the first block's output. Chapter: shortcuts."""
    front = Network(net.layers[:2])
    reader = RidgeClassifier(1.0).fit(front.forward(given.x), given.y)
    return float(reader.score(front.forward(given.val_x), given.val_y))


def kernels(block: Network) -> np.ndarray:
    """All numbers of a block's weight matrices in one row."""
    return np.concatenate([weight.ravel() for layer in flat(block) for weight in layer.weights if weight.ndim == 2])


class Watch:
    """Follows the first and the last block of a net in training: the share of its length that each moves in a step."""

    def __init__(self, net: Network, given: Given):
        self.net, self.given, self.ratios, self.probes = net, given, [], [probe(net, given)]
        self.before = self.now()

    def now(self) -> list[np.ndarray]:
        return [kernels(self.net.layers[place]) for place in (1, -2)]

    def __call__(self, step: int) -> None:
        after = self.now()
        pairs = zip(after, self.before, strict=True)
        self.ratios.append([np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in pairs])
        self.before = after
        if step in LOOKS:
            self.probes.append(probe(self.net, self.given))


@experiments.experiment(version=1, seeds=5)
def first_block(seed: int, scale: str) -> dict[str, list[float]]:
    """Train three stacks of 15 blocks by SGD with momentum; follow what the first block moves and what can be read."""
    given, found = rows(seed), {}
    for name, (kind, normalized) in FIRST.items():
        net = stack(kind, 15, width=WIDTH, normalized=normalized, seed=seed)
        watch = Watch(net, given)
        fit(net, given.x, given.y, epochs=15, rate=SGD_RATES[name], seed=seed, rule=momentum, look=watch)
        by_epoch = np.reshape(watch.ratios, (15, -1, 2)).mean(1)
        found |= {f"{name}_first": by_epoch[:, 0], f"{name}_last": by_epoch[:, 1], f"{name}_probe": watch.probes}
        found[f"{name}_test"] = errors(net, given)[1:]
    return found


# Gates ---------------------------------------------------------------------------------------------------------------

PLAIN_WIDTH = 45  # a plain layer of 45 units has two in a hundred fewer parameters than a highway layer of 32
#: Layers of weights: the blocks that make them, and where the gates' biases start.
GATED = {30: (14, (-2.0, 0.0, 2.0)), 60: (29, (-2.0, -4.0))}


def opened(net: Network, x: np.ndarray) -> list[float]:
    """The mean gate of every highway layer, for these rows. Chapter: shortcuts."""
    net.forward(x)
    return [float(layer.kept[2].mean()) for layer in flat(net) if len(layer.weights) == 4]


@experiments.experiment(version=1, seeds=5)
def gates(seed: int, scale: str) -> dict[str, list[float]]:
    """Train 30 and 60 layers, plain and highway, with gates that start open, half open or nearly shut.

    For each: the loss by epoch, the right answers in training and test, and the mean gate of each layer at the end.
    """
    given, found = rows(seed), {}
    for layers, (blocks, biases) in GATED.items():
        builds = {f"plain_{layers}": partial(stack, "plain", blocks, width=PLAIN_WIDTH, seed=seed)}
        for bias in biases:
            build = partial(stack, "highway", blocks, width=WIDTH, gate_bias=bias, seed=seed)
            builds[f"{bias:+g}_{layers}"] = build
        for name, build in builds.items():
            net, losses, _ = best(build, GATE_RATES, given, seed, EPOCHS[scale] * 4 // 3)
            found |= {f"{name}_loss": losses, f"{name}_wrong": errors(net, given)}
            if not name.startswith("plain"):
                found[f"{name}_gates"] = opened(net, given.val_x)
    return found
