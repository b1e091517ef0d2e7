"""The loss along the step that training is about to take: how much it varies, and how much its slope turns.

Chapter: why_normalization.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from cvnotes import backend, experiments

from .effects import BATCH, Array, Given, conv_net, dense_net, learner, split

NETS = {"dense": (dense_net, 0.1), "conv": (conv_net, 0.3)}  # each at a rate that suits it without normalization
FACTORS = (0.5, 1.0, 2.0, 4.0)  # step sizes, in steps of the training
STEPS, EVERY = {"quick": 100, "full": 400}, 4


Loss = Callable[[Sequence[Any]], Any]  # of a list of weights, one number


class Look(NamedTuple):
    """What was seen along one step: the loss here and at each step size (1 + sizes,), and how far the gradient turned
    at each size, as a fraction of its own length (sizes,).
    """

    losses: Array
    turned: Array


def batch_loss(model: keras.Model, x: Array, y: Array) -> Loss:
    """Write a model's loss on one batch, in training, as a function of its weights. Chapter: why_normalization."""
    measure, others = keras.losses.SparseCategoricalCrossentropy(from_logits=True), model.non_trainable_variables

    def loss(weights):
        scores, _ = model.stateless_call(weights, others, x, training=True)
        return measure(y, scores)

    return loss


def along_step(loss: Loss, weights: Sequence[Array], sizes: Sequence[float]) -> Look:
    r"""Move from the weights against the gradient by several step sizes and look around.

    $$ L(\theta - \eta g), \qquad \frac{\|\nabla L(\theta - \eta g) - g\|}{\|g\|}, \qquad g = \nabla L(\theta) $$

    loss: a function of a list of arrays in `keras.ops`; sizes: the :math:`\eta`. Raises ValueError where the gradient
    is zero or no number. After Santurkar et al. (2018), section 3. Chapter: why_normalization.
    """
    slope = backend.value_and_grad(loss)
    here, gradient = slope(list(weights))
    own = length(gradient)
    if not own > 0:
        raise ValueError(f"The gradient must not be zero: there is no direction to go. Received: a length of {own:g}.")
    losses, turned = [here], []
    for size in sizes:
        there, other = slope([w - np.float32(size) * g for w, g in zip(weights, gradient, strict=True)])
        losses.append(there)
        turned.append(length([b - a for a, b in zip(gradient, other, strict=True)]) / own)
    return Look(np.array(losses), np.array(turned))


def length(parts: Sequence[Array]) -> float:
    """The length of many arrays taken as one long vector. Chapter: why_normalization."""
    return float(np.sqrt(sum(np.sum(np.square(part, dtype=float)) for part in parts)))


def walk(model: keras.Model, given: Given, rate: float, seed: int, steps: int) -> list[Look]:
    """Train at one rate, and look along every fourth step before it is taken. Chapter: why_normalization."""
    dice, looks, model = np.random.default_rng(seed), [], learner(model)
    model.optimizer.learning_rate = rate
    for step in range(steps):
        chosen = dice.choice(len(given.x), BATCH, replace=False)
        x, y = given.x[chosen], given.y[chosen]
        if step % EVERY == 0:
            weights = [keras.ops.convert_to_numpy(w) for w in model.trainable_variables]
            looks.append(along_step(batch_loss(model, x, y), weights, [rate * factor for factor in FACTORS]))
        model.train_on_batch(x, y)
    return looks


@experiments.experiment(version=1, seeds=5)
def landscape(seed: int, scale: str) -> dict[str, list]:
    """Walk through training with and without normalization, both nets of `NETS`: losses and turns along the steps."""
    given, found = split(seed), {}
    for name, (build, rate) in NETS.items():
        for norm in ("plain", "before"):
            keras.utils.set_random_seed(seed)
            looks = walk(build(norm), given, rate, seed, STEPS[scale])
            found[f"{name}_{norm}_losses"] = [np.nan_to_num(look.losses, nan=100).clip(max=100) for look in looks]
            found[f"{name}_{norm}_turned"] = [np.nan_to_num(look.turned, nan=1000).clip(max=1000) for look in looks]
    return found
