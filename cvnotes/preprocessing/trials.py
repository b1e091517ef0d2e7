"""The experiments of the chapter: pixel ranges, leaking statistics, and what a rotation does for gradient descent."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

from cvnotes import backend, data, experiments, models
from cvnotes.linear_classifiers.training import accuracy, objective

from .pixels import ADAM_RATES, RANGES, SGD_RATES, ranged
from .scaling import Scaling, apply, fit_centre, fit_standard
from .whitening import eigenbasis, rotate, whiten

BATCH, EPOCHS = 64, {"quick": 5, "full": 20}

Inputs = tuple[np.ndarray, np.ndarray]  # training and test rows


# Pixel ranges ---------------------------------------------------------------------------------------------------------


class Learner:
    """One small ConvNet and one optimizer, started afresh for each rate, so that they are compiled once."""

    def __init__(self, optimizer: keras.optimizers.Optimizer):
        self.model = models.build("small-convnet", input_shape=(8, 8, 1), width=8)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(optimizer, loss, jit_compile=backend.jit_compile())
        self.optimizer, self.weights = optimizer, self.model.get_weights()
        optimizer.build(self.model.trainable_variables)

    def accuracy(self, digits: data.Digits, name: str, rate: float, epochs: int, seed: int) -> float:
        """Train from the same first weights at this range and rate; accuracy on test digits (diverged: chance)."""
        self.model.set_weights(self.weights)
        for variable in self.optimizer.variables:
            variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
        self.optimizer.learning_rate.assign(rate)
        x, rng = ranged(digits.train_images, name), np.random.default_rng(seed)
        for _ in range(epochs):
            for rows in np.array_split(rng.permutation(len(x))[: len(x) // BATCH * BATCH], len(x) // BATCH):
                self.model.train_on_batch(x[rows], digits.train_labels[rows])
        return experiments.accuracy(self.model, ranged(digits.test_images, name), digits.test_labels)


@experiments.experiment(version=1, seeds=5)
def ranges(seed: int, scale: str) -> dict[str, list[float]]:
    """Train one net at three pixel ranges: SGD with momentum 0.9, and Adam, each at a row of rates."""
    found, digits = {}, data.digits()
    for kind, rates in (("sgd", SGD_RATES), ("adam", ADAM_RATES)):
        keras.utils.set_random_seed(seed)
        optimizer = keras.optimizers.SGD(0.1, momentum=0.9) if kind == "sgd" else keras.optimizers.Adam(1e-3)
        learner = Learner(optimizer)
        for name in RANGES:
            found[f"{kind} {name}"] = [learner.accuracy(digits, name, r, EPOCHS[scale], seed) for r in rates]
    return found


# Gradient descent on differently prepared rows ------------------------------------------------------------------------

GOALS, MOST = (0.3, 0.15, 0.05), 30_000  # training losses to reach; steps after which to give up
GOAL, ADAM_STEPS, ADAM_TRIED = 0.15, 2000, (0.003, 0.01, 0.03)
EPS, LARGE_EPS = 1e-5, 1e-2
WAYS = ("raw", "centred", "rotated", "standardised", "whitened", "whitened, large eps")

#: How far a live run of `descent` may be from the stored one: another processor rounds in another way.
TOLERANCE = {
    f"{way} {what}": room for way in WAYS for what, room in {"steps": 10, "condition": 1e3, "accuracy": 0.01}.items()
}


def rows(seed: int, count: int = 1000) -> tuple[Inputs, Inputs]:
    """Draw training digits at random, flattened; all test digits: ((rows, rows), (labels, labels))."""
    d = data.digits()
    chosen = np.random.default_rng(seed).permutation(len(d.train_images))[:count]
    flat = [images.reshape(-1, 64).astype(float) for images in (d.train_images[chosen], d.test_images)]
    return tuple(flat), (d.train_labels[chosen], d.test_labels)


def prepared(train: np.ndarray, test: np.ndarray) -> dict[str, Inputs]:
    """Prepare the same digits in six ways, all fitted on the training rows."""
    basis = eigenbasis(train)
    ways: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
        lambda x: x,
        lambda x: apply(fit_centre(train), x),
        lambda x: rotate(basis, x),
        lambda x: apply(fit_standard(train), x),
        lambda x: whiten(basis, x, EPS),
        lambda x: whiten(basis, x, LARGE_EPS),
    )
    return {name: (way(train), way(test)) for name, way in zip(WAYS, ways, strict=True)}


def with_ones(x: np.ndarray) -> np.ndarray:
    """Add a column of ones, which carries the bias."""
    return np.hstack([x, np.ones((len(x), 1))])


def steepness(x: np.ndarray) -> float:
    r"""Bound the curvature of the softmax loss: half the largest eigenvalue of $X^\top X / N$ (Böhning, 1992)."""
    return float(np.linalg.eigvalsh(x.T @ x / len(x))[-1] / 2)


def condition(x: np.ndarray, floor: float = 1e-9) -> float:
    """Divide the largest variance of a cloud by its smallest, directions without any variance left out.

    Raises ValueError for a cloud without any. Chapter: preprocessing.
    """
    variances = eigenbasis(x).variances
    if not variances[0] > 0:
        raise ValueError("All rows are equal: there is no direction with a variance. Received: variances of 0")
    return float(variances[0] / variances[variances > floor * variances[0]][-1])


def descend_to(x: np.ndarray, labels: np.ndarray, goals: tuple[float, ...] = GOALS) -> tuple[list[int], np.ndarray]:
    """Descend with step 1/L until the loss is at each of falling goals: (steps for each, the last weights).

    Goals not reached in `MOST` steps count as one step more.
    """
    weights, rate, taken = np.zeros((x.shape[1], 10)), 1 / steepness(x), []
    for step in range(MOST + 1):
        loss, gradient = objective(weights, x, labels)
        taken += [step] * (sum(loss <= goal for goal in goals) - len(taken))
        if len(taken) == len(goals):
            break
        weights -= rate * gradient
    return taken + [MOST + 1] * (len(goals) - len(taken)), weights


@experiments.experiment(version=1, seeds=5)
def descent(seed: int, scale: str) -> dict[str, float | list[int]]:
    """Count the steps of plain gradient descent for six preparations of 1,000 digits."""
    x, labels = rows(seed)
    found = {}
    for name, (train, test) in prepared(*x).items():
        steps, weights = descend_to(with_ones(train), labels[0])
        found |= {f"{name} steps": steps, f"{name} condition": condition(train)}
        found[f"{name} accuracy"] = accuracy(weights, with_ones(test), labels[1])
    return found


def adam_to(x: np.ndarray, labels: np.ndarray, rate: float) -> int:
    """Let Keras's Adam take the steps, all rows at once; count them until the loss is at the goal."""
    weights = keras.Variable(np.zeros((x.shape[1], 10), "float32"))
    adam = keras.optimizers.Adam(rate)
    for step in range(ADAM_STEPS + 1):
        loss, gradient = objective(keras.ops.convert_to_numpy(weights).astype(float), x, labels)
        if loss <= GOAL:
            return step
        adam.apply([keras.ops.convert_to_tensor(gradient, "float32")], [weights])
    return ADAM_STEPS + 1


