"""What a proposer does, asked from outside: shifts, pixels that count, and where it tells the head to look.

Chapter: faster_rcnn.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from cvnotes import backend, models
from cvnotes import boxes as geometry
from cvnotes.boxes import Truth
from cvnotes.checks import whole

from .proposer import Proposer, pictures


def said(model: Proposer, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a proposer says at each place of its map: logits (n, h, w, a), and boxes (n, h, w, a, 4) in pixels.

    Nothing is cut at the border. Raises ValueError as `proposer.look`. Chapter: faster_rcnn.
    """
    images = pictures(model, images, 1)
    told = model(images, training=False)
    shape = (len(images), *told["map"].shape[1:3], model.anchors.each)
    moved = geometry.decode(ops.convert_to_numpy(told["offsets"]), model.laid(told))
    return ops.convert_to_numpy(told["logits"]).reshape(shape), moved.reshape(*shape, 4)


def windows(images: np.ndarray, shift: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut two windows (n, side, side, 3) out of larger pictures: in the second all stands `shift` pixels farther right.

    Raises ValueError for pictures that are too narrow. Chapter: faster_rcnn.
    """
    images, shift, side = np.asarray(images), whole("shift", shift, 0), whole("side", side, 1)
    if images.ndim != 4 or images.shape[1] < side or images.shape[2] < side + shift:
        raise ValueError(f"Give pictures of at least {side} x {side + shift}. Received: {images.shape}")
    return images[:, :side, shift : shift + side], images[:, :side, :side]


def strayed(model: Proposer, images: np.ndarray, shift: int, side: int = 64, margin: int = 4) -> tuple[float, float]:
    """Shift pictures, and tell how far proposals stray from where the shift should take them.

    Every anchor is compared with the one that stands nearest to where it was taken. Returns how many pixels a corner
    strays, and by how much a logit changes, both at the most; places nearer than `margin` to a border are left out.
    Raises ValueError as `windows` and `proposer.pictures`, and where no place is left. Chapter: faster_rcnn.
    """
    step, margin = round(shift / model.anchors.stride), whole("margin", margin, 1)
    first, second = (said(model, one) for one in windows(images, shift, side))
    if side // model.anchors.stride <= 2 * margin + step:
        told = f"side={side}, margin={margin}, shift={shift}"
        raise ValueError(f"Give a wider window, so that places between the margins stay there. Received: {told}")
    here, there = slice(margin, -margin - step), slice(margin + step, -margin)
    rows = slice(margin, -margin)
    logits = np.abs(first[0][:, rows, here] - second[0][:, rows, there])
    moved = np.abs(first[1][:, rows, here] + (shift, 0, shift, 0) - second[1][:, rows, there])
    return float(moved.max()), float(logits.max())


def support(model: Proposer, images: np.ndarray, place: tuple[int, int]) -> np.ndarray:
    """Which pixels the logits of each anchor of a place depend on: bool (a, height, width), by the gradient.

    images: (n, height, width, 3); place: row and column; a pixel counts if in any of them some gradient is not 0.
    Raises ValueError as `proposer.look`, and for a place that the map does not have. Chapter: faster_rcnn.
    """
    images = pictures(model, images, 1).astype(np.float32)
    sides = [side // model.anchors.stride for side in images.shape[1:3]]
    row, column = (whole("place", one, 0, side - 1) for one, side in zip(place, sides, strict=True))
    first = (row * sides[1] + column) * model.anchors.each

    def gradient(anchor: int) -> np.ndarray:
        def logits(x):
            return ops.sum(model(x, training=False)["logits"][:, first + anchor])

        return backend.value_and_grad(logits)(images)[1]

    return np.array([(gradient(i) != 0).any((0, 3)) for i in range(model.anchors.each)])


def window(model: Proposer) -> int:
    """How many pixels across an answer of the network sees at the most, by the sizes of its layers.

    Chapter: faster_rcnn.
    """
    chain = keras.Model(model.body.input, model.rpn(model.body.outputs[0]))
    return models.profile(chain, (64, 64, 3)).row("region_proposals/objectness").receptive_field[0]


def bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    """The smallest box x0, y0, x1, y1 around the true pixels of (height, width).

    Raises ValueError for a mask of another shape or without a true pixel. Chapter: faster_rcnn.
    """
    mask = np.asarray(mask)
    if mask.ndim != 2 or not mask.any():
        raise ValueError(f"Give a mask (height, width) with a true pixel. Received: {mask.sum()} in {mask.shape}")
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def objectness(model: Proposer, images: np.ndarray) -> np.ndarray:
    """How likely the best anchor of each place holds an object: (n, h, w), from 0 to 1. Chapter: faster_rcnn."""
    return 1 / (1 + np.exp(-said(model, images)[0].max(-1)))


def inside(truths: Sequence[Truth], high: int, wide: int, stride: int) -> np.ndarray:
    """Whether the middle of each place of a map lies in a true box: bool (n, high, wide). Chapter: faster_rcnn."""
    x, y = (np.arange(wide) + 0.5) * stride, (np.arange(high) + 0.5) * stride

    def one(truth: Truth) -> np.ndarray:
        x0, y0, x1, y1 = truth.boxes.T[..., None]
        across, down = (x0 <= x) & (x < x1), (y0 <= y) & (y < y1)
        return (down[:, :, None] & across[:, None]).any(0)

    return np.array([one(truth) for truth in truths])


def attention(model: Proposer, images: np.ndarray, truths: Sequence[Truth]) -> dict[str, float]:
    """How well objectness points at objects.

    mass: share of all objectness that lies inside true boxes; area: share of places there, what an even map would
    have; passed: share of places whose best anchor is more likely an object than not.
    Raises ValueError as `proposer.look`, and for another number of truths than pictures. Chapter: faster_rcnn.
    """
    if len(images) != len(truths):
        raise ValueError(f"Give the truth of each of {len(images)} pictures. Received: {len(truths)}")
    likely = objectness(model, images)
    true = inside(truths, *likely.shape[1:], model.anchors.stride)
    return {
        "mass": float(likely[true].sum() / likely.sum()),
        "area": float(true.mean()),
        "passed": float((likely > 0.5).mean()),
    }
