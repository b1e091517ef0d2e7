"""The experiments of the page normalization_variants: small batches, and what goes wrong with batch normalization."""

from __future__ import annotations

import itertools

import keras
import numpy as np

from cvnotes import experiments
from cvnotes.checks import whole

from .trials import accuracy_in_training_mode, digits

KINDS = ("batch", "layer", "group", "none")
BATCHES = (1, 2, 4, 8, 32, 64)
STEPS = 420
#: For each batch size how many digits are shown how often: always 420 steps.
SHOWN = {1: (420, 1), 2: (840, 1), 4: (840, 2), 8: (1120, 3), 32: (1344, 10), 64: (1344, 20)}
RATE = 3e-3
TEST_BATCHES = (1, 8, 32, 450)

#: How far a live run may be from the stored one, on another processor or backend.
TOLERANCE = {"own_0.9": 0.15, "own_0.99": 0.15, "running_0.9": 0.2, "running_0.99": 0.5}


def normalization(kind: str, momentum: float = 0.9) -> list[keras.Layer]:
    """One of `KINDS` as a list of no or one layer; groups are four.

    Raises ValueError for another kind. Chapter: normalization_variants.
    """
    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise ValueError(f"kind must be one of {known}. Received: kind={kind!r}")
    if kind == "batch":
        return [keras.layers.BatchNormalization(momentum=momentum)]
    groups = {"none": [], "layer": [1], "group": [4]}[kind]
    return [keras.layers.GroupNormalization(count) for count in groups]


def net(kind: str, momentum: float = 0.9) -> keras.Model:
    """Two convolutions and a dense layer, each normalized before its ReLU; scores."""
    layers = keras.layers

    def behind(layer: keras.Layer) -> list[keras.Layer]:
        return [layer, *normalization(kind, momentum), layers.ReLU()]

    def stage(filters: int) -> list[keras.Layer]:
        convolution = layers.Conv2D(filters, 3, padding="same")
        return [*behind(convolution), layers.MaxPooling2D(2)]

    body = [*stage(8), *stage(16), layers.Flatten()]
    head = [*behind(layers.Dense(32)), layers.Dense(10, name="scores")]
    return keras.Sequential([keras.Input((8, 8, 1)), *body, *head])


def trained(kind: str, seed: int, batch: int = 32, momentum: float = 0.9, epochs: int | None = None) -> keras.Model:
    """Seed, build and train one net on digits in batches of that size: 420 steps, unless the passes are given.

    Raises ValueError for a batch that is not in `SHOWN`, or another kind. Chapter: normalization_variants.
    """
    if batch not in SHOWN:
        raise ValueError(f"batch must be one of {BATCHES}. Received: batch={batch!r}")
    d, (count, passes) = digits(), SHOWN[batch]
    keras.utils.set_random_seed(seed)
    model, options = net(kind, momentum), {"batch": batch, "rate": RATE, "seed": seed}
    experiments.fit(model, d.train_images[:count], d.train_labels[:count], epochs=epochs or passes, **options)
    return model


def score(model: keras.Model, x: np.ndarray | None = None) -> float:
    """Accuracy on the test digits, or on changed copies of them."""
    d = digits()
    return experiments.accuracy(model, d.test_images if x is None else x, d.test_labels)


@experiments.experiment(version=1, seeds=5)
def small_batches(seed: int, scale: str) -> dict[str, list[float]]:
    """Train with each normalization in batches of 1 to 64, always 420 steps: accuracy on test digits."""
    d, found = digits(), {}
    for kind in KINDS:
        models = [trained(kind, seed, batch) for batch in BATCHES]
        found[kind] = [score(model) for model in models]
        if kind == "batch":
            found["batch_own"] = [accuracy_in_training_mode(m, d.test_images, d.test_labels) for m in models]
    return found


# What goes wrong ------------------------------------------------------------------------------------------------------


def faded(x: np.ndarray, contrast: float = 0.4, brightness: float = 0.3) -> np.ndarray:
    """Pictures with less contrast and a grey ground. Chapter: normalization_variants."""
    return (contrast * np.asarray(x) + brightness).astype("float32")


