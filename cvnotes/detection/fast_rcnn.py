"""Fast R-CNN: one pass over the picture, and every proposal read from its map; one net, one loss, one training.

Chapter: fast_rcnn.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops
from scipy.special import softmax

from cvnotes import backend
from cvnotes import boxes as geometry
from cvnotes.boxes import Detections
from cvnotes.boxes.formats import rows
from cvnotes.checks import choice, number, whole
from cvnotes.experiments.training import schedule
from cvnotes.single_shot.trunks import trunk

from . import fast_lessons, fast_loss
from .lessons import Lessons
from .rcnn import pictures_of, proposed

CLASSES, SIZE, STRIDE, BINS, HIDDEN = 10, 64, 4, 4, 64
READERS = {"align": geometry.roi_align, "pool": geometry.roi_pool}
LEAST, SAME, TOGETHER = 0.02, 0.3, 50  # least score, IoU of doubles as in R-CNN, pictures at a time


def region_head(
    shape: Sequence[int], classes: int, stride: int, bins: int = BINS, way: str = "align", hidden: int = HIDDEN
) -> keras.Model:
    """Build what looks at regions of a map of a shape (H, W, C): a grid of bins, a dense layer, and two answers.

    Takes maps (n, H, W, C), boxes (k, 4) in pixels of the picture and pictures (k,), the map of each; gives
    (k, classes + 1 + 4 * classes): logits, the background first, then four offsets for each class.
    Source: Girshick (2015), section 2. Chapter: fast_rcnn.
    """
    read, classes = READERS[choice("way", way, READERS)], whole("classes", classes, 1)
    inputs = [
        keras.Input(shape, name="maps"),
        keras.Input((4,), name="boxes"),
        keras.Input((), dtype="int32", name="pictures"),
    ]
    x = layers.Flatten(name="row")(read(*inputs, bins, 1 / whole("stride", stride, 1)))
    x = layers.Dense(whole("hidden", hidden, 1), "relu", name="hidden")(x)
    both = [layers.Dense(classes + 1, name="names")(x), layers.Dense(4 * classes, name="places")(x)]
    return keras.Model(inputs, layers.Concatenate(name="said")(both), name="head")


def small_fast_rcnn(
    classes: int = CLASSES,
    *,
    stride: int = STRIDE,
    bins: int = BINS,
    way: str = "align",
    width: float = 1.0,
    hidden: int = HIDDEN,
    size: int = SIZE,
) -> keras.Model:
    """Build a Fast R-CNN on the small trunk: pictures, boxes and pictures' numbers in, one row a box out.

    Takes pictures (n, size, size, 3) of bytes, boxes (k, 4) in their pixels, and (k,) the picture of each; gives what
    `region_head` gives. Layers "trunk" and "head" are models of their own. way: "align", or "pool" as in the paper.
    Raises ValueError for another way, a stride that the trunk lacks, and sizes below 1.
    Source: Girshick (2015), section 2. Chapter: fast_rcnn.
    """
    body, name = trunk(width, (stride,), size), f"stride_{stride}"
    head = region_head(body.output[name].shape[1:], classes, stride, bins, way, hidden)
    inputs = [
        keras.Input((size, size, 3), name="image"),
        keras.Input((4,), name="boxes"),
        keras.Input((), dtype="int32", name="pictures"),
    ]
    return keras.Model(inputs, head([body(inputs[0])[name], *inputs[1:]]), name="fast_rcnn")


def classes_of(model: keras.Model) -> int:
    """How many classes a net tells apart, the background left out."""
    return model.output_shape[-1] // 5


def train(
    model: keras.Model,
    images: np.ndarray,
    given: Lessons,
    *,
    epochs: int,
    rate: float,
    seed: int,
    weight: float = 1.0,
    **draw,
) -> dict[str, list[float]]:
    """Train trunk and both answers together, by the multi-task loss; returns the means of each pass over the pictures.

    images: (n, h, w, 3) of bytes; given: their regions, of `lessons.gather`; weight: lambda of the loss; draw: of
    `fast_lessons.steps`. The rate is held, then falls, as in every training of the book. The means are "loss" and its
    two parts "name" and "place". Raises ValueError as `fast_lessons.steps`, for pictures of another type or shape, and
    for regions of classes that the net does not know.
    Source: Girshick (2015), section 2.3. Chapter: fast_rcnn.
    """
    images, seed = pictures_of(images), whole("seed", seed, 0)
    if given.labels.max(initial=0) >= classes_of(model):
        told = f"labels up to {given.labels.max()}"
        raise ValueError(f"Give regions of the {classes_of(model)} classes that the net tells apart. Received: {told}")
    each = max(1, len(images) // whole("pictures", draw.get("pictures", fast_lessons.PICTURES), 1))
    optimizer = keras.optimizers.Adam(schedule(number("rate", rate, above=0), epochs * each))
    loss, parts = fast_loss.multi_task_loss(classes_of(model), weight), fast_loss.parts(classes_of(model))
    model.compile(optimizer, loss, metrics=parts, jit_compile=backend.jit_compile())
    told: dict[str, list[float]] = {}
    for epoch in range(whole("epochs", epochs, 1)):
        seen = [
            model.train_on_batch([step.images, step.boxes, step.pictures], step.wanted, return_dict=True)
            for step in fast_lessons.steps(images, given, 1000 * seed + epoch, **draw)
        ]
        for name in seen[0]:
            told.setdefault(name, []).append(float(np.mean([one[name] for one in seen])))
    return told


def say(model: keras.Model, images: np.ndarray, found: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What a net says of the proposals (m, 4) of each picture: (m, 5 * classes + 1) each; one pass of the trunk each.

    Raises ValueError for pictures of another type or shape, and unless each has its proposals. Chapter: fast_rcnn.
    """
    images = pictures_of(images)
    if len(images) != len(found):
        raise ValueError(f"Give an array of proposals for each of {len(images)} pictures. Received: {len(found)}")
    answers = []
    for start in range(0, len(images), TOGETHER):
        part = [rows("found", some) for some in found[start : start + TOGETHER]]
        counts = [len(some) for some in part]
        which = np.repeat(np.arange(len(part), dtype=np.int32), counts)
        said = model([images[start : start + TOGETHER], np.concatenate(part), which], training=False)
        answers += np.split(ops.convert_to_numpy(said), np.cumsum(counts)[:-1])
    return answers


