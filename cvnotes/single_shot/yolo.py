"""YOLO in small: a grid of cells that say boxes, confidence and classes in one pass, and how to read them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from cvnotes import boxes
from cvnotes.checks import choice, number, whole

from .grid import USUAL, Grid, split
from .trunks import conv, trunk

HEADS = ("conv", "dense")
HIDDEN = 64  # filters or units in front of the outputs


@keras.saving.register_keras_serializable(package="cvnotes")
class Squash(layers.Layer):
    """Turn the raw numbers of a cell into shares: a sigmoid for boxes and confidence, a softmax for classes.

    Version 1 leaves its outputs linear; later versions squash. Source: Redmon and Farhadi (2017), section 2.
    Chapter: yolo.
    """

    def __init__(self, grid: Grid, **options):
        super().__init__(**options)
        self.grid = Grid(**grid) if isinstance(grid, dict) else grid

    def call(self, x):
        """Squash (n, S, S, numbers), in the order of `grid.split`."""
        parts = split(x, self.grid)
        numbers = ops.sigmoid(ops.concatenate([parts.xy, parts.roots, parts.confidence[..., None]], -1))
        groups = [numbers, ops.softmax(parts.classes)]
        groups = [ops.concatenate(groups, -1)] if self.grid.per_box else groups
        lead = (-1, self.grid.cells, self.grid.cells)
        return ops.concatenate([ops.reshape(group, (*lead, math.prod(group.shape[3:]))) for group in groups], -1)

    def compute_output_shape(self, shape):
        """Keep the shape."""
        return shape

    def get_config(self):
        """Give the grid, so that a saved model can be loaded."""
        return super().get_config() | {"grid": vars(self.grid)}


def small_yolo(
    grid: Grid = USUAL,
    width: float = 1.0,
    *,
    head: str = "conv",
    squash: bool = False,
    size: int = 64,
) -> keras.Model:
    """Build a small YOLO: pictures (n, size, size, 3) from 0 to 255 in, the tensor (n, S, S, numbers) out.

    width: of the trunk. head: "conv", a 3 x 3 and a 1 x 1 convolution that all cells share, as from version 2 on; or
    "dense", two dense layers as in version 1, where each cell has output weights of its own. squash: see `Squash`; else
    outputs are linear.
    Raises ValueError for another head, or cells of another size than 4, 8 or 16 pixels. Chapter: yolo.
    """
    stride = choice("size / cells", whole("size", size, 4) / grid.cells, (4, 8, 16))
    choice("head", head, HEADS)
    base = trunk(width, (int(stride),), size)
    x = base.output[f"stride_{int(stride)}"]
    if head == "conv":
        x = conv(x, HIDDEN, "head")
        x = layers.Conv2D(grid.numbers, 1, name="cells")(x)
    else:
        x = layers.Dense(HIDDEN, activation="leaky_relu", name="head")(layers.Flatten(name="flatten")(x))
        x = layers.Reshape(grid.shape, name="reshape")(layers.Dense(int(np.prod(grid.shape)), name="cells")(x))
    return keras.Model(base.input, Squash(grid, name="squash")(x) if squash else x, name=f"yolo-{head}")


def to_pixels(tensor: np.ndarray, grid: Grid, size: int = 64) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read tensors (n, S, S, numbers): boxes (n, S S B, 4), confidence (n, S S B) and class shares (n, S S B, C).

    Boxes are corners in pixels, clipped to the picture; with a class for each cell its boxes repeat it. Linear outputs
    may leave 0 to 1: confidence and classes are cut off there, else the product of two negative ones would count.
    Source: Redmon et al. (2016), section 2. Chapter: yolo.
    """
    parts = [ops.convert_to_numpy(part).astype(np.float32) for part in split(np.asarray(tensor, np.float32), grid)]
    (xy, roots, confidence, classes), n = parts, len(parts[0])
    rows, columns = np.indices((grid.cells, grid.cells))
    middle = (xy + np.stack([columns, rows], -1)[:, :, None]) * (size / grid.cells)
    half = roots**2 * size / 2
    corners = np.concatenate([middle - half, middle + half], -1).clip(0, size)
    classes = np.broadcast_to(classes, (*confidence.shape, grid.classes))
    return (
        corners.reshape(n, -1, 4),
        confidence.reshape(n, -1).clip(0, 1),
        classes.reshape(n, -1, grid.classes).clip(0, 1),
    )


def candidates(
    tensor: np.ndarray, grid: Grid, threshold: float = 0.05, size: int = 64, *, product: bool = True
) -> list[boxes.Detections]:
    """Keep every box of every class whose score, confidence x share of the class, is above `threshold`.

    tensor: (n, S, S, numbers). product: False takes the share of the class alone as the score. Nothing is suppressed:
    neighbouring cells may report one object several times.
    Raises ValueError for a threshold outside 0 to 1, a size that is not above 0, another tensor, or NaN in it.
    Source: Redmon et al. (2016), equation 1. Chapter: yolo.
    """
    threshold, size = number("threshold", threshold, 0, 1), number("size", size, above=0)
    if np.ndim(tensor) != 4 or not np.isfinite(tensor).all():
        raise ValueError(f"Give finite tensors (n, S, S, numbers). Received: shape {np.shape(tensor)}, or NaN in it")
    if not len(tensor):
        return []
    corners, confidence, classes = to_pixels(tensor, grid, size)
    return [
        _above(page, chance[:, None] * shares if product else shares, threshold)
        for page, chance, shares in zip(corners, confidence, classes, strict=True)
    ]


def _above(corners: np.ndarray, scores: np.ndarray, threshold: float) -> boxes.Detections:
    """The boxes (k, 4) of one picture whose scores (k, C) are above a threshold, once for every such class."""
    which, label = np.nonzero(scores > threshold)
    return boxes.Detections(corners[which], scores[which, label], label)


def suppressed(found: Sequence[boxes.Detections], iou: float = 0.5) -> list[boxes.Detections]:
    """Let only the best of the boxes of one class stand that share more than `iou` of their union. Chapter: yolo."""
    return [boxes.suppress(one, iou) for one in found]


def predict(model: keras.Model, images: np.ndarray, batch: int = 125) -> np.ndarray:
    """Run a net on pictures (n, height, width, 3), some at a time: its tensor for each, and none for none.

    Raises ValueError for one picture without the first axis, NaN, or a batch below 1. Chapters: yolo, ssd.
    """
    images, batch = np.asarray(images), whole("batch", batch, 1)
    if images.ndim != 4:
        raise ValueError(f"Give pictures (n, height, width, 3). Received: shape {images.shape}")
    if images.dtype.kind not in "fiu" or not np.isfinite(images).all():
        raise ValueError(f"Give pictures of finite numbers. Received: {images.dtype}, or NaN in it")
    if not len(images):
        return np.zeros((0, *model.output_shape[1:]), np.float32)
    parts = [model(images[i : i + batch], training=False) for i in range(0, len(images), batch)]
    return np.concatenate([ops.convert_to_numpy(part) for part in parts])


def detect(
    model: keras.Model,
    images: np.ndarray,
    grid: Grid = USUAL,
    *,
    threshold: float = 0.05,
    iou: float = 0.5,
) -> list[boxes.Detections]:
    """Find objects in pictures (n, size, size, 3) from 0 to 255: one pass, a threshold, suppression per class.

    Raises as `predict` and `candidates` do. Chapter: yolo.
    """
    return suppressed(candidates(predict(model, images), grid, threshold, np.shape(images)[1]), iou)
