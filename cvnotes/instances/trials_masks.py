"""Stored experiment: a mask branch on a shared map, with RoI align, with RoI pooling, and on a map of its own."""

from __future__ import annotations

import functools

import keras
import numpy as np

from cvnotes import boxes as geometry
from cvnotes import experiments
from cvnotes.boxes import Detections
from cvnotes.data import Scenes
from cvnotes.single_shot import ssd, trials_ssd

from . import mask_head, masks, precision

LESSONS, RATE = {"quick": (500, 3), "full": (20_000, 6)}, 3e-3  # scenes, passes
FIRST = 100  # held-out scenes whose true boxes are filled


def taught(seed: int, scale: str = "quick", read: str = "align", own: bool = False) -> mask_head.MaskNet:
    """Train a mask branch on the true boxes of a seed's scenes, moved a little. Chapter: instances.

    own: False to stand on the stored SSD, whose trunk is held; True for a trunk of its own, trained with the branch.
    """
    count, epochs = LESSONS[scale]
    scenes = geometry.lessons(count, seed)
    truths = geometry.truths(scenes)
    boxes, labels = ([one[part] for one in truths] for part in (0, 1))
    wanted = mask_head.targets(boxes, labels, masks.true_masks(scenes), seed=seed)
    keras.utils.set_random_seed(seed)
    model = mask_head.mask_net(read=read, body=None if own else trials_ssd.stored())
    mask_head.train(model, scenes.images, wanted, epochs=epochs, rate=RATE, seed=seed)
    return model


@functools.cache
def detected(count: int = 500) -> tuple[Scenes, list[Detections]]:
    """Held-out scenes, and what the stored SSD finds in them, which is the same for every seed. Chapter: instances."""
    scenes = geometry.held_out(count)
    return scenes, ssd.detect(trials_ssd.stored(), scenes.images)


def as_found(scenes: Scenes) -> list[Detections]:
    """The truth, as if a perfect detector had found it. Chapter: instances."""
    return [Detections(one.boxes, np.ones(len(one.boxes)), one.labels) for one in geometry.truths(scenes)]


def outlined(model: mask_head.MaskNet, count: int = 500) -> dict[str, float]:
    """Judge masks in the boxes of the stored SSD on held-out scenes: mask AP at 0.5, at 0.75 and of COCO.

    Chapter: instances.
    """
    scenes, found = detected(count)
    truths, true = geometry.truths(scenes), masks.true_masks(scenes)
    said = mask_head.outlines(model, scenes.images, found)
    aims = {"map": 0.5, "map_75": 0.75, "map_coco": geometry.COCO_IOUS}
    return {name: precision.mean_mask_precision(found, said, truths, true, least) for name, least in aims.items()}


def inside(model: mask_head.MaskNet, count: int = FIRST) -> float:
    """Mean IoU of masks with their objects in the true boxes of held-out scenes. Chapter: instances."""
    scenes = geometry.held_out(count)
    said = mask_head.outlines(model, scenes.images, as_found(scenes))
    return float(masks.paired_mask_iou(np.concatenate(said), np.concatenate(masks.true_masks(scenes))).mean())


#: Three ways to train: by RoI align on the map of the detector, by RoI pooling, and by RoI align on an own map.
WAYS = {"": {}, "pool_": {"read": "pool"}, "own_": {"own": True}}


@experiments.experiment(version=1, seeds=5)
def mask_held_out(seed: int, scale: str) -> dict[str, float]:
    """Train three mask branches, one of each of WAYS, and judge them on the held-out scenes: see `outlined`.

    Boxes, scores and classes are those of one detector with stored weights; box_map is its mAP at 0.5. iou: see
    `inside`, on the first hundred scenes.
    """
    scenes, found = detected()
    numbers = {"box_map": geometry.mean_average_precision(found, geometry.truths(scenes))}
    for prefix, options in WAYS.items():
        model = taught(seed, scale, **options)
        numbers |= {f"{prefix}{name}": value for name, value in outlined(model).items()}
        numbers[f"{prefix}iou"] = inside(model)
    return numbers
