"""The stored experiments of the page: twelve small nets in one harness, LeNet-5 on digits, all named nets counted."""

from __future__ import annotations

import functools

import keras
import numpy as np

from cvnotes import data, experiments, models
from cvnotes.transfer import tapping

from . import scaling, stages, tilted
from .minis import NETS

EPOCHS, BATCH = 5, 32  # five epochs of 56 batches: 280 steps for every net
CANDIDATES = (1e-3, 3e-3, 1e-2)  # rates that are tried on validation pictures
ROUNDS = 6  # steps that are timed
DIGIT_EPOCHS, DIGIT_RATE = 5, 3e-3
#: nets at full size whose costs are told by the size of their maps
DISSECTED = (
    *("lenet-5", "alexnet", "zfnet", "network-in-network", "vgg-16", "googlenet", "resnet-50", "squeezenet-1.0"),
    *("densenet-121", "se-resnet-50", "efficientnet-b0"),
)
VARIANTS = {"network-in-network": {"size": "imagenet"}}


def best_rates() -> dict[str, float]:
    """Give for each small net the rate that did best on validation digits, from the stored trial `rates`.

    Chapter: architectures.
    """
    found = experiments.load("architectures", "rates")
    return {name: CANDIDATES[found[name].mean(0).argmax()] for name in NETS}


def trained(name: str, seed: int, rate: float | None = None, scale: str = "quick", part: str = "train") -> keras.Model:
    """Train one small net from the start that its seed gives, at its best rate unless one is given.

    Chapter: architectures.
    """
    keras.utils.set_random_seed(seed)
    net, epochs = NETS[name](), EPOCHS * (4 if scale == "full" else 1)
    options = {"epochs": epochs, "batch": BATCH, "rate": best_rates()[name] if rate is None else rate, "seed": seed}
    experiments.fit(net, *tilted.pictures(seed, part), **options)
    return net


@experiments.experiment(version=1, seeds=1)
def rates(seed: int, scale: str) -> dict[str, list[float]]:
    """Train every net at each of the `CANDIDATES` on two thirds of the training digits: accuracy on the other third."""
    held_out, told = tilted.pictures(seed, "check"), {}
    for name in NETS:
        nets = [trained(name, seed, rate, scale, "fit") for rate in CANDIDATES]
        told[name] = [experiments.accuracy(net, *held_out) for net in nets]
    return told


@experiments.experiment(version=1, seeds=5)
def race(seed: int, scale: str) -> dict[str, list[float] | list[list[float]]]:
    """Train every net with its own rate; lists follow `minis.NETS`.

    Accuracy on test pictures (``test``) and on the pictures learned (``train``), time of a step as a ratio to
    LeNet-5's (``step``). Of the SE-ResNet also the mean gate of its last block for each class (``gates``),
    and its accuracy with every gate held at the mean over the test pictures (``held``).
    """
    test, nets, found = tilted.pictures(seed, "test"), {}, {"test": [], "train": []}
    for name in NETS:
        nets[name] = trained(name, seed, scale=scale)
        found["test"].append(experiments.accuracy(nets[name], *test))
        found["train"].append(experiments.accuracy(nets[name], *tilted.pictures(seed, "train")))
    found["step"] = step_times(nets)
    by_picture = gates(nets["SE-ResNet"], test[0])
    found["gates"] = [by_picture[-1][test[1] == k].mean(0).tolist() for k in range(10)]
    return found | {"held": experiments.accuracy(hold_gates(nets["SE-ResNet"], by_picture), *test)}


def step_times(nets: dict[str, keras.Model]) -> list[float]:
    """Time a training step of each compiled net in turns: medians, as ratios to the first net's."""
    batch = tuple(each[:BATCH] for each in tilted.pictures(0, "train"))
    calls = {name: functools.partial(net.train_on_batch, *batch) for name, net in nets.items()}
    medians = [float(np.median(seconds)) for seconds in experiments.race(calls, ROUNDS, warm=1).values()]
    return [each / medians[0] for each in medians]


def gates(net: keras.Model, images: np.ndarray) -> list[np.ndarray]:
    """Read the gates of every block of a net with squeeze and excitation: (n, channels) each, in order.

    Chapter: architectures.
    """
    found = tapping.tap(net, *(layer.name for layer in _gate_layers(net)))(images)
    return [keras.ops.convert_to_numpy(part)[:, 0, 0] for part in found]


def hold_gates(net: keras.Model, by_picture: list[np.ndarray]) -> keras.Model:
    """Fix every gate at its mean over pictures, whatever picture comes: the net is changed. Chapter: architectures."""
    for layer, values in zip(_gate_layers(net), by_picture, strict=True):
        mean = values.mean(0).clip(1e-6, 1 - 1e-6)
        layer.set_weights([np.zeros(layer.kernel.shape), np.log(mean / (1 - mean))])
    return net


def _gate_layers(net: keras.Model) -> list[keras.Layer]:
    blocks = [layer for layer in net.layers if isinstance(layer, keras.Model)]
    return [layer for block in blocks for layer in block.layers if layer.name.endswith("_se_expand")]


@experiments.experiment(version=1, seeds=5)
def digits(seed: int, scale: str) -> dict[str, float]:
    """Train LeNet-5 as published, its table and its codes included, on real digits in a field of 32 x 32.

    Accuracy on test digits after training, and before it (``untrained``).
    """
    seen, labels, new, truth = digits_in_fields(seed)
    net = models.build("lenet-5")
    found = {"untrained": experiments.accuracy(net, new, truth)}
    experiments.fit(net, seen, labels, epochs=DIGIT_EPOCHS, batch=BATCH, rate=DIGIT_RATE, seed=seed)
    return found | {"test": experiments.accuracy(net, new, truth)}


def digits_in_fields(seed: int) -> tuple[np.ndarray, ...]:
    """Lay digits of 24 x 24 into fields of 32 x 32, ground at -0.1 and ink at 1.175 as the paper has it.

    Returns training pictures, their labels, test pictures, their labels. Source: LeCun and others (1998), section II.B.
    Chapter: architectures.
    """
    seen, labels, new, truth = data.digits(24, seed=seed)
    lay = lambda x: 1.275 * np.pad(x, [(0, 0), (4, 4), (4, 4), (0, 0)]) - 0.1  # noqa: E731
    return lay(seen), labels, lay(new), truth


@experiments.experiment(version=1, seeds=1)
def counts(seed: int, scale: str) -> dict[str, list]:
    """Count every named net, at its own size of picture: millions and rest of parameters and of MACs, side.

    A number is stored as (millions, rest), since stored numbers have six digits. ``<name>_stages``: for the
    `DISSECTED` nets a row for each size of map, as `stages.stages` gives it; ``<name>_size``: of each EfficientNet
    blocks, channels and side, as `scaling.measured` reads them.
    """
    found: dict[str, list] = {}
    for name in models.names():
        model = models.sketch(name, **VARIANTS.get(name, {}))
        counted = models.profile(model)
        found[name] = [*divmod(counted.trainable, 10**6), *divmod(counted.macs, 10**6), stages.side(counted.rows[0])]
        if name.startswith("efficientnet"):
            found[f"{name}_size"] = list(scaling.measured(model))
        if name in DISSECTED:
            found[f"{name}_stages"] = [list(map(float, stage)) for stage in stages.stages(counted)]
    return found
