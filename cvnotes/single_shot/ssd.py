"""SSD: default boxes of several sizes at every place of two maps, each with a class and an offset, from one pass."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from cvnotes import boxes
from cvnotes.boxes import Detections, Truth
from cvnotes.checks import number, whole
from cvnotes.data.shapes import CLASSES

from . import ssd_paper
from .trunks import trunk
from .yolo import predict

SIZE, STRIDES = 64, (4, 8)
SMALLEST, LARGEST = 0.2, 0.35  # scales of the two maps, as shares of the picture
RATIOS = (1.0,)  # our shapes are about as wide as high
MATCH = 0.5  # overlap from which a default box answers for an object
LEAST, TOP, SAME = 0.02, 100, 0.45  # scores below are dropped, boxes kept before suppression, overlap of doubles


def scales(maps: int, smallest: float = SMALLEST, largest: float = LARGEST) -> list[float]:
    r"""Spread the sizes of default boxes evenly over the maps, and one step beyond.

    .. math:: s_k = s_\min + \frac{s_\max - s_\min}{m - 1}\,(k - 1), \qquad k = 1, \dots, m + 1

    maps: m, at least 1 (a single map has the smallest scale); smallest, largest: shares of the picture's side.
    Raises ValueError for shares outside (0, 1] or in the wrong order.
    Source: Liu et al. (2016), equation 4. Chapter: ssd.
    """
    maps, smallest = whole("maps", maps, 1), number("smallest", smallest, above=0, most=1)
    step = (number("largest", largest, smallest, 1) - smallest) / max(maps - 1, 1)
    return [smallest + step * k for k in range(maps + 1)]


def box_sizes(size: int = SIZE, strides: Sequence[int] = STRIDES, **ends: float) -> dict[int, tuple[float, float]]:
    r"""Sizes in pixels of the default boxes of each map: :math:`s_k` and :math:`\sqrt{s_k s_{k+1}}`.

    Source: Liu et al. (2016), section 2.2. Chapter: ssd.
    """
    shares = scales(len(strides), **ends)
    pairs = zip(strides, shares, shares[1:], strict=False)
    return {stride: (size * small, size * (small * large) ** 0.5) for stride, small, large in pairs}


def default_boxes(sizes: dict[int, Sequence[float]] | None = None, ratios: Sequence[float] = RATIOS) -> np.ndarray:
    """Lay the default boxes over the maps: (n, 4) corners in pixels, map by map, row by row.

    sizes: for each stride the sizes of its boxes, by default `box_sizes()`. At every place there is a square of each
    size, and a box of the first size for each ratio (width over height) other than 1.
    Raises ValueError for a stride that does not divide the picture, or none.
    Source: Liu et al. (2016), section 2.2. Chapter: ssd.
    """
    sizes = box_sizes() if sizes is None else sizes
    if not isinstance(sizes, dict) or not sizes:
        raise ValueError(f"sizes maps each stride to the sizes of its boxes, {{8: (16, 20)}}. Received: {sizes!r}")
    if any(SIZE % whole("stride", stride, 1) for stride in sizes):
        raise ValueError(f"Strides divide {SIZE}, the side of the picture. Received: {list(sizes)}")
    return np.concatenate([laid(SIZE // stride, stride, pair, ratios) for stride, pair in sizes.items()])


def default_boxes_300() -> np.ndarray:
    """Lay the default boxes of SSD300: (8732, 4) corners in pixels, map by map.

    Source: Liu et al. (2016), section 2.2, and its code for the sizes. Chapter: ssd.
    """
    pairs = [
        (ssd_paper.SIDE * low, ssd_paper.SIDE * (low * high) ** 0.5)
        for low, high in itertools.pairwise(ssd_paper.SHARES)
    ]
    maps = zip(ssd_paper.SIDES, ssd_paper.STEPS, pairs, ssd_paper.RATIOS, strict=True)
    return np.concatenate([laid(side, step, pair, ratios) for side, step, pair, ratios in maps])


def laid(side: int, stride: int, sizes: Sequence[float], ratios: Sequence[float] = RATIOS) -> np.ndarray:
    """Lay the default boxes of one map of side x side places: (side * side * each, 4), squares first at each place.

    Source: Liu et al. (2016), section 2.2. Chapter: ssd.
    """
    parts, others = [boxes.anchors(side, stride, sizes)], [ratio for ratio in ratios if ratio != 1]
    if others:
        parts.append(boxes.anchors(side, stride, sizes[:1], others))
    return np.concatenate([part.reshape(side * side, -1, 4) for part in parts], axis=1).reshape(-1, 4)


def small_ssd(
    width: float = 1.0, classes: int = len(CLASSES), each: int = 2, strides: Sequence[int] = STRIDES
) -> keras.Model:
    """Build an SSD: the small trunk, and on each of its maps one 3 x 3 convolution that answers for all boxes.

    width: factor on the trunk's filters; each: default boxes a place. Takes pictures (n, 64, 64, 3) from 0 to 255.
    Gives (n, boxes, classes + 5): for each default box, in the order of `default_boxes`, logits of nothing and of each
    class, then four offsets. Source: Liu et al. (2016), section 2.1. Chapter: ssd.
    """
    body, numbers, found = trunk(width, strides, SIZE), whole("classes", classes, 1) + 5, []
    for stride in strides:
        head = layers.Conv2D(whole("each", each, 1) * numbers, 3, padding="same", name=f"head_{stride}")
        found.append(layers.Reshape((-1, numbers), name=f"boxes_{stride}")(head(body.output[f"stride_{stride}"])))
    said = layers.Concatenate(axis=1, name="said")(found) if len(found) > 1 else found[0]
    return keras.Model(body.input, said, name="ssd")


def targets(truths: Sequence[Truth], defaults: np.ndarray, classes: int = len(CLASSES)) -> np.ndarray:
    """What the net should say of pictures: (n, boxes, 5), the class of each default box (0 is nothing) and offsets.

    A default box answers for the object that it overlaps most, from an overlap of a half on; and each object has the
    box that overlaps it most, whatever that is. Numbers are 16-bit floats, which keep a thousandth of an offset.
    Raises ValueError for a label that is none of the classes.
    Source: Liu et al. (2016), section 2.2. Chapter: ssd.
    """
    wanted = np.zeros((len(truths), len(defaults), 5), np.float16)
    matches = [boxes.match(defaults, truth.boxes, MATCH, MATCH) for truth in truths]
    picture, box = np.nonzero(np.reshape(matches, wanted.shape[:2]) >= 0)
    if len(picture):
        before = np.cumsum([0, *(len(truth.boxes) for truth in truths)])
        which = before[picture] + np.array(matches)[picture, box]
        corners, labels = (np.concatenate([truth[i] for truth in truths]) for i in (0, 1))
        if labels.min() < 0 or labels.max() >= classes:
            raise ValueError(f"Labels run from 0 to {classes - 1}. Received: {labels.min()} to {labels.max()}")
        wanted[picture, box, 0] = labels[which] + 1
        wanted[picture, box, 1:] = boxes.encode(corners[which], defaults[box])
    return wanted


def decode(said: np.ndarray, defaults: np.ndarray, least: float = LEAST, iou: float = SAME) -> list[Detections]:
    """Turn what the net says, (n, boxes, classes + 5), into boxes, scores and labels for each picture.

    Softmax over nothing and the classes; scores of at least `least`, the best hundred; offsets on their default boxes;
    non-maximum suppression class by class. Raises ValueError for another number of boxes, and NaN.
    Source: Liu et al. (2016), section 2.2 and 3. Chapter: ssd.
    """
    said = np.asarray(said, np.float32)
    if not np.isfinite(said).all():
        raise ValueError("A net says finite numbers; has its training failed? Received: NaN or infinite ones")
    if said.ndim != 3 or said.shape[1] != len(defaults) or said.shape[2] < 6:
        raise ValueError(f"Give (n, {len(defaults)}, classes + 5), a row for each default box. Received: {said.shape}")
    number("least", least, 0, 1)
    return [_decoded(one, defaults, least, iou) for one in said]


def _decoded(said: np.ndarray, defaults: np.ndarray, least: float, iou: float) -> Detections:
    """The objects of one picture."""
    shares = np.exp(said[:, :-4] - said[:, :-4].max(1, keepdims=True))
    scores = shares[:, 1:] / shares.sum(1, keepdims=True)
    box, label = np.nonzero(scores >= least)
    best = np.argsort(-scores[box, label], kind="stable")[:TOP]
    box, label = box[best], label[best]
    corners = boxes.clip(boxes.decode(said[box, -4:], defaults[box]), (SIZE, SIZE))
    kept = boxes.class_nms(corners, scores[box, label], label, iou)
    return Detections(corners[kept], scores[box, label][kept], label[kept])


def say(model: keras.Model, images: np.ndarray, batch: int = 100) -> np.ndarray:
    """What a net says of pictures, batch by batch: (n, boxes, classes + 5). Raises ValueError as `predict`."""
    return predict(model, images, batch)


def detect(
    model: keras.Model, images: np.ndarray, defaults: np.ndarray | None = None, least: float = LEAST, iou: float = SAME
) -> list[Detections]:
    """Find the objects of pictures (n, 64, 64, 3) from 0 to 255, best first.

    defaults: (boxes, 4), by default those of `default_boxes()`. Raises ValueError as `say` and `decode`. Chapter: ssd.
    """
    return decode(say(model, images), default_boxes() if defaults is None else defaults, least, iou)
