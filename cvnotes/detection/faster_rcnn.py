"""Faster R-CNN: one trunk, a network that proposes and a head that judges, trained together.

Chapter: faster_rcnn.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops
from scipy.special import softmax

from cvnotes import boxes as geometry
from cvnotes.boxes import Detections
from cvnotes.checks import number, whole
from cvnotes.data.shapes import CLASSES
from cvnotes.single_shot.trunks import MOMENTUM, trunk

from . import faster_loss, faster_ops, proposer
from .proposer import Proposer, depth
from .rpn import SAME, USUAL, Anchors, region_proposals

LIMIT, LEAST, DOUBLE = 24, 0.02, 0.45  # proposals judged; scores below are dropped; overlap of doubles of a class


class FasterRCNN(Proposer):
    """A proposer, and a head that judges what lies under each proposal, on the same map.

    head: takes what `boxes.roi_align` cuts out, (k, cells, cells, c), and gives (k, classes + 1) logits, the first of
    nothing, and (k, 4) offsets; weights: of the four LOSSES, 0 switches one off; else as `Proposer`.
    Where proposals lie is a constant for the gradient: no loss of the head moves the RPN by way of its boxes.
    Source: Ren et al. (2015), section 3.2, approximate joint training. Chapter: faster_rcnn.
    """

    losses_told = faster_loss.LOSSES

    def __init__(self, body, rpn, head, anchors: Anchors, weights: Sequence[float] = (1, 1, 1, 1), **options):
        super().__init__(body, rpn, anchors, **options)
        self.head, self.classes = head, head.output_shape[0][-1] - 1
        self.balance = tuple(number("weights", one, 0) for one in weights)
        if len(self.balance) != len(self.losses_told):
            raise ValueError(f"Give a weight for each of {', '.join(self.losses_told)}. Received: {weights!r}")

    def weighted(self, losses):
        """Give each loss its weight."""
        return [weight * loss for weight, loss in zip(self.balance, losses, strict=True)]

    def every_loss(self, wanted, said, training):
        """Give the two losses of the RPN and the two of the head."""
        objects, corners, _ = faster_loss.unpacked(wanted, said["logits"].shape[1])
        found = self.proposals(said)
        lots = self.lots(ops.concatenate([objects, found[..., 0]], axis=1))
        found, classes, true = faster_loss.chosen(found, objects, corners, lots, self.draw.judged)
        classes, true, judged = ops.reshape(classes, (-1,)), ops.reshape(true, (-1, 4)), ops.reshape(found, (-1, 4))
        head = faster_loss.head_losses(*self.judge(said["map"], found, training), judged, classes, true)
        return *super().every_loss(wanted, said, training), *head

    def proposals(self, said):
        """Decode the best anchors of each picture, inside the graph and cut off from the gradient: (n, k, 4)."""
        draw, stride, (high, wide) = self.draw, self.anchors.stride, said["map"].shape[1:3]
        scores, offsets = (ops.stop_gradient(said[name]) for name in ("logits", "offsets"))
        places = ops.top_k(scores, min(draw.before, scores.shape[1]))[1]
        found = faster_ops.decoded(faster_ops.taken(offsets, places), ops.take(self.laid(said), places, axis=0))
        found = faster_ops.clipped(found, high * stride, wide * stride)
        return faster_ops.thinned(found, min(draw.proposals, found.shape[1]), SAME)

    def judge(self, maps, found, training=False):
        """Read boxes (n, k, 4), in pixels, from maps (n, h, w, c) and judge them: logits and offsets, n k rows."""
        owner = ops.repeat(ops.arange(ops.shape(found)[0]), found.shape[1])
        cells, scale = self.head.input_shape[1], 1 / self.anchors.stride
        cut = geometry.roi_align(maps, ops.reshape(found, (-1, 4)), owner, cells, scale)
        return self.head(cut, training=training)


def small_head(channels: int, classes: int, cells: int = 4, units: int = 128) -> keras.Model:
    """Build a head: what lies under a box, (cells, cells, channels), through one hidden layer to class and offsets.

    The offsets are shared by all classes: four numbers, where the paper has four for each.
    Source: Girshick (2015), section 2.1, much smaller. Chapter: faster_rcnn.
    """
    inputs = keras.Input((whole("cells", cells, 1), cells, channels), name="under_the_box")
    x = layers.Dense(whole("units", units, 1), use_bias=False, name="hidden")(layers.Flatten(name="flatten")(inputs))
    x = layers.ReLU(name="hidden_relu")(layers.BatchNormalization(momentum=MOMENTUM, name="hidden_bn")(x))
    said = [layers.Dense(whole("classes", classes, 1) + 1, name="class")(x), layers.Dense(4, name="box")(x)]
    return keras.Model(inputs, said, name="head")


def small_faster_rcnn(
    classes: int = len(CLASSES),
    anchors: Anchors = USUAL,
    width: float = 1.0,
    cells: int = 4,
    units: int = 128,
    **options,
) -> FasterRCNN:
    """Build a Faster R-CNN on the small trunk, for pictures whose sides are multiples of the stride of its anchors.

    width: factor on the trunk's filters; cells, units: of the head; options: of `FasterRCNN` (weights, draw, seed).
    Train it with `proposer.taught`. Source: Ren et al. (2015), figure 2. Chapter: faster_rcnn.
    """
    body = trunk(width, (anchors.stride,), None)
    channels = depth(body, anchors)
    rpn, head = region_proposals(channels, anchors.each), small_head(channels, classes, cells, units)
    return FasterRCNN(body, rpn, head, anchors, **options)


def detect(
    model: FasterRCNN,
    images: np.ndarray,
    *,
    limit: int = LIMIT,
    least: float = LEAST,
    iou: float = DOUBLE,
    batch: int = 50,
) -> list[Detections]:
    """Find and name the objects of pictures (n, height, width, 3) from 0 to 255, `batch` at a time; [] for none.

    limit: proposals judged for a picture; least: scores below are dropped; iou: two boxes of a class that share more
    are one. Raises ValueError as `proposer.look`, for a score outside 0 to 1, and for what a net says that is no finite
    number. Source: Ren et al. (2015), section 3.3. Chapter: faster_rcnn.
    """
    images, batch, least = proposer.pictures(model, images), whole("batch", batch, 1), number("least", least, 0, 1)
    parts = [_detected(model, images[i : i + batch], limit, least, iou) for i in range(0, len(images), batch)]
    return [one for part in parts for one in part]


def _detected(model: FasterRCNN, images: np.ndarray, limit: int, least: float, iou: float) -> list[Detections]:
    """The objects of some pictures, from one pass of trunk and RPN and one of the head."""
    seen, size = proposer.look(model, images, limit), np.shape(images)[1:3]
    padded = np.zeros((len(seen.boxes), limit, 4), np.float32)  # one shape for all pictures
    for row, found in zip(padded, seen.boxes, strict=True):
        row[: len(found)] = found
    said = model.judge(seen.maps, ops.convert_to_tensor(padded))
    said = [np.reshape(ops.convert_to_numpy(one), (*padded.shape[:2], -1)) for one in said]
    return [named(*one, size, least, iou) for one in zip(seen.boxes, *said, strict=True)]


def named(
    found: np.ndarray, logits: np.ndarray, offsets: np.ndarray, size: tuple[int, int], least: float, iou: float
) -> Detections:
    """Turn what the head says of one picture's proposals (k, 4) into detections; further rows are padding.

    Raises ValueError for logits that are no finite numbers. Chapter: faster_rcnn.
    """
    if not np.isfinite(logits[: len(found)]).all():
        raise ValueError("A net says finite numbers; has its training failed? Received: NaN or infinite ones")
    shares = softmax(logits[: len(found)], axis=-1)[:, 1:]
    which, label = np.nonzero(shares >= least)
    moved = geometry.clip(geometry.decode(offsets[: len(found)], found), size)
    return geometry.suppress(Detections(moved[which], shares[which, label], label), iou)
