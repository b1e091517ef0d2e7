"""The folklore of training put to the test: order, bugs, schedules, momentum and clipping. Chapter: tuning."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from cvnotes import experiments

from .bench import EPOCHS, ORDERS, Bench, conv_net, digits, score, visits
from .bugs import BUGS, pipeline
from .overfit import guessing, handful, overfit_check
from .schedules import KINDS, by_keras
from .watching import SteeredSGD, Steering

BATCHES = (32, 256)  # of the sorted run
SCHEDULE_RATES = (0.01, 0.05, 0.15)  # of SGD with momentum 0.9
MOMENTUM_RATES = (0.003, 0.01, 0.03)
LOW_MOMENTUM, HIGH_MOMENTUM = 0.5, 0.95
GAINS = {"healthy start": 1.0, "start too large": 2.2}  # a factor on He's standard deviation, in ten dense layers
CLIP_RATE = 0.02
CLIPS = {  # what SGD is told besides its momentum of 0.9
    "no clipping": {"learning_rate": CLIP_RATE},
    "a hundredth of the rate": {"learning_rate": CLIP_RATE / 100},
    "by value": {"learning_rate": CLIP_RATE, "clipvalue": 0.01},
    "by norm": {"learning_rate": CLIP_RATE, "clipnorm": 0.3},
    "by global norm": {"learning_rate": CLIP_RATE, "global_clipnorm": 1.0},
}


def trained_loss(model: keras.Model) -> float:
    """Mean cross-entropy on the training digits, at most that of a guess at chance with certainty: 20."""
    logits = keras.ops.convert_to_numpy(model(digits().train_images, training=False)).astype(float)
    chosen = np.take_along_axis(logits, digits().train_labels[:, None], 1)[:, 0]
    losses = np.logaddexp.reduce(logits, axis=1) - chosen
    return float(np.clip(np.nan_to_num(losses, nan=20.0), 0, 20).mean())


@experiments.experiment(version=1, seeds=5)
def order(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Plain SGD on digits shuffled anew, shuffled once, and sorted by class; the share of answers "9" when sorted."""
    d, bench, found = digits(), Bench(conv_net, keras.optimizers.SGD()), {}
    for batch in BATCHES:
        for how in ORDERS:
            options = {"rate": 0.1 * (batch / 32) ** 0.5, "seed": seed, "epochs": EPOCHS[scale], "batch": batch}
            model = bench.train(d.train_images, d.train_labels, order=how, **options)
            found[f"{how}_{batch}"] = score(model)
            answers = keras.ops.convert_to_numpy(model(d.test_images, training=False)).argmax(-1)
            found[f"{how}_{batch}_nines"] = float(np.mean(answers == 9))
    return found


@experiments.experiment(version=1, seeds=5)
def planted(seed: int, scale: str) -> dict[str, list[float]]:
    """Check each of `BUGS` on 20 digits, then train it in full: does the check see what the test digits suffer?"""
    d, found = digits(), {"passed": [], "loss": [], "right": [], "steps": [], "test": []}
    for bug in BUGS:
        made = pipeline(bug, seed)
        x, y = made.load(*handful(d.train_images, d.train_labels))
        verdict = overfit_check(made.model, x, y, feed=made.feed)
        for key in ("passed", "right", "steps"):
            found[key].append(float(getattr(verdict, key)))
        found["loss"].append(float(np.clip(np.nan_to_num(verdict.loss, nan=-1e6), -1e6, 1e6)))
        x, y = made.load(d.train_images, d.train_labels)
        rows = visits(y, EPOCHS[scale], 32, np.random.default_rng(seed))
        for batch in rows.reshape(-1, 32):
            made.model.train_on_batch(*made.feed(x[batch], y[batch]))
        found["test"].append(score(made.model))
    return found | {"chance": [guessing(handful(d.train_images, d.train_labels)[1])]}


@experiments.experiment(version=1, seeds=5)
def schedules(seed: int, scale: str) -> dict[str, list[float]]:
    """Train under each schedule from three rates: accuracy on test digits and loss on training digits."""
    d, found = digits(), {}
    steps = EPOCHS[scale] * (len(d.train_labels) // 32)
    for kind in KINDS:
        runs = []
        for rate in SCHEDULE_RATES:
            bench = Bench(conv_net, keras.optimizers.SGD(by_keras(kind, rate, steps), momentum=0.9))
            model = bench.train(d.train_images, d.train_labels, seed=seed, epochs=EPOCHS[scale])
            runs.append((score(model), trained_loss(model)))
        found[f"{kind}_test"], found[f"{kind}_loss"] = ([run[i] for run in runs] for i in (0, 1))
    return found


def momentum_rules(rate: float, steps: int) -> dict[str, tuple[Callable, Callable]]:
    """Momentum and rate over time: three momenta at one rate, and the same longest steps at one momentum.

    A step of SGD with momentum m goes on for about 1 / (1 - m) steps, so rate / (1 - m) is its length in the end.
    """
    line = lambda a, b: lambda t: a + (b - a) * min(t / steps, 1.0)  # noqa: E731
    still = lambda value: lambda t: value  # noqa: E731
    up, down = line(LOW_MOMENTUM, HIGH_MOMENTUM), line(HIGH_MOMENTUM, LOW_MOMENTUM)
    same_length = lambda rule: lambda t: rate * 0.1 / (1 - rule(t))  # noqa: E731
    return {
        "constant": (still(0.9), still(rate)),
        "decreasing": (down, still(rate)),
        "increasing": (up, still(rate)),
        "constant, rate as if decreasing": (still(0.9), same_length(down)),
        "constant, rate as if increasing": (still(0.9), same_length(up)),
    }


@experiments.experiment(version=1, seeds=5)
def momentum(seed: int, scale: str) -> dict[str, list[float]]:
    """Let momentum fall, rise or stay, at three rates: accuracy on test digits and loss on training digits."""
    d, bench = digits(), Bench(conv_net, SteeredSGD(momentum=0.9))
    steps, found = EPOCHS[scale] * (len(d.train_labels) // 32), {}
    for rate in MOMENTUM_RATES:
        for name, (push, speed) in momentum_rules(rate, steps).items():
            watch = [Steering(momentum=push, rate=speed)]
            model = bench.train(
                d.train_images, d.train_labels, seed=seed, epochs=EPOCHS[scale], rate=rate, callbacks=watch
            )
            found.setdefault(f"{name}_test", []).append(score(model))
            found.setdefault(f"{name}_loss", []).append(trained_loss(model))
    return found


def deep_net(gain: float) -> keras.Model:
    """Ten dense layers of 32 ReLUs whose first weights are He's, times a gain."""
    layers = keras.layers
    start = lambda: keras.initializers.VarianceScaling(2 * gain**2, "fan_in")  # noqa: E731
    hidden = [layers.Dense(32, "relu", kernel_initializer=start()) for _ in range(10)]
    return keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), *hidden, layers.Dense(10)])


@experiments.experiment(version=1, seeds=5)
def clipping(seed: int, scale: str) -> dict[str, float]:
    """Train a deep net from a healthy start and from one that explodes, with and without clipping."""
    d, found = digits(), {}
    for start, gain in GAINS.items():
        for clip, options in CLIPS.items():
            bench = Bench(lambda gain=gain: deep_net(gain), keras.optimizers.SGD(momentum=0.9, **options))
            model = bench.train(d.train_images, d.train_labels, seed=seed, epochs=EPOCHS[scale])
            found[f"{start}_{clip}"] = score(model)
    return found
