"""Stored experiments: nets that saw drawn coins only, judged on drawn coins and once on the photograph."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from cvnotes import boxes, experiments
from cvnotes.boxes import Detections, Truth
from cvnotes.checks import choice
from cvnotes.instances import mask_head, masks
from cvnotes.transfer import keeping

from . import harder, reading, systems, truth
from .synthetic import PIECES, Drawn, coins, turned

TRAINING, VALIDATION, TEST = 71_000, 72_000, 73_000  # seeds of the series, far from those of other chapters
LESSONS = {"quick": (2_000, 1), "full": (10_000, 4)}  # pictures drawn, each in four turns; factor on the passes
SHORT = {"quick": (1_000, 1), "full": (5_000, 2)}  # the same for SSD alone
LARGE = (112, 128)  # height and width of what judges: those of the photograph as nets see it
JUDGES = 40  # large pictures to choose on, and as many to judge
LEVELS = np.linspace(0.05, 0.95, 37)  # thresholds to choose from
WITHOUT = {
    "all pieces": (),
    "no light": ("light",),
    "no texture": ("texture",),
    "no relief": ("relief",),
    "no dark coins": ("dark coins",),
    "plain discs": PIECES,
}


def lessons(count: int, seed: int, without: Sequence[str] = ()) -> Drawn:
    """Draw training pictures, a series for every seed, each in four turns. Chapter: coins."""
    return turned(coins(count, TRAINING + seed, without=without))


def validation() -> Drawn:
    """Draw the pictures on which all is chosen: as large as the photograph. Chapter: coins."""
    return coins(JUDGES, VALIDATION, LARGE)


def held_out() -> Drawn:
    """Draw the pictures that judge, before the photograph does. Chapter: coins."""
    return coins(JUDGES, TEST, LARGE)


def threshold(found: Sequence[Detections], truths: Sequence[Truth]) -> float:
    """Choose the score from which a box counts: the one with the highest F1. Chapter: coins."""
    return float(LEVELS[np.argmax(boxes.f1(boxes.sweep(found, truths, LEVELS)))])


def told(found: Sequence[Detections], truths: Sequence[Truth], least: float) -> dict[str, float]:
    """Say how good detections are: average precision at 0.5, then precision and recall above a threshold."""
    sweep = boxes.sweep(found, truths, [least])
    return {
        "ap": boxes.average_precision(found, truths, 0),
        "precision": float(np.nan_to_num(sweep.precision[0])),
        "recall": float(sweep.recall[0]),
    }


def hits(found: Detections, known: Truth, least: float) -> np.ndarray:
    """Tell which objects a picture's detections above a threshold find: (g,) the overlap of each, 0 if missed.

    Each object is given to the surest box that overlaps it by a half, as in average precision. Chapter: coins.
    """
    sure = reading.above([found], least)[0]
    shared, best = boxes.iou(sure.boxes, known.boxes), np.zeros(len(known.boxes))
    for row in shared[np.argsort(-sure.scores, kind="stable")]:
        free = np.where((best == 0) & (row >= 0.5), row, 0)
        if free.any():
            best[free.argmax()] = free.max()
    return best


def judged(name: str, net: keras.Model) -> tuple[dict[str, float | list[float]], list[Detections], float]:
    """Choose a threshold on drawn pictures, judge on others and on the photograph: also what is found there."""
    detect, series = systems.SYSTEMS[name].detect, (validation(), held_out())
    choosing, testing = (detect(net, drawn.images) for drawn in series)
    least = threshold(choosing, series[0].truths)
    found, known = detect(net, truth.photograph()[None]), truth.hand_set()
    overlap = hits(found[0], known, least)
    numbers = {f"drawn_{key}": value for key, value in told(testing, series[1].truths, least).items()}
    numbers |= {f"photo_{key}": value for key, value in told(found, [known], least).items()}
    return numbers | {"threshold": least, "overlaps": [float(one) for one in overlap]}, found, least


def masked(net: keras.Model, found: list[Detections], least: float) -> dict[str, float | list[float]]:
    """Judge masks in the boxes of a detector, on the photograph: right are those that share a half with a true one."""
    sure = reading.above(found, least)
    drawn, known = mask_head.outlines(net, truth.photograph()[None], sure)[0], truth.masks()
    shared = masks.mask_iou(drawn, known)
    best = shared.max(0, initial=0)
    right = int(np.sum(best >= 0.5))
    return {
        "photo_precision": right / max(len(drawn), 1),
        "photo_recall": right / len(known),
        "overlaps": [float(one) for one in best],
    }


@experiments.experiment(version=1, seeds=5)
def photograph(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Train every system on coins drawn from a seed, and let it find those of the photograph."""
    (count, times), every = LESSONS[scale], {}
    given = lessons(count, seed)
    for name, system in systems.SYSTEMS.items():
        numbers, found, least = judged(name, systems.taught(name, given, times * system.passes, seed))
        every |= {f"{name} {key}": value for key, value in numbers.items()}
    shapes = masked(systems.taught_masks(given, times, seed), found, least)  # in the boxes of the last, Faster R-CNN
    return every | {f"masks {key}": value for key, value in shapes.items()}


def harder_ap(name: str, net: keras.Model) -> dict[str, float]:
    """Average precision at 0.5 on the photograph and on each of its harder versions. Chapter: coins."""
    images, known = harder.photographs(), truth.hand_set()
    found = systems.SYSTEMS[name].detect(net, np.stack(list(images.values())))
    return {kind: boxes.average_precision([one], [known], 0) for kind, one in zip(images, found, strict=True)}


@experiments.experiment(version=1, seeds=5)
def pieces(seed: int, scale: str) -> dict[str, float]:
    """Train SSD shortly on pictures that lack a piece; judge it on drawings with all, and on all photographs."""
    (count, epochs), every = SHORT[scale], {}
    for name, without in WITHOUT.items():
        net = systems.taught("SSD", lessons(count, seed, without), epochs, seed)
        testing = held_out()
        drawn = boxes.average_precision(systems.SYSTEMS["SSD"].detect(net, testing.images), testing.truths, 0)
        every |= {f"{name}, {key}": value for key, value in {"drawn": drawn, **harder_ap("SSD", net)}.items()}
    return every


def store() -> None:
    """Train every system on the coins of seed 0 as `photograph` does, and store the weights. Chapter: coins."""
    given = lessons(LESSONS["quick"][0], 0)
    nets = {name: systems.taught(name, given, system.passes, 0) for name, system in systems.SYSTEMS.items()}
    nets["masks"] = systems.taught_masks(given, 1, 0)
    weights = {name: net.get_weights() for name, net in nets.items()}
    keeping.save_weights("coins", weights, "python -m cvnotes.coins")


def stored(name: str) -> keras.Model:
    """Give a net whose weights are stored: one of SYSTEMS, or "masks".

    Raises ValueError for another name. Chapter: coins.
    """
    choice("name", name, (*systems.SYSTEMS, "masks"))
    net = mask_head.mask_net(1, None) if name == "masks" else systems.SYSTEMS[name].build()
    net(np.zeros((1, 64, 64, 3), np.uint8))  # builds what a subclass has not built yet
    net.set_weights(keeping.load_weights("coins", name))
    return net


def stored_threshold(name: str) -> float:
    """Give the threshold that the drawn pictures chose for a stored net, that of seed 0.

    Raises ValueError for another name than those in SYSTEMS. Chapter: coins.
    """
    choice("name", name, systems.SYSTEMS)
    return float(experiments.load("coins", "photograph")[f"{name} threshold"][0])
