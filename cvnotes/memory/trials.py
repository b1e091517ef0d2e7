"""The experiments of the chapter: peaks of real processes, first layers, and number types. Chapter: memory."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from cvnotes import backend, data, models
from cvnotes.backpropagation.network import batches
from cvnotes.experiments import accuracy, experiment, fit, race

from . import measured
from .precision import dtype_policy

DEPTHS = (4, 12)
POLICIES = ("float64", "float32", "bfloat16", "float16", "mixed_bfloat16", "mixed_float16")
FIRST = {"3×3, stride 1": (3, 1), "7×7, stride 2": (7, 2), "11×11, stride 4": (11, 4)}
SHAPES = ("disc", "square", "star", "cross", "arrow")
SIDE, SCENES, EPOCHS = 64, {"quick": 1500, "full": 8000}, {"quick": 8, "full": 20}


@experiment(version=1, seeds=5)
def peaks(seed: int, scale: str) -> dict[str, float]:
    """Peak memory that each further layer of a chain costs a real process, over the bytes of its activations."""
    deep, shallow = max(DEPTHS), min(DEPTHS)
    grown = {mode: measured.peak_of(mode, deep) - measured.peak_of(mode, shallow) for mode in measured.MODES}
    return {mode: extra / (deep - shallow) / measured.accounted() for mode, extra in grown.items()}


def first_layer_net(size: int, stride: int, filters: int = 16, classes: int = len(SHAPES)) -> keras.Model:
    """A ConvNet for pictures of 64 x 64, whose first layer may step; maps are 16 x 16 behind it in any case.

    Raises ValueError for a stride other than 1, 2 and 4.
    """
    if stride not in (1, 2, 4):
        raise ValueError(f"stride must be 1, 2 or 4, so that pooling can do the rest. Received: stride={stride!r}")
    layers = keras.layers

    def stage(count: int, side: int, step: int, name: str) -> list[keras.Layer]:
        conv = layers.Conv2D(count, side, strides=step, padding="same", use_bias=False, name=name)
        return [conv, layers.BatchNormalization(momentum=0.9), layers.ReLU()]

    shrink = [layers.MaxPooling2D(4 // stride)] if stride < 4 else []
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            *stage(filters, size, stride, "first"),
            *shrink,
            *stage(32, 3, 1, "second"),
            layers.MaxPooling2D(2),
            *stage(32, 3, 1, "third"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(classes),
        ]
    )


def shape_scenes(count: int, seed: int, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scenes of one of SHAPES each, (n, 64, 64, 3) from -1 to 1, and their labels."""
    drawn = {"classes": SHAPES, "radius": (0.2, 0.36), "clutter": 0.2, "turn": 45}
    scenes = data.scenes(count, seed=seed, size=SIDE, objects=1, start=start, **drawn)
    return 2 * scenes.floats - 1, scenes.labels[:, 0]


@experiment(version=1, seeds=5)
def first_layers(seed: int, scale: str) -> dict[str, list[float]]:
    """Name the object of a scene with three kinds of first layer: accuracy on new scenes, and on the trained ones."""
    x, y = shape_scenes(SCENES[scale], seed)
    new_x, new_y = shape_scenes(600, seed, start=SCENES[scale])
    found: dict[str, list[float]] = {"test": [], "train": []}
    for size, stride in FIRST.values():
        keras.utils.set_random_seed(seed)
        net = first_layer_net(size, stride)
        fit(net, x, y, epochs=EPOCHS[scale], batch=32, rate=3e-3, seed=seed)
        found["test"].append(accuracy(net, new_x, new_y))
        found["train"].append(accuracy(net, x, y))
    return found


