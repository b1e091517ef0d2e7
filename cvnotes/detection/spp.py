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

    Rows are those of the lessons. Raises ValueError as `parted`. Chapter: fast_rcnn.
    """
    reach, pairs = np.array([-1, -1, 1, 1]) * side / 2, zip(images, parted(given, len(images)), strict=True)
    around = [(image, np.tile((some[:, :2] + some[:, 2:]) / 2, 2) + reach) for image, some in pairs]
    return np.concatenate([warping.crops(image, some, side) for image, some in around])


def parted(given: lessons.Lessons, count: int) -> list[np.ndarray]:
    """The boxes of each of `count` pictures, in the order of the lessons.

    Raises ValueError for regions of other pictures, and for some that do not come picture by picture, as
    `lessons.gather` gives them: what is read for one would be taken for another's. Chapter: fast_rcnn.
    """
    if (np.diff(given.scenes) < 0).any() or given.scenes.max(initial=0) >= count:
        told = f"numbers of pictures {given.scenes[:8].tolist()}... up to {given.scenes.max(initial=0)}"
        raise ValueError(f"Give the regions of {count} pictures, picture by picture. Received: {told}")
    return np.split(given.boxes, np.cumsum(np.bincount(given.scenes, minlength=count))[:-1])


def pretrained(
    images: np.ndarray, given: lessons.Lessons, *, epochs: int, rate: float, seed: int, width: float = 1.0
) -> keras.Model:
    """Train a trunk to name small windows around regions, one by one, and give the trunk, which ends in one map.

    Its pyramid and last layer are thrown away. It stands for what ImageNet had taught the trunks of the papers.
    Source: He et al. (2014), section 2.3. Chapter: fast_rcnn.
    """
    keras.utils.set_random_seed(seed)
    chosen, body = lessons.balanced(given, RATIO, seed), empty_body(width)
    logits = layers.Dense(given.classes + 1, name="logits")(PyramidPooling(name="pyramid")(body.output))
    cut = windows(images, chosen)
    net = keras.Model(body.input, logits)
    experiments.fit(net, cut, chosen.answers, epochs=epochs, batch=64, rate=rate, seed=seed)
    return body


def empty_body(width: float = 1.0) -> keras.Model:
    """Build the trunk alone, with one map, for pictures of any size. Chapter: fast_rcnn."""
    body = trunk(width, (fast_rcnn.STRIDE,), None)
    return keras.Model(body.input, body.output[f"stride_{fast_rcnn.STRIDE}"], name="body")


def pooled(body: keras.Model, images: np.ndarray, found: Sequence[np.ndarray], stride: int) -> list[np.ndarray]:
    """One pass for each picture of bytes, then a pyramid for each of its boxes (m, 4): (m, C * 21) each.

    Raises ValueError for pictures of another type or shape, and unless each has its boxes. Chapter: fast_rcnn.
    """
    images, answers = rcnn.pictures_of(images), []
    if len(images) != len(found):
        raise ValueError(f"Give an array of proposals for each of {len(images)} pictures. Received: {len(found)}")
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
    body: keras.Model, images: np.ndarray, given: lessons.Lessons, *, epochs: int, rate: float, seed: int
) -> tuple[SPPNet, int]:
    """Cache the pooled rows of all regions, train the dense layers on them, then SVMs and regressors, one by one.

    body: with a map of stride STRIDE; given: regions, of `lessons.gather`. Also returns the bytes of the cache.
    Raises ValueError as `parted` and `pooled`. Source: He et al. (2014), section 4. Chapter: fast_rcnn.
    """
    cached = np.concatenate(pooled(body, images, parted(given, len(images)), fast_rcnn.STRIDE))
    given = given._replace(crops=cached)  # rows in the place of crops
    keras.utils.set_random_seed(seed)
    net, chosen = coder(given.crops.shape[1], given.classes), lessons.balanced(given, RATIO, seed)
    experiments.fit(net, chosen.crops, chosen.answers, epochs=epochs, batch=64, rate=rate, seed=seed)
    machines = svms.fit_svms(codes.seen(net, given.crops, ["code"])[0], given, seed=seed)
    near = given.take(given.iou > regression.NEAR)
    movers = regression.fit_regressors(near.crops, near.boxes, near.best, near.labels, given.classes, STRENGTH)
    return SPPNet(body, net, machines, movers), cached.nbytes


def look(model: SPPNet, images: np.ndarray, found: Sequence[np.ndarray]) -> list[rcnn.Look]:
    """What the net sees in the proposals (m, 4) of each picture; one pass of the trunk for each.

    Raises ValueError as `pooled`. Chapter: fast_rcnn.
    """
    found = [rows("found", some) for some in found]
    seen = pooled(model.body, images, found, model.stride)
    return [
        rcnn.Look(some, one, *codes.seen(model.coder, one, ["code", "logits"]))
        for some, one in zip(found, seen, strict=True)
    ]


def detect(model: SPPNet, images: np.ndarray, found: Sequence[np.ndarray] | None = None, **options) -> list[Detections]:
    """Find and name the objects of pictures (n, h, w, 3) of bytes, judged as in R-CNN.

    found: proposals (m, 4) of each picture, by selective search if None; options: of `rcnn.judge`.
    Raises ValueError as `pooled`. Source: He et al. (2014), section 4. Chapter: fast_rcnn.
    """
    images = rcnn.pictures_of(images)
    found = rcnn.proposed(images) if found is None else found
    return [rcnn.judge(model, one, images.shape[1:3], **options) for one in look(model, images, found)]
