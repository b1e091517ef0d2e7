"""What it takes to teach each detector its recipe, from short runs: stages by name, in seconds of one machine.

A stage that is done for each scene is timed on a few scenes, a step of a net on a few steps, and both are multiplied
by what the recipe asks for. Drawing the scenes is left out. Chapter: detectors.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np

from cvnotes import boxes as geometry
from cvnotes import experiments
from cvnotes.data.scenes import Scenes
from cvnotes.detection import (
    codes,
    fast_lessons,
    fast_rcnn,
    faster_loss,
    faster_rcnn,
    lessons,
    rcnn,
    regression,
    spp,
    svms,
    trials_fast,
    trials_faster,
    trials_rcnn,
)
from cvnotes.detection.pyramid_pooling import PyramidPooling
from cvnotes.single_shot import ssd, trials_ssd, trials_yolo, yolo
from cvnotes.single_shot.grid import grid_targets
from cvnotes.single_shot.ssd_loss import multibox_loss
from cvnotes.single_shot.yolo_loss import grid_loss

from . import stored

REGIONAL = ("R-CNN", "SPP-net", "Fast R-CNN")  # those that learn from regions of selective search
FEW = 32  # scenes that the short runs look at


class Stage(NamedTuple):
    """One stage of a recipe: something to time, and how often the recipe does it."""

    systems: tuple[str, ...]  #: whose recipes have it
    name: str
    times: float
    do: Callable[[], object]


def stages(scale: str = "quick") -> list[Stage]:
    """The stages of all six recipes, with nets that are compiled and ready to be trained on. Chapter: detectors."""
    scenes = geometry.lessons(FEW, 900)
    found = rcnn.proposed(scenes.images)
    given = lessons.gather(scenes, found)
    share = trials_rcnn.COUNT[scale] / FEW
    searched = functools.partial(rcnn.proposed, scenes.images)
    cut = functools.partial(lessons.gather, scenes, found)
    regional = [Stage(REGIONAL, "search", share, searched), Stage(REGIONAL, "cut", share, cut)]
    return [*regional, *_rcnn(given, scale), *_spp(scenes, given, found, scale), *_fast(scenes, given, scale),
            *_faster(scenes, scale), *_yolo(scenes, scale), *_ssd(scenes, scale)]  # fmt: skip


def _steps(count: int, passes: int, batch: int) -> int:
    return passes * (count // batch)


def _net(net: keras.Model, x: np.ndarray, y: np.ndarray, batch: int, **options) -> Callable[[], object]:
    """One step of a net on the first batch of some lessons, compiled as the book's trainings are."""
    x, y = (np.resize(part, (batch, *part.shape[1:])) for part in (x, y))
    experiments.fit(net, x, y, epochs=1, batch=batch, rate=1e-3, seed=0, **options)
    return functools.partial(net.train_on_batch, x, y)


def _rcnn(given: lessons.Lessons, scale: str) -> list[Stage]:
    net, chosen = codes.code_net(given.classes), lessons.balanced(given, rcnn.RATIO, 0)
    step = _net(net, chosen.crops, chosen.answers, 64)
    share = trials_rcnn.COUNT[scale] / FEW
    steps = _steps(round(share * len(chosen.crops)), trials_rcnn.EPOCHS[scale], 64)
    fitted = functools.partial(rcnn.fit_rest, net, given)
    return [Stage(("R-CNN",), "net", steps, step), Stage(("R-CNN",), "fits", share, fitted)]


def _spp(scenes: Scenes, given: lessons.Lessons, found: list[np.ndarray], scale: str) -> list[Stage]:
    passes, again = trials_fast.FROZEN[scale]
    chosen, share = lessons.balanced(given, rcnn.RATIO, 0), trials_rcnn.COUNT[scale] / FEW
    body = stored.spp_net().body
    named = keras.layers.Dense(given.classes + 1)(PyramidPooling()(body.output))
    windows = _net(keras.Model(body.input, named), spp.windows(scenes.images, chosen), chosen.answers, 64)
    pool = functools.partial(spp.pooled, body, scenes.images, found, stored.spp_net().stride)
    rows = np.resize(np.concatenate(pool()), (len(given.boxes), stored.spp_net().coder.input_shape[1]))
    dense = _net(spp.coder(rows.shape[1], given.classes), rows, given.answers, 64)
    near = given.iou > regression.NEAR

    def fitted():
        pool()
        svms.fit_svms(rows[:, : fast_rcnn.HIDDEN], given)  # as wide as a code
        part = given.take(near)
        regression.fit_regressors(rows[near], part.boxes, part.best, part.labels, given.classes, rcnn.STRENGTH)

    steps = _steps(round(share * len(chosen.crops)), 1, 64)
    parts = (("windows", passes * steps, windows), ("dense", again * steps, dense), ("fits", share, fitted))
    return [Stage(("SPP-net",), *part) for part in parts]


def _fast(scenes: Scenes, given: lessons.Lessons, scale: str) -> list[Stage]:
    net, batch = fast_rcnn.small_fast_rcnn(), fast_lessons.PICTURES
    fast_rcnn.train(net, scenes.images[:batch], given.take(given.scenes < batch), epochs=1, rate=1e-3, seed=0)

    def once():
        for step in fast_lessons.steps(scenes.images, given, 0):
            net.train_on_batch([step.images, step.boxes, step.pictures], step.wanted)

    rounds = trials_fast.EPOCHS[scale] * trials_rcnn.COUNT[scale] / (FEW // batch * batch)
    return [Stage(("Fast R-CNN",), "net", rounds, once)]


def _faster(scenes: Scenes, scale: str) -> list[Stage]:
    net = faster_rcnn.small_faster_rcnn()
    side = scenes.size // net.anchors.stride
    wanted = faster_loss.targets(geometry.truths(scenes), net.anchors.over(side, side))
    step = _net(net, scenes.images, wanted, 32, loss=net.compute_loss)
    return [Stage(("Faster R-CNN",), "net", _steps(*trials_faster.LESSONS[scale], 32), step)]


def _yolo(scenes: Scenes, scale: str) -> list[Stage]:
    grid, errors = trials_yolo.WAYS[trials_yolo.BEST]
    net, wanted = yolo.small_yolo(grid, squash=True), grid_targets(geometry.truths(scenes), grid)
    step = _net(net, scenes.images, wanted, trials_yolo.BATCH, loss=grid_loss(grid, errors))
    return [Stage(("YOLO",), "net", _steps(*trials_yolo.LESSONS[scale], trials_yolo.BATCH), step)]


def _ssd(scenes: Scenes, scale: str) -> list[Stage]:
    net, wanted = ssd.small_ssd(), ssd.targets(geometry.truths(scenes), ssd.default_boxes())
    step = _net(net, scenes.images, wanted, trials_ssd.BATCH, loss=multibox_loss(3.0))
    return [Stage(("SSD",), "net", _steps(*trials_ssd.LESSONS[scale], trials_ssd.BATCH), step)]


def seconds(plan: list[Stage], rounds: int, seed: int) -> dict[str, dict[str, float]]:
    """Time the stages in turns and multiply: seconds of each stage of each system, by its whole recipe.

    Chapter: detectors.
    """
    raced = experiments.race({(one.systems, one.name): one.do for one in plan}, rounds, warm=1, seed=seed)
    found: dict[str, dict[str, float]] = {}
    for one in plan:
        for system in one.systems:
            found.setdefault(system, {})[one.name] = one.times * float(np.median(raced[one.systems, one.name]))
    return found
