"""A region proposal network: at every place of a map, how likely each anchor holds an object and how it should move."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from cvnotes import boxes as geometry
from cvnotes.boxes import Truth
from cvnotes.boxes.detections import checked_truth
from cvnotes.checks import number, whole
from cvnotes.single_shot.trunks import conv

POSITIVE, NEGATIVE = 0.7, 0.3  # overlap from which an anchor is to say yes, below which it is to say no
TINY = 2.0  # pixels; narrower proposals are dropped
SAME = 0.7  # overlap from which two proposals count as one


class Anchors(NamedTuple):
    """Where boxes lie ready: one set at every place of a map."""

    stride: int = 4  #: pixels from place to place
    sizes: tuple[float, ...] = (13.0, 17.0, 22.0)  #: sides of squares of the same area, in pixels
    ratios: tuple[float, ...] = (1.0,)  #: widths over heights

    @property
    def each(self) -> int:
        """How many there are at a place."""
        return np.size(self.sizes) * np.size(self.ratios)

    def over(self, high: int, wide: int) -> np.ndarray:
        """Lay them over a map of high x wide places: (high * wide * each, 4), in pixels. Chapter: faster_rcnn."""
        return geometry.anchors((high, wide), self.stride, self.sizes, self.ratios)


USUAL = Anchors()


def region_proposals(channels: int, each: int, filters: int | None = None) -> keras.Model:
    """Build the network: a 3 x 3 convolution, then two of 1 x 1, `each` logits and 4 `each` offsets at every place.

    channels: of the map that it slides over, of any height and width; each: anchors at a place; filters: of the 3 x 3
    convolution, as many as channels if None. One logit an anchor where the paper has two: a softmax of two numbers is
    the sigmoid of their difference. Gives (n, places * each) logits and (n, places * each, 4) offsets, in the order of
    `Anchors.over`. Source: Ren et al. (2015), section 3.1. Chapter: faster_rcnn.
    """
    channels, each = whole("channels", channels, 1), whole("each", each, 1)
    inputs = keras.Input((None, None, channels), name="map")
    x = conv(inputs, channels if filters is None else whole("filters", filters, 1), "rpn")
    logits = layers.Conv2D(each, 1, name="objectness")(x)
    offsets = layers.Conv2D(4 * each, 1, name="offsets")(x)
    logits = layers.Reshape((-1,), name="logits_in_a_row")(logits)
    offsets = layers.Reshape((-1, 4), name="offsets_in_a_row")(offsets)
    return keras.Model(inputs, [logits, offsets], name="region_proposals")


def labels(anchors: np.ndarray, truth: Truth, positive: float = POSITIVE, negative: float = NEGATIVE) -> np.ndarray:
    """Say of every anchor (n, 4) which object it is to answer for: its row in the truth, -1 nothing, -2 left out.

    An object from an overlap of 0.7 on, and each object's best anchor whatever its overlap; nothing below 0.3.
    Raises ValueError as `boxes.match`, for what is no Truth, and for one with objects that should not count.
    Source: Ren et al. (2015), section 3.1.2. Chapter: faster_rcnn.
    """
    if checked_truth(truth).ignore.any():
        raise ValueError(f"Give truth in which every object counts. Received: ignore={truth.ignore}")
    return geometry.match(anchors, truth.boxes, positive, negative)


def best(
    scores: np.ndarray, found: np.ndarray, size: tuple[int, int], limit: int, iou: float = SAME
) -> tuple[np.ndarray, np.ndarray]:
    """Turn the boxes of all anchors of one picture into proposals: (k, 4) and their scores (k,), best first.

    scores: (n,); found: (n, 4) corners. They are cut at the border of the picture of `size` (height, width); what is
    then narrower than 2 pixels is dropped; of those that share more than `iou` the best stays; at most `limit`.
    Raises ValueError as `boxes.nms`. Source: Ren et al. (2015), section 3.3. Chapter: faster_rcnn.
    """
    found, scores = geometry.clip(found, size), np.asarray(scores)
    if scores.shape != found.shape[:1]:
        raise ValueError(f"Give a score for each of {len(found)} boxes. Received: {scores.shape}")
    wide = np.flatnonzero((found[:, 2:] - found[:, :2] >= TINY).all(1))
    kept = wide[geometry.nms(found[wide], scores[wide], number("iou", iou, 0, 1), limit)]
    return found[kept], scores[kept]
