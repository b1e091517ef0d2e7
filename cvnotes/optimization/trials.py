"""The experiments of the chapter: six optimizers, each at its own best rate, found with the same effort.

Chapter: optimization.
"""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import backend, data, models
from cvnotes.backpropagation.network import batches
from cvnotes.experiments import experiment
from cvnotes.linear_classifiers import softmax_loss
from cvnotes.linear_classifiers.training import fitted, flat_digits, objective

from . import rules
from .twins import FAMILY, twins

RATES = tuple(float(10 ** (k / 2)) for k in range(-7, 1))  # 3.2e-4 to 1, two to a decade
DEFAULT = {"SGD": 0.01, "momentum": 0.01, "Nesterov": 0.01, "Adagrad": 0.001, "RMSProp": 0.001, "Adam": 0.001}  # Keras
EPOCHS, BATCH, KEPT = {"quick": 8, "full": 30}, 32, 1000
LINEAR_EPOCHS, STRENGTH = {"quick": 8, "full": 40}, 1e-3


@experiment(version=1, seeds=5)
def linear_race(seed: int, scale: str) -> dict[str, list[float]]:
    """Train a linear classifier by each rule by hand, at each rate: the loss above its lowest possible value.

    NAME: the gap after each epoch, at the rate whose gap is smallest at the end. NAME_rate: that rate.
    """
    (x, y), *_ = flat_digits(KEPT, seed)
    lowest = objective(fitted(x, y, 10, STRENGTH), x, y, strength=STRENGTH)[0]
    found = {}
    for name, rule in rules.NAMED.items():
        gaps = [_gaps(rule, rate, x, y, lowest, LINEAR_EPOCHS[scale], seed) for rate in RATES]
        best = int(np.argmin([gap[-1] for gap in gaps]))
        found |= {name: gaps[best], f"{name}_rate": [RATES[best]]}
    return found


def _gaps(
    rule: rules.Rule, rate: float, x: np.ndarray, y: np.ndarray, lowest: float, epochs: int, seed: int
) -> list[float]:
    """Loss above the lowest after each epoch, at one rate."""
    per_epoch, weights, state, gaps = len(x) // BATCH, np.zeros((x.shape[1], 10)), None, []
    for step, rows in enumerate(batches(len(x), BATCH, epochs, seed), 1):
        _, gradient = objective(weights, x[rows], y[rows], strength=STRENGTH)
        weights, state = rule(weights, gradient, state, rate=rate)
        if step % per_epoch == 0:
            value = objective(weights, x, y, strength=STRENGTH)[0]
            gaps.append(value - lowest)
    return gaps


class Race:
    """A small ConvNet that is trained again and again from the same weights, by one optimizer at many rates."""

    def __init__(self, name: str, seed: int):
        keras.utils.set_random_seed(seed)
        self.model = models.build("small-convnet", input_shape=(8, 8, 1), width=8)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(twins()[name].make(0.01), loss, metrics=["accuracy"], jit_compile=backend.jit_compile())
        self.model.optimizer.build(self.model.trainable_variables)
        self.variables = [*self.model.variables, *self.model.optimizer.variables]
        self.start = [keras.ops.convert_to_numpy(variable.value).copy() for variable in self.variables]

    def train(self, x: np.ndarray, y: np.ndarray, rate: float, epochs: int, seed: int) -> list[float]:
        """Start anew and train at a constant rate; the loss on all of x after each epoch."""
        for variable, value in zip(self.variables, self.start, strict=True):
            variable.assign(value)
        self.model.optimizer.learning_rate = rate
        losses, per_epoch = [], len(x) // BATCH
        for step, rows in enumerate(batches(len(x), BATCH, epochs, seed), 1):
            self.model.train_on_batch(x[rows], y[rows])
            if step % per_epoch == 0:
                losses.append(self.judged(x, y)[0])
        return losses

    def judged(self, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        """Loss and accuracy on other digits; a net whose numbers overflowed has an infinite loss."""
        scores = keras.ops.convert_to_numpy(self.model(x, training=False))
        if not np.isfinite(scores).all():
            return np.inf, 0.0
        return softmax_loss(scores.astype(float), y)[0], float(np.mean(scores.argmax(1) == y))


@experiment(version=1, seeds=5)
def digits_race(seed: int, scale: str) -> dict[str, list[float]]:
    """Train one small ConvNet by each optimizer at each rate, and at the rate that Keras has as its default.

    NAME_validation, NAME_test: accuracy at each of RATES; NAME_best: place of the rate with the lowest validation
    loss; NAME_loss: loss on the training digits after each epoch at that rate; NAME_default: accuracy at Keras's rate.
    """
    digits = data.digits()
    order = np.random.default_rng(seed).permutation(len(digits.train_images))
    images, labels = digits.train_images[order], digits.train_labels[order]
    (x, kept_x), (y, kept_y) = np.split(images, [KEPT]), np.split(labels, [KEPT])
    found = {}
    for name in FAMILY:
        race, tried = Race(name, seed), []
        for rate in (*RATES, DEFAULT[name]):
            losses = race.train(x, y, rate, EPOCHS[scale], seed)
            kept, test = race.judged(kept_x, kept_y), race.judged(digits.test_images, digits.test_labels)
            tried.append((*kept, test[1], losses))
        best = int(np.argmin([one[0] for one in tried[:-1]]))
        found |= {f"{name}_validation": [one[1] for one in tried[:-1]], f"{name}_test": [one[2] for one in tried[:-1]]}
        found |= {f"{name}_best": best, f"{name}_loss": tried[best][3], f"{name}_default": tried[-1][2]}
    return found
