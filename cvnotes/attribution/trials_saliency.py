"""The experiment of the page on saliency: what maps of one backward pass find, and what they hang on."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from cvnotes import experiments
from cvnotes.data.scenes import Scenes
from cvnotes.visualization import subjects

from . import held
from .gradients import gradient
from .heats import heat
from .inputs import Array
from .occlusion import occlusion
from .rules import deconvnet, guided_backprop

METHODS = {"gradient": gradient, "guided": guided_backprop, "deconvnet": deconvnet}
COVER = {"window": 12, "stride": 6, "fill": 0.5}
COUNT, COVERED, STEPS = 48, 12, 30

#: How far a live run may be from the stored one: another processor or backend rounds otherwise.
TOLERANCE = 0.03


@experiments.experiment(version=1, seeds=5)
def saliency(seed: int, scale: str) -> dict[str, float]:
    """Explain scenes to a trained plain net and to one with random weights.

    `hit_*`, `hit_random_*`: how well each method's heat finds the object (see `held.hit`), for the true class.
    `class_*`: how alike heats of the true and of the next class are, `signed_*` the same with signs; `edges_*` and
    `edges_random_*`: how alike heat and edges of the picture; `weights_*`: heats of the trained and of the random net
    (see `held.alike`).
    `hit_occlusion`, `hit_random_occlusion`: the same for occlusion, signed, on fewer scenes. `hit_index`: of the
    channel where the gradient is largest, for its size. `hit_ascent`: of the gradient at an image made by ascent.
    """
    nets = {"": subjects.subject("plain", seed), "random_": subjects.untrained("plain", seed, calibrate=64)}
    scenes = subjects.test_views(COUNT if scale == "quick" else 10 * COUNT, seed)
    found = {"accuracy": float(np.mean(answered(nets[""], scenes.floats) == subjects.answers(scenes)))}
    for name in METHODS:
        found |= one_method(name, nets, scenes)
    return found | covered(nets, scenes) | astray(nets[""], scenes)


def answered(net: keras.Model, images: Array) -> Array:
    """The class that the net names for each picture."""
    return ops.convert_to_numpy(net(images)).argmax(-1)


def shapes(scenes: Scenes) -> Array:
    """Where the one shape of each scene is, bool (n, h, w)."""
    return scenes.instances > 0


def one_method(name: str, nets: dict[str, keras.Model], scenes: Scenes) -> dict[str, float]:
    """What one method's heats find, and what they are like."""
    x, true = scenes.floats, subjects.answers(scenes)
    outlines, maps = held.edges(x), {of: heat(METHODS[name](net, x, true)) for of, net in nets.items()}
    pair = [METHODS[name](nets[""], x, (true + i) % len(subjects.KINDS)) for i in (0, 1)]
    found = {f"weights_{name}": held.alike(*maps.values())}
    for kind, how in (("class", "absolute"), ("signed", "signed")):
        found[f"{kind}_{name}"] = held.alike(*(heat(one, how) for one in pair))
    for of, one in maps.items():
        found |= {f"hit_{of}{name}": held.hit(one, shapes(scenes)), f"edges_{of}{name}": held.alike(one, outlines)}
    return found


def covered(nets: dict[str, keras.Model], scenes: Scenes) -> dict[str, float]:
    """How well occlusion finds the shape, in a trained and in a random net."""
    x, true, masks = scenes.floats[:COVERED], subjects.answers(scenes)[:COVERED], shapes(scenes)[:COVERED]
    maps = {of: occlusion(net, x, true, **COVER) for of, net in nets.items()}
    return {f"hit_{of}occlusion": held.hit(heat(one, "signed"), masks) for of, one in maps.items()}


def astray(net: keras.Model, scenes: Scenes) -> dict[str, float]:
    """Two ways to go astray: the index of the largest channel in place of its size, and an image made by ascent."""
    x, true, masks = scenes.floats, subjects.answers(scenes), shapes(scenes)
    slope, made = np.abs(gradient(net, x, true)), ascended(net)
    after = heat(gradient(net, made, np.arange(len(made))), "largest")
    heats = {"hit_index": slope.argmax(-1), "hit_largest": slope.max(-1), "hit_ascent": after[true]}
    return {name: held.hit(one, masks) for name, one in heats.items()}


def ascended(net: keras.Model, steps: int = STEPS) -> Array:
    """One image for each class, grey at first, climbed towards a higher score, (classes, h, w, 3)."""
    classes = np.arange(len(subjects.KINDS))
    x = np.full((len(classes), subjects.SIDE, subjects.SIDE, 3), 0.5, "float32")
    for _ in range(steps):
        slope = gradient(net, x, classes)
        x += 2 * slope / np.sqrt((slope**2).sum((1, 2, 3), keepdims=True)).clip(1e-12)
    return x
