"""Dense nets in NumPy with the hooks that a remedy needs: one to add to gradients, one to change weights after a step.

The layers are those of the chapter numpy_convnet. Chapters: regularization, dropout.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from cvnotes.backpropagation import Dense, Network, ReLU, batches, sgd_step
from cvnotes.backpropagation.network import paired
from cvnotes.checks import whole
from cvnotes.linear_classifiers import softmax, softmax_losses

Hook = Callable[[Network], None]

BATCH, RATE, MOMENTUM = 30, 0.05, 0.9  # tried on seeds that no result uses; they suit every net of both pages


def dense_net(widths: Sequence[int] = (64, 256, 10), seed: int = 0, between: Sequence = ()) -> Network:
    """Dense layers with a ReLU after each but the last; weights as He et al. (2015) advise, biases zero.

    widths: inputs, hidden units, scores. between: extra layers (such as dropout), one after each ReLU, None for none.
    Raises ValueError for fewer than two widths, any below 1, or more extra layers than there are ReLUs.
    Chapter: regularization.
    """
    widths = [whole("widths", width, 1) for width in widths]
    if len(widths) < 2 or len(between) > len(widths) - 2:
        wanted = "widths needs inputs and scores at least, between a layer or None for each hidden width at most"
        raise ValueError(f"{wanted}. Received: widths={widths}, {len(between)} layers between")
    dice, layers = np.random.default_rng(seed), []
    for i, (n, m) in enumerate(itertools.pairwise(widths)):
        layers.append(Dense(dice.normal(0, np.sqrt(2 / n), (n, m)), np.zeros(m)))
        if i < len(widths) - 2:
            layers += [ReLU(), *(layer for layer in between[i : i + 1] if layer is not None)]
    return Network(layers)


def passes(
    network: Network,
    x: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    seed: int,
    batch: int = BATCH,
    rate: float = RATE,
    momentum: float = MOMENTUM,
    penalise: Hook | None = None,
    constrain: Hook | None = None,
) -> Iterator[int]:
    """Train in place, and hand over after each pass over the data: look, note, break.

    penalise(network) may add to the gradients before a step, constrain(network) may
    change the weights after it. Layers with a switch `training` are on in between.
    Raises ValueError unless there is one label a picture. Chapter: regularization.
    """
    x, labels = paired(x, labels)
    speeds = [np.zeros_like(weight) for weight in network.weights]
    for epoch in range(whole("epochs", epochs, 1)):
        switch(network, True)
        for rows in batches(len(x), min(batch, len(x)), 1, seed=1000 * seed + epoch):
            network.loss(x[rows], labels[rows])
            if penalise:
                penalise(network)
            sgd_step(network, rate, momentum, speeds)
            if constrain:
                constrain(network)
        switch(network, False)
        yield epoch + 1


def train(network: Network, x: np.ndarray, labels: np.ndarray, **options) -> Network:
    """Train for all passes without looking; options as in `passes`. Gives the network back."""
    for _ in passes(network, x, labels, **options):
        pass
    return network


def switch(network: Network, training: bool) -> None:
    """Turn layers that behave differently in training on or off."""
    for layer in network.layers:
        if hasattr(layer, "training"):
            layer.training = training


def log_loss(network: Network, x: np.ndarray, labels: np.ndarray) -> float:
    """Mean cross-entropy in nats, with no gradient on the way."""
    return float(softmax_losses(network.forward(x), labels).mean())


def probabilities(network: Network, x: np.ndarray) -> np.ndarray:
    """Softmax of the scores, (n, classes)."""
    return softmax(network.forward(x))


def kernels(network: Network) -> list[np.ndarray]:
    """The matrices among the weights: what penalties and constraints act on; biases go free."""
    return [weight for weight in network.weights if weight.ndim > 1]


def copied(network: Network) -> list[np.ndarray]:
    """A copy of all weights."""
    return [weight.copy() for weight in network.weights]


def put_back(network: Network, weights: Sequence[np.ndarray]) -> None:
    """Set all weights, in place. Raises ValueError for arrays of other shapes, or another number of them."""
    wanted, shapes = ([np.shape(weight) for weight in row] for row in (network.weights, weights))
    if shapes != wanted:
        raise ValueError(f"Give arrays of the shapes {wanted}. Received: {shapes}")
    for weight, value in zip(network.weights, weights, strict=True):
        weight[...] = value
