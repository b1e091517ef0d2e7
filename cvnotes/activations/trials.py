"""The experiments of the chapter on activations: small nets on real digits, with faults put in on purpose."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from cvnotes import data, experiments

from . import units
from .kinds import KINDS, flat_share, make
from .layers import MaxoutConv2D

GAINS = (1.0, 2.0, 4.0, 10.0, 20.0, 40.0)  # deviation of the first weights times sqrt(inputs)
FAULT_RATES, FAULT_STEPS = (0.1, 1.0), {"quick": 800, "full": 4000}
BIASES = (0.0, 0.01, 0.1)
STARTS = {"large": 2**0.5, "small": 0.08}  # gains: that of He et al.; and deviations of 0.01 for 64 inputs
SWEPT = (*KINDS, "maxout", "sigmoid × 4")
GLOROT = ("sigmoid", "tanh")  # start as Glorot and Bengio (2010) say; the others as He et al. (2015)
SWEEP_RATES = (1e-3, 4e-3, 1.6e-2)
HIT = 128  # units of the layer that is shocked
SHOCK, AFTER = 25.0, {"quick": 600, "full": 3000}


@keras.saving.register_keras_serializable(package="cvnotes")
class CentredSigmoid(layers.Layer):
    """A sigmoid less one half: the same slopes, and answers of mean zero. Chapter: activations."""

    def call(self, x):
        """Give numbers between -1/2 and 1/2."""
        return ops.sigmoid(x) - 0.5

    def compute_output_shape(self, input_shape):
        """Give the shape of the input."""
        return input_shape


WAYS = {"centred": CentredSigmoid, "off": "sigmoid"}


STORED = ("after_shock", "faults", "learned_slopes", "positive_bias", "sweep")

#: How far a live run of `after_shock` may be from the stored one. Another processor or backend draws other weights and
#: kills other units; but with its inputs fixed no dead unit may ever come back, so there nothing is allowed.
SHOCK_TOLERANCE = {"free_still": 1.0, "leaky_still": 1.0} | {
    f"{arm}_{what}": 0.15 for arm in ("fixed", "free", "leaky") for what in ("hit", "read")
}


def at_best(values: np.ndarray, judged: np.ndarray | None = None) -> np.ndarray:
    """Take the numbers (seeds, ..., rates) at the rate whose mean over seeds is best: (seeds, ...).

    judged: the numbers, of equal shape, that decide which rate is best; the values themselves unless given.
    """
    best = (values if judged is None else judged).mean(0).argmax(-1)
    return np.take_along_axis(values, np.broadcast_to(best[..., None], (*values.shape[:-1], 1)), -1)[..., 0]


def read(net: keras.Model, x: np.ndarray | None = None) -> float:
    """Give the share of the training digits (or of x in their place) that a net of `units.stack` names rightly."""
    d = units.digits()
    scores = ops.convert_to_numpy(net(d.train_images if x is None else x))
    return float(np.mean(scores.argmax(1) == d.train_labels))


def learn(net: keras.Model, look, optimizer: keras.Optimizer, steps: int, every: int, seed: int, x=None) -> list:
    """Train a net of `units.stack` on the training digits (or on x in their place), and look at it now and then."""
    d = units.digits()
    chosen = {"optimizer": optimizer, "steps": steps, "every": every, "seed": seed}
    return units.follow(net, d.train_images if x is None else x, d.train_labels, look, **chosen)


@experiments.experiment(version=1, seeds=5)
def faults(seed: int, scale: str) -> dict[str, list]:
    """Centre the answers of a sigmoid net or not, start with small or large weights: the digits that it then reads.

    Plain gradient descent with momentum, two learning rates; lists by gain and rate. And the share of flat units of
    the last hidden layer before the first step, by gain.
    """
    found = {f"{way}_{what}": [] for way in WAYS for what in ("read", "flat")}
    for gain in GAINS:
        for way, kind in WAYS.items():
            runs = []
            for rate in FAULT_RATES:
                keras.utils.set_random_seed(seed)
                net, steps = units.stack(kind, [32] * 4, gain), FAULT_STEPS[scale]
                flat = flat_share(make("sigmoid"), units.sums(net, units.digits().train_images)[-1].ravel())
                runs.append(learn(net, read, keras.optimizers.SGD(rate, momentum=0.9), steps, steps, seed)[-1])
            found[f"{way}_read"].append(runs)
            found[f"{way}_flat"].append(flat)
    return found


@experiments.experiment(version=1, seeds=5)
def positive_bias(seed: int, scale: str) -> dict[str, list[float]]:
    """Start six ReLU layers with a bias of 0, 0.01 or 0.1: the share of dead units before and while they learn.

    The pixels are as they come, from 0 to 1, which leaves more units dead than pixels of mean zero.
    """
    found, pixels, steps = {}, data.digits().train_images.reshape(-1, 64), {"quick": 600, "full": 3000}[scale]
    for start, gain in STARTS.items():
        for bias in BIASES:
            keras.utils.set_random_seed(seed)
            net, adam = units.stack("ReLU", [32] * 6, gain, bias), keras.optimizers.Adam(4e-3)
            notes = learn(net, lambda n: np.mean(units.dead(n, pixels)), adam, steps, steps // 6, seed, pixels)
            found |= {f"{start}_{bias:g}_dead": notes, f"{start}_{bias:g}_read": read(net, pixels)}
    return found


def shock(net: keras.Model, rate: float) -> None:
    """Let one step with a huge learning rate hit the weights of the second hidden layer, and no others."""
    d = units.digits()
    for layer in net.layers:
        layer.trainable = layer.name == "sum2"
    net.compile(keras.optimizers.SGD(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    net.train_on_batch(d.train_images[:32], d.train_labels[:32])
    for layer in net.layers:
        layer.trainable = True


def shocked(kind: str, seed: int) -> tuple[keras.Model, np.ndarray]:
    """Train two hidden layers for a while, then shock the second; the net and which of its units are dead."""
    keras.utils.set_random_seed(seed)
    net = units.stack(kind, [64, HIT])
    learn(net, read, keras.optimizers.Adam(2e-3), 60, 60, seed)
    shock(net, SHOCK)
    return net, second_dead(net)


def second_dead(net: keras.Model) -> np.ndarray:
    """Which units of the second hidden layer are dead for the training digits."""
    return units.dead(net, units.digits().train_images)[1]


@experiments.experiment(version=1, seeds=5)
def after_shock(seed: int, scale: str) -> dict[str, list[float]]:
    """Train on after a shock: of the units that it killed, the share that is still dead, every 60 steps.

    "fixed": ReLU, and the layer below may not learn; "free": it may; "leaky": fixed, with leaky ReLU.
    """
    found, steps = {}, AFTER[scale]
    for name, kind, below in (("fixed", "ReLU", False), ("free", "ReLU", True), ("leaky", "leaky ReLU", False)):
        net, hit = shocked(kind, seed)
        net.get_layer("sum1").trainable = below
        dead = learn(net, second_dead, keras.optimizers.Adam(5e-3), steps, steps // 10, seed)
        still = [each[hit].mean() for each in dead]
        found |= {f"{name}_still": still, f"{name}_hit": hit.mean(), f"{name}_read": read(net)}
    return found


def convnet(kind: str) -> keras.Model:
    """Build four convolutions with one kind of activation (or maxout) for digits of 8 x 8, and ten scores."""

    def block(filters: int) -> list[keras.Layer]:
        if kind == "maxout":
            return [MaxoutConv2D(filters, 3, padding="same")]
        start = units.scaled(4.0) if "×" in kind else "glorot_uniform" if kind in GLOROT else "he_normal"
        return [layers.Conv2D(filters, 3, padding="same", kernel_initializer=start), make(kind.split(" × ")[0], rank=4)]

    parts = [*block(8), *block(8), layers.MaxPooling2D(), *block(16), *block(16)]
    return keras.Sequential([keras.Input((8, 8, 1)), *parts, layers.Flatten(), layers.Dense(10)])


def split(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose 600 digits to train with and leave the other 747 training digits to choose the rate with."""
    order = np.random.default_rng(seed).permutation(len(data.digits().train_images))
    return order[:600], order[600:]