def left_in_training(model: keras.Model, order: np.ndarray, batch: int) -> float:
    """Accuracy on the test digits, taken in that order and in batches, each with its own statistics."""
    d = digits()
    batch = whole("batch", batch, 1)
    parts = [order[start : start + batch] for start in range(0, len(order), batch)]
    right = [accuracy_in_training_mode(model, d.test_images[p], d.test_labels[p]) * len(p) for p in parts]
    return float(sum(right) / len(order))


def refreshed(model: keras.Model, x: np.ndarray) -> keras.Model:
    """A copy whose running statistics are the moments of x inside it.

    All that was trained stays as it is.
    Source: Li et al. (2016). Chapter: normalization_variants.
    """
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for layer in copy.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            inside = keras.ops.convert_to_numpy(x)
            axes = tuple(range(inside.ndim - 1))
            layer.moving_mean.assign(inside.mean(axes))
            layer.moving_variance.assign(inside.var(axes))
        x = layer(x)
    return copy


@experiments.experiment(version=1, seeds=5)
def early(seed: int, scale: str) -> dict[str, float]:
    """Stop after one pass, 42 steps: accuracy with running statistics, and with the test batch's own."""
    d, found = digits(), {}
    for momentum in (0.9, 0.99):
        model = trained("batch", seed, momentum=momentum, epochs=1)
        found[f"running_{momentum:g}"] = score(model)
        found[f"own_{momentum:g}"] = accuracy_in_training_mode(model, d.test_images, d.test_labels)
    return found


@experiments.experiment(version=2, seeds=5)
def pitfalls(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Fade the test digits for nets with each normalization; leave the training flag on for batch normalization."""
    d, found = digits(), {}
    models = {kind: trained(kind, seed) for kind in KINDS}
    found |= {f"clean_{kind}": score(model) for kind, model in models.items()}
    found |= {f"faded_{kind}": score(model, faded(d.test_images)) for kind, model in models.items()}
    found["faded_refreshed"] = score(refreshed(models["batch"], faded(d.train_images)), faded(d.test_images))
    return found | {f"flag_{name}": values for name, values in flags(models["batch"], seed).items()}


def flags(model: keras.Model, seed: int) -> dict[str, list[float]]:
    """Accuracy with the training flag left on, by size of the test batch: digits mixed, and sorted by class."""
    d = digits()
    mixed = np.random.default_rng(seed).permutation(len(d.test_labels))
    orders = {"mixed": mixed, "sorted": np.argsort(d.test_labels, kind="stable")}
    return {name: [left_in_training(model, order, batch) for batch in TEST_BATCHES] for name, order in orders.items()}


WORLDS = {"same": lambda x: x, "faded": faded}
PARTS, STATES = ("all", "head"), ("frozen", "unfrozen")


def free(model: keras.Model, part: str, state: str) -> None:
    """Choose what fine-tuning may move: all layers or the scores alone; and batch normalization, if it is unfrozen.

    Frozen, batch normalization infers, even while the rest of the model trains.
    Raises ValueError for a part or a state that is not in `PARTS`, `STATES`. Chapter: normalization_variants.
    """
    if part not in PARTS or state not in STATES:
        raise ValueError(f"part is one of {PARTS}, state of {STATES}. Received: part={part!r}, state={state!r}")
    for layer in model.layers:
        normal = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = state == "unfrozen" if normal else part == "all" or layer.name == "scores"


@experiments.experiment(version=2, seeds=5)
def fine_tuning(seed: int, scale: str) -> dict[str, float]:
    """Go on training for 100 steps in batches of 2, on digits like before or faded ones, in four ways."""
    d, found = digits(), {}
    start = trained("batch", seed).get_weights()
    chosen = np.random.default_rng(seed).permutation(len(d.train_images))[:200]
    for world, changed in WORLDS.items():
        x, test = changed(d.train_images[chosen]), changed(d.test_images)
        for part, state in itertools.product(PARTS, STATES):
            keras.utils.set_random_seed(seed)
            model = net("batch")
            model.set_weights(start)
            found[f"{world}_before"] = score(model, test)
            free(model, part, state)
            experiments.fit(model, x, d.train_labels[chosen], epochs=1, batch=2, rate=2e-3, seed=seed)
            found[f"{world}_{part}_{state}"] = score(model, test)
    return found
