"""The detectors of this part, each taught to find one thing: YOLO, SSD and Faster R-CNN on synthetic coins."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from cvnotes import experiments
from cvnotes.boxes import Detections
from cvnotes.checks import choice
from cvnotes.detection import faster_rcnn, proposer
from cvnotes.detection.rpn import Anchors
from cvnotes.instances import mask_head
from cvnotes.single_shot import ssd, yolo
from cvnotes.single_shot.grid import grid_targets
from cvnotes.single_shot.ssd_loss import multibox_loss
from cvnotes.single_shot.yolo_loss import grid_loss

from .reading import GRID, any_size, default_boxes, in_groups, read_cells, read_defaults
from .synthetic import SIDE, Drawn

RATE, BATCH = 3e-3, 32
ANCHORS = Anchors(8, (9.0, 13.0, 18.0, 25.0))
MOST = 80  # proposals of a picture: the photograph holds more coins than a scene of the book holds objects


class System(NamedTuple):
    """One detector: how it is built, taught and run."""

    build: Callable[[], keras.Model]
    teach: Callable[[keras.Model, Drawn, int, int], None]  #: net, pictures, passes, seed
    detect: Callable[[keras.Model, np.ndarray], list[Detections]]  #: net, pictures (n, height, width, 3) of any size
    passes: int  #: how often it needs to see each picture, chosen on drawn pictures


def build_yolo() -> keras.Model:
    """Build the small YOLO for one class; a sigmoid squashes all, since the softmax of one number is 1."""
    net = yolo.small_yolo(GRID)
    return keras.Model(net.input, layers.Activation("sigmoid", name="shares")(net.output), name="yolo")


def teach_yolo(net: keras.Model, lessons: Drawn, epochs: int, seed: int) -> None:
    """Train it with the later loss, as on its own page."""
    wanted = grid_targets(lessons.truths, GRID)
    _fit(net, lessons, wanted, epochs, seed, grid_loss(GRID, "entropy"))


def detect_yolo(net: keras.Model, images: np.ndarray) -> list[Detections]:
    """Run it with as many cells as the picture wants."""
    return read_cells(in_groups(any_size(net), images))


def build_ssd() -> keras.Model:
    """Build the small SSD for one class."""
    return ssd.small_ssd(classes=1)


def teach_ssd(net: keras.Model, lessons: Drawn, epochs: int, seed: int) -> None:
    """Train it with the hardest negatives, as on its own page."""
    wanted = ssd.targets(lessons.truths, default_boxes((SIDE, SIDE)), 1)
    _fit(net, lessons, wanted, epochs, seed, multibox_loss())


def detect_ssd(net: keras.Model, images: np.ndarray) -> list[Detections]:
    """Run it with as many default boxes as the picture wants."""
    return read_defaults(in_groups(any_size(net), images), np.shape(images)[1:3])


def _fit(net: keras.Model, lessons: Drawn, wanted: np.ndarray, epochs: int, seed: int, loss: Callable) -> None:
    experiments.fit(net, lessons.images, wanted, epochs=epochs, batch=BATCH, rate=RATE, seed=seed, loss=loss)


def build_faster() -> keras.Model:
    """Build the small Faster R-CNN for one class."""
    return faster_rcnn.small_faster_rcnn(1, ANCHORS)


def teach_faster(net: keras.Model, lessons: Drawn, epochs: int, seed: int) -> None:
    """Train it on its four losses together, as on its own page."""
    given = lessons.images, lessons.truths
    proposer.taught(net, *given, epochs=epochs, rate=RATE, batch=BATCH, seed=seed)


def detect_faster(net: keras.Model, images: np.ndarray) -> list[Detections]:
    """Run it with more proposals than it needs for a scene."""
    return faster_rcnn.detect(net, images, limit=MOST)


SYSTEMS = {
    "YOLO": System(build_yolo, teach_yolo, detect_yolo, 2),
    "SSD": System(build_ssd, teach_ssd, detect_ssd, 1),
    "Faster R-CNN": System(build_faster, teach_faster, detect_faster, 1),
}


def taught(name: str, lessons: Drawn, epochs: int, seed: int) -> keras.Model:
    """Build a system by name and train it on drawn coins; its first weights are those of the seed.

    Raises ValueError for another name than those in SYSTEMS, and for no pictures. Chapter: coins.
    """
    system = SYSTEMS[choice("name", name, SYSTEMS)]
    keras.utils.set_random_seed(seed)
    net = system.build()
    system.teach(net, lessons, epochs, seed)
    return net


def taught_masks(lessons: Drawn, epochs: int, seed: int) -> keras.Model:
    """Build the mask head, and train it on coins whose boxes are known, moved a little.

    Raises ValueError for pictures without any coin. Chapter: coins.
    """
    some = np.flatnonzero(lessons.instances.any((1, 2)))  # a picture without a coin has no mask to teach
    if not len(some):
        raise ValueError(f"Give pictures with coins, whose masks teach. Received: {len(lessons)} pictures, no coin")
    lessons = Drawn(lessons.images[some], lessons.instances[some])
    keras.utils.set_random_seed(seed)
    net = mask_head.mask_net(1, None)
    truths, masks = lessons.truths, [lessons.masks(i) for i in range(len(lessons))]
    known = [one.boxes for one in truths], [one.labels for one in truths], masks
    wanted = mask_head.targets(*known, seed=seed)
    mask_head.train(net, lessons.images, wanted, epochs=epochs, rate=RATE, seed=seed)
    return net
