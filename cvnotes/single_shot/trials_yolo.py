"""Stored experiments: YOLO at quick scale as every detector is judged, and the published loss beside later ones."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np

from cvnotes import boxes, experiments
from cvnotes.transfer import keeping

from . import yolo
from .grid import Grid, grid_targets, responsible
from .yolo_loss import grid_loss


class Way(NamedTuple):
    """One way to train: the grid, and what the loss takes as the error of confidence and classes."""

    grid: Grid
    errors: str


#: "published" has linear outputs and squares; the others squash them and take cross-entropy
WAYS = {
    "published": Way(Grid(), "squared"),
    "cell": Way(Grid(), "entropy"),
    "box": Way(Grid(per_box=True), "entropy"),
}
BEST = "cell"
LESSONS = {"quick": (20_000, 2), "full": (60_000, 6)}  # scenes, passes
SHORT = {"quick": (4_000, 2), "full": (20_000, 3)}
KEPT = (30_000, 4)  # scenes and passes of the net whose weights are stored
RATE, BATCH = 3e-3, 32


def taught(way: str, count: int, epochs: int, seed: int) -> keras.Model:
    """Train a small YOLO on fresh scenes of a seed, in one of the WAYS. Chapter: yolo."""
    grid, errors = WAYS[way]
    scenes = boxes.lessons(count, seed)
    wanted = grid_targets(boxes.truths(scenes), grid)
    keras.utils.set_random_seed(seed)
    net = yolo.small_yolo(grid, squash=errors == "entropy")
    loss = grid_loss(grid, errors)
    experiments.fit(net, scenes.images, wanted, epochs=epochs, batch=BATCH, rate=RATE, seed=seed, loss=loss)
    return net


def judged(net: keras.Model, grid: Grid) -> dict[str, float]:
    """Judge a net on the held-out scenes, step by step of the reading. Chapter: yolo.

    map: confidence x class, threshold, suppression; raw: without suppression; share: the class alone as the score, with
    suppression; share_raw: without. boxes, boxes_raw: above a score of 0.3, for each object, with and without it.
    """
    scenes = boxes.held_out()
    truths, said = boxes.truths(scenes), yolo.predict(net, scenes.images)
    raw, share = yolo.candidates(said, grid), yolo.candidates(said, grid, product=False)
    found = yolo.suppressed(raw)
    objects = sum(len(truth.labels) for truth in truths)
    ranked = {"map": found, "raw": raw, "share": yolo.suppressed(share), "share_raw": share}
    return {
        **{name: boxes.mean_average_precision(each, truths) for name, each in ranked.items()},
        "map_coco": boxes.mean_average_precision(found, truths, boxes.COCO_IOUS),
        "boxes": above(found, 0.3) / objects,
        "boxes_raw": above(raw, 0.3) / objects,
    }


def above(found: list[boxes.Detections], threshold: float) -> int:
    """Count the boxes of all pictures with a score above a threshold."""
    return int(sum(np.sum(one.scores > threshold) for one in found))


def store() -> None:
    """Train a YOLO for longer, and store its weights. Chapter: yolo."""
    net = taught(BEST, *KEPT, 0)
    keeping.save_weights("yolo", {"yolo": net.get_weights()}, "python -m cvnotes.single_shot yolo")


def stored() -> keras.Model:
    """Give the YOLO whose weights are stored; its grid is that of WAYS[BEST]. Chapter: yolo."""
    net = yolo.small_yolo(WAYS[BEST].grid, squash=True)
    net.set_weights(keeping.load_weights("yolo", "yolo"))
    return net


@experiments.experiment(version=1, seeds=5)
def yolo_held_out(seed: int, scale: str) -> dict[str, float]:
    """Train a YOLO on fresh scenes and judge it as every detector of the book is judged."""
    return judged(taught(BEST, *LESSONS[scale], seed), WAYS[BEST].grid)


@experiments.experiment(version=1, seeds=5)
def yolo_ways(seed: int, scale: str) -> dict[str, float]:
    """Train three YOLOs for a short while: as published, with later outputs and errors, and with a class per box."""
    found = {}
    for way, (grid, _) in WAYS.items():
        seen = judged(taught(way, *SHORT[scale], seed), grid)
        found |= {f"{way}_{name}": seen[name] for name in ("map", "map_coco", "raw")}
    return found


def shared_cells(truths: list[boxes.Truth], grid: Grid, size: int = 64) -> np.ndarray:
    """Find the pictures in which two centres lie in one cell: their indices. Chapter: yolo."""
    places = [np.stack(responsible(truth.boxes, grid.cells, size), axis=-1) for truth in truths]
    return np.flatnonzero([len(np.unique(place, axis=0)) < len(place) for place in places])
