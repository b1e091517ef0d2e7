"""The field: every method as one function of a net, pictures and classes, on equal terms, and its rivals."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np

import cvnotes.attribution as methods
from cvnotes.checks import choice
from cvnotes.data.scenes import Scenes
from cvnotes.visualization import subjects

from . import scores
from .compiled import compiled
from .heats import heat
from .inputs import Array

SAMPLES, POINTS, WINDOW, STRIDE, BATCH = 16, 16, 12, 6, 100
STEPS, SIZE, NEAR = 16, 4, 2  # of deletion and insertion; pixels of a cell; pixels of tolerance


@functools.cache
def ground() -> Array:
    """The mean colour of scenes that are in no test, (3,): what covers, and where paths begin."""
    return subjects.views(200, 900).floats.mean((0, 1, 2))


@functools.cache
def crowd() -> Array:
    """The pictures that expected gradients draw from."""
    return subjects.views(24, 901).floats


@functools.cache
def newborn(kind: str, seed: int) -> keras.Model:
    """A net with random weights, whose normalizations have seen a few scenes."""
    return subjects.untrained(kind, seed, calibrate=48)


#: Each as ``method(net, images, classes)``.
METHODS: dict[str, Callable[[keras.Model, Array, Array], Array]] = {
    "gradient": methods.gradient,
    "gradient x input": methods.input_x_gradient,
    "SmoothGrad": functools.partial(methods.smooth_grad, samples=SAMPLES, batch_size=BATCH),
    "guided backprop": methods.guided_backprop,
    "deconvnet": methods.deconvnet,
    "CAM": methods.cam,
    "Grad-CAM": methods.grad_cam,
    "Guided Grad-CAM": methods.guided_grad_cam,
    "integrated gradients": lambda net, x, y: methods.integrated_gradients(
        net, x, y, baseline=ground(), steps=POINTS, batch_size=BATCH
    ),
    "expected gradients": lambda net, x, y: methods.expected_gradients(
        net, x, y, background=crowd(), samples=24, batch_size=BATCH
    ),
    "DeepLIFT": lambda net, x, y: methods.deeplift(net, x, y, baseline=ground()),
    "occlusion": lambda net, x, y: methods.occlusion(
        net, x, y, window=WINDOW, stride=STRIDE, fill=ground(), batch_size=BATCH
    ),
}
QUICK = ("gradient", "guided backprop", "deconvnet", "Grad-CAM", "Guided Grad-CAM", "DeepLIFT")
RIVALS = ("untrained net", "edges", "centre", "noise")
NAMES = (*METHODS, *RIVALS)


def explain(name: str, net: keras.Model, images: Array, classes: Array) -> Array:
    """The map (n, h, w) of one of `METHODS`, none below 0.

    Methods with a number for every colour: its size, summed over colours. The others: what speaks for the class.
    Raises ValueError for a name that is not there. Chapter: explanations.
    """
    found = METHODS[choice("name", name, METHODS)](net, images, classes)
    return heat(found, "absolute" if found.shape[-1] > 1 else "positive")


def rival(name: str, images: Array, classes: Array, kind: str = "plain", seed: int = 0) -> Array:
    """The map (n, h, w) of one of `RIVALS`; of the untrained net, its SmoothGrad. ValueError for another name."""
    maps = {
        "untrained net": lambda: explain("SmoothGrad", newborn(kind, seed), images, classes),
        "edges": lambda: scores.edges(images),
        "centre": lambda: scores.centre(*images.shape[:3]),
        "noise": lambda: scores.noise(*images.shape[:3], seed),
    }
    return maps[choice("name", name, RIVALS)]()


def chances(net: keras.Model) -> keras.Model:
    """A net of logits with a softmax on it, of the same weights."""
    return keras.Model(net.inputs[0], keras.layers.Softmax()(net.outputs[0]))


def removal(ask: keras.Model, images: Array, maps: Array, classes: Array) -> tuple[Array, Array]:
    """The curves (n, STEPS + 1) of the class's probability under deletion and under insertion."""
    options = {"steps": STEPS, "size": SIZE, "fill": ground(), "batch_size": BATCH}
    return tuple(turn(ask, images, maps, classes, **options) for turn in (scores.deletion, scores.insertion))


def removals(net: keras.Model, images: Array, maps: Mapping[str, Array], classes: Array) -> dict[str, tuple]:
    """The two curves of `removal` for each of several maps of the same pictures, compiled once."""
    ask = chances(net)
    with compiled():
        return {name: removal(ask, images, each, classes) for name, each in maps.items()}


def placed(maps: Array, masks: Array) -> dict[str, float]:
    """Mean pointing, energy and best overlap."""
    return {
        "pointing": scores.pointing(maps, masks, NEAR).mean(),
        "energy": scores.energy(maps, masks).mean(),
        "overlap": scores.iou(maps, masks).mean(),
    }


def needed(curves: tuple[Array, Array]) -> dict[str, float]:
    """Relative areas of the curves of `removal`: under deletion (low is good), and insertion (high is good)."""
    return dict(zip(("deletion", "insertion"), map(scores.relative_area, curves), strict=True))


def couples(count: int, seed: int) -> tuple[Scenes, Array]:
    """Scenes with two objects of different classes that do not touch, and the mask of each, (n, 2, h, w)."""
    many = subjects.test_views(3 * count, seed, objects=2, overlap=0.0)
    kept = many[np.flatnonzero(many.labels[:, 0] != many.labels[:, 1])[:count]]
    return kept, np.stack([kept.instances == k + 1 for k in range(2)], axis=1)


def told_apart(both: Sequence[Array], masks: Array) -> dict[str, float]:
    """Two maps of each picture, one for each class: how alike they are, and how often each points at its own object."""
    hits = [scores.pointing(maps, masks[:, k], NEAR) for k, maps in enumerate(both)]
    return {"alike": scores.likeness(*both).mean(), "own": np.mean(hits)}