def decode(
    said: np.ndarray,
    found: np.ndarray,
    size: tuple[int, int],
    *,
    least: float = LEAST,
    iou: float = SAME,
    move: bool = True,
) -> Detections:
    """Turn what a net says of the proposals (m, 4) of one picture into detections: score, move, drop the doubles.

    said: (m, 5 * classes + 1); size: (height, width) of the picture; least: smallest score kept; move: by the offsets
    of the class that is named. Raises ValueError for rows that do not pair, and for what is no finite number.
    Chapter: fast_rcnn.
    """
    said, found = np.asarray(said), rows("found", found)
    if said.ndim != 2 or len(said) != len(found) or said.shape[1] % 5 != 1 or said.shape[1] == 1:
        raise ValueError(f"Give {len(found)} rows of 5 * classes + 1 numbers. Received: {said.shape}")
    if said.dtype.kind not in "fiu" or not np.isfinite(said).all():
        raise ValueError(f"A net says finite numbers; has its training failed? Received: {said.dtype}, or NaN in it")
    classes = said.shape[1] // 5
    chances = softmax(said[:, : classes + 1], axis=-1)[:, 1:]
    which, labels = np.nonzero(chances >= number("least", least, 0, 1))
    scores, boxes = chances[which, labels], found[which]
    if move:
        offsets = said[:, classes + 1 :].reshape(len(said), classes, 4)[which, labels]
        boxes = geometry.clip(geometry.decode(offsets, boxes), size)
    kept = geometry.class_nms(boxes, scores, labels, iou)
    return Detections(boxes[kept], scores[kept], labels[kept])


def detect(
    model: keras.Model, images: np.ndarray, found: Sequence[np.ndarray] | None = None, **options
) -> list[Detections]:
    """Find and name the objects of pictures (n, h, w, 3) of bytes.

    found: proposals (m, 4) of each picture, by selective search if None; options: of `decode`.
    Raises ValueError for pictures of another type or shape, and unless each has its proposals.
    Source: Girshick (2015), section 3. Chapter: fast_rcnn.
    """
    images = pictures_of(images)
    found = proposed(images) if found is None else found
    size = images.shape[1:3]
    return [decode(one, some, size, **options) for one, some in zip(say(model, images, found), found, strict=True)]
