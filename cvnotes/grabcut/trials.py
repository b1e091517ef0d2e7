"""Stored experiments: seeds from the data gradient against what is simpler, and what a refit does to the energy."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import keras
import numpy as np

from cvnotes import data, experiments
from cvnotes.captioning import encoder, words
from cvnotes.data.scenes import Scenes

from . import gradients, seeds
from .rounds import OPEN, REFITS, cut_out

GAMMA, COMPONENTS, ROUNDS = 20.0, 3, 6  # gamma chosen on the scenes of TUNING, with the net of seed 0
TESTED, TUNING = 60_000, 90_000  # seeds of the scenes of net 0; those of the next nets follow
COUNT = {"quick": 30, "full": 200}
TOPS, BOTTOMS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3), (0.1, 0.5)
QUANTILES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5)  # highest shares that are taken for the object
SIDES = (0.3, 0.5, 0.7, 0.9)  # of a box in the middle, as a share of the picture's side
FALLING, LOOSE = {"quick": 20, "full": 60}, 5.0  # scenes for each way to refit, and their gamma: many rounds


def alone(count: int, seed: int) -> Scenes:
    """Paint scenes with one shape, of the kinds that the stored nets learned. Chapter: grabcut."""
    return words.views(count, seed, objects=1)


def pairs(count: int, seed: int) -> Scenes:
    """Paint scenes with two shapes of different classes; the first is asked for. Chapter: grabcut."""
    scenes = words.views(2 * count + 20, seed, objects=2)
    return scenes[np.flatnonzero(scenes.labels[:, 0] != scenes.labels[:, 1])[:count]]


def asked(net: keras.Model, scenes: Scenes, which: int = 0) -> np.ndarray:
    """The saliency of the class of one of the objects, (n, h, w). Chapter: grabcut."""
    return gradients.pixel_saliency(gradients.data_gradient(net, scenes.floats, scenes.labels[:, which]))


def cut_from(image: np.ndarray, first: np.ndarray, kept: bool = False, **options) -> np.ndarray:
    """Cut by seeds that are kept for good, or that are only the first guess: (h, w). Chapter: grabcut."""
    given = first if kept else np.full_like(first, OPEN)
    options = {"gamma": GAMMA, "components": COMPONENTS, "rounds": ROUNDS} | options
    return cut_out(image, given, first, **options)[-1].labels


def middle(shape: tuple[int, int], side: float) -> np.ndarray:
    """A box in the middle, of some share of the picture's sides: x0, y0, x1, y1."""
    height, width = shape
    return np.array([1 - side, 1 - side, 1 + side, 1 + side]) / 2 * [width, height, width, height]


def mean_iou(masks: Iterable[np.ndarray], scenes: Scenes, which: int = 0) -> float:
    """Mean over scenes of the overlap of masks with one of the objects of each."""
    both = zip(masks, scenes.instances, strict=True)
    return float(np.mean([seeds.mask_iou(mask, owner == which + 1) for mask, owner in both]))


def cut_all(scenes: Scenes, maps: np.ndarray, top: float = 0.05, bottom: float = 0.3, kept: bool = False) -> list:
    """Cut every scene from the quantiles of its map: a list of masks (h, w). Chapter: grabcut."""
    both = zip(scenes.floats, maps, strict=True)
    return [cut_from(image, seeds.by_quantiles(one, top, bottom), kept) for image, one in both]


def framed(scenes: Scenes, boxes: Callable[[int], np.ndarray]) -> float:
    """Cut every scene from a rectangle: outside is background for good."""
    shape, images = scenes.images.shape[1:3], scenes.floats
    cuts = (
        cut_out(image, seeds.rectangle(shape, boxes(i)), gamma=GAMMA, components=COMPONENTS, rounds=ROUNDS)
        for i, image in enumerate(images)
    )
    return mean_iou((found[-1].labels for found in cuts), scenes)


def thresholded(maps: np.ndarray, scenes: Scenes) -> list[float]:
    """Take the highest share of each map for the object, for every share of QUANTILES."""
    return [mean_iou((m > np.quantile(m, 1 - share) for m in maps), scenes) for share in QUANTILES]


def purity(maps: np.ndarray, scenes: Scenes, top: float, bottom: float) -> tuple[float, float]:
    """The share of the object's seeds that lie on it, and of the background's that do not."""
    inside = scenes.instances == 1
    marks = np.array([seeds.by_quantiles(one, top, bottom) for one in maps])
    return float(inside[marks == 1].mean()), float(1 - inside[marks == 0].mean())


