"""Stored experiments: SSD trained at quick scale, and three ways to choose the negatives of a short training."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import boxes, experiments
from cvnotes.boxes import Detections, Truth
from cvnotes.checks import choice
from cvnotes.transfer import keeping

from . import errors, ssd
from .ssd_loss import multibox_loss, thinned

LESSONS = {"quick": (24_000, 2), "full": (40_000, 6)}  # scenes, passes
SHORT = {"quick": (2_000, 3), "full": (20_000, 2)}
RATE, BATCH, WIDTH = 3e-3, 32, 1.0
KEPT = {"early": (8_000, 2, 1.0), "long": (30_000, 4, 1.5)}  # scenes, passes and width of the stored nets
NEGATIVES = ("hardest", "by lot", "all")
SIZES = {"small": (0, 16), "middle": (16, 21), "large": (21, 64)}  # root of width times height, in pixels
TOLD = ("map", "count_correct", "count_background", "count_confusion", "count_missed", "cost_background")
LEAST = 0.5  # score from which a detection counts in the anatomy


def taught(
    count: int, epochs: int, seed: int, negatives: str = "hardest", width: float = WIDTH, rate: float = RATE
) -> keras.Model:
    """Train an SSD on the lessons of a seed. negatives: one of NEGATIVES, three for each positive or all. Chapter: ssd.

    The weights at the start are those of the seed.
    """
    scenes = boxes.lessons(count, seed)
    wanted = ssd.targets(boxes.truths(scenes), ssd.default_boxes())
    wanted = thinned(wanted, seed=seed) if negatives == "by lot" else wanted
    loss = multibox_loss(3.0 if negatives == "hardest" else None)
    keras.utils.set_random_seed(seed)
    net = ssd.small_ssd(width)
    experiments.fit(net, scenes.images, wanted, epochs=epochs, batch=BATCH, rate=rate, seed=seed, loss=loss)
    return net


def found_by_size(found: list[Detections], truths: list[Truth], least: float = LEAST) -> dict[str, float]:
    """The share of objects of each size that a detection of at least this score finds. Chapter: ssd."""
    sides, hits = [], []
    for one, truth in zip(found, truths, strict=True):
        known = errors.anatomy(errors.sure(one, least), truth)
        hits.append(np.isin(np.arange(len(truth.boxes)), known.object[known.kinds == "correct"]))
        sides.append(np.sqrt(boxes.area(truth.boxes)))
    sides, hits = np.concatenate(sides), np.concatenate(hits)
    return {name: float(hits[(low <= sides) & (sides < high)].mean()) for name, (low, high) in SIZES.items()}


def judged(net: keras.Model) -> dict[str, float]:
    """Judge an SSD on the held-out scenes: mAP, recall by size, errors counted and priced. Chapter: ssd."""
    scenes = boxes.held_out()
    truths, found = boxes.truths(scenes), ssd.detect(net, scenes.images)
    return {
        "map": boxes.mean_average_precision(found, truths),
        "map_coco": boxes.mean_average_precision(found, truths, boxes.COCO_IOUS),
        **{f"found_{size}": share for size, share in found_by_size(found, truths).items()},
        **{f"count_{kind}": count for kind, count in errors.counts(found, truths, LEAST).items()},
        **{f"cost_{kind}": cost for kind, cost in errors.costs(found, truths).items()},
    }


def store() -> None:
    """Train the nets of KEPT, and store their weights. Chapter: ssd."""
    nets = {name: taught(count, epochs, 0, width=width) for name, (count, epochs, width) in KEPT.items()}
    weights = {name: net.get_weights() for name, net in nets.items()}
    keeping.save_weights("ssd", weights, "python -m cvnotes.single_shot ssd")


def stored(name: str = "long") -> keras.Model:
    """Give a net whose weights are stored, one of KEPT. Chapter: ssd."""
    net = ssd.small_ssd(KEPT[choice("name", name, KEPT)][2])
    net.set_weights(keeping.load_weights("ssd", name))
    return net


@experiments.experiment(version=1, seeds=5)
def ssd_held_out(seed: int, scale: str) -> dict[str, float]:
    """Train an SSD on fresh scenes and judge it as every detector of the book is judged."""
    return judged(taught(*LESSONS[scale], seed))


@experiments.experiment(version=1, seeds=5)
def ssd_negatives(seed: int, scale: str) -> dict[str, float]:
    """Train three SSDs for a short while: with the hardest negatives, with as many drawn by lot, and with all."""
    found = {}
    for kind in NEGATIVES:
        seen = judged(taught(*SHORT[scale], seed, kind))
        found |= {f"{kind}_{name}": seen[name] for name in TOLD}
    return found
