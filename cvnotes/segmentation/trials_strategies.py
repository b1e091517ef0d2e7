"""Stored experiment: each strategy goes on from one parent, with equal steps; and smoothing behind two of the nets."""

from __future__ import annotations

import functools

import keras
import numpy as np

from cvnotes import experiments
from cvnotes.checks import choice
from cvnotes.convolution_variants import checkerboards
from cvnotes.transfer import keeping

from . import smoothing, strategies, task, teaching

PARENT = (16_000, 4, 32, 3e-3)  # scenes, passes, batch and rate of the backbone's training
LESSONS = {"quick": (1_600, 1, 16, 2e-3), "full": (20_000, 2, 32, 2e-3)}  # the same for each strategy
BACKGROUND = 0.3  # weight of a pixel of background
PULL, STEPS = smoothing.Pull(2.0, 0.1, 2.0, 2), 4  # of the smoothing, chosen on the validation scenes
SMOOTHED = ("plain", "all three")  # nets behind which it is tried
PATTERNED = ("plain", *strategies.UPSAMPLERS)  # nets whose maps are searched for checkerboards
TIMED = 50  # scenes for measuring times and patterns
COMMAND = "python -m cvnotes.segmentation strategies"
TOLERANCE = 0.06  # how far a live run may be from the stored one


def thinned(labels: np.ndarray, seed: int) -> np.ndarray:
    """Draw one of the four labels of each 2 x 2 pixels: (n, h, w) becomes (n, h / 2, w / 2).

    All nets answer at stride 2, and a border within a block is met as often as it fills the block.
    Raises ValueError for labels of odd sides. Chapter: segmentation_strategies.
    """
    if labels.ndim != 3 or any(side % 2 for side in labels.shape[1:]):
        raise ValueError(f"Give labels (n, h, w) of even sides. Received: {labels.shape}")
    n, height, width = labels.shape
    four = labels.reshape(n, height // 2, 2, width // 2, 2).swapaxes(2, 3).reshape(n, height // 2, width // 2, 4)
    drawn = np.random.default_rng(seed).integers(4, size=(*four.shape[:3], 1))
    return np.take_along_axis(four, drawn, -1)[..., 0]


def finest(net: keras.Model) -> keras.Model:
    """The same net without its last enlargement: logits at stride 2. Chapter: segmentation_strategies."""
    return keras.Model(net.input, net.get_layer("pixels").input)


def trained(net: keras.Model, count: int, passes: int, batch: int, rate: float, seed: int) -> keras.Model:
    """Train a net on the lessons of a seed, at stride 2; returns it. Chapter: segmentation_strategies."""
    given = teaching.drawn(count, seed)
    options = {"epochs": passes, "batch": batch, "rate": rate, "seed": seed, "loss": teaching.pixel_loss(BACKGROUND)}
    experiments.fit(finest(net), given.images, thinned(given.labels, seed), **options)
    return net


def parent() -> keras.Model:
    """Train the plain net whose backbone all others inherit, on scenes of its own. Chapter: segmentation_strategies."""
    keras.utils.set_random_seed(999)
    return trained(strategies.build("plain"), *PARENT, seed=999)


def gone_on(name: str, begun: keras.Model, seed: int, scale: str = "quick") -> keras.Model:
    """Build the net of a strategy, begin with the answer of another, and train it. Chapter: segmentation_strategies."""
    keras.utils.set_random_seed(seed)
    return trained(strategies.inherit(strategies.build(name), begun), *LESSONS[scale], seed=seed)


def smoothed(logits: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Label pictures by mean field: logits (n, h, w, classes) of a net, and the pictures that it saw.

    Chapter: segmentation_strategies.
    """
    both = zip(logits, images, strict=True)
    said = [smoothing.mean_field(one, smoothing.pulls(image, PULL), STEPS).argmax(-1) for one, image in both]
    return np.array(said, np.uint8).reshape(logits.shape[:3])


def pattern(net: keras.Model, images: np.ndarray) -> float:
    """The share of a net's finest map that repeats every two places: a checkerboard. Chapter: segmentation_strategies.

    Measured on the logits at stride 2, before they are enlarged to pixels.
    """
    return float(np.mean([checkerboards.phase_energy(one) for one in teaching.logits(finest(net), images)]))


def judged(name: str, net: keras.Model, test: task.Lessons) -> dict[str, float]:
    """Judge the net of a strategy, and smoothing behind it where that is tried. Chapter: segmentation_strategies."""
    logits = teaching.logits(net, test.images)
    said = {name: logits.argmax(-1)}
    if name in SMOOTHED:
        said[f"{name} smoothed"] = smoothed(logits, test.images)
    found = {who: teaching.scores(test.labels, labels) for who, labels in said.items()}
    return {f"{who}_{told}": score for who, scores in found.items() for told, score in scores.items()}


def times(nets: dict[str, keras.Model], images: np.ndarray) -> dict[str, float]:
    """Seconds to label pictures, as a multiple of what the plain net takes; smoothing alone by its name.

    Chapter: segmentation_strategies.
    """
    calls = {name: functools.partial(teaching.logits, net, images, len(images)) for name, net in nets.items()}
    calls["smoothing"] = functools.partial(smoothed, calls["plain"](), images)
    taken = experiments.race(calls, 3, warm=1)
    return {f"{name}_time": float(np.median(seconds / taken["plain"])) for name, seconds in taken.items()}


def store() -> None:
    """Train the parent and store its weights, then those of the nets of seed 0. Chapter: segmentation_strategies."""
    store_parent()
    store_nets()


def store_parent() -> None:
    """Train the parent, and store its weights alone. Chapter: segmentation_strategies."""
    keeping.save_weights("strategies", {"parent": parent().get_weights()}, COMMAND)


def store_nets() -> None:
    """Train the nets of seed 0 on the stored parent, and store all. Chapter: segmentation_strategies."""
    begun = stored("parent")  # as it is stored, with 16 bits a number: so every experiment begins
    nets = {"parent": begun} | {name: gone_on(name, begun, 0) for name in strategies.STRATEGIES}
    keeping.save_weights("strategies", {name: net.get_weights() for name, net in nets.items()}, COMMAND)


def stored(name: str) -> keras.Model:
    """Give a net with its stored weights: "parent", or one of STRATEGIES as seed 0 has it.

    Chapter: segmentation_strategies.
    """
    name = choice("name", name, ("parent", *strategies.STRATEGIES))
    net = strategies.build("plain" if name == "parent" else name)
    net.set_weights(keeping.load_weights("strategies", name))
    return net


@experiments.experiment(version=1, seeds=5)
def strategies_compared(seed: int, scale: str) -> dict[str, float]:
    """Train each strategy on the stored backbone, for equal steps, and judge it on the held-out scenes."""
    begun, test, nets, found = stored("parent"), task.held_out(), {}, {}
    for name in strategies.STRATEGIES:
        nets[name] = gone_on(name, begun, seed, scale)
        found |= judged(name, nets[name], test)
        if name in PATTERNED:
            found[f"{name}_pattern"] = pattern(nets[name], test.images[:TIMED])
    return found | times(nets, test.images[:TIMED])