def taught(kind: str, rate: float, seed: int, scale: str) -> keras.Model:
    """Train one net of `convnet` on 600 digits."""
    d, (chosen, _) = data.digits(), split(seed)
    keras.utils.set_random_seed(seed)
    net, epochs = convnet(kind), {"quick": 20, "full": 100}[scale]
    options = {"epochs": epochs, "batch": 32, "rate": rate, "seed": seed}
    experiments.fit(net, d.train_images[chosen], d.train_labels[chosen], **options)
    return net


@experiments.experiment(version=1, seeds=5)
def sweep(seed: int, scale: str) -> dict[str, list[float]]:
    """One ConvNet with ten activations at three learning rates: accuracy on held-out and on test digits, by rate."""
    d, (_, rest), found = data.digits(), split(seed), {}
    for kind in SWEPT:
        nets = [taught(kind, rate, seed, scale) for rate in SWEEP_RATES]
        held = [experiments.accuracy(net, d.train_images[rest], d.train_labels[rest]) for net in nets]
        found[f"{kind}_held"] = held
        found[f"{kind}_test"] = [experiments.accuracy(net, d.test_images, d.test_labels) for net in nets]
    return found


@experiments.experiment(version=1, seeds=5)
def learned_slopes(seed: int, scale: str) -> dict[str, list[float]]:
    """Train the ConvNet with PReLU, whose slopes start at 0.25: the slope of each channel afterwards, by layer."""
    net = taught("PReLU", SWEEP_RATES[1], seed, scale)
    slopes = [layer.get_weights()[0].ravel() for layer in net.layers if isinstance(layer, layers.PReLU)]
    return {f"layer_{i}": values for i, values in enumerate(slopes, 1)}
