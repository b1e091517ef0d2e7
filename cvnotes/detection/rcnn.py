"""R-CNN: propose, warp, encode, judge, correct; five parts, three of them fitted one after another.

Chapter: rcnn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
from scipy.special import softmax

from cvnotes import boxes as geometry
from cvnotes import experiments
from cvnotes.boxes import Detections
from cvnotes.boxes.formats import rows
from cvnotes.checks import choice

from . import codes, lessons, regression, svms, warping
from .proposals import selective_search

LIMIT, SAME, LEAST, TOGETHER = 60, 0.3, {"svm": -1.0, "softmax": 0.02}, 50
STRENGTH, RATIO = 10.0, 2.0  # of the ridge; regions of background for each with an object


class RCNN(NamedTuple):
    """A net that encodes crops, and what was fitted on its codes."""

    net: keras.Model  #: crops to codes and logits, see ``code_net``
    svms: np.ndarray  #: (d + 1, classes)
    regressors: np.ndarray  #: (classes, m + 1, 4)
    way: str = "warp"  #: how boxes become crops


class Look(NamedTuple):
    """What the net saw in the proposals of one picture."""

    boxes: np.ndarray  #: (n, 4)
    maps: np.ndarray  #: (n, m) output of the convolutions, for the regressors
    code: np.ndarray  #: (n, d) for the SVMs
    logits: np.ndarray  #: (n, classes + 1) the net's own answer, which R-CNN does not use


def proposed(images: np.ndarray, limit: int = LIMIT) -> list[np.ndarray]:
    """Selective search on each picture (n, h, w, c): (m, 4) each, at most `limit`, best first. Chapter: rcnn."""
    return [selective_search(image, limit=limit) for image in images]


def train_net(given: lessons.Lessons, *, epochs: int, rate: float, seed: int, ratio: float = RATIO) -> keras.Model:
    """Train the ConvNet to name the class of crops, background included.

    ratio: regions of background for each with an object. Source: Girshick et al. (2014), section 2.3. Chapter: rcnn.
    """
    keras.utils.set_random_seed(seed)
    chosen = lessons.balanced(given, ratio, seed)
    net = codes.code_net(given.classes, given.crops.shape[1])
    experiments.fit(net, chosen.crops, chosen.answers, epochs=epochs, batch=64, rate=rate, seed=seed)
    return net


def fit_rest(net: keras.Model, given: lessons.Lessons, *, rounds: int = 1, seed: int = 0, way: str = "warp") -> RCNN:
    """Encode all regions once, then fit SVMs and box regressors on the cached numbers; the net stays as it is.

    Chapter: rcnn.
    """
    cached = codes.seen(net, given.crops, ["code"])[0]
    machines = svms.fit_svms(cached, given, rounds=rounds, seed=seed)
    near = given.take(given.iou > regression.NEAR)
    maps = codes.seen(net, near.crops, ["maps"])[0]
    movers = regression.fit_regressors(maps, near.boxes, near.best, near.labels, given.classes, STRENGTH)
    return RCNN(net, machines, movers, way)


def look(model: RCNN, images: np.ndarray, found: Sequence[np.ndarray]) -> list[Look]:
    """Warp and encode the proposals of some pictures: one pass of the net for each.

    found: (m, 4) of each picture. Raises ValueError unless each picture has its proposals. Chapter: rcnn.
    """
    if len(images) != len(found):
        raise ValueError(f"Give an array of proposals for each of {len(images)} pictures. Received: {len(found)}")
    if not len(found):
        return []
    found = [rows("found", some) for some in found]
    side = model.net.input_shape[1]
    cut = [warping.crops(image, some, side, model.way) for image, some in zip(images, found, strict=True)]
    ends = np.cumsum([len(some) for some in found])[:-1]
    numbers = codes.seen(model.net, np.concatenate(cut))
    return [Look(*row) for row in zip(found, *(np.split(one, ends) for one in numbers), strict=True)]


def judge(
    model: RCNN, seen: Look, size: tuple[int, int], *, by: str = "svm", move: bool = True, iou: float = SAME
) -> Detections:
    """From what was seen in a picture's proposals to detections: score, move, and drop what is found twice.

    size: (height, width) of the picture, which boxes do not leave; by: "svm", or "softmax" for the net's own answer;
    move: by the regressors; iou: of two boxes of a class that share more, the worse one is dropped.
    Raises ValueError for another judge. Chapter: rcnn.
    """
    scores = regression.linear(seen.code, model.svms) if choice("by", by, LEAST) == "svm" else _chances(seen)
    which, labels = np.nonzero(scores > LEAST[by])
    found, scores = seen.boxes[which], scores[which, labels]
    if move:
        found = geometry.clip(regression.moved(seen.maps[which], found, labels, model.regressors), size)
    kept = geometry.class_nms(found, scores, labels, iou)
    return Detections(found[kept], scores[kept], labels[kept])


def detect(model: RCNN, images: np.ndarray, found: Sequence[np.ndarray] | None = None, **options) -> list[Detections]:
    """Find and name the objects of pictures (n, h, w, 3) of bytes.

    found: proposals (m, 4) of each picture, by selective search if None; options: of `judge`.
    Raises ValueError for pictures of another type or shape, and unless each has its proposals.
    Source: Girshick et al. (2014), section 2. Chapter: rcnn.
    """
    images = pictures_of(images)
    if found is not None and len(found) != len(images):
        raise ValueError(f"Give an array of proposals for each of {len(images)} pictures. Received: {len(found)}")
    found, results = proposed(images) if found is None else found, []
    for start in range(0, len(images), TOGETHER):
        part = slice(start, start + TOGETHER)
        results += [judge(model, one, images.shape[1:3], **options) for one in look(model, images[part], found[part])]
    return results


def pictures_of(images: np.ndarray) -> np.ndarray:
    """Read pictures (n, h, w, 3) of bytes; floats from 0 to 1 would all look black to a net that learned from bytes."""
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
        raise ValueError(f"Give pictures (n, h, w, 3) of bytes. Received: {images.dtype} of {images.shape}")
    return images


def _chances(seen: Look) -> np.ndarray:
    """What the net itself says: the chance of each class, the background left out."""
    return softmax(seen.logits, axis=-1)[:, :-1]
