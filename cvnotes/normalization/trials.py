"""The experiments of the page normalization: running statistics, learned gammas, relations between layers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import keras
import numpy as np
from keras import ops
from scipy.stats import kurtosis, skew

from cvnotes import backend, data, experiments
from cvnotes.backpropagation import batches, sgd_step
from cvnotes.backpropagation.network import paired

from . import curvature
from .nets import Tanh, dense_net, rows

STEPS = (5, 10, 20, 40, 80, 160, 320, 640)  # at which a net in training is looked at
MOMENTA = (0.9, 0.99)
WALK = (0, 30, 100, 300)  # SGD steps at which the second derivatives are taken
QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)

#: How far a live run may be from the stored one, on another processor or backend.
TOLERANCE = {
    **{f"{mode}_{momentum}": 0.25 for mode in ("inference", "batch") for momentum in MOMENTA},
    **{f"{moment}_{momentum}": 0.2 for moment in ("mean", "variance") for momentum in MOMENTA},
}

digits = functools.cache(data.digits)


def conv_net(momentum: float) -> keras.Model:
    """Two stages of convolution, batch normalization, ReLU and pooling, then ten scores, for digits of 8 x 8."""
    layers = keras.layers

    def stage(filters: int) -> list[keras.Layer]:
        norm = layers.BatchNormalization(momentum=momentum)
        return [layers.Conv2D(filters, 3, padding="same"), norm, layers.ReLU(), layers.MaxPooling2D(2)]

    return keras.Sequential([keras.Input((8, 8, 1)), *stage(8), *stage(16), layers.Flatten(), layers.Dense(10)])


def in_training(layer: keras.Layer, x: np.ndarray) -> np.ndarray:
    """Call a layer or model in training mode, without moving its running statistics."""
    kinds = layer.trainable_weights, layer.non_trainable_weights
    weights = ([ops.convert_to_tensor(w) for w in kind] for kind in kinds)
    return layer.stateless_call(*weights, x, training=True)[0]


def accuracy_in_training_mode(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
) -> float:
    """Accuracy on pictures named as one batch, with the moments of that batch."""
    x, y = paired(x, y)
    scores = ops.convert_to_numpy(in_training(model, x))
    return float(np.mean(scores.argmax(-1) == y))


def stepped(model: keras.Model, x: np.ndarray, y: np.ndarray, seed: int, rate: float = 3e-3) -> Iterator[int]:
    """Train with Adam in batches of 32, and stop at each of `STEPS` for a look."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, jit_compile=backend.jit_compile())
    passes = -(-STEPS[-1] // (len(x) // 32))
    for step, chosen in enumerate(list(batches(len(x), 32, passes, seed))[: STEPS[-1]], 1):
        model.train_on_batch(x[chosen], y[chosen])
        if step in STEPS:
            yield step


def distance(norm: keras.layers.BatchNormalization, inputs: np.ndarray) -> tuple[float, float]:
    """How far running statistics are from the moments of what the layer sees now: of the mean, in standard deviations;
    of the variance, as a share. Means over the channels. Raises ValueError where a channel of the inputs does not
    vary. Chapter: normalization.
    """
    axes = tuple(range(inputs.ndim - 1))
    if not np.all(inputs.var(axes) > 0):
        raise ValueError(f"Every channel must vary. Received: variances {inputs.var(axes)!r:.80}")
    mean, variance = (ops.convert_to_numpy(w) for w in (norm.moving_mean, norm.moving_variance))
    off = np.abs(mean - inputs.mean(axes)) / inputs.std(axes)
    return float(off.mean()), float(np.abs(variance / inputs.var(axes) - 1).mean())


@experiments.experiment(version=1, seeds=5)
def convergence(seed: int, scale: str) -> dict[str, list[float]]:
    """Train one net with each momentum and look, after more and more steps, at both of its modes."""
    d, found = digits(), {}
    for momentum in MOMENTA:
        keras.utils.set_random_seed(seed)
        model, looks = conv_net(momentum), []
        convolution, norm = model.layers[:2]
        for _ in stepped(model, d.train_images, d.train_labels, seed):
            test = d.test_images, d.test_labels
            seen = ops.convert_to_numpy(convolution(d.train_images))
            both = experiments.accuracy(model, *test), accuracy_in_training_mode(model, *test)
            looks.append([*both, *distance(norm, seen)])
        names = [f"{name}_{momentum:g}" for name in ("inference", "batch", "mean", "variance")]
        found |= dict(zip(names, np.transpose(looks).tolist(), strict=True))
    return found


def hidden_net(activation: str, affine: bool = True) -> keras.Model:
    """Two hidden layers of 64 with batch normalization before the activation, with gamma and beta or without."""
    layers = keras.layers

    def stage(i: int) -> list[keras.Layer]:
        norm = layers.BatchNormalization(momentum=0.9, center=affine, scale=affine, name=f"norm{i}")
        return [layers.Dense(64, name=f"dense{i}"), norm, layers.Activation(activation)]

    return keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), *stage(1), *stage(2), layers.Dense(10)])


