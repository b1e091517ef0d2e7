"""The stored experiments of the road: version 1 of YOLO as long as its successor, and YOLO with R-CNN's few lessons."""

from __future__ import annotations

import functools

import keras

from cvnotes import boxes, experiments
from cvnotes.boxes import Detections
from cvnotes.checks import choice
from cvnotes.data.scenes import Scenes
from cvnotes.detection import trials_rcnn
from cvnotes.single_shot import trials_yolo, yolo
from cvnotes.single_shot.grid import grid_targets
from cvnotes.single_shot.yolo_loss import grid_loss

from . import teaching

JUDGED = {"map": 0.5, "map_75": 0.75, "map_coco": boxes.COCO_IOUS}
RATE = {"published": 8e-3, "cell": 3e-3}  # the best of four (0.001 to 0.016) on validation scenes; as on YOLO's page
LEAST = 0.01  # linear outputs say small numbers: a bar of 0.05, as on YOLO's page, costs version 1 several points
PASSES = {"quick": 20, "full": 100}  # over the few scenes that R-CNN learns from


def judged(found: list[Detections], scenes: Scenes) -> dict[str, float]:
    """Mean average precision at IoU 0.5, at 0.75, and over 0.5 to 0.95. Chapter: detectors."""
    truths = boxes.truths(scenes)
    return {name: boxes.mean_average_precision(found, truths, iou) for name, iou in JUDGED.items()}


def yolo_taught(way: str, scenes: Scenes, epochs: int, seed: int) -> keras.Model:
    """Train a small YOLO on given scenes, in one of the two ways of RATE. Chapter: detectors."""
    grid, errors = trials_yolo.WAYS[choice("way", way, RATE)]
    keras.utils.set_random_seed(seed)
    net, wanted = yolo.small_yolo(grid, squash=errors == "entropy"), grid_targets(boxes.truths(scenes), grid)
    options = {"batch": trials_yolo.BATCH, "rate": RATE[way], "loss": grid_loss(grid, errors)}
    experiments.fit(net, scenes.images, wanted, epochs=epochs, seed=seed, **options)
    return net


def yolo_found(net: keras.Model, way: str, scenes: Scenes) -> list[Detections]:
    """What a YOLO finds, from a score of 0.01 on. Chapter: detectors."""
    return yolo.detect(net, scenes.images, trials_yolo.WAYS[way].grid, threshold=LEAST)


@experiments.experiment(version=1, seeds=5)
def version_one(seed: int, scale: str) -> dict[str, float]:
    """Train YOLO with the outputs and the loss of version 1, on the scenes and for the steps of `yolo_held_out`."""
    count, epochs = trials_yolo.LESSONS[scale]
    net, scenes = yolo_taught("published", boxes.lessons(count, seed), epochs, seed), boxes.held_out()
    return judged(yolo_found(net, "published", scenes), scenes)


@experiments.experiment(version=1, seeds=5)
def few_lessons(seed: int, scale: str) -> dict[str, float]:
    """Train YOLO on the 400 scenes that R-CNN and Fast R-CNN learn from, again and again."""
    lessons, scenes = boxes.lessons(trials_rcnn.COUNT[scale], seed), boxes.held_out()
    net = yolo_taught(trials_yolo.BEST, lessons, PASSES[scale], seed)
    return judged(yolo_found(net, trials_yolo.BEST, scenes), scenes)


@functools.cache
def bench(scale: str) -> list[teaching.Stage]:
    """What is timed, with all nets built and compiled: once for all seeds of a run. Chapter: detectors."""
    return teaching.stages(scale)


@experiments.experiment(version=2, seeds=5)
def teaching_time(seed: int, scale: str) -> dict[str, float]:
    """Time what it takes to teach each system its recipe, all in turns within one process.

    <system>_<stage>: seconds of a stage of the whole recipe, from short runs. The seed draws the orders of the turns.
    Version 2 leaves the first turn out, in which graphs are built anew for each seed.
    """
    found = teaching.seconds(bench(scale), 2, seed)
    return {f"{system}_{stage}": value for system, parts in found.items() for stage, value in parts.items()}
