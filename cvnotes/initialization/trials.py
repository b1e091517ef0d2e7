"""The experiments of the chapter: does the start decide how fast a net learns, and for which nets?"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import keras
import numpy as np

from cvnotes import backend, data, experiments, preprocessing

from .schemes import draw

LAYERS = (1, 4, 8)  # weight layers of the dense nets: 1 is a linear classifier
STARTS = ("0.01", "1/√n", "He")
RATES = {"sgd": (0.003, 0.01, 0.03, 0.1), "adam": (0.0003, 0.001, 0.003)}
WIDTH, BATCH, EPOCHS, GOAL = 100, 64, 30, 0.9

KINDS, SHAPES, DRAWN = ("dense", "conv"), ("ReLU", "tanh"), ("Glorot", "He")
DEEP, FILTERS, SHORT = 10, 16, 4  # hidden layers, filters of each, epochs, in `layer_types`


@functools.cache
def digits() -> data.Digits:
    """Digits of 8 x 8 pixels, each pixel standardised with the statistics of the training digits."""
    d = data.digits()
    fitted = preprocessing.fit_standard(d.train_images)
    images = (preprocessing.apply(fitted, each) for each in (d.train_images, d.test_images))
    return data.Digits(next(images), d.train_labels, next(images), d.test_labels)


def dense_net(layers: int, activation: str, width: int = WIDTH) -> keras.Model:
    """Build a dense net with so many weight layers, the last of which gives ten scores."""
    hidden = [keras.layers.Dense(width, activation.lower()) for _ in range(layers - 1)]
    return keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), *hidden, keras.layers.Dense(10)])


def conv_net(layers: int, activation: str) -> keras.Model:
    """Build a net of so many 3 x 3 convolutions and one dense layer, without pooling."""
    hidden = [keras.layers.Conv2D(FILTERS, 3, padding="same", activation=activation.lower()) for _ in range(layers - 1)]
    return keras.Sequential([keras.Input((8, 8, 1)), *hidden, keras.layers.Flatten(), keras.layers.Dense(10)])


def restart(model: keras.Model, scheme: str, seed: int) -> None:
    """Draw all weights of a model anew by one of our rules, biases zero: the same numbers on every backend."""
    rng = np.random.default_rng(seed)
    shapes = [w.shape for w in model.get_weights()]
    model.set_weights([draw(scheme, s, rng) if len(s) > 1 else np.zeros(s) for s in shapes])


class Race:
    """One net and one optimizer, compiled once and started again and again."""

    def __init__(self, model: keras.Model, optimizer: str):
        kind = {"sgd": lambda: keras.optimizers.SGD(0.1, momentum=0.9), "adam": lambda: keras.optimizers.Adam(0.1)}
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model, self.optimizer = model, kind[optimizer]()
        model.compile(self.optimizer, loss, jit_compile=backend.jit_compile())
        self.optimizer.build(model.trainable_variables)

    def run(self, scheme: str, rate: float, seed: int, epochs: int, goal: float = 2.0) -> tuple[int, float]:
        """Start anew and train: (epochs until the training accuracy is at the goal, test accuracy at the end).

        A goal that is never reached counts as one epoch more than there were.
        """
        d, rng = digits(), np.random.default_rng(seed)
        restart(self.model, scheme, seed)
        for variable in self.optimizer.variables:
            variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
        self.optimizer.learning_rate.assign(rate)
        needed = epochs + 1
        for epoch in range(1, epochs + 1):
            _epoch(self.model, d, rng)
            if goal <= 1 and experiments.accuracy(self.model, d.train_images, d.train_labels) >= goal:
                needed = epoch
                break
        return needed, experiments.accuracy(self.model, d.test_images, d.test_labels)


def _epoch(model: keras.Model, d: data.Digits, rng: np.random.Generator) -> None:
    order = rng.permutation(len(d.train_images))
    for start in range(0, len(order) - BATCH + 1, BATCH):
        rows = order[start : start + BATCH]
        model.train_on_batch(d.train_images[rows], d.train_labels[rows])


def _by_rate(race: Race, scheme: str, rates: Sequence[float], seed: int, scale: str) -> list[int]:
    epochs = EPOCHS * {"quick": 1, "full": 4}[scale]
    return [race.run(scheme, rate, seed, epochs, GOAL)[0] for rate in rates]


@experiments.experiment(version=1, seeds=5)
def convergence(seed: int, scale: str) -> dict[str, list[int]]:
    """Count the epochs until a dense ReLU net names 90 % of its digits: three depths, three starts, at each rate."""
    found = {}
    for layers in LAYERS:
        for optimizer, rates in RATES.items():
            race = Race(dense_net(layers, "ReLU"), optimizer)
            found |= {f"{optimizer} {layers} {s}": _by_rate(race, s, rates, seed, scale) for s in STARTS}
    return found


@experiments.experiment(version=1, seeds=5)
def layer_types(seed: int, scale: str) -> dict[str, list[float]]:
    """Train deep dense and convolutional nets, ReLU and tanh, from Glorot and from He: test accuracy at each rate."""
    epochs, found = SHORT * {"quick": 1, "full": 4}[scale], {}
    for kind, build in zip(KINDS, (dense_net, conv_net), strict=True):
        for activation in SHAPES:
            race = Race(build(DEEP + 1, activation), "sgd")
            for scheme in DRAWN:
                runs = [race.run(scheme, rate, seed, epochs)[1] for rate in RATES["sgd"]]
                found[f"{kind} {activation} {scheme}"] = runs
    return found


KERAS_RULES = {"Glorot": keras.initializers.GlorotUniform, "He": keras.initializers.HeNormal}


@experiments.experiment(version=1, seeds=5)
def defaults(seed: int, scale: str) -> dict[str, float]:
    """Train a shallow ConvNet and a dense net from Keras's own Glorot and from its He; test accuracy."""
    d, found = digits(), {}
    for kind, build in zip(KINDS, (dense_net, conv_net), strict=True):
        for name, initializer in KERAS_RULES.items():
            model = build(3, "ReLU")
            again(model, initializer, seed)
            epochs = {"quick": 5, "full": 20}[scale]
            experiments.fit(model, d.train_images, d.train_labels, epochs=epochs, batch=BATCH, rate=2e-3, seed=seed)
            found[f"{kind} {name}"] = experiments.accuracy(model, d.test_images, d.test_labels)
    return found


