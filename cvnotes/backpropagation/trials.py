"""The experiments of the chapter: a ConvNet in NumPy, its twin in Keras, and nets whose backward pass is wrong."""

from __future__ import annotations

import functools

import numpy as np

from cvnotes import data
from cvnotes.experiments import accuracy, experiment

from .bugs import BUGS
from .network import Network, convnet, train
from .twin import keras_twin, train_twin

EPOCHS, BATCH, RATE, MOMENTUM = {"quick": 15, "full": 40}, 32, 0.05, 0.9

#: How far a live run may be from the stored one: another processor adds up in another order, and training magnifies it.
TOLERANCE = {"test": 0.02, "train": 0.02, "loss": 0.15}


@functools.cache
def digits() -> data.Digits:
    """The real digits, 8 x 8, three quarters of them to train on."""
    return data.digits()


def recipe(seed: int, scale: str) -> dict[str, float]:
    """How both nets are trained."""
    return {"epochs": EPOCHS[scale], "batch": BATCH, "rate": RATE, "momentum": MOMENTUM, "seed": seed}


@experiment(version=1, seeds=5)
def numpy_net(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Train the NumPy net: accuracy on test and training digits, and the mean loss of every epoch."""
    d, net = digits(), convnet(seed)
    losses = train(net, d.train_images, d.train_labels, **recipe(seed, scale))
    per_epoch = np.reshape(losses, (EPOCHS[scale], -1)).mean(1)
    return {
        "test": net.accuracy(d.test_images, d.test_labels),
        "train": net.accuracy(d.train_images, d.train_labels),
        "loss": per_epoch.tolist(),
    }


@experiment(version=1, seeds=5)
def keras_net(seed: int, scale: str) -> dict[str, float]:
    """Train its twin: the same weights at the start, the same batches, the same rule, but Keras does the work."""
    d, twin = digits(), keras_twin(convnet(seed))
    train_twin(twin, d.train_images, d.train_labels, **recipe(seed, scale))
    return {
        "test": accuracy(twin, d.test_images, d.test_labels),
        "train": accuracy(twin, d.train_images, d.train_labels),
    }


@experiment(version=1, seeds=5)
def planted(seed: int, scale: str) -> dict[str, list[float]]:
    """Train with each of the planted errors, one entry for each of `BUGS`.

    test: accuracy on test digits; gentle: the same with a fifth of the rate; finished: 0 where the numbers overflowed
    on the way (such a net answers 0 to everything); cosine: between the wrong and the right gradient at the start.
    """
    right = first_gradient(convnet(seed))
    numbers: dict[str, list[float]] = {"test": [], "gentle": [], "finished": [], "cosine": []}
    for swap in BUGS.values():
        wrong = first_gradient(convnet(seed, swap=swap))
        numbers["cosine"].append(float(wrong @ right / np.linalg.norm(wrong) / np.linalg.norm(right)))
        test, finished = outcome(convnet(seed, swap=swap), recipe(seed, scale))
        numbers["test"].append(test)
        numbers["finished"].append(float(finished))
        numbers["gentle"].append(outcome(convnet(seed, swap=swap), recipe(seed, scale) | {"rate": RATE / 5})[0])
    return numbers


def outcome(network: Network, how: dict[str, float]) -> tuple[float, bool]:
    """Test accuracy after training, and whether training came to its end without an overflow."""
    d, finished = digits(), True
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            train(network, d.train_images, d.train_labels, **how)
        except ValueError as error:
            if "must be finite" not in str(error):  # so the loss refuses scores; anything else is a bug of ours
                raise
            finished = False
        return network.accuracy(d.test_images, d.test_labels), finished


def first_gradient(network: Network) -> np.ndarray:
    """All gradients on the first 256 training digits, as one long vector."""
    d = digits()
    network.loss(d.train_images[:256], d.train_labels[:256])
    return np.concatenate([gradient.ravel() for gradient in network.gradients])
