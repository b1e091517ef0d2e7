"""What a CapsNet costs: multiplications by rule, and steps of training to race."""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
import numpy as np

from cvnotes import backend
from cvnotes.models.rules import Cost, Shape, rule

from .nets import CapsNet


@rule("PrimaryCapsules")
def _primary(layer: keras.Layer, inputs: list[Shape], output: Shape) -> Cost:
    """As its convolution; which place a capsule comes from can no longer be told."""
    return Cost(math.prod(output) * math.prod(layer.kernel_size) * inputs[0][-1], None)


@rule("Capsules")
def _capsules(layer: keras.Layer, inputs: list[Shape], output: Shape) -> Cost:
    r"""Votes :math:`i j d k`; each round a sum of votes :math:`i j d`, and all but the last as much for agreement."""
    parts, numbers = inputs[0]
    pairs = parts * layer.count * layer.dimension
    return Cost(pairs * numbers + pairs * (2 * layer.rounds - 1), None)


@rule("Lengths", "Chosen")
def _pointwise(layer: keras.Layer, inputs: list[Shape], output: Shape) -> Cost:
    """Squares and masks, no sum of products with weights."""
    return Cost(0, None)


def stepper(net: keras.Model, batch: int, rate: float = 1e-3, seed: int = 0) -> Callable[[], object]:
    """Make a net ready for training, and give a function that takes one step on a batch of noise.

    A CapsNet trains on both its losses, another net on cross-entropy. Chapter: capsnet.
    """
    dice = np.random.default_rng(seed)
    shape = (net.encoder if isinstance(net, CapsNet) else net).input_shape[1:]
    x, y = dice.random((batch, *shape), dtype="float32"), dice.integers(0, 10, batch)
    loss = net.compute_loss if isinstance(net, CapsNet) else keras.losses.SparseCategoricalCrossentropy(True)
    net.compile(keras.optimizers.Adam(rate), loss=loss, jit_compile=backend.jit_compile())
    return lambda: net.train_on_batch(x, y)