def shape_of(values: np.ndarray) -> tuple[float, float]:
    """The mean size of skew and of excess kurtosis over the columns of (n, units)."""
    return float(np.abs(skew(values)).mean()), float(np.abs(kurtosis(values)).mean())


def insides(model: keras.Model, x: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """What goes into and comes out of each normalization, with the statistics of this batch, as float64."""
    found = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            y = in_training(layer, x)
            found.append((ops.convert_to_numpy(x).astype(float), ops.convert_to_numpy(y).astype(float)))
            x = y
        else:
            x = layer(x)
    return found


@experiments.experiment(version=1, seeds=5)
def learned(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Train nets of tanh and of sigmoid: how the inputs of the activations are shaped, and what gamma becomes."""
    d, found = digits(), {}
    nets: dict[str, Callable[[], keras.Model]] = {
        "tanh": lambda: hidden_net("tanh"),
        "sigmoid": lambda: hidden_net("sigmoid"),
        "bare": lambda: hidden_net("sigmoid", affine=False),
    }
    for name, build in nets.items():
        keras.utils.set_random_seed(seed)
        model = build()
        before = insides(model, d.test_images)
        epochs = {"quick": 15, "full": 60}[scale]
        experiments.fit(model, d.train_images, d.train_labels, epochs=epochs, batch=32, rate=5e-3, seed=seed)
        found[f"{name}_accuracy"] = experiments.accuracy(model, d.test_images, d.test_labels)
        if name == "tanh":
            found |= looked_into(model, before, insides(model, d.test_images))
    return found


def looked_into(model: keras.Model, before: list, after: list) -> dict[str, list[float]]:
    """Skew and kurtosis into and out of each normalization, at the start and after; the gammas; the saturated share."""
    found = {}
    for when, pairs in (("start", before), ("after", after)):
        for place, side in (("into", 0), ("out", 1)):
            shapes = [shape_of(pair[side]) for pair in pairs]
            found |= {f"{what}_{place}_{when}": [s[i] for s in shapes] for i, what in enumerate(("skew", "kurtosis"))}
        found[f"saturated_{when}"] = [float(np.mean(np.abs(np.tanh(pair[1])) > 0.95)) for pair in pairs]
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    found["gammas"] = [np.quantile(np.abs(ops.convert_to_numpy(n.gamma)), QUANTILES).tolist() for n in norms]
    return found


@experiments.experiment(version=1, seeds=5)
def relations(seed: int, scale: str) -> dict[str, list[float]]:
    """Follow the blocks of second derivatives of a net of five layers through SGD, with and without normalization."""
    (x, labels), found = rows(), {}
    chosen = np.random.default_rng(seed).permutation(len(x))[:256]
    for name, normalized in (("plain", False), ("batch", True)):
        network, looks, done = dense_net((64, 32, 32, 32, 32, 10), normalized, seed, Tanh, epsilon=1e-5), [], 0
        order = list(batches(len(x), 64, 15, seed))
        for upto in WALK:
            for part in order[done:upto]:
                network.loss(x[part], labels[part])
                sgd_step(network, 0.1)
            done = upto
            loss = network.loss(x[chosen], labels[chosen])
            matrix, slope = curvature.relations(network, x[chosen], labels[chosen], seed=seed)
            own = np.sqrt(np.diag(matrix))
            looks.append([loss, curvature.across(matrix), slope.mean(), curvature.across(matrix / np.outer(own, own))])
        names = [f"{name}_{number}" for number in ("loss", "across", "slope", "shared")]
        found |= dict(zip(names, np.transpose(looks).tolist(), strict=True))
    return found
