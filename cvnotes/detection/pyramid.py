"""An image pyramid: one picture at several sizes, so that one anchor meets objects of every size.

Chapter: faster_rcnn.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from cvnotes import boxes as geometry
from cvnotes.checks import number, whole

from . import proposer
from .proposer import Proposer
from .rpn import SAME

SCALES = (0.5, 1.0, 2.0)


def resized(model: Proposer, images: np.ndarray, scale: float) -> np.ndarray:
    """Bring pictures (n, h, w, 3) to about `scale` times their size, to sides that the stride divides: floats.

    Raises ValueError as `proposer.pictures`, and for a scale that is not above 0. Chapter: faster_rcnn.
    """
    images, stride, scale = proposer.pictures(model, images), model.anchors.stride, number("scale", scale, above=0)
    sides = [max(1, round(side * scale / stride)) * stride for side in images.shape[1:3]]
    grown = keras.ops.image.resize(ops.cast(images, "float32"), sides, antialias=scale < 1, data_format="channels_last")
    return ops.convert_to_numpy(grown)


def propose(
    model: Proposer, images: np.ndarray, limit: int = 24, scales: Sequence[float] = SCALES, batch: int = 50
) -> list[np.ndarray]:
    """Propose boxes for pictures from all sizes of each: brought back to the picture, (k, 4), best first.

    Proposals of all sizes compete by their scores. scales: factors on the sides, at least one. Arguments and errors as
    `proposer.propose`. Chapter: faster_rcnn.
    """
    images, batch = proposer.pictures(model, images), whole("batch", batch, 1)
    if np.ndim(scales) != 1 or not len(scales):
        raise ValueError(f"Give a sequence of at least one scale, such as (0.5, 1, 2). Received: scales={scales!r}")
    parts = [_together(model, images[i : i + batch], limit, scales) for i in range(0, len(images), batch)]
    return [one for part in parts for one in part]


def _together(model: Proposer, images: np.ndarray, limit: int, scales: Sequence[float]) -> list[np.ndarray]:
    """The proposals of some pictures from all their sizes."""
    sizes = [resized(model, images, scale) for scale in scales]
    back = [np.array(images.shape[2:0:-1] * 2) / np.array(size.shape[2:0:-1] * 2) for size in sizes]
    seen = [proposer.look(model, size, limit) for size in sizes]
    found = []
    for i in range(len(images)):
        corners = np.concatenate([one.boxes[i] * factor for one, factor in zip(seen, back, strict=True)])
        scores = np.concatenate([one.scores[i] for one in seen])
        found.append(corners[geometry.nms(corners.astype(np.float32), scores, SAME, limit)].astype(np.float32))
    return found
