"""The experiments on memory: peaks of real processes, and what recomputing costs in time. Chapter: densenet."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from cvnotes import backend
from cvnotes.experiments import experiment, race

from . import peaks
from .recompute import MODES, block_net

TIMED = (4, 12)
ROUNDS = {"quick": 8, "full": 30}


@experiment(version=1, seeds=5)
def memory_peaks(seed: int, scale: str) -> dict[str, list[float]]:
    """Peak memory of a training process beyond that of the shallowest block, in maps, for peaks.DEPTHS."""
    marks = {run: np.array(peaks.peaks_of(run, seed)) for run in peaks.RUNS}
    return {run: ((mark - mark[0]) / peaks.map_bytes()).tolist() for run, mark in marks.items()}


@experiment(version=1, seeds=5)
def memory_price(seed: int, scale: str) -> dict[str, list[float]]:
    """Time of a training step that recomputes over that of one that does not, for blocks of TIMED layers.

    eager, compiled: the step as Python runs it, and as Keras compiles it.
    gap: the largest difference in what a step changes (weights and running averages), over the largest change.
    """
    prices = [price_of(depth, seed, ROUNDS[scale]) for depth in TIMED]
    return {name: [price[name] for price in prices] for name in prices[0]}


def price_of(depth: int, seed: int, rounds: int) -> dict[str, float]:
    """The numbers of `memory_price` for one depth."""
    found = {"gap": 0.0}
    for how in ("eager", "compiled"):
        nets = equal_nets(depth, seed)
        steps = {mode: training_step(net, seed, compiled=how == "compiled") for mode, net in nets.items()}
        found["gap"] = max(found["gap"], gap_of(*(changes(nets[mode], steps[mode]) for mode in MODES)))
        times = race(steps, rounds, seed=seed)
        found[how] = float(np.median(times["recomputed"] / times["naive"]))
    return found


def equal_nets(depth: int, seed: int) -> dict[str, keras.Model]:
    """The same block with the same weights, trained in each of MODES."""
    keras.utils.set_random_seed(seed)
    nets = {mode: block_net(depth, mode, side=16) for mode in MODES}
    for net in nets.values():
        net.set_weights(nets["naive"].get_weights())
    return nets


def batch_of(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Eight inputs and targets, drawn."""
    dice = np.random.default_rng(seed)
    return dice.normal(size=(8, 16, 16, 24)).astype("float32"), dice.normal(size=(8, 5)).astype("float32")


def training_step(net: keras.Model, seed: int, *, compiled: bool = True, rate: float = 1e-2) -> Callable[[], object]:
    """A function that takes one training step on a fixed batch."""
    jit = compiled and backend.jit_compile()
    net.compile(keras.optimizers.SGD(rate), "mse", jit_compile=jit, run_eagerly=not compiled)
    x, y = batch_of(seed)
    return lambda: net.train_on_batch(x, y)


def changes(net: keras.Model, step: Callable[[], object]) -> list[np.ndarray]:
    """What one step changes in all weights of a net."""
    before = net.get_weights()
    step()
    return [after - weight for after, weight in zip(net.get_weights(), before, strict=True)]


def gap_of(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    """The largest difference between two lists of changes, over the largest change."""
    largest = max(np.abs(change).max() for change in one)
    return float(max(np.abs(a - b).max() for a, b in zip(one, other, strict=True)) / largest)
