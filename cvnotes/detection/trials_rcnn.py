"""The stored experiments of R-CNN: what each stage buys, ways to warp, and SVMs that were fitted on other classes."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.svm import LinearSVC

from cvnotes import boxes as geometry
from cvnotes import experiments
from cvnotes.data.scenes import Scenes

from . import codes, lessons, rcnn, regression, starts, svms, warping

COUNT, EPOCHS, RATE = {"quick": 400, "full": 4000}, {"quick": 4, "full": 10}, 3e-3
FIRST = 100  # held-out scenes that the page judges live


@functools.cache
def judged() -> tuple[Scenes, list[np.ndarray]]:
    """The 500 held-out scenes and their proposals, which are the same for all seeds: searched once a run."""
    scenes = geometry.held_out()
    return scenes, rcnn.proposed(scenes.images)


def given(count: int, seed: int, way: str = "warp", limit: int = rcnn.LIMIT) -> lessons.Lessons:
    """Regions of the training scenes of a seed. Chapter: rcnn."""
    scenes = geometry.lessons(count, seed)
    return lessons.gather(scenes, rcnn.proposed(scenes.images, limit), way=way)


def taught(seed: int, scale: str = "quick") -> tuple[rcnn.RCNN, np.ndarray]:
    """Train all stages on the scenes of a seed; also the SVMs as they were before hard negatives. Chapter: rcnn."""
    regions = given(COUNT[scale], seed)
    net = rcnn.train_net(regions, epochs=EPOCHS[scale], rate=RATE, seed=seed)
    cached = codes.seen(net, regions.crops, ["code"])[0]
    return rcnn.fit_rest(net, regions, seed=seed), svms.fit_svms(cached, regions, rounds=0, seed=seed)


def corrected(model: rcnn.RCNN, scenes: Scenes, level: float) -> tuple[float, float]:
    """Mean IoU of boxes that start at a level, before and after the regressor of their true class. Chapter: rcnn."""
    owner = np.repeat(np.arange(len(scenes)), scenes.counts)
    truth, labels = (np.concatenate([getattr(scene, name) for scene in scenes]) for name in ("boxes", "labels"))
    start, rows = starts.displaced(truth, level, scenes.size)
    found = [start[owner[rows] == i] for i in range(len(scenes))]
    maps = np.concatenate([seen.maps for seen in rcnn.look(model, scenes.images, found)])
    end = regression.moved(maps, start, labels[rows], model.regressors)
    pairs = (start, geometry.clip(end, (scenes.size, scenes.size)))
    return tuple(float(regression.paired_iou(boxes, truth[rows]).mean()) for boxes in pairs)


@experiments.experiment(version=1, seeds=5)
def stages(seed: int, scale: str) -> dict[str, float]:
    """mAP at 0.5 on the 500 held-out scenes, a stage at a time, and IoU before and after regression.

    softmax: the CNN's own answer; random: SVMs with negatives by chance; hard: with hard ones; full: and boxes moved;
    softmax_moved: the CNN's answer, moved; crowded: the full chain without suppression; tight, tight_moved: hard and
    full at an IoU of 0.7; first: full on 100 scenes; recall: objects that some proposal shares half with.
    """
    model, early = taught(seed, scale)
    scenes, found = judged()
    truths = geometry.truths(scenes)
    looks = rcnn.look(model, scenes.images, found)

    def score(chain: rcnn.RCNN, count: int = len(looks), share: float = 0.5, **options) -> float:
        said = [rcnn.judge(chain, seen, scenes.images.shape[1:3], **options) for seen in looks[:count]]
        return geometry.mean_average_precision(said, truths[:count], iou=share)

    ends = np.array([corrected(model, scenes[:FIRST], level) for level in starts.LEVELS])
    best = [geometry.iou(truth.boxes, some).max(axis=1) for truth, some in zip(truths, found, strict=True)]
    return {
        "softmax": score(model, by="softmax", move=False),
        "softmax_moved": score(model, by="softmax"),
        "random": score(model._replace(svms=early), move=False),
        "hard": score(model, move=False),
        "full": score(model),
        "crowded": score(model, iou=1.0),
        "tight": score(model, share=0.7, move=False),
        "tight_moved": score(model, share=0.7),
        "first": score(model, FIRST),
        "recall": float(np.mean(np.concatenate(best) >= 0.5)),
        "before": ends[:, 0],
        "after": ends[:, 1],
    }


WARPED, SEARCHED, NEAREST = {"quick": 200, "full": 2000}, 100, 30
LONG = 1.3  # a box is long if one side is so many times the other


@functools.cache
def shown() -> tuple[Scenes, list[np.ndarray], list[np.ndarray]]:
    """500 scenes for the ways to warp, some of them with proposals, the same for all seeds; and no proposals at all."""
    scenes = geometry.validation(500)
    return scenes, rcnn.proposed(scenes.images[:SEARCHED], NEAREST), [np.zeros((0, 4))] * len(scenes)


@experiments.experiment(version=1, seeds=5)
def ways(seed: int, scale: str) -> dict[str, float]:
    """One classifier for each way to bring regions to one size: shares of test regions that it answers rightly.

    objects: true boxes, by class; long: those with one side at least 1.3 times the other; all: true boxes, proposals
    that are objects, and as many regions of background.
    """
    drawn, found = geometry.lessons(WARPED[scale], seed), {}
    proposals = rcnn.proposed(drawn.images, NEAREST)
    scenes, some, none = shown()
    for way in warping.WAYS:
        own = lessons.gather(drawn, proposals, way=way)
        net = rcnn.train_net(own, epochs=EPOCHS[scale], rate=RATE, seed=seed, ratio=1.0)
        true = lessons.gather(scenes, none, way=way)
        mixed = lessons.balanced(lessons.gather(scenes[:SEARCHED], some, way=way), 1.0, seed=0)
        right = {name: _right(net, test) for name, test in (("objects", true), ("all", mixed))}
        shape = warping.stretch(true.boxes)
        right["long"] = right["objects"][np.maximum(shape, 1 / shape) >= LONG]
        found |= {f"{way}_{name}": values.mean() for name, values in right.items()}
    return found


def _right(net: keras.Model, test: lessons.Lessons) -> np.ndarray:
    """Whether a net answers rightly, region by region."""
    return codes.seen(net, test.crops, ["logits"])[0].argmax(axis=1) == test.answers


def cut(count: int, seed: int, classes: range) -> tuple[np.ndarray, np.ndarray]:
    """Crops of the true boxes of some classes, and their labels from 0. Chapter: rcnn."""
    scenes = geometry.lessons(count, seed)
    regions = lessons.gather(scenes, [np.zeros((0, 4))] * count)
    regions = regions.take(np.isin(regions.labels, classes))
    return regions.crops, regions.labels - classes.start


def kindest(said: np.ndarray, true: np.ndarray, classes: int) -> float:
    """Share of right answers when each class that is said stands for the class that suits it best. Chapter: rcnn."""
    table = np.zeros((classes, classes), int)
    np.add.at(table, (said, true), 1)
    return float(table[linear_sum_assignment(-table)].sum() / len(true))


@experiments.experiment(version=1, seeds=5)
def strangers(seed: int, scale: str) -> dict[str, float]:
    """Name five classes by SVMs that know, or do not know, these classes; the CNN was trained on five others.

    For the layers `maps` and `code`: fitted, SVMs fitted on what the CNN makes of these classes; foreign, SVMs fitted
    on the others, each standing for the class that suits it best; known, the same SVMs on their own classes; blank,
    SVMs fitted on these classes, with a CNN that was not trained.
    """
    old, new = range(5), range(5, 10)
    lesson = {classes: cut(COUNT[scale], seed, classes) for classes in (old, new)}
    (old_x, old_y), (new_x, new_y) = (cut(200, 500 + seed, classes) for classes in (old, new))
    net, found = codes.code_net(len(old)), {}
    for layer in ("maps", "code"):
        found[f"{layer}_blank"] = np.mean(_machines(net, layer, *lesson[new])(new_x) == new_y)
    experiments.fit(net, *lesson[old], epochs=2 * EPOCHS[scale], batch=32, rate=RATE, seed=seed)
    for layer in ("maps", "code"):
        fitted, foreign = (_machines(net, layer, *lesson[classes]) for classes in (new, old))
        found[f"{layer}_fitted"] = np.mean(fitted(new_x) == new_y)
        found[f"{layer}_foreign"] = kindest(foreign(new_x), new_y, len(new))
        found[f"{layer}_known"] = np.mean(foreign(old_x) == old_y)
    return found


def _machines(net: keras.Model, layer: str, crops: np.ndarray, labels: np.ndarray) -> Callable:
    """Fit SVMs on what a layer of a net makes of crops; returns what names other crops by that layer and the SVMs."""
    cached = codes.seen(net, crops, [layer])[0]
    unit = np.sqrt(np.mean(np.square(cached)))
    machine = LinearSVC(C=svms.COST, random_state=0).fit(cached / unit, labels)
    return lambda others: machine.predict(codes.seen(net, others, [layer])[0] / unit)