@experiments.experiment(version=1, seeds=5)
def from_saliency(seed: int, scale: str) -> dict[str, float | list]:
    """Cut lone objects by seeds of the data gradient of their class, for many quantiles, and by what is simpler.

    tops: IoU for TOPS of the object and 30 % of the background; bottoms: for 5 % and BOTTOMS; kept: 5 % and 30 %, never
    taken back; blank: seeds of a net that learned nothing; pure: the share of the object's seeds on it, for TOPS; box
    and box_cut: a box in the middle, for SIDES, as a mask and as a rectangle; true_box: a rectangle around the object.
    """
    scenes, net, shape = alone(COUNT[scale], TESTED + seed), encoder.stored_encoder(seed), (words.SIDE, words.SIDE)
    maps, dull = (asked(one, scenes) for one in (net, encoder.encoder_net()))
    inside = [seeds.rectangle(shape, middle(shape, side)) == OPEN for side in SIDES]
    return {
        "tops": [mean_iou(cut_all(scenes, maps, top), scenes) for top in TOPS],
        "bottoms": [mean_iou(cut_all(scenes, maps, bottom=bottom), scenes) for bottom in BOTTOMS],
        "kept": mean_iou(cut_all(scenes, maps, kept=True), scenes),
        "blank": mean_iou(cut_all(scenes, dull), scenes),
        "pure": [purity(maps, scenes, top, 0.3)[0] for top in TOPS],
        "pure_background": [purity(maps, scenes, 0.05, bottom)[1] for bottom in (0.3, *BOTTOMS)],
        "threshold": thresholded(maps, scenes),
        "box": [mean_iou([one] * len(scenes), scenes) for one in inside],
        "box_cut": [framed(scenes, lambda i, side=side: middle(shape, side)) for side in SIDES],
        "true_box": framed(scenes, lambda i: scenes.boxes[i, 0] + [-1, -1, 1, 1]),
    }


@experiments.experiment(version=1, seeds=5)
def one_of_two(seed: int, scale: str) -> dict[str, float]:
    """Cut one of two objects by seeds of its class, and by those of the difference of the maps of both classes.

    For each way: the overlap with the object that was asked for, and with the other; frame: the same for a rectangle
    around the whole picture but for its outermost pixels.
    """
    scenes, net = pairs(COUNT[scale], TESTED + seed), encoder.stored_encoder(seed)
    own, others = (asked(net, scenes, which) for which in (0, 1))
    rim = seeds.rectangle((words.SIDE, words.SIDE), (1, 1, words.SIDE - 1, words.SIDE - 1))
    options = {"gamma": GAMMA, "components": COMPONENTS, "rounds": ROUNDS}
    cuts = {
        "own": cut_all(scenes, own),
        "difference": cut_all(scenes, own - others),
        "frame": [cut_out(image, rim, **options)[-1].labels for image in scenes.floats],
    }
    return {
        f"{way}_{name}": mean_iou(masks, scenes, which)
        for way, masks in cuts.items()
        for which, name in enumerate(("asked", "other"))
    }


def rises(image: np.ndarray, marks: np.ndarray, refit: str) -> np.ndarray:
    """What each refit after the first adds to the energy, in nats a pixel; below 0 it falls."""
    done = cut_out(image, marks, gamma=LOOSE, rounds=12, refit=refit)
    return np.array([one.fitted - one.before for one in done[1:]]) / marks.size


@experiments.experiment(version=1, seeds=5)
def falling(seed: int, scale: str) -> dict[str, float]:
    """Follow the energy through the rounds from wide boxes, with EM that goes on and with EM begun afresh.

    For each way: how many refits there were, the share that raised the energy, and the largest rise a pixel.
    """
    scenes, told = data.scenes(FALLING[scale], seed=TESTED + seed, objects=1), {}
    marks = [seeds.rectangle((scenes.size,) * 2, box) for box in scenes.boxes[:, 0] + [-9, -9, 9, 9]]
    for refit in REFITS:
        both = zip(scenes.floats, marks, strict=True)
        found = np.concatenate([rises(image, mark, refit) for image, mark in both])
        told |= {
            f"{refit}_refits": len(found),
            f"{refit}_raised": float(np.mean(found > 0)),
            f"{refit}_largest": float(found.max()),
        }
    return told
