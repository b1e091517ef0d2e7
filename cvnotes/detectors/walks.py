"""What the walks of all detectors share: where they start, how a map is shown, where they end. Chapter: detectors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
from scipy.special import softmax

from cvnotes.boxes import Detections
from cvnotes.data.scenes import Scene

from . import panels
from .diagrams import RULE, Stop

SURE, CHANNELS, TILES = 0.3, 16, 16  # score of a detection that is drawn at the end; tiles of a map, and of regions


def begin(scene: Scene) -> Stop:
    """The first stop of every walk. Chapter: detectors."""
    return Stop("the picture", "", RULE, scene.image.shape, partial(panels.scene, image=scene.image))


def end(scene: Scene, found: Detections, how: str, by: str) -> Stop:
    """The last stop of every walk: detections with their names. Chapter: detectors."""
    panel = partial(panels.found_on, image=scene.image, found=found, classes=scene.classes)
    return Stop("found", how, by, found.boxes.shape, panel)


def map_stop(title: str, how: str, by: str, maps: np.ndarray) -> Stop:
    """A stop at a map (h, w, c): the channels that vary most, side by side. Chapter: detectors."""
    return Stop(title, how, by, maps.shape, partial(panels.tiles, pictures=strongest(maps), cmap="Blues"))


def bins_stop(title: str, how: str, by: str, bins: np.ndarray) -> Stop:
    """A stop at the bins (n, h, w, c) of n regions: the length of what each bin holds, for some. Chapter: detectors."""
    lengths = np.sqrt(np.square(bins[evenly(len(bins))]).sum(-1))
    return Stop(title, how, by, bins.shape, partial(panels.tiles, pictures=lengths, cmap="Blues"))


def matrix_stop(title: str, how: str, by: str, values: np.ndarray, signed: bool = False) -> Stop:
    """A stop at a row of numbers for each region, (n, numbers). Chapter: detectors."""
    look = {"values": values, "signed": signed, "cmap": "PuOr_r" if signed else "Blues"}
    return Stop(title, how, by, values.shape, partial(panels.matrix, **look))


def proposals_stop(scene: Scene, proposals: np.ndarray) -> Stop:
    """A stop at the boxes of selective search. Chapter: detectors."""
    panel = partial(panels.boxes_on, image=scene.image, boxes=proposals)
    return Stop("proposals", "selective\nsearch", RULE, proposals.shape, panel)


def tapped(net: keras.Model, name: str, image: np.ndarray) -> np.ndarray:
    """What a layer makes of one picture (h, w, 3): its numbers, without the axis of the batch. Chapter: detectors."""
    part = keras.Model(net.input, net.get_layer(name).output)
    return keras.ops.convert_to_numpy(part(image[None], training=False))[0]


def strongest(maps: np.ndarray, count: int = CHANNELS) -> np.ndarray:
    """The channels of a map (h, w, c) that vary most: (count, h, w). Chapter: detectors."""
    order = np.argsort(-maps.std((0, 1)), kind="stable")[:count]
    return maps[..., order].transpose(2, 0, 1)


def evenly(total: int, count: int = TILES) -> np.ndarray:
    """At most `count` whole numbers, evenly from 0 to total - 1. Chapter: detectors."""
    return np.linspace(0, total - 1, min(count, total)).astype(int)


def sure(found: Detections, least: float = SURE) -> Detections:
    """The detections of at least this score. Chapter: detectors."""
    return Detections(*(field[found.scores >= least] for field in found))


shares = partial(softmax, axis=-1)


def candidates_panel(image: np.ndarray, found: Detections) -> Callable:
    """Draw candidates in the colours of their classes, the surer the thicker. Chapter: detectors."""
    colours = [panels.COLOURS[label] for label in found.labels]
    return partial(panels.boxes_on, image=image, boxes=found.boxes, colours=colours, widths=0.5 + 2 * found.scores)