def finite_scores(net: keras.Model, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Accuracy, and the share of scores that are finite numbers, whatever type the net computes in."""
    scores = keras.ops.convert_to_numpy(keras.ops.cast(net(x, training=False), "float32"))
    return float(np.mean(scores.argmax(1) == y)), float(np.isfinite(scores).mean())


def train_by_momentum(net: keras.Model, x: np.ndarray, y: np.ndarray, epochs: int, seed: int) -> None:
    """Train with SGD and momentum, which squares no gradient and takes no power of a number close to 1."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile(keras.optimizers.SGD(0.03, momentum=0.9), loss, jit_compile=backend.jit_compile())
    for rows in batches(len(x), 32, epochs, seed):
        net.train_on_batch(x[rows], y[rows])


@experiment(version=1, seeds=5)
def number_types(seed: int, scale: str) -> dict[str, list[float]]:
    """Train a small ConvNet on digits under each of POLICIES, with Adam and with momentum.

    adam, momentum: accuracy on test digits; adam_finite, momentum_finite: the share of finite scores.
    """
    digits, epochs = data.digits(), {"quick": 6, "full": 20}[scale]
    given, asked = (digits.train_images, digits.train_labels), (digits.test_images, digits.test_labels)
    found: dict[str, list[float]] = {name: [] for name in ("adam", "adam_finite", "momentum", "momentum_finite")}
    for policy in POLICIES:
        for name in ("adam", "momentum"):
            keras.utils.set_random_seed(seed)
            with dtype_policy(policy):
                net = models.build("small-convnet", input_shape=(8, 8, 1), width=8)
            if name == "adam":
                fit(net, *given, epochs=epochs, batch=32, rate=5e-3, seed=seed)
            else:
                train_by_momentum(net, *given, epochs, seed)
            right, finite = finite_scores(net, *asked)
            found[name].append(right)
            found[f"{name}_finite"].append(finite)
    return found


@experiment(version=1, seeds=5)
def adam_in_halves(seed: int, scale: str) -> dict[str, list[float]]:
    """Train one epoch with Adam in float32, bfloat16 and float16: what has become of the weights?

    moved: the largest change of any weight that is still finite; finite: the share of weights that are.
    """
    digits, found = data.digits(), {"moved": [], "finite": []}
    for policy in ("float32", "bfloat16", "float16"):
        keras.utils.set_random_seed(seed)
        with dtype_policy(policy):
            net = models.build("small-convnet", input_shape=(8, 8, 1), width=8)
        before = flat_weights(net)
        fit(net, digits.train_images, digits.train_labels, epochs=1, batch=32, rate=5e-3, seed=seed)
        after = flat_weights(net)
        finite = np.isfinite(after)
        found["moved"].append(float(np.abs(after - before)[finite].max(initial=0.0)))
        found["finite"].append(float(finite.mean()))
    return found


def flat_weights(net: keras.Model) -> np.ndarray:
    """All weights as one row of float64, whatever their type."""
    parts = [keras.ops.convert_to_numpy(keras.ops.cast(w.value, "float32")).ravel() for w in net.weights]
    return np.concatenate(parts).astype(float)


def matrix_products(side: int, dtypes: tuple[str, ...]) -> dict[str, Callable[[], object]]:
    """A function for each type that multiplies two square matrices of it."""
    noise = np.random.default_rng(0).normal(size=(2, side, side))

    def product(dtype: str) -> Callable[[], object]:
        a, b = (keras.ops.cast(keras.ops.convert_to_tensor(part), dtype) for part in noise)
        return lambda: keras.ops.convert_to_numpy(keras.ops.cast(keras.ops.matmul(a, b)[0, 0], "float32"))

    return {dtype: product(dtype) for dtype in dtypes}


def training_step(policy: str) -> Callable[[], object]:
    """A function that takes one training step of a ConvNet under a policy."""
    with dtype_policy(policy):
        net = models.build("small-convnet", input_shape=(32, 32, 3), width=32)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile("adam", loss, jit_compile=backend.jit_compile())
    dice = np.random.default_rng(0)
    x, y = dice.normal(size=(32, 32, 32, 3)).astype("float32"), dice.integers(0, 10, 32)
    return lambda: net.train_on_batch(x, y)


@experiment(version=1, seeds=5)
def speed(seed: int, scale: str) -> dict[str, list[float]]:
    """Time matrix products of 512 x 512 in four types and training steps under POLICIES, over those of float32."""
    dtypes = ("float64", "float32", "bfloat16", "float16")
    products = race(matrix_products(512, dtypes), 30, seed=seed)
    steps = race({policy: training_step(policy) for policy in POLICIES}, 12, seed=seed)
    return {
        "product": [float(np.median(products[d] / products["float32"])) for d in dtypes],
        "step": [float(np.median(steps[p] / steps["float32"])) for p in POLICIES],
    }
