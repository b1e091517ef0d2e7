"""All sub-nets of a small net, one by one, and their averages, which dropout's test pass stands for.

Chapter: dropout.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes.checks import whole
from cvnotes.linear_classifiers import softmax

from . import given
from .dropout import chances, every_mask, kept_share

Array = np.ndarray


class TinyNet(NamedTuple):
    """A ReLU layer and a softmax layer: w1 (in, hidden), b1, w2 (hidden, classes), b2. Chapter: dropout."""

    w1: Array
    b1: Array
    w2: Array
    b2: Array

    def answer(self, x: Array, input_gate: Array | float = 1.0, hidden_gate: Array | float = 1.0) -> Array:
        """Probabilities (..., classes); gates multiply the input (..., in) and the hidden units (..., hidden)."""
        hidden = np.maximum((x * input_gate) @ self.w1 + self.b1, 0)
        return softmax((hidden * hidden_gate) @ self.w2 + self.b2)


def tiny_net(inputs: int, hidden: int, classes: int = 3, seed: int = 0) -> TinyNet:
    """Draw a small net: weights of variance 4 / inputs, so that units matter.

    Raises ValueError for sizes below 1. Chapter: dropout.
    """
    inputs, hidden = whole("inputs", inputs, 1), whole("hidden", hidden, 1)
    dice, classes = np.random.default_rng(seed), whole("classes", classes, 1)
    w1, w2 = (dice.normal(0, 2 / np.sqrt(n), (n, m)) for n, m in ((inputs, hidden), (hidden, classes)))
    return TinyNet(w1, dice.normal(0, 0.3, hidden), w2, dice.normal(0, 0.3, classes))


def arithmetic_mean(answers: Array, weights: Array) -> Array:
    r"""Average the sub-nets' probabilities, :math:`\sum_m P(m)\, p_m`: (masks, ..., classes) to (..., classes).

    Raises ValueError unless there is one weight a sub-net. Chapter: dropout.
    """
    answers, weights = _weighed(answers, weights)
    return np.tensordot(weights, answers, axes=1)


def geometric_mean(answers: Array, weights: Array) -> Array:
    r"""Multiply the sub-nets' probabilities, each to the power of its chance, and renormalise.

    .. math:: \tilde p_c = \frac{\prod_m p_{m,c}^{P(m)}}{\sum_{c'} \prod_m p_{m,c'}^{P(m)}}

    Raises ValueError as `arithmetic_mean`.
    Source: Goodfellow et al. (2016), section 7.12. Chapter: dropout.
    """
    answers, weights = _weighed(answers, weights)
    logs = np.tensordot(weights, np.log(np.maximum(answers, 1e-300)), axes=1)
    product = np.exp(logs - logs.max(-1, keepdims=True))
    return product / product.sum(-1, keepdims=True)


def _weighed(answers: Array, weights: Array) -> tuple[Array, Array]:
    """Both as arrays, or ValueError: one weight of at least 0 for each sub-net's probabilities."""
    answers, weights = (given.floats(*pair).astype(float) for pair in (("answers", answers), ("weights", weights)))
    if answers.ndim < 2 or weights.shape != answers.shape[:1] or not np.all(weights >= 0):
        wanted = "Give probabilities (masks, ..., classes) and a weight of at least 0 for each mask"
        raise ValueError(f"{wanted}. Received: shapes {answers.shape} and {weights.shape}")
    return answers, weights


class Averages(NamedTuple):
    """What the full net says, and both means over all sub-nets, (classes,) each; and every sub-net, (2**n, classes)."""

    scaled: Array
    arithmetic: Array
    geometric: Array
    every: Array


def enumerate_subnets(net: TinyNet, x: Array, rate: float, where: str) -> Averages:
    """Run every sub-net of one example x (in,), with inputs or hidden units dropped (inverted dropout).

    where: "input" or "hidden". Raises ValueError for another place, a rate outside
    0 <= rate < 1, or another shape of x. Chapter: dropout.
    """
    if where not in ("input", "hidden"):
        raise ValueError(f"where must be input or hidden. Received: where={where!r}")
    x = np.asarray(x)
    if x.shape != (len(net.w1),):
        raise ValueError(f"x must be one example ({len(net.w1)},). Received: {x.shape}")
    masks = every_mask(len(net.w1) if where == "input" else len(net.w2))
    weights = chances(masks, rate)
    gates = {f"{where}_gate": masks / kept_share(rate)}
    every = net.answer(x, **gates)
    return Averages(net.answer(x), arithmetic_mean(every, weights), geometric_mean(every, weights), every)
