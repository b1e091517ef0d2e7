"""The first nets that the book trains: five stages on colour planes, then two storeys on the scans."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from cvnotes import data, models
from cvnotes.experiments import History, accuracy, experiment, fit

EPOCHS = {"five": 8, "two": 15}


def five_stages(filters: int = 12, padding: str = "same") -> keras.Sequential:
    """Build INPUT-CONV-RELU-POOL-FC for pictures of 32 x 32 x 3 and ten classes. Chapter: introduction."""
    return keras.Sequential(
        [
            keras.Input((32, 32, 3), name="input"),
            layers.Conv2D(filters, 3, padding=padding, name="conv"),
            layers.ReLU(name="relu"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(name="flatten"),
            layers.Dense(10, name="fc"),
        ],
        name="five-stages",
    )


def two_storeys() -> keras.Model:
    """Build the net of the first real training: conv-ReLU-pool twice, then ten scores. Chapter: introduction."""
    return models.build("small-convnet", input_shape=(8, 8, 1), width=16)


def pictures(kind: str) -> data.Digits:
    """Give the digits as a net reads them: enlarged, in three equal planes, for "five"; as scanned for "two"."""
    if kind == "two":
        return data.digits()
    digits = data.digits(32)
    train, test = (np.repeat(images, 3, axis=-1) for images in (digits.train_images, digits.test_images))
    return data.Digits(train, digits.train_labels, test, digits.test_labels)


def train(kind: str, seed: int) -> tuple[keras.Model, History]:
    """Train the net called "five" or "two" from fresh weights; the test digits are only looked at, epoch by epoch.

    Raises ValueError for another name. Chapter: introduction.
    """
    if kind not in EPOCHS:
        raise ValueError(f"kind is one of {', '.join(map(repr, EPOCHS))}. Received: {kind!r}")
    keras.utils.set_random_seed(seed)
    model = five_stages() if kind == "five" else two_storeys()
    images, labels, *test = pictures(kind)
    rate = {"five": 2e-3, "two": 3e-3}[kind]
    return model, fit(
        model, images, labels, validation=tuple(test), epochs=EPOCHS[kind], batch=32, rate=rate, seed=seed
    )


@experiment(version=2, seeds=5)
def first_runs(seed: int, scale: str) -> dict[str, object]:
    """Train both nets; gives for each its accuracy on digits that it never saw, and the loss of every epoch."""
    found: dict[str, object] = {}
    for kind in EPOCHS:
        model, history = train(kind, seed)
        _, _, images, labels = pictures(kind)
        found[f"{kind} accuracy"] = accuracy(model, images, labels)
        found[f"{kind} loss"] = history["loss"]
        found[f"{kind} test loss"] = history["val_loss"]
    return found
