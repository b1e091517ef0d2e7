"""A small net with anchors: what is learned, what is fixed, and which places a loss for boxes may count."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .anchoring import match
from .coding import LARGEST, VARIANCES, encode
from .formats import rows
from .losses import smooth_l1
from .overlap import paired_giou


def targets(anchors: np.ndarray, truth: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Write the truth of one picture as what every anchor should say: classes (n,) and offsets (n, 4).

    truth: (m, 4), labels: (m,) from 0. Classes are 0 for background, label + 1 for an object, -1 where neither is to
    be learned; offsets are zero wherever there is no object. The shapes are the same for any m. Chapter: boxes.
    """
    found, offsets = match(anchors, truth), np.zeros((len(anchors), 4), "float32")
    taken = found >= 0
    offsets[taken] = encode(np.asarray(truth)[found[taken]], anchors[taken]) if taken.any() else 0
    classes = np.where(taken, 0, np.minimum(0, found + 1))
    classes[taken] = np.asarray(labels)[found[taken]] + 1
    return classes, offsets


def masked_loss(said: Any, wanted: Any, classes: Any) -> Any:
    r"""Mean Huber loss of the offsets of anchors that have an object; zero where none has one.

    $$ L = \frac{1}{\max(1, N)} \sum_{i:\, c_i > 0} \operatorname{huber}(t_i - \hat t_i), \qquad N = |\{i: c_i > 0\}| $$

    said, wanted: (..., n, 4); classes: (..., n). Source: Liu et al. (2016), equation 2. Chapter: boxes.
    """
    mask = ops.cast(ops.convert_to_tensor(classes) > 0, "float32")
    each = smooth_l1(ops.convert_to_tensor(wanted, "float32"), ops.convert_to_tensor(said, "float32"))
    return ops.sum(mask * each) / ops.maximum(ops.sum(mask), 1.0)


class Placed(layers.Layer):
    """Turn offsets (..., n, 4) into boxes: `decode` as a layer that holds its n anchors.

    moving: make the anchors weights that training changes, as no detector does. Chapter: boxes.
    """

    def __init__(self, anchors: np.ndarray, moving: bool = False, **options: Any) -> None:
        """Hold anchors (n, 4)."""
        super().__init__(**options)
        first = np.asarray(anchors, "float32")
        self.anchors = self.add_weight(
            name="anchors",
            shape=first.shape,
            initializer=lambda *_, **__: ops.convert_to_tensor(first),
            trainable=moving,
        )

    def call(self, offsets: Any) -> Any:
        """Move and grow every anchor."""
        first, last = self.anchors[:, :2], self.anchors[:, 2:]
        span = last - first
        steps = offsets * ops.convert_to_tensor(VARIANCES, "float32")
        centre = (first + last) / 2 + steps[..., :2] * span
        size = span * ops.exp(ops.minimum(steps[..., 2:], LARGEST))
        return ops.concatenate([centre - size / 2, centre + size / 2], -1)


def trunk(side: int = 64, widths: tuple[int, ...] = (16, 32, 64)) -> keras.Sequential:
    """Three 3 x 3 convolutions with a stride of 2: from (side, side, 3) bytes to maps of an eighth of the side."""
    convolutions = [layers.Conv2D(width, 3, 2, "same", activation="relu") for width in widths]
    return keras.Sequential([keras.Input((side, side, 3)), layers.Rescaling(1 / 255), *convolutions], name="trunk")


def net(anchors: np.ndarray, moving: bool = False) -> keras.Model:
    """Build a net that says a box for every anchor: a trunk, a 3 x 3 head with four numbers an anchor, `Placed`.

    anchors: (8 * 8 * A, 4). moving: instead of a head that reads the picture, the anchors themselves are learned, and
    the offsets stay zero. Raises ValueError for another number of anchors. Chapter: boxes.
    """
    if not len(rows("anchors", anchors)) or len(anchors) % 64:
        raise ValueError(f"Give anchors of 8 x 8 places, shape (64 * A, 4). Received: shape={np.shape(anchors)}")
    base = trunk()
    start = "zeros" if moving else "glorot_uniform"
    head = layers.Conv2D(len(anchors) // 64 * 4, 3, padding="same", kernel_initializer=start, name="head")
    offsets = layers.Reshape((-1, 4))(head(base.outputs[0]))
    base.trainable = head.trainable = not moving
    return keras.Model(base.inputs[0], Placed(anchors, moving, name="placed")(offsets))


def box_loss(wanted: Any, said: Any) -> Any:
    """1 - GIoU of the anchors that have an object; wanted: (..., n, 5), true box and 1, or zeros. Chapter: boxes."""
    mask = ops.convert_to_tensor(wanted[..., 4])
    lost = 1 - paired_giou(said, wanted[..., :4])
    return ops.sum(mask * lost) / ops.maximum(ops.sum(mask), 1.0)


def answers_for(anchors: np.ndarray, truths: list[np.ndarray]) -> np.ndarray:
    """Write for each picture and anchor the true box that it is matched to, and 1, or zeros: (pictures, n, 5)."""
    wanted = np.zeros((len(truths), len(anchors), 5), "float32")
    for row, truth in zip(wanted, truths, strict=True):
        found = match(anchors, truth)
        row[found >= 0, :4], row[found >= 0, 4] = truth[found[found >= 0]], 1
    return wanted
