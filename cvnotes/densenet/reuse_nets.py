"""The nets of the page feature_reuse and the noisy digits that they learn."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from cvnotes import data, experiments, models
from cvnotes.architectures.blocks import conv, norm, picture, relu
from cvnotes.architectures.densenet import transition
from cvnotes.checks import choice, whole

SHAPE, NOISE, TRAIN = (8, 8, 1), 0.3, 704  # 22 whole batches
BATCH = 32
#: the best of `trials.RATES_TRIED` for each kind of net, on validation digits; C and BC take the DenseNet's
RATES = {"dense": 3e-3, "residual": 3e-2, "plain": 1e-2, "summed": 1e-2}

#: name: (builder, what it is built with), of about as many parameters as the DenseNet (13, 12) where no size is named.
NETS: dict[str, tuple[str, dict[str, Any]]] = {
    "dense": ("densenet-cifar", {"depth": 13, "growth": 12}),
    "dense 4": ("densenet-cifar", {"depth": 13, "growth": 4}),
    "dense 24": ("densenet-cifar", {"depth": 13, "growth": 24}),
    "compressed": ("densenet-cifar", {"depth": 13, "growth": 17, "compression": 0.5}),
    "BC": ("densenet-cifar", {"depth": 16, "growth": 16, "bottleneck": True, "compression": 0.5}),
    "residual": ("resnet-cifar", {"depth": 14, "width": 11}),
    "residual 5": ("resnet-cifar", {"depth": 14, "width": 5}),
    "residual 20": ("resnet-cifar", {"depth": 14, "width": 20}),
    "plain": ("resnet-cifar", {"depth": 14, "width": 11, "shortcut": "none"}),
    "summed": ("summed", {"depth": 13, "width": 30}),
}


Labelled = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Task:
    """Digits under noise, (n, 8, 8, 1) and (n,): for training, for choosing rates, and for testing."""

    train: Labelled
    validation: Labelled
    test: Labelled


@functools.cache
def task() -> Task:
    """Give 704 digits for training, 195 for validation and 898 for testing, each pixel with its own noise.

    The same at every call.
    """
    digits, rng = data.digits(test_fraction=0.5), np.random.default_rng(0)

    def noisy(images: np.ndarray) -> np.ndarray:
        return (images + NOISE * rng.standard_normal(images.shape)).astype("float32")

    train = noisy(digits.train_images[:TRAIN]), digits.train_labels[:TRAIN]
    test = noisy(digits.test_images), digits.test_labels
    return Task(train, (noisy(digits.train_images[TRAIN:]), digits.train_labels[TRAIN:]), test)


def summed(
    input_shape: tuple[int, int, int] = SHAPE, classes: int = 10, *, depth: int = 13, width: int = 30
) -> keras.Model:
    r"""A DenseNet whose layers add where it concatenates: :math:`x_l = x_{l-1} + H_l(x_{l-1})`. Logits.

    Every layer gives `width` maps, as a sum needs; all else is `densenet-cifar` without bottleneck and compression.
    depth: 3n + 4. Raises ValueError for another depth and a width below 1. Chapter: feature_reuse.
    """
    count, rest = divmod(whole("depth", depth, 7) - 4, 3)
    if rest:
        raise ValueError(f"The depth is 3n + 4, such as {3 * count + 4}. Received: depth={depth!r}.")
    x = inputs = keras.Input(picture("The summing net", input_shape, 4), name="image")
    x = conv(x, whole("width", width, 1), 3, name="conv1_conv")
    for number in (2, 3, 4):
        for i in range(1, count + 1):
            name = f"conv{number}_block{i}"
            made = conv(relu(norm(x, f"{name}_0_bn"), f"{name}_0_relu"), width, 3, name=f"{name}_1_conv")
            x = layers.Add(name=f"{name}_add")([x, made])
        x = transition(x, 1.0, name=f"pool{number}") if number < 4 else relu(norm(x, "bn"), "relu")
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(inputs, layers.Dense(classes, name="predictions")(x), name=f"summed-{depth}-{width}")


def net(name: str) -> keras.Model:
    """Build one of `NETS` with fresh weights. Raises ValueError for another name. Chapter: feature_reuse."""
    builder, variant = NETS[choice("name", name, tuple(NETS))]
    return summed(**variant) if builder == "summed" else models.build(builder, SHAPE, 10, **variant)


def decayed(model: keras.Model, decay: float) -> keras.Model:
    r"""Add :math:`\lambda \sum w^2` over all weights to the model's loss, as the paper does; gives the model back."""
    if decay:
        for weight in model.trainable_weights:
            weight.regularizer = keras.regularizers.L2(decay)
    return model


def rate_of(name: str) -> float:
    """The learning rate of one of `NETS`: that of its kind. Raises ValueError for another name."""
    return RATES.get(choice("name", name, tuple(NETS)).split()[0], RATES["dense"])


def trained(model: keras.Model, seed: int, epochs: int, rate: float) -> keras.Model:
    """Train a model on the noisy digits, in batches of 32, and give it back."""
    experiments.fit(model, *task().train, epochs=epochs, batch=BATCH, rate=rate, seed=seed)
    return model


def score(model: keras.Model) -> float:
    """Accuracy on the test digits."""
    return experiments.accuracy(model, *task().test)
