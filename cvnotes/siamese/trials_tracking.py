"""Stored experiments: a target followed through films with more and more of its like, and what padding does to it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np

from cvnotes import data, experiments
from cvnotes.checks import choice, whole
from cvnotes.data.shapes import CLASSES
from cvnotes.data.textures import COLOURS, TEXTURES
from cvnotes.transfer import keeping

from .following import Look, by_net, by_template, follow, moves, stand_still
from .following_scores import judge, overlaps
from .fully_convolutional import EXEMPLAR, SEARCH, STRIDE, siamese_map_net
from .windows import balanced_logistic, cut, middles, wanted_maps, window_pairs

SEEN, UNSEEN = CLASSES[:6], CLASSES[6:]  # classes that nets learn from, and those that they are judged on
TRAINING, VALIDATION, TEST = 81_000, 82_000, 83_000  # seeds of the clips
LOOKS = {"size": 96, "radius": (0.08, 0.12), "speed": 0.04, "spin": 6}  # of every clip
FRAMES, OBJECTS = 24, 4
KINDS = ("alone", "mixed", "class", "twins")
WAYS = ("net", "untrained", "template", "still")
WEIGHTS = (0.0, 0.1, 0.2, 0.4, 0.6)  # of the cosine window
TEMPLATE = 15  # side in pixels; of 16, 20 and 24 the least did best on validation films, and odd sides have a middle
LESSONS = {"quick": (5_000, 3), "full": (20_000, 6)}  # pairs, passes
SHORT = {"quick": (3_000, 1), "full": (10_000, 2)}
RATE, BATCH, RADIUS, APART = 3e-3, 16, 4.0, 15
EACH = {"quick": 10, "full": 40}  # films of each unseen class
RINGS = (0, 4, 8, 12)  # pixels that a target lies from the middle of the window


class Films(NamedTuple):
    """Films (n, f, h, w, 3) and the boxes of all objects, (n, f, K, 4); the target is object 0."""

    images: np.ndarray
    boxes: np.ndarray

    @property
    def start(self) -> np.ndarray:
        """Boxes of the targets in frame 0: (n, 4)."""
        return self.boxes[:, 0, 0]

    def exemplars(self, side: int = EXEMPLAR) -> np.ndarray:
        """Windows around the targets in frame 0: (n, side, side, 3)."""
        return cut(self.images[:, 0], middles(self.start), side)


@functools.lru_cache(maxsize=8)
def films(kind: str, seed: int, each: int = 10) -> Films:
    """Draw films of objects that no net has learnt from: `each` for every unseen class.

    kind: "alone" (the target only), "mixed" (with three others of any unseen class), "class" (three of its own class)
    or "twins" (three of its class, colour and texture). Motion, places and ground are the same in all kinds of a seed.
    Raises ValueError for another kind. Chapter: tracking.
    """
    choice("kind", kind, KINDS)
    found = []
    for i, name in enumerate(UNSEEN):
        options = {"objects": 1 if kind == "alone" else OBJECTS, "classes": UNSEEN if kind == "mixed" else name}
        if kind == "twins":
            options |= {"colours": tuple(COLOURS)[i], "textures": TEXTURES[i]}
        found.append(data.clips(whole("each", each, 1), seed=seed + i, frames=FRAMES, **LOOKS, **options))
    return Films(*(np.concatenate([getattr(clips, name) for clips in found]) for name in ("images", "full_boxes")))


@functools.lru_cache(maxsize=1)
def lessons(seed: int, count: int = 200) -> data.Clips:
    """Draw the clips that a net learns from: four objects of six classes, 16 frames. Chapter: tracking."""
    return data.clips(
        count, seed=TRAINING + whole("seed", seed, 0, 999), frames=16, objects=OBJECTS, classes=SEEN, **LOOKS
    )


def taught(
    seed: int, count: int, epochs: int, padding: str = "valid", wander: int = 0
) -> tuple[keras.Model, experiments.History]:
    """Train a net on pairs of windows from the clips of a seed.

    count: pairs; epochs: passes; padding: see `map_encoder`; wander: pixels, up to which targets lie off the middle
    of their search windows (0: always in the middle, as in the paper). Chapter: tracking.
    """
    moved = np.random.default_rng(seed).integers(-whole("wander", wander, 0), wander + 1, (count, 2))
    windows = window_pairs(lessons(seed), count, SEARCH, seed, APART, moved)
    keras.utils.set_random_seed(seed)
    net = siamese_map_net(padding=padding)
    wanted = wanted_maps(moved, net.output_shape[1], STRIDE, RADIUS)
    options = {"epochs": epochs, "batch": BATCH, "rate": RATE, "seed": seed, "loss": balanced_logistic}
    return net, experiments.fit(net, windows, wanted, **options)


def paths(shown: Films, look: Look | None, **options: float) -> np.ndarray:
    """Follow the target of every film with a look, or stand still without one: boxes (n, f, 4)."""
    if look is None:
        return stand_still(shown.images, shown.start)
    return follow(shown.images, shown.start, look, **options)


def looks(shown: Films, net: keras.Model, untrained: keras.Model) -> dict[str, Look | None]:
    """One look for each of the WAYS, for the targets of these films."""
    exemplars = shown.exemplars()
    return {
        "net": by_net(net, exemplars),
        "untrained": by_net(untrained, exemplars),
        "template": by_template(shown.exemplars(TEMPLATE)),
        "still": None,
    }


def raced(seed: int, net: keras.Model, each: int) -> dict[str, list]:
    """Judge all WAYS on films of all KINDS: lists over kinds; and the overlap in each frame, among mixed objects."""
    keras.utils.set_random_seed(seed)
    untrained, found = siamese_map_net(), {}
    for kind in KINDS:
        shown = films(kind, TEST + 10 * seed, each)
        for way, look in looks(shown, net, untrained).items():
            path = paths(shown, look)
            for name, score in judge(path, shown.boxes).items():
                found.setdefault(f"{way}_{name}", []).append(score)
            if kind == "mixed":
                found[f"{way}_overlap"] = overlaps(path, shown.boxes)[..., 0].mean(axis=0).tolist()
    return found


def weighed(seed: int, net: keras.Model, each: int, kinds: Sequence[str] = ("mixed", "twins")) -> dict[str, list]:
    """Judge a net with each of the WEIGHTS of the cosine window."""
    found = {}
    for kind in kinds:
        shown = films(kind, TEST + 10 * seed, each)
        look = by_net(net, shown.exemplars())
        scores = [judge(paths(shown, look, weight=weight), shown.boxes) for weight in WEIGHTS]
        found |= {f"{kind}_{name}": [one[name] for one in scores] for name in ("success", "stolen")}
    return found


@experiments.experiment(version=1, seeds=5)
def following(seed: int, scale: str) -> dict[str, list]:
    """Train a net, and follow targets of unseen classes with it, without training, by template, and standing still."""
    net, history = taught(seed, *LESSONS[scale])
    return {"loss": history["loss"], **raced(seed, net, EACH[scale]), **weighed(seed, net, EACH[scale])}


@experiments.experiment(version=1, seeds=5)
def padded(seed: int, scale: str) -> dict[str, list]:
    """Train nets without and with padding on targets in the middle, and with padding on targets anywhere."""
    ways = {"valid": ("valid", 0), "same": ("same", 0), "wander": ("same", max(RINGS))}
    return {name: rings(taught(seed, *SHORT[scale], *way)[0], seed) for name, way in ways.items()}


def rings(net: keras.Model, seed: int, count: int = 200) -> list[float]:
    """Share of targets that the peak finds to within a cell, for each distance of RINGS from the middle of the window.

    The targets are of unseen classes, the pairs the same for every distance. Chapter: tracking.
    """
    clips = data.clips(50, seed=TEST + 500 + seed, frames=8, objects=OBJECTS, classes=UNSEEN, **LOOKS)
    sides = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])[np.arange(count) % 4]
    found = []
    for far in RINGS:
        scores = keras.ops.convert_to_numpy(
            net(window_pairs(clips, count, SEARCH, seed, 4, far * sides), training=False)
        )
        off = moves(scores) - far / STRIDE * sides
        found.append(float((np.abs(off).max(axis=1) <= 1).mean()))
    return found


def store() -> None:
    """Train the net of seed 0 as the experiment does, and store its weights. Chapter: tracking."""
    net, _ = taught(0, *LESSONS["quick"])
    keeping.save_weights("tracking", {"net": net.get_weights()}, "python -m cvnotes.siamese tracking")


def stored() -> keras.Model:
    """Give the net whose weights are stored. Chapter: tracking."""
    net = siamese_map_net()
    net.set_weights(keeping.load_weights("tracking", "net"))
    return net
