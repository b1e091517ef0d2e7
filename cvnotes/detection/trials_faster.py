"""The stored experiments of Faster R-CNN: trained whole, and with each of its four losses switched off."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import boxes, experiments
from cvnotes.checks import choice
from cvnotes.experiments import History
from cvnotes.transfer import keeping

from . import faster_rcnn, proposer
from .coverage import best_overlaps, by_limit, recall
from .faster_loss import LOSSES
from .faster_rcnn import FasterRCNN

LESSONS = {"quick": (8_000, 2), "full": (40_000, 4)}  # scenes, passes
SHORT = {"quick": (1_024, 4), "full": (9_000, 2)}
RATE, NARROW = 3e-3, 0.5  # the rate of Adam; the width of the short trainings
FEWER = 200  # held-out scenes that judge the short trainings
KEPT = (16_000, 3, 1.5)  # scenes, passes and width of the net whose weights are stored
LIMITS = (1, 2, 4, 8, 16, 24)
WITHOUT = ("none", *LOSSES)  # which loss is switched off


def taught(count: int, epochs: int, seed: int, without: str = "none", width: float = 1.0) -> tuple[FasterRCNN, History]:
    """Train a Faster R-CNN on the lessons of a seed, its weights at the start those of the seed.

    without: a loss that gets no weight, one of WITHOUT. Chapter: faster_rcnn.
    """
    weights = [float(name != choice("without", without, WITHOUT)) for name in LOSSES]
    scenes = boxes.lessons(count, seed)
    keras.utils.set_random_seed(seed)
    model = faster_rcnn.small_faster_rcnn(width=width, weights=weights, seed=seed)
    truths = boxes.truths(scenes)
    return model, proposer.taught(model, scenes.images, truths, epochs=epochs, rate=RATE, seed=seed)


def judged(model: FasterRCNN, count: int = 500) -> dict[str, object]:
    """Judge a Faster R-CNN on held-out scenes: mAP, and the recall of its proposals. Chapter: faster_rcnn."""
    scenes = boxes.held_out(count)
    truths, found = boxes.truths(scenes), faster_rcnn.detect(model, scenes.images)
    proposed = proposer.propose(model, scenes.images)
    best = best_overlaps(proposed, truths)
    return {
        "map": boxes.mean_average_precision(found, truths),
        "map_coco": boxes.mean_average_precision(found, truths, boxes.COCO_IOUS),
        "recall": recall(best),
        "recall_strict": recall(best, 0.7),
        "recall_by_limit": by_limit(proposed, truths, LIMITS)[0],
    }


def store() -> None:
    """Train the net of KEPT, and store its weights. Chapter: faster_rcnn."""
    count, epochs, width = KEPT
    net = taught(count, epochs, 0, width=width)[0]
    keeping.save_weights("faster_rcnn", {"long": net.get_weights()}, "python -m cvnotes.detection faster_rcnn")


def stored() -> FasterRCNN:
    """Give the net whose weights are stored. Chapter: faster_rcnn."""
    net = faster_rcnn.small_faster_rcnn(width=KEPT[2])
    net.set_weights(keeping.load_weights("faster_rcnn", "long"))
    return net


@experiments.experiment(version=1, seeds=5)
def faster_held_out(seed: int, scale: str) -> dict[str, object]:
    """Train a Faster R-CNN on fresh scenes and judge it as every detector of the book is judged.

    map, map_coco: of the detections; recall, recall_strict: objects that some of 24 proposals overlaps by 0.5 and 0.7;
    recall_by_limit: by 0.5, of the first proposals, as many as LIMITS says.
    """
    return judged(taught(*LESSONS[scale], seed)[0])


@experiments.experiment(version=1, seeds=5)
def faster_losses(seed: int, scale: str) -> dict[str, object]:
    """Train five narrow nets for a short while: with all four losses, and without each of them in turn.

    For each: mAP, recall by limit, and for the whole one the mean of every loss in each pass.
    """
    found = {}
    for without in WITHOUT:
        found |= {f"{without}_{name}": value for name, value in one_without(seed, scale, without).items()}
    return found


def one_without(seed: int, scale: str, without: str) -> dict[str, object]:
    """Train and judge one of the nets of `faster_losses`. Chapter: faster_rcnn."""
    model, history = taught(*SHORT[scale], seed, without, NARROW)
    curves = {f"curve_{name}": np.array(history[name]) for name in LOSSES} if without == "none" else {}
    return judged(model, FEWER) | curves