@experiments.experiment(version=1, seeds=5)
def adam(seed: int, scale: str) -> dict[str, list[float]]:
    """The same for Adam, which is not blind to a rotation: steps at each of the rates in `ADAM_TRIED`."""
    x, labels = rows(seed)
    return {
        name: [adam_to(with_ones(train), labels[0], rate) for rate in ADAM_TRIED]
        for name, (train, _) in prepared(*x).items()
    }


# Whose statistics -----------------------------------------------------------------------------------------------------

SMALL, DRAWS = 20, 20
TESTS = ("large", "small", "small, hazy", "small, one class")


def another_light(images: np.ndarray) -> np.ndarray:
    """Take the same pictures in a hazy light: half the contrast, and nothing quite black. Values stay in [0, 1]."""
    return 0.3 + 0.5 * images


def tests(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> dict[str, list[Inputs]]:
    """Test sets of one kind each, the small ones many times over: rows and labels."""
    small = [rng.permutation(len(x))[:SMALL] for _ in range(DRAWS)]
    alike = [rng.permutation(np.flatnonzero(y == d))[:SMALL] for d in range(10)]
    hazy = another_light(x)
    parts = [(x, y)], [(x[r], y[r]) for r in small], [(hazy[r], y[r]) for r in small], [(x[r], y[r]) for r in alike]
    return dict(zip(TESTS, parts, strict=True))


def judged(model: LogisticRegression, train: np.ndarray, fitted: Scaling, parts: list[Inputs]) -> dict[str, float]:
    """Accuracy with the statistics of the training rows, of training and test rows, of the test rows alone."""
    found: dict[str, list[float]] = {"training": [], "all": [], "own": []}
    for x, y in parts:
        whose = {"training": fitted, "all": fit_standard(np.vstack([train, x])), "own": fit_standard(x)}
        for name, statistics in whose.items():
            found[name].append(float(np.mean(model.predict(apply(statistics, x)) == y)))
    return {name: float(np.mean(values)) for name, values in found.items()}


@experiments.experiment(version=1, seeds=5)
def leak(seed: int, scale: str) -> dict[str, float]:
    """Standardise four kinds of test sets with three kinds of statistics; the classifier stays the same."""
    (train, test), labels = rows(seed)
    fitted = fit_standard(train)
    model = LogisticRegression(max_iter=2000).fit(apply(fitted, train), labels[0])
    kinds = tests(test, labels[1], np.random.default_rng(seed))
    return {
        f"{kind}: {whose}": value
        for kind, parts in kinds.items()
        for whose, value in judged(model, train, fitted, parts).items()
    }
