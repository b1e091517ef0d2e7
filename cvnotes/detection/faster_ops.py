"""Boxes inside the graph of a training step: fixed shapes, keras.ops alone, a row for each picture."""

from __future__ import annotations

from keras import ops

from cvnotes.boxes.coding import LARGEST, VARIANCES
from cvnotes.boxes.overlap import LEAST


def middles(boxes):
    """Turn corners (..., 4) into middles and sizes, (..., 2) each; no size is below a thousandth of a pixel."""
    size = ops.maximum(boxes[..., 2:] - boxes[..., :2], 1e-3)
    return (boxes[..., :2] + boxes[..., 2:]) / 2, size


def encoded(boxes, anchors, variances=VARIANCES):
    """Do what `boxes.encode` does, with tensors of any leading axes: (..., 4). Chapter: faster_rcnn."""
    (middle, size), (start, span) = middles(boxes), middles(anchors)
    steps = ops.concatenate([(middle - start) / span, ops.log(size / span)], axis=-1)
    return steps / ops.convert_to_tensor(variances, steps.dtype)


def decoded(offsets, anchors, variances=VARIANCES):
    """Do what `boxes.decode` does, with tensors of any leading axes: (..., 4). Chapter: faster_rcnn."""
    steps, (start, span) = offsets * ops.convert_to_tensor(variances, offsets.dtype), middles(anchors)
    middle = start + steps[..., :2] * span
    half = span * ops.exp(ops.minimum(steps[..., 2:], LARGEST)) / 2
    return ops.concatenate([middle - half, middle + half], axis=-1)


def clipped(boxes, high: int, wide: int):
    """Cut boxes (..., 4) at the border of a picture, in pixels. Chapter: faster_rcnn."""
    border = ops.convert_to_tensor([wide, high, wide, high], boxes.dtype)
    return ops.minimum(ops.maximum(boxes, 0.0), border)


def shared(boxes, others):
    """Intersection over union of each box with each other of the same picture: (n, k, 4), (n, m, 4) to (n, k, m)."""
    mine, theirs = ops.split(ops.expand_dims(boxes, 2), 4, axis=-1), ops.split(ops.expand_dims(others, 1), 4, axis=-1)
    mine, theirs = ([ops.squeeze(one, -1) for one in four] for four in (mine, theirs))
    wide, high = (
        ops.maximum(ops.minimum(mine[i + 2], theirs[i + 2]) - ops.maximum(mine[i], theirs[i]), 0.0) for i in (0, 1)
    )
    mine, theirs = ((four[2] - four[0]) * (four[3] - four[1]) for four in (mine, theirs))
    return wide * high / ops.maximum(mine + theirs - wide * high, LEAST)


def taken(rows, places):
    """Take rows (n, k, ...) at places (n, m) of the same picture: (n, m, ...)."""
    extra = len(rows.shape) - 2
    places = ops.reshape(places, (*ops.shape(places), *[1] * extra)) if extra else places
    return ops.take_along_axis(rows, places, axis=1)


def thinned(boxes, count: int, iou: float):
    """Keep `count` boxes of each picture, the best first; those that a better one shares more than `iou` with go last.

    boxes: (n, k, 4), best first, k at least `count`. A box that is itself doubled counts as a better one too, which
    suppression in turn would not let it: all is decided at once, without a loop. Gives (n, count, 4).
    Raises ValueError for fewer boxes than `count`.
    Source: Bolya et al. (2019), section 3.3, who call it Fast NMS. Chapter: faster_rcnn.
    """
    if boxes.shape[1] < count:
        raise ValueError(f"Give at least {count} boxes of each picture to keep {count}. Received: {tuple(boxes.shape)}")
    place = ops.arange(boxes.shape[1], dtype="float32")
    better = ops.cast(place[:, None] < place[None], "float32")
    doubled = ops.cast(ops.max(shared(boxes, boxes) * better, axis=1) > iou, "float32")
    return taken(boxes, ops.top_k(-(place + doubled * boxes.shape[1]), count)[1])


def drawn(positive, negative, noise, count: int, share: float):
    """Draw `count` places of each picture by lot, or all if there are fewer, at most a `share` positive: (n, count).

    positive, negative: (n, k) of zeros and ones; noise: (n, k) drawn evenly from 0 to 1. Where there are too few
    negatives too, places that are neither, or positives beyond their share, fill the row: look at their labels.
    Source: Ren et al. (2015), section 3.1.3; Girshick (2015), section 2.3. Chapter: faster_rcnn.
    """
    count = min(count, noise.shape[1])
    most = int(count * share)
    place = ops.argsort(ops.argsort(-(noise + 1.0) * positive, axis=1), axis=1)  # 0 for the first positive drawn
    lucky = positive * ops.cast(place < most, noise.dtype)
    _, places = ops.top_k(3.0 * lucky + (1.0 + noise) * negative + noise * 0.5, count)
    return places
