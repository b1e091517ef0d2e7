"""Does the company of the batch regularise? Batch sizes, and statistics of small groups inside one large batch.

Chapter: why_normalization.
"""

from __future__ import annotations

import itertools

import keras
from keras import layers, ops

from cvnotes import experiments
from cvnotes.backpropagation import batches
from cvnotes.checks import whole

from .effects import MOMENTUM, Given, dense_net, learner, split

OWN = 256  # training digits, so that the largest batch holds them all and its company never changes
BATCHES = (8, 32, 256)
GROUPS = (8, 32)  # of a batch of 256
RATE, STEPS, DEPTH = 0.1, {"quick": 400, "full": 2000}, 3


@keras.saving.register_keras_serializable(package="cvnotes")
class GroupedNormalization(layers.BatchNormalization):
    """Batch normalization of (n, units) with the statistics of groups of `size` examples, also called ghost batches.

    The gradient still comes from the whole batch, so the company of an example shrinks and nothing else changes.
    Raises ValueError for a group of less than two, a batch that is no whole number of groups, inputs of another rank,
    and without scale or center. Source: Hoffer et al. (2017). Chapter: why_normalization.
    """

    def __init__(self, size: int = 8, **kwargs):
        super().__init__(**kwargs)
        self.size = whole("size", size, 2)
        if not (self.scale and self.center):
            raise ValueError(f"Groups are for gamma and beta. Received: scale={self.scale}, center={self.center}")

    def call(self, x, training=False):
        """Normalize each group by itself in training; in inference, or frozen, by the running averages."""
        if not (training and self.trainable):
            return super().call(x, training=False)
        if len(x.shape) != 2 or (x.shape[0] or 0) % self.size:
            raise ValueError(f"Inputs are (n, units), n a multiple of {self.size}. Received: shape {tuple(x.shape)}")
        groups = ops.reshape(x, (-1, self.size, x.shape[-1]))
        mean, variance = ops.moments(groups, axes=1, keepdims=True)
        for running, found in ((self.moving_mean, mean), (self.moving_variance, variance)):
            running.assign(running * self.momentum + ops.mean(found, axis=(0, 1)) * (1 - self.momentum))
        normal = (groups - mean) / ops.sqrt(variance + self.epsilon)
        return ops.reshape(normal * self.gamma + self.beta, ops.shape(x))

    def get_config(self):
        """The options of batch normalization, and the size of a group."""
        return super().get_config() | {"size": self.size}


def grouped_net(size: int) -> keras.Sequential:
    """The dense net of this experiment, normalized in groups of `size`. Chapter: why_normalization."""
    parts = []
    for layer in dense_net("before", DEPTH).layers:
        grouped = isinstance(layer, layers.BatchNormalization)
        parts.append(GroupedNormalization(size, momentum=MOMENTUM) if grouped else layer)
    return keras.Sequential([keras.Input((8, 8, 1)), *parts])


def gap(model: keras.Model, given: Given, batch: int, seed: int, steps: int) -> dict[str, float]:
    """Train for so many steps, then read accuracy and loss on its own digits and on test digits, in inference.

    Chapter: why_normalization.
    """
    model = learner(model)
    model.optimizer.learning_rate = RATE
    for chosen in itertools.islice(batches(len(given.x), batch, steps, seed), steps):
        model.train_on_batch(given.x[chosen], given.y[chosen])
    found = {}
    for name, x, y in (("own", given.x, given.y), ("test", given.test_x, given.test_y)):
        loss, accuracy = model.test_on_batch(x, y)
        found |= {f"{name}_loss": float(loss), f"{name}_accuracy": float(accuracy)}
    return found


@experiments.experiment(version=1, seeds=8)
def company(seed: int, scale: str) -> dict[str, float]:
    """Train on 256 digits in batches of 8, 32 and all, with and without normalization; and all, in small groups."""
    given, found = split(seed, OWN), {}
    ways = {f"{norm}_{batch}": (norm, batch) for norm in ("plain", "before") for batch in BATCHES}
    for name, (norm, batch) in ways.items():
        keras.utils.set_random_seed(seed)
        run = gap(dense_net(norm, DEPTH), given, batch, seed, STEPS[scale])
        found |= {f"{name}_{key}": value for key, value in run.items()}
    for size in GROUPS:
        keras.utils.set_random_seed(seed)
        run = gap(grouped_net(size), given, OWN, seed, STEPS[scale])
        found |= {f"groups_{size}_{key}": value for key, value in run.items()}
    return found
