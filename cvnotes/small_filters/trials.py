"""The stored experiments of the page: a race, targets to be fitted, and digits to be read at an equal budget."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from cvnotes import experiments
from cvnotes.convolution_variants import timing
from cvnotes.introduction.comparison import SIDE as CANVAS
from cvnotes.introduction.comparison import split

from .blocks import block
from .targets import SOURCES, TARGETS, TRAINING, UNSEEN, answers, patches

ONE, STACK = 19, 7  # channels: 970 and 974 weights with the layer that reads them out
KINDS = ("one", "stack")
RATES = (3e-3, 1e-2)
COUNTS = {"train": 256, "validation": 128, "test": 256}

# The race ------------------------------------------------------------------------------------------------------------

WIDTHS = (8, 16, 32, 64)
BATCHES = (1, 8)
SIDE, STEM = 32, (3, 64)  # of the maps, in pixels; channels in and out of a first layer
SHALLOW, DEEP = 1, 3  # blocks
SIZES = {"stack": (3, 3, 3), "one": (7,)}


def least(layers: dict[str, list[keras.Layer]], given: int, batch: int, rounds: int, seed: int) -> dict[str, float]:
    """Race models of these layers: the seconds of the quickest round of each, as all others only waited longer."""
    calls = {name: timing.call(each, (SIDE, SIDE, given), batch) for name, each in layers.items()}
    return {name: float(times.min()) for name, times in experiments.race(calls, rounds, seed=seed).items()}


def block_ratio(width: int, batch: int, rounds: int, seed: int) -> float:
    """Time three layers of 3 x 3 over one of 7 x 7: three blocks less one block, so that the call itself cancels.

    Raises RuntimeError where the clock does not see a block.
    """
    stacks = {
        f"{name} {depth}": [one for _ in range(depth) for one in block(sizes, width, width, side=SIDE).layers]
        for name, sizes in SIZES.items()
        for depth in (SHALLOW, DEEP)
    }
    found = least(stacks, width, batch, rounds, seed)
    stack, one = (found[f"{name} {DEEP}"] - found[f"{name} {SHALLOW}"] for name in SIZES)
    if min(stack, one) <= 0:
        raise RuntimeError(f"{rounds} rounds are too few to see a block of {width} channels, batch {batch}.")
    return stack / one


def stem_ratio(batch: int, rounds: int, seed: int) -> float:
    """Do the same for a first layer on three colours, less a call that does nothing."""
    layers = {name: block(sizes, *STEM, side=SIDE).layers for name, sizes in SIZES.items()}
    found = least(layers | {"none": [keras.layers.Identity()]}, STEM[0], batch, rounds, seed)
    return (found["stack"] - found["none"]) / (found["one"] - found["none"])


@experiments.experiment(version=2, seeds=5)
def block_race(seed: int, scale: str = "quick") -> dict[str, float | list[float]]:
    """Race three 3 x 3 against one 7 x 7: `batch_N`, time ratios by width; `stem_N`, on a picture of three channels."""
    found: dict[str, float | list[float]] = {}
    for batch in BATCHES:
        rounds = {"quick": 20, "full": 60}[scale] * (3 if batch == 1 else 1)  # short calls need more rounds
        found[f"batch_{batch}"] = [block_ratio(width, batch, rounds, seed) for width in WIDTHS]
        found[f"stem_{batch}"] = stem_ratio(batch, rounds, seed)
    return found


# Targets -------------------------------------------------------------------------------------------------------------


class Task(NamedTuple):
    """Patches and, for each target, what to say about every window of 7 x 7."""

    x: np.ndarray
    y: np.ndarray


def tasks(source: str, seed: int) -> dict[str, Task]:
    """Draw patches to train, to choose the rate and to test; photographs to test are others.

    Targets have mean zero and spread one on the training patches, so that a squared error is a share of the variance.
    """
    dice = np.random.default_rng(seed)
    names = {"train": TRAINING, "validation": TRAINING, "test": UNSEEN}
    x = {part: patches(source, count, dice, names[part]) for part, count in COUNTS.items()}
    y = {part: answers(images, seed) for part, images in x.items()}
    mean, spread = y["train"].mean((0, 1, 2)), y["train"].std((0, 1, 2))
    return {part: Task(x[part], ((y[part] - mean) / spread).astype("float32")) for part in COUNTS}


def fitter(kind: str, side: int, count: int = len(TARGETS)) -> keras.Model:
    """Build one small net a target, side by side: no weight is shared, so Adam trains each as if it were alone.

    kind: "one", a layer of 7 x 7, or "stack", three of 3 x 3; then ReLU and one number a place.
    """
    look = {"activation": "relu", "kernel_initializer": "he_normal"}
    filters = {"one": [(ONE, 7)], "stack": [(STACK, 3)] * 3}[kind]
    inputs, outputs = keras.Input((side, side, 1)), []
    for _ in range(count):
        x = inputs
        for width, size in filters:
            x = keras.layers.Conv2D(width, size, **look)(x)
        outputs.append(keras.layers.Conv2D(1, 1)(x))
    return keras.Model(inputs, keras.layers.Concatenate()(outputs) if count > 1 else outputs[0])


def missed(model: keras.Model, task: Task) -> np.ndarray:
    """Give the share of each target's variance that a model does not explain; 1 for a guess of the mean."""
    wrong = ops.convert_to_numpy(model(task.x)) - task.y
    return (wrong**2).mean((0, 1, 2)) / task.y.var((0, 1, 2))


