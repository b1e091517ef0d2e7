"""The experiments of the page on saliency: what maps of one backward pass find, and what they hang on."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from cvnotes import experiments
from cvnotes.data.scenes import Scenes
from cvnotes.visualization import subjects

from . import held
from .compiled import compiled
from .gradients import gradient
from .heats import heat
from .inputs import Array
from .occlusion import occlusion
from .rules import deconvnet, guided_backprop

METHODS = {"gradient": gradient, "guided": guided_backprop, "deconvnet": deconvnet}
COVER = {"window": 12, "stride": 6, "fill": 0.5}
COUNT, COVERED, STEPS = 48, 12, 30
STORED = ("saliency", "random_weights", "signs")

#: How far a live run may be from the stored one: another processor or backend rounds otherwise.
TOLERANCE = 0.03


@experiments.experiment(version=2, seeds=5)
def saliency(seed: int, scale: str) -> dict[str, float]:
    """Explain scenes to a trained plain net, by each of `METHODS`.

    `accuracy`: of the net. `hit_*`: how well heat for the true class finds the shape (see `held.hit`). `class_*`: how
    alike heats of the true and of the next class are, `signed_*` the same with signs, `edges_*`: how alike heat and
    edges of the picture are (see `held.alike`).
    `hit_largest`, `hit_index`: of the gradient's largest channel, its size and its number. `hit_ascent`: of the
    gradient at an image made by ascent.
    """
    net, scenes = subjects.subject("plain", seed), seen(seed, scale)
    found = {"accuracy": float(np.mean(answered(net, scenes.floats) == subjects.answers(scenes)))}
    for name in METHODS:
        found |= one_method(name, net, scenes)
    return found | astray(net, scenes)


@experiments.experiment(version=2, seeds=5)
def random_weights(seed: int, scale: str) -> dict[str, float]:
    """Explain the same scenes to a net with random weights, and cover both nets' scenes.

    `hit_*`, `edges_*`: as in `saliency`, of the random net; `weights_*`: how alike its heat and that of the trained net
    are. `hit_occlusion`, `trained_occlusion`: how well drops of the score find the shape, in the random and in the
    trained net, on fewer scenes.
    """
    nets = both_nets(seed)
    scenes, found = seen(seed, scale), {}
    x, true = scenes.floats, subjects.answers(scenes)
    for name, method in METHODS.items():
        heats = [heat(method(net, x, true)) for net in nets.values()]
        found |= {f"hit_{name}": held.hit(heats[0], shapes(scenes)), f"weights_{name}": held.alike(*heats)}
        found[f"edges_{name}"] = held.alike(heats[0], held.edges(x))
    few, masks = slice(COVERED), shapes(scenes)[:COVERED]
    for who, net in nets.items():
        drops = heat(occlusion(net, x[few], true[few], **COVER), "signed")
        found[f"{who}_occlusion"] = held.hit(drops, masks)
    return found


@experiments.experiment(version=1, seeds=5)
def signs(seed: int, scale: str) -> dict[str, float]:
    """Ask what the signs of maps are worth: marks of drops without their signs, and of gradients with them.

    `hit_moves`, `trained_moves`: how well the sizes of drops find the shape, in the random and in the trained net;
    `hit_sign`, `trained_sign`: how well the gradient, its channels added up with their signs.
    """
    scenes, found = seen(seed, scale), {}
    x, true, masks = scenes.floats[:COVERED], subjects.answers(scenes)[:COVERED], shapes(scenes)[:COVERED]
    for who, net in both_nets(seed).items():
        moves, slopes = occlusion(net, x, true, **COVER), gradient(net, x, true)
        found |= {f"{who}_moves": held.hit(heat(moves), masks), f"{who}_sign": held.hit(heat(slopes, "signed"), masks)}
    return found


def both_nets(seed: int) -> dict[str, keras.Model]:
    """The net with random weights, by the name of its marks, and the trained one."""
    return {"hit": subjects.untrained("plain", seed, calibrate=64), "trained": subjects.subject("plain", seed)}


def seen(seed: int, scale: str) -> Scenes:
    """Scenes that no training has seen."""
    return subjects.test_views(COUNT if scale == "quick" else 10 * COUNT, seed)


def answered(net: keras.Model, images: Array) -> Array:
    """The class that the net names for each picture."""
    return ops.convert_to_numpy(net(images)).argmax(-1)


def shapes(scenes: Scenes) -> Array:
    """Where the one shape of each scene is, bool (n, h, w)."""
    return scenes.instances > 0


def one_method(name: str, net: keras.Model, scenes: Scenes) -> dict[str, float]:
    """What one method's heats find, and what they are like."""
    x, true = scenes.floats, subjects.answers(scenes)
    pair = [METHODS[name](net, x, (true + i) % len(subjects.KINDS)) for i in (0, 1)]
    found = {f"hit_{name}": held.hit(heat(pair[0]), shapes(scenes))}
    for kind, how in (("class", "absolute"), ("signed", "signed")):
        found[f"{kind}_{name}"] = held.alike(*(heat(one, how) for one in pair))
    return found | {f"edges_{name}": held.alike(heat(pair[0]), held.edges(x))}


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
    with compiled():
        for _ in range(steps):
            slope = gradient(net, x, classes)
            x += 2 * slope / np.sqrt((slope**2).sum((1, 2, 3), keepdims=True)).clip(1e-12)
    return x
