"""What a step costs with batch normalization, beside the same step without. Chapter: why_normalization."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import layers

from cvnotes import experiments

from .effects import block, conv_net, dense_net, learner
from .folding import fold

ROUNDS, BATCH = 15, 64


def separable_net(norm: str) -> keras.Sequential:
    """Four depthwise and pointwise convolutions, with little arithmetic in each. Chapter: why_normalization."""
    stages = []
    for filters in (16, 16, 32, 32):
        stages += block(layers.DepthwiseConv2D(3, padding="same"), norm, "relu")
        stages += block(layers.Conv2D(filters, 1), norm, "relu")
    return keras.Sequential([keras.Input((16, 16, 8)), *stages, layers.GlobalAveragePooling2D(), layers.Dense(10)])


NETS: dict[str, Callable[[str], keras.Sequential]] = {
    "dense, 6 × 64": dense_net,
    "dense, 6 × 1,024": lambda norm: dense_net(norm, width=1024),
    "ConvNet, 8 filters": conv_net,
    "ConvNet, 32 filters": lambda norm: conv_net(norm, side=16, width=32),
    "depthwise ConvNet": separable_net,
}


def race(build: Callable[[str], keras.Sequential], seed: int) -> dict[str, float]:
    """Time a training step and a prediction with normalization beside the same without; and folded.

    Medians over the rounds, in which the nets take turns. Chapter: why_normalization.
    """
    plain, normal = learner(build("plain")), learner(build("before"))
    folded = learner(fold(normal))
    dice = np.random.default_rng(seed)
    x = dice.normal(size=(BATCH, *plain.input_shape[1:])).astype("float32")
    y = dice.integers(10, size=BATCH)
    steps = {"plain": lambda: plain.train_on_batch(x, y), "step": lambda: normal.train_on_batch(x, y)}
    nets = {"plain": plain, "inference": normal, "folded": folded}
    looks = {name: lambda net=net: net.predict_on_batch(x) for name, net in nets.items()}
    found = {}
    for calls in (steps, looks):
        times = experiments.race(calls, ROUNDS, warm=3, seed=seed)
        found |= {name: float(np.median(times[name] / times["plain"])) for name in calls if name != "plain"}
    return found


@experiments.experiment(version=1, seeds=5)
def step_cost(seed: int, scale: str) -> dict[str, list[float]]:
    """Race five nets with and without normalization: a training step, a prediction, and a prediction once folded."""
    del scale
    runs = [race(build, seed) for build in NETS.values()]
    return {name: [run[name] for run in runs] for name in runs[0]}
