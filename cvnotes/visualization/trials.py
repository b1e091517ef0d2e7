"""The experiments of the page on what a layer sees: by depth, trained against untrained, in two architectures."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import data, experiments
from cvnotes.data.scenes import Scenes

from . import maps, patches, plainer, reading, subjects
from .maps import LAYERS

KINDS = tuple(LAYERS)
STATES = ("trained", "untrained")
COUNT = 600  # test scenes, in turns of the classes
CONVS = tuple(f"norm{i}" for i in range(1, 7))  # of the plain net, before the ReLU
QUARTER = {"plain": 3, "residual": 4}  # which of LAYERS is the last with a quarter of the picture's size
RARE = ("zeros", "empty", "excited64", "strong")
STORED = ("depths", "digits", "tied", "weights")

#: How far a live run of `weights` may be from the stored one: another processor sums in another order.
TOLERANCE = 0.02


def net_of(kind: str, state: str, seed: int) -> keras.Model:
    """Give one of the nets that are compared: a stored one, or the same with weights as they were drawn."""
    return subjects.subject(kind, seed) if state == "trained" else subjects.untrained(kind, seed, calibrate=48)


def shown(seed: int, count: int = COUNT) -> Scenes:
    """Draw the scenes that all nets of a seed are asked about."""
    return subjects.test_views(count, seed)


@experiments.experiment(version=1, seeds=5)
def depths(seed: int, scale: str) -> dict[str, list[float]]:
    """Describe the maps of every layer of `LAYERS` by numbers, keyed `measure_kind_state`; see `described`."""
    scenes, found = shown(seed), {}
    for kind, layers in LAYERS.items():
        for state in STATES:
            answers = maps.responses(net_of(kind, state, seed), scenes.floats, *layers)
            rows = [described(answers[layer], scenes) for layer in layers]
            found |= {f"{name}_{kind}_{state}": [row[name] for row in rows] for name in rows[0]}
    return found


def described(answers: np.ndarray, scenes: Scenes) -> dict[str, float]:
    """Describe one layer's maps (n, h, w, c): see the functions of `maps` that are called here."""
    pictures = maps.grey(scenes.floats)
    own, other = (maps.likeness(answers, np.roll(pictures, by, 0)) for by in (0, maps.APART))
    (empty, gaps), (named, chance) = maps.silent_part(answers), maps.recognised(answers, pictures)
    return {
        "zeros": maps.zeros(answers),
        "empty": empty,
        "gaps": gaps,
        "excited": float(maps.excited(answers).mean()),
        "excited64": float(maps.excited(maps.sampled(answers)).mean()),
        "strong": float(maps.strong(answers).mean()),
        "own": float(own.mean()),
        "other": float(other.mean()),
        "best": float(own.max(1).mean()),
        "best_other": float(other.max(1).mean()),
        "resolution": float(maps.resolution(pictures, answers.shape[1]).mean()),
        "recognised": named,
        "chance": chance,
        "recognised8": maps.recognised(maps.averaged(answers), pictures)[0],
        "probe": maps.class_probe(answers, subjects.answers(scenes)),
    }


@experiments.experiment(version=1, seeds=5)
def tied(seed: int, scale: str) -> dict[str, list[float]]:
    """Ask what the best pictures of each filter have in common: shares of filters tied to each attribute.

    `kind_state_layer`: shares tied to class, colour, texture, ground, to none, and silent, in this order; layers are
    the first, the last and the class scores. `entropy_...`: the median of class entropies, in bits.
    """
    scenes, found = shown(seed), {}
    known = patches.attributes(scenes)
    for kind, layers in LAYERS.items():
        for state in STATES:
            answers = maps.responses(net_of(kind, state, seed), scenes.floats, layers[0], layers[-1], "logits")
            answers["logits"] = answers["logits"][:, None, None] - answers["logits"].min() + 1
            for place, values in zip(("first", "last", "scores"), answers.values(), strict=True):
                names = patches.ties(values, known)
                found[f"{kind}_{state}_{place}"] = [names.count(tie) / len(names) for tie in (*known, "none", "silent")]
                entropies = patches.class_entropy(values, known["class"])
                found[f"entropy_{kind}_{state}_{place}"] = float(np.median(entropies))
    return found


@experiments.experiment(version=1, seeds=5)
def weights(seed: int, scale: str) -> dict[str, list[float]]:
    """Read the weights of the plain net: smoothness of its kernels, and how far they foretell answers, by layer.

    `foretold`: by all weights below; `misread`: with the input channels of that layer's kernel moved by one.
    """
    images, found = shown(seed, 60).floats, {}
    for state in STATES:
        net = net_of("plain", state, seed)
        twin, kernels = reading.straightened(net), [net.get_layer(f"conv{i}").get_weights()[0] for i in range(1, 7)]
        wrong = [reading.misread(twin, layer.replace("norm", "conv")) for layer in CONVS[1:]]
        found[f"smooth_{state}"] = [reading.smoothness(kernel) for kernel in kernels]
        found[f"foretold_{state}"] = [each.mean() for each in reading.foretold(net, twin, images, *CONVS)]
        found[f"misread_{state}"] = [
            reading.foretold(net, other, images, layer)[0].mean() for other, layer in zip(wrong, CONVS[1:], strict=True)
        ]
    return found


@experiments.experiment(version=1, seeds=5)
def digits(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Train small nets of digits with and without normalization, and describe their maps: see `plainer.profiled`.

    `measure_with_state` and `measure_without_state`; `accuracy_with` and `accuracy_without`.
    """
    d, found = data.digits(plainer.SIDE, seed=seed), {}
    for name, normalized in (("with", True), ("without", False)):
        nets = {"trained": plainer.taught(d, seed, scale, normalized=normalized)}
        nets["untrained"] = plainer.drawn(d, seed, normalized=normalized)
        for state, net in nets.items():
            rows = plainer.profiled(net, d.test_images)
            found |= {f"{measure}_{name}_{state}": values for measure, values in rows.items()}
        found[f"accuracy_{name}"] = experiments.accuracy(nets["trained"], d.test_images, d.test_labels)
    return found
