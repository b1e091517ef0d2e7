"""Nets that learned on small pictures, run on larger ones: convolutions do not care how large a picture is."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from cvnotes import boxes
from cvnotes.boxes import Detections
from cvnotes.checks import Pair, pair
from cvnotes.single_shot.grid import Grid
from cvnotes.single_shot.yolo import predict

from .synthetic import SIDE

GRID = Grid(classes=1)  # 8 x 8 cells of a training picture, two boxes each, one class
SIZES = {4: (9.0, 13.0), 8: (18.0, 25.0)}  # of SSD's default boxes in pixels, for each stride
LEAST, SAME = 0.02, 0.45  # scores below are dropped; overlap from which two boxes are one


def any_size(net: keras.Model) -> keras.Model:
    """Build the same net, with the same weights, for pictures of any size. Its layers must not count places.

    Chapter: coins.
    """
    plain = keras.Model(net.input, net.output)  # without what it was compiled with
    wide = keras.models.clone_model(plain, input_tensors=keras.Input((None, None, 3)))
    wide.set_weights(net.get_weights())
    return wide


def read_cells(said: np.ndarray, grid: Grid = GRID, size: int = SIDE) -> list[Detections]:
    """Read the cells of a YOLO of one class on maps of any size, (n, rows, columns, 5 B + 1), all from 0 to 1.

    A box lies where its own cell says; its width and height are shares of a *training* picture, `size` pixels.
    The score is confidence times the share of the class.
    Raises ValueError for a grid of more classes, tensors of another shape, and NaN. Chapter: coins.
    """
    if grid.classes != 1 or said.ndim != 4 or said.shape[-1] != 5 * grid.boxes + 1:
        raise ValueError(f"Give (n, rows, columns, 5 B + 1) of one class. Received: {said.shape}, {grid}")
    n, rows, columns = said.shape[:3]
    numbers = said[..., : 5 * grid.boxes].reshape(n, rows, columns, grid.boxes, 5)
    y, x = np.indices((rows, columns))
    stride = size // grid.cells
    middle = (numbers[..., :2] + np.stack([x, y], -1)[:, :, None]) * stride
    half = numbers[..., 2:4] ** 2 * size / 2
    corners = np.concatenate([middle - half, middle + half], -1).reshape(n, rows * columns * grid.boxes, 4)
    scores = (numbers[..., 4] * said[..., 5 * grid.boxes :]).reshape(corners.shape[:2])
    return tidy(corners, scores, (rows * stride, columns * stride))


def default_boxes(shape: Pair) -> np.ndarray:
    """Lay the default boxes of SSD over a picture of (height, width): (n, 4).

    Raises ValueError for sides that a stride does not divide. Chapter: coins.
    """
    high, wide = pair("shape", shape)
    if any(side % stride for side in (high, wide) for stride in SIZES):
        raise ValueError(f"Give sides that the strides {tuple(SIZES)} divide. Received: {shape}")
    laid = [boxes.anchors((high // stride, wide // stride), stride, pair) for stride, pair in SIZES.items()]
    return np.concatenate(laid)


def read_defaults(said: np.ndarray, shape: Pair) -> list[Detections]:
    """Read an SSD of one class on pictures of (height, width): (n, boxes, 6), logits of nothing and coin, offsets.

    Raises ValueError for other shapes, and NaN. Chapter: coins.
    """
    if said.ndim != 3 or said.shape[-1] != 6:
        raise ValueError(f"Give (n, boxes, 6), what an SSD of one class says. Received: {said.shape}")
    scores = 1 / (1 + np.exp(said[..., 0] - said[..., 1]))
    laid = default_boxes(shape)
    corners = np.stack([boxes.decode(one[:, 2:], laid) for one in said]) if len(said) else np.zeros((0, len(laid), 4))
    return tidy(corners, scores, shape)


def tidy(corners: np.ndarray, scores: np.ndarray, shape: Pair) -> list[Detections]:
    """Cut boxes (n, k, 4) at the border, drop what is hardly thought to be a coin, and suppress doubles.

    Raises ValueError for scores (n, k) that are no finite numbers.
    """
    if not np.isfinite(scores).all():
        raise ValueError("A net says finite numbers; has its training failed? Received: NaN or infinite scores")
    found = []
    for some, sure in zip(corners, scores, strict=True):
        kept = np.flatnonzero(sure >= LEAST)
        inside = boxes.clip(some[kept], shape)
        one = Detections(inside, sure[kept], np.zeros(len(kept), int))
        found.append(boxes.suppress(one, SAME))
    return found


def in_groups(net: keras.Model, images: np.ndarray) -> np.ndarray:
    """Run a net on pictures (n, height, width, 3), n may be 0, fewer at a time where they are larger.

    Raises ValueError for other shapes, and for sides that the strides of the nets do not divide: a map of theirs would
    reach over the border.
    """
    images = np.asarray(images)
    shape = images.shape[1:]
    if images.ndim != 4 or shape[2] != 3 or any(side % max(SIZES) or not side for side in shape[:2]):
        wanted = f"pictures (n, height, width, 3), sides multiples of {max(SIZES)}"
        raise ValueError(f"Give {wanted}. Received: {images.shape}")
    if not len(images):
        return predict(net, np.zeros((1, *shape), np.uint8))[:0]
    return predict(net, images, max(1, 400_000 // (shape[0] * shape[1])))


def above(found: Sequence[Detections], least: float) -> list[Detections]:
    """Keep the boxes of each picture with a score of at least `least`. Chapter: coins."""
    return [Detections(*(part[one.scores >= least] for part in one)) for one in found]
