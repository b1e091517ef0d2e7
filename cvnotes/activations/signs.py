"""The signs of a unit's weight gradients: one example at a time, and summed over a batch."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from cvnotes import backend
from cvnotes.checks import whole

from . import units

SIZES = (1, 2, 4, 8, 16, 32, 64, 128)  # of a batch


def example_gradients(inputs: np.ndarray, labels: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Differentiate the cross-entropy of a dense layer's scores for each example alone: (n, d, classes).

    inputs: (n, d), what the layer is given; kernel (d, classes), bias (classes,). Every example gets its own copy of
    the weights, so one call of automatic differentiation finds all. Chapter: activations.
    """
    inputs, labels = ops.convert_to_tensor(inputs), ops.convert_to_tensor(labels)
    copies, bias = np.repeat(kernel[None], len(inputs), axis=0), ops.convert_to_tensor(bias)

    def loss(weights):
        scores = ops.einsum("nd,ndk->nk", inputs, weights) + bias
        return ops.sum(keras.losses.sparse_categorical_crossentropy(labels, scores, from_logits=True))

    return backend.value_and_grad(loss)(copies)[1]


def one_sign(gradients: np.ndarray, batch: int) -> float:
    """Sum gradients (n, d, units) over batches; the share of units and batches whose d gradients have one sign.

    Examples that fill no batch are left out. Raises ValueError for a batch below 1 or above n. Chapter: activations.
    """
    count = len(gradients) // whole("batch", batch, 1, len(gradients))
    sums = gradients[: count * batch].reshape(count, batch, *gradients.shape[1:]).sum(1)
    return float(np.mean((sums > 0).all(1) | (sums < 0).all(1)))


def by_batch(kind: str, gain: float, seeds: int = 5, units_: int = 8) -> np.ndarray:
    """For new nets of one hidden layer on 640 digits: `one_sign` of the weights into the scores, (seeds, SIZES).

    kind, gain: as in `units.stack`. Chapter: activations.
    """
    d, found = units.digits(), []
    for seed in range(whole("seeds", seeds, 1)):
        keras.utils.set_random_seed(seed)
        net = units.stack(kind, [units_], gain)
        hidden = keras.Model(net.input, net.get_layer("act1").output)(d.train_images[:640])
        each = example_gradients(hidden, d.train_labels[:640], *net.get_layer("scores").get_weights())
        found.append([one_sign(each, size) for size in SIZES])
    return np.array(found)
