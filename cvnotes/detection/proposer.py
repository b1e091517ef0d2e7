"""A trunk with a region proposal network on it, as a model that can be trained by itself.

Chapter: faster_rcnn.
"""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from cvnotes import boxes as geometry
from cvnotes import experiments
from cvnotes.boxes import Truth
from cvnotes.checks import whole
from cvnotes.single_shot.trunks import trunk

from . import faster_loss
from .faster_loss import FEW, Draw, rpn_losses, targets, unpacked
from .rpn import SAME, USUAL, Anchors, best, region_proposals


class Seen(NamedTuple):
    """What a proposer saw in n pictures."""

    maps: object  #: tensor (n, h, w, c), which a head reads
    boxes: list[np.ndarray]  #: (k, 4) proposals of each picture, corners in pixels, best first
    scores: list[np.ndarray]  #: (k,) logits of objectness


class Proposer(keras.Model):
    """A trunk and a region proposal network: pictures in, a map and what the network says of each anchor.

    body: a model that gives maps by name, "stride_8" for a stride of 8 pixels; rpn: as `region_proposals` builds it;
    draw: how many anchors a training step looks at; seed: of the lots drawn while training.
    Trained by `fit` on pictures and `faster_loss.targets`; it brings its own losses, so `compile` needs none.
    Raises ValueError for a draw of no boxes, which would leave a loss without a number, and for a seed below 0.
    Source: Ren et al. (2015), section 3.1. Chapter: faster_rcnn.
    """

    losses_told = faster_loss.LOSSES[:2]
    classes: int | None = None  #: that it tells apart, None where it only proposes

    def __init__(self, body: keras.Model, rpn: keras.Model, anchors: Anchors, draw: Draw = FEW, seed: int = 0):
        super().__init__()
        self.body, self.rpn, self.anchors = body, rpn, anchors
        self.draw = Draw(*(whole(f"draw.{name}", one, 1) for name, one in Draw(*draw)._asdict().items()))
        self.dice = keras.random.SeedGenerator(whole("seed", seed, 0))
        self.told = [keras.metrics.Mean(name=name) for name in self.losses_told]

    def compile(self, optimizer="adam", loss=None, **options):
        """Set the optimizer; the losses are the model's own, and what is passed as a loss is not looked at."""
        super().compile(optimizer, **options)

    def call(self, images, training=None):
        """Run trunk and network: a dictionary of the map (n, h, w, c), logits (n, a) and offsets (n, a, 4)."""
        found = self.body(images, training=training)[f"stride_{self.anchors.stride}"]
        logits, offsets = self.rpn(found, training=training)
        return {"map": found, "logits": logits, "offsets": offsets}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Add up the losses, and remember each of them under its name."""
        losses = self.every_loss(y, y_pred, training)
        for told, loss in zip(self.told, losses, strict=True):
            told.update_state(loss)
        return sum(self.weighted(losses))

    def weighted(self, losses):
        """Give each loss its weight: here all have the same."""
        return losses

    def every_loss(self, wanted, said, training):
        """Give the two losses of the network: see `faster_loss.rpn_losses`."""
        anchors = self.laid(said)
        _, corners, match = unpacked(wanted, len(anchors))
        return rpn_losses(said["logits"], said["offsets"], anchors, corners, match, self.lots(match), self.draw.anchors)

    def laid(self, said) -> np.ndarray:
        """Lay the anchors over the map."""
        return self.anchors.over(*said["map"].shape[1:3])

    def lots(self, like):
        """Draw numbers from 0 to 1, as many as `like` has."""
        return keras.random.uniform(ops.shape(like), seed=self.dice)


def small_proposer(anchors: Anchors = USUAL, width: float = 1.0, **options) -> Proposer:
    """Build a proposer on the small trunk, for pictures of any size. options: of `Proposer`. Chapter: faster_rcnn."""
    body = trunk(width, (anchors.stride,), None)
    return Proposer(body, region_proposals(depth(body, anchors), anchors.each), anchors, **options)


def depth(body: keras.Model, anchors: Anchors) -> int:
    """Count the channels of the map of a trunk. Chapter: faster_rcnn."""
    return body.output[f"stride_{anchors.stride}"].shape[-1]


def taught(
    model: Proposer, images: np.ndarray, truths: list[Truth], *, epochs: int, rate: float, seed: int, batch: int = 32
) -> experiments.History:
    """Train a proposer, or a whole Faster R-CNN, on pictures (n, height, width, 3) from 0 to 255 and their truth.

    Gives the mean of each loss for each pass, by name. Raises ValueError for sides that the stride does not divide,
    for classes that the model does not know, as `faster_loss.targets`, and as `experiments.fit`. Chapter: faster_rcnn.
    """
    images = pictures(model, images)
    places = (side // model.anchors.stride for side in images.shape[1:3])
    wanted = targets(truths, model.anchors.over(*places))
    most = max((int(np.max(truth.labels, initial=-1)) for truth in truths), default=-1)
    if model.classes is not None and most >= model.classes:
        raise ValueError(f"Give truth of the model's {model.classes} classes. Received: labels up to {most}")
    own = model.compute_loss  # named here, used by Keras without being asked to
    return experiments.fit(model, images, wanted, epochs=epochs, batch=batch, rate=rate, seed=seed, loss=own)


def pictures(model: Proposer, images: np.ndarray, least: int = 0) -> np.ndarray:
    """Read at least so many pictures (n, height, width, 3) of finite numbers, whose sides the stride divides.

    Raises ValueError for all else. Chapter: faster_rcnn.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype.kind not in "fiu" or not np.isfinite(images).all():
        raise ValueError(f"Give finite pictures (n, height, width, 3). Received: {images.dtype} of {images.shape}")
    if any(side % model.anchors.stride or not side for side in images.shape[1:3]):
        raise ValueError(f"Give sides that the stride {model.anchors.stride} divides. Received: {images.shape[1:3]}")
    if len(images) < least:
        raise ValueError(f"Give at least {least} picture. Received: {images.shape}")
    return images


def look(model: Proposer, images: np.ndarray, limit: int = 24, iou: float = SAME) -> Seen:
    """Run a proposer on pictures, at least one, all at once: its maps, and at most `limit` proposals for each.

    iou: of two proposals that share more, the better stays. Raises ValueError as `pictures`. Chapter: faster_rcnn.
    """
    images = pictures(model, images, 1)
    said = model(images, training=False)
    anchors, (logits, offsets) = model.laid(said), (ops.convert_to_numpy(said[k]) for k in ("logits", "offsets"))
    moved, limit = geometry.decode(offsets, anchors), whole("limit", limit, 1)
    found = [best(one, some, images.shape[1:3], limit, iou) for one, some in zip(logits, moved, strict=True)]
    return Seen(said["map"], [some for some, _ in found], [one for _, one in found])


def propose(
    model: Proposer, images: np.ndarray, limit: int = 24, iou: float = SAME, batch: int = 50
) -> list[np.ndarray]:
    """Propose boxes for each of some pictures: (k, 4) corners, k at most `limit`, best first; [] for no pictures.

    batch: pictures at a time. Raises ValueError as `look`. Chapter: faster_rcnn.
    """
    images, batch = pictures(model, images), whole("batch", batch, 1)
    parts = [look(model, images[i : i + batch], limit, iou).boxes for i in range(0, len(images), batch)]
    return [one for part in parts for one in part]
