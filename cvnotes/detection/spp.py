"""SPP-net: R-CNN's chain on one map of the whole picture, under a trunk that the chain cannot change any more.

Chapter: fast_rcnn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

from cvnotes import experiments
from cvnotes.boxes import Detections
from cvnotes.boxes.formats import rows
from cvnotes.single_shot.trunks import trunk

from . import codes, fast_rcnn, lessons, rcnn, regression, svms, warping
from .pyramid_pooling import LEVELS, PyramidPooling, pyramid_regions
from .rcnn import RATIO, STRENGTH

TOGETHER, WINDOW = 50, 32  # pictures whose regions are pooled at a time; pixels of a side


class SPPNet(NamedTuple):
    """A frozen trunk, a net that encodes what was pooled from its map, and what was fitted on top."""

    body: keras.Model  #: pictures to one map
    coder: keras.Model  #: pooled rows to code and logits
    svms: np.ndarray  #: (d + 1, classes), on codes
    regressors: np.ndarray  #: (classes, m + 1, 4), on pooled rows
    stride: int = fast_rcnn.STRIDE  #: pixels a cell of the map


def windows(images: np.ndarray, given: lessons.Lessons, side: int = WINDOW) -> np.ndarray:
    """Cut out a window of side x side pixels around the middle of each region, at the picture's own scale.

    Chapter: fast_rcnn.
    """
    middle = (given.boxes[:, :2] + given.boxes[:, 2:]) / 2
    around = np.concatenate([middle - side / 2, middle + side / 2], axis=1)
    return np.concatenate([warping.crops(image, around[given.scenes == i], side) for i, image in enumerate(images)])


def pretrained(
    images: np.ndarray,
    given: lessons.Lessons,
    *,
    epochs: int,
    rate: float,
    seed: int,
    stride: int = fast_rcnn.STRIDE,
    width: float = 1.0,
) -> keras.Model:
    """Train a trunk to name small windows around regions, one by one, and give the trunk, which ends in one map.

    Its pyramid and last layer are thrown away. It stands for what ImageNet had taught the trunks of the papers.
    Source: He et al. (2014), section 2.3. Chapter: fast_rcnn.
    """
    keras.utils.set_random_seed(seed)
    chosen, body = lessons.balanced(given, RATIO, seed), trunk(width, (stride,), None)
    body = keras.Model(body.input, body.output[f"stride_{stride}"], name="body")
    logits = layers.Dense(given.classes + 1, name="logits")(PyramidPooling(name="pyramid")(body.output))
    cut = windows(images, chosen)
    net = keras.Model(body.input, logits)
    experiments.fit(net, cut, chosen.answers, epochs=epochs, batch=64, rate=rate, seed=seed)
    return body


def pooled(body: keras.Model, images: np.ndarray, found: Sequence[np.ndarray], stride: int) -> list[np.ndarray]:
    """One pass for each picture, then a pyramid for each of its boxes (m, 4): (m, C * 21) each. Chapter: fast_rcnn."""
    answers = []
    for start in range(0, len(images), TOGETHER):
        part = [rows("found", some) for some in found[start : start + TOGETHER]]
        counts = [len(some) for some in part]
        which = np.repeat(np.arange(len(part), dtype=np.int32), counts)
        maps = body(images[start : start + TOGETHER], training=False)
        said = ops.convert_to_numpy(pyramid_regions(maps, np.concatenate(part), which, LEVELS, 1 / stride))
        answers += np.split(said, np.cumsum(counts)[:-1])
    return answers


def coder(inputs: int, classes: int, hidden: int = fast_rcnn.HIDDEN) -> keras.Model:
    """Build the dense layers: a row of pooled numbers to logits, with a layer "code" below. Chapter: fast_rcnn."""
    row = keras.Input((inputs,), name="row")
    code = layers.Dense(hidden, "relu", name="code")(layers.BatchNormalization(momentum=0.9, name="norm")(row))
    return keras.Model(row, layers.Dense(classes + 1, name="logits")(code), name="coder")


def fit(
    body: keras.Model,
    images: np.ndarray,
    given: lessons.Lessons,
    *,
    epochs: int,
    rate: float,
    seed: int,
    stride: int = fast_rcnn.STRIDE,
) -> tuple[SPPNet, int]:
    """Cache the pooled rows of all regions, train the dense layers on them, then SVMs and regressors, one by one.

    given: regions, of `lessons.gather`. Also returns the bytes of the cache.
    Source: He et al. (2014), section 4. Chapter: fast_rcnn.
    """
    parted = np.split(given.boxes, np.cumsum(np.bincount(given.scenes, minlength=len(images)))[:-1])
    given = given._replace(crops=np.concatenate(pooled(body, images, parted, stride)))  # rows in the place of crops
    keras.utils.set_random_seed(seed)
    net, chosen = coder(given.crops.shape[1], given.classes), lessons.balanced(given, RATIO, seed)
    experiments.fit(net, chosen.crops, chosen.answers, epochs=epochs, batch=64, rate=rate, seed=seed)
    machines = svms.fit_svms(codes.seen(net, given.crops, ["code"])[0], given, seed=seed)
    near = given.take(given.iou > regression.NEAR)
    movers = regression.fit_regressors(near.crops, near.boxes, near.best, near.labels, given.classes, STRENGTH)
    return SPPNet(body, net, machines, movers, stride), given.crops.nbytes


def look(model: SPPNet, images: np.ndarray, found: Sequence[np.ndarray]) -> list[rcnn.Look]:
    """What the net sees in the proposals (m, 4) of each picture; one pass of the trunk for each. Chapter: fast_rcnn."""
    seen = pooled(model.body, images, found, model.stride)
    return [
        rcnn.Look(some, one, *codes.seen(model.coder, one, ["code", "logits"]))
        for some, one in zip(found, seen, strict=True)
    ]


def detect(model: SPPNet, images: np.ndarray, found: Sequence[np.ndarray] | None = None, **options) -> list[Detections]:
    """Find and name the objects of pictures (n, h, w, 3) of bytes, judged as in R-CNN.

    found: proposals (m, 4) of each picture, by selective search if None; options: of `rcnn.judge`.
    Raises ValueError unless each picture has its proposals. Source: He et al. (2014), section 4. Chapter: fast_rcnn.
    """
    found = rcnn.proposed(images) if found is None else found
    if len(images) != len(found):
        raise ValueError(f"Give an array of proposals for each of {len(images)} pictures. Received: {len(found)}")
    return [rcnn.judge(model, one, images.shape[1:3], **options) for one in look(model, images, found)]