def again(model: keras.Model, initializer: type[keras.Initializer], seed: int) -> None:
    """Draw the kernels of a model anew by one of Keras's initializers; biases stay."""
    for i, weight in enumerate(model.trainable_variables):
        if len(weight.shape) > 1:
            weight.assign(initializer(seed=1000 * seed + i)(weight.shape))


# Symmetry -------------------------------------------------------------------------------------------------------------

HIDDEN, EQUAL = 32, ("zeros", "alike", "random")

#: How far a live run of `symmetry` may be from the stored one: other backends add up in another order.
TOLERANCE = {
    f"{start} {what}": room
    for start in EQUAL
    for what, room in {"gradient": 1e-3, "accuracy": 0.1, "apart": 0.1}.items()
}


def equal_net(start: str, seed: int, hidden: int = HIDDEN) -> keras.Model:
    """Build a net with one hidden ReLU layer: all weights zero, or units that are all alike, or He's random weights.

    Alike: every unit weighs its inputs by 0.05 and speaks to the ten classes with the same ten random weights.
    Raises ValueError for another start. Chapter: initialization.
    """
    if start not in EQUAL:
        raise ValueError(f"start must be one of {', '.join(EQUAL)}. Received: {start!r}")
    model, rng = dense_net(2, "ReLU", hidden), np.random.default_rng(seed)
    into, bias, out, end = (np.zeros(w.shape) for w in model.get_weights())
    if start == "alike":
        into, out = into + 0.05, np.repeat(draw("He", (1, out.shape[1]), rng), hidden, axis=0)
    if start == "random":
        into, out = draw("He", into.shape, rng), draw("He", out.shape, rng)
    model.set_weights([into, bias, out, end])
    return model


def gradients(model: keras.Model, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Give the gradient of the cross-entropy in every weight of a built model, in the order of `get_weights`."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def of(weights: list) -> keras.KerasTensor:
        return loss(y, model.stateless_call(weights, [], x)[0])

    return backend.value_and_grad(of)(model.get_weights())[1]


def apart(model: keras.Model) -> float:
    """Measure how different the hidden units are: deviation between units, over the size of a weight (0: all equal)."""
    kernel = model.get_weights()[0]
    size = np.sqrt(np.mean(kernel**2))
    return float(np.sqrt(kernel.var(axis=1).mean()) / size) if size else 0.0


@experiments.experiment(version=1, seeds=5)
def symmetry(seed: int, scale: str) -> dict[str, float]:
    """Train 32 hidden units from zeros, from equal weights and from random ones: accuracy, and how unlike they are."""
    d, found = digits(), {}
    for start in EQUAL:
        model = equal_net(start, seed)
        found[f"{start} gradient"] = float(np.abs(gradients(model, d.train_images, d.train_labels)[0]).max())
        experiments.fit(model, d.train_images, d.train_labels, epochs=5, batch=BATCH, rate=1e-2, seed=seed)
        found[f"{start} accuracy"] = experiments.accuracy(model, d.test_images, d.test_labels)
        found[f"{start} apart"] = apart(model)
    return found


# What is left of the start --------------------------------------------------------------------------------------------


def trained_kernels(seed: int, epochs: int = 6) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    """Train a small ConvNet on digits of 16 x 16: its first kernels (5, 5, 1, 8) before and after, and its accuracies.

    Chapter: initialization.
    """
    keras.utils.set_random_seed(seed)
    layers, d = keras.layers, data.digits(size=16)
    body = [layers.Conv2D(8, 5, activation="relu"), layers.MaxPooling2D(2), layers.Conv2D(16, 3, activation="relu")]
    model = keras.Sequential(
        [keras.Input((16, 16, 1)), *body, layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(10)]
    )
    test = d.test_images, d.test_labels
    before, start = model.get_weights()[0], experiments.accuracy(model, *test)
    experiments.fit(model, d.train_images, d.train_labels, epochs=epochs, batch=32, rate=5e-3, seed=seed)
    return before, model.get_weights()[0], (start, experiments.accuracy(model, *test))