def linear_missed(train: Task, test: Task) -> np.ndarray:
    """The same for the best single kernel of 7 x 7 and its bias, by least squares."""

    def rows(x: np.ndarray) -> np.ndarray:
        seen = np.lib.stride_tricks.sliding_window_view(x[..., 0], (7, 7), axis=(1, 2)).reshape(-1, 49)
        return np.hstack([seen, np.ones((len(seen), 1))])

    kernels = np.linalg.lstsq(rows(train.x), train.y.reshape(-1, train.y.shape[-1]), rcond=None)[0]
    wrong = rows(test.x) @ kernels - test.y.reshape(-1, test.y.shape[-1])
    return (wrong**2).mean(0) / test.y.var((0, 1, 2))


def trained(kind: str, train: Task, rate: float, seed: int, epochs: int) -> keras.Model:
    """Fit all targets with one kind of net at one rate."""
    keras.utils.set_random_seed(seed)
    model = fitter(kind, train.x.shape[1], train.y.shape[-1])
    experiments.fit(model, train.x, train.y, epochs=epochs, batch=8, rate=rate, seed=seed, loss="mse")
    return model


def chosen(kind: str, parts: dict[str, Task], seed: int, epochs: int) -> np.ndarray:
    """Train at every rate; each target keeps the rate that did best on the validation patches."""
    nets = [trained(kind, parts["train"], rate, seed, epochs) for rate in RATES]
    best = np.argmin([missed(net, parts["validation"]) for net in nets], axis=0)
    return np.array([missed(net, parts["test"]) for net in nets])[best, np.arange(len(best))]


@experiments.experiment(version=1, seeds=5)
def fits(seed: int, scale: str = "quick") -> dict[str, list[float]]:
    """Fit all targets with one layer of 7 x 7 and with three of 3 x 3, of equal weights and multiply-accumulates.

    SOURCE_KIND: share of the variance of unseen patches that is missed, by target; SOURCE_linear: by one kernel.
    """
    epochs, found = {"quick": 12, "full": 200}[scale], {}
    for source in SOURCES:
        parts = tasks(source, seed)
        found[f"{source}_linear"] = linear_missed(parts["train"], parts["test"]).tolist()
        for kind in KINDS:
            found[f"{source}_{kind}"] = chosen(kind, parts, seed, epochs).tolist()
    return found


# Digits --------------------------------------------------------------------------------------------------------------

#: sizes of the filters, channels in and out, channels in between: pairs of equal weights and multiply-accumulates
NETS = {
    "one 7 × 7": ((7,), 13, 13),
    "three 3 × 3": ((3, 3, 3), 13, 20),
    "one 5 × 5": ((5,), 18, 18),
    "two 3 × 3": ((3, 3), 18, 25),
}
PAIRS = (("three 3 × 3", "one 7 × 7"), ("two 3 × 3", "one 5 × 5"))
DIGIT_RATES = (1e-3, 3e-3)


def reader(sizes: tuple[int, ...], width: int, inner: int) -> keras.Sequential:
    """A first layer, a block of filters of these sizes, a pool, and ten scores."""
    body = block(sizes, width, width, inner, side=CANVAS).layers
    return keras.Sequential(
        [
            keras.Input((CANVAS, CANVAS, 1)),
            keras.layers.Conv2D(width, 3, padding="same", activation="relu", name="first"),
            *body,
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(10, name="scores"),
        ]
    )


@experiments.experiment(version=1, seeds=5)
def equal_budget(seed: int, scale: str = "quick") -> dict[str, float]:
    """Read digits anywhere on a canvas with every net of `NETS`: accuracy, at the rate best on held-out digits."""
    given, epochs, found = split("anywhere", 800, seed), {"quick": 20, "full": 120}[scale], {}
    train, held = (given.x[:500], given.y[:500]), (given.x[500:], given.y[500:])
    for name, setting in NETS.items():
        runs = []
        for rate in DIGIT_RATES:
            keras.utils.set_random_seed(seed)
            net = reader(*setting)
            experiments.fit(net, *train, epochs=epochs, batch=32, rate=rate, seed=seed)
            tests = (train, held, (given.test_x, given.test_y))
            runs.append([experiments.accuracy(net, *each) for each in tests])
        own, _, test = max(runs, key=lambda run: run[1])
        found |= {f"{name}_own": own, f"{name}_test": test}
    return found
