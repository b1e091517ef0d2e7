"""Experiments of the page average_precision: which suppression serves which scenes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from cvnotes import data
from cvnotes.experiments import experiment

from .detections import Detections, Truth, truths
from .imagined import crowds, imagine
from .precision import COCO_IOUS, mean_average_precision
from .suppression import soften, suppress
from .sweeps import f1, sweep

COUNT = {"quick": 120, "full": 1000}
HARD, SOFT = (0.3, 0.5, 0.7), (0.1, 0.3, 1.0)
LEVEL = 0.5  # a score threshold as one would set it without a look
LEVELS = np.linspace(0.05, 0.85, 33)  # thresholds to choose from
Rule = Callable[[Detections], Detections]


def rules() -> dict[str, Rule]:
    """Name the ways to clean up: none, greedy at three overlaps, soft at three widths. Chapter: average_precision."""
    hard = {f"hard_{iou}": partial(suppress, iou=iou) for iou in HARD}
    soft = {f"soft_{sigma}": partial(soften, sigma=sigma) for sigma in SOFT}
    return {"none": lambda found: found, **hard, **soft}


def tried(found: Sequence[Detections], truth: Sequence[Truth]) -> dict[str, list[float]]:
    """Judge each rule: mAP at 0.5, mAP from 0.5 to 0.95; precision, recall, duplicates an object above a score of 0.5;
    and the best F1 that any score threshold gives. Chapter: average_precision.
    """
    told = {}
    for name, rule in rules().items():
        left = [rule(one) for one in found]
        marks = [mean_average_precision(left, truth, iou) for iou in (0.5, COCO_IOUS)]
        swept = sweep(left, truth, [LEVEL, *LEVELS])
        told[name] = [*marks, *(float(numbers[0]) for numbers in swept[:3]), float(f1(swept).max())]
    return told


@experiment(version=1, seeds=5)
def suppression(seed: int, scale: str) -> dict[str, list[float]]:
    """Suppress what the imagined detector says of usual and of crowded scenes, in seven ways. See `tried`.

    Chapter: average_precision.
    """
    usual = data.scenes(COUNT[scale], seed=70_000 + seed)
    scenes = {"usual": usual, "crowded": crowds(COUNT[scale], seed=71_000 + seed)}
    found = {}
    for name, pictures in scenes.items():
        truth = truths(pictures)
        for rule, marks in tried(imagine(truth, seed), truth).items():
            found[f"{name}_{rule}"] = marks
    return found
