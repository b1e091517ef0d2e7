"""The stored experiments of a region proposal network alone: sizes, by anchors or a pyramid, and objects of glass."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import keras
import numpy as np

from cvnotes import boxes, experiments
from cvnotes.data import Scenes

from . import faster_scenes, proposer, pyramid
from .coverage import best_overlaps, recall
from .proposals import selective_search
from .proposer import Proposer
from .rpn import USUAL, Anchors

LESSONS = {"quick": (3_072, 3), "full": (9_000, 4)}  # scenes, passes
BRIEF = {"quick": (2_048, 2), "full": (4_096, 2)}  # less than half as many steps
RATE, WIDTH = 3e-3, 0.5
TESTED, LIMIT = 100, 12
ONE, THREE = Anchors(sizes=(18.0,)), Anchors(sizes=(10.0, 18.0, 32.0))
SPANS = {"small": (0, 13), "middle": (13, 24), "large": (24, 64)}  # root of width times height, in pixels
#: settings of selective search for objects of glass, the best of ten by hand on scenes that judge nothing
TUNED = {"spaces": "hue"}
KINDS = {"glass": faster_scenes.OPACITY, "usual": 1.0}  # of test scenes, and how much of the paint is left


def taught(scenes: Scenes, anchors: Anchors, seed: int, epochs: int) -> Proposer:
    """Train a proposer on scenes, its weights at the start those of the seed. Chapter: faster_rcnn."""
    keras.utils.set_random_seed(seed)
    model = proposer.small_proposer(anchors, WIDTH, seed=seed)
    proposer.taught(model, scenes.images, boxes.truths(scenes), epochs=epochs, rate=RATE, seed=seed)
    return model


def by_size(found: Sequence[np.ndarray], scenes: Scenes) -> dict[str, float]:
    """The share of objects of each of the SPANS that some proposal overlaps by a half. Chapter: faster_rcnn."""
    truths = boxes.truths(scenes)
    sides = np.concatenate([np.sqrt(boxes.area(truth.boxes)) for truth in truths])
    best = best_overlaps(found, truths)
    return {name: recall(best[(low <= sides) & (sides < high)]) for name, (low, high) in SPANS.items()}


@experiments.experiment(version=1, seeds=5)
def proposer_sizes(seed: int, scale: str) -> dict[str, float]:
    """Recall of twelve proposals, by size of object, in scenes whose objects are 7 to 37 pixels wide.

    one: one anchor a place; three: three of different sizes; pyramid: one anchor, a net that was trained on objects of
    about that size alone, run on the picture at half, once and twice its size.
    """
    count, epochs = LESSONS[scale]
    wide = faster_scenes.sized(count, seed)
    normal = taught(faster_scenes.sized(count, seed, faster_scenes.NORMAL), ONE, seed, epochs)
    test = faster_scenes.sized(2 * TESTED, seed, test=True)
    ways = {
        "one": proposer.propose(taught(wide, ONE, seed, epochs), test.images, LIMIT),
        "three": proposer.propose(taught(wide, THREE, seed, epochs), test.images, LIMIT),
        "pyramid": pyramid.propose(normal, test.images, LIMIT),
        "flat": proposer.propose(normal, test.images, LIMIT),
    }
    return {f"{way}_{size}": share for way, found in ways.items() for size, share in by_size(found, test).items()}


@experiments.experiment(version=2, seeds=5)
def proposer_glass(seed: int, scale: str) -> dict[str, float]:
    """Recall of twelve proposals for objects of glass, and for usual ones.

    search: selective search as it is; tuned: with settings chosen by hand for glass; usual, brief, fitted: proposers
    trained on usual scenes, on glass for a short while, and on glass.
    """
    count, epochs = LESSONS[scale]
    few, passes = BRIEF[scale]
    nets = {
        "usual": taught(boxes.lessons(count, seed), USUAL, seed, epochs),
        "brief": taught(faster_scenes.glass(few, seed), USUAL, seed, passes),
        "fitted": taught(faster_scenes.glass(count, seed), USUAL, seed, epochs),
    }
    test = {kind: faster_scenes.glass(TESTED, seed, True, alpha) for kind, alpha in KINDS.items()}
    ways = {name: functools.partial(proposer.propose, net, limit=LIMIT) for name, net in nets.items()}
    ways |= {"search": searched, "tuned": functools.partial(searched, **TUNED)}
    return {
        f"{way}_{kind}": recall(best_overlaps(find(scenes.images), boxes.truths(scenes)))
        for way, find in ways.items()
        for kind, scenes in test.items()
    }


def searched(images: np.ndarray, **options) -> list[np.ndarray]:
    """Selective search on some pictures: as many boxes as a proposer gives. Chapter: faster_rcnn."""
    return [selective_search(image, limit=LIMIT, **options) for image in images]
