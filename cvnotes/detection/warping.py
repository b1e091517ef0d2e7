"""From boxes of any shape to crops of one: four ways to cut a region out of a picture for a net of fixed input.

Chapter: rcnn.
"""

from __future__ import annotations

import numpy as np

from cvnotes import boxes as geometry
from cvnotes.checks import choice, whole

WAYS = ("warp", "context", "square", "padded")
SIDE, CONTEXT = 32, 2  # pixels of a crop, and of the context on each of its sides (16 of 227 in the paper)


def frames(boxes: np.ndarray, way: str = "warp", side: int = SIDE) -> np.ndarray:
    r"""The frame around each box that is stretched to a crop of side x side pixels; (n, 4) corners, in pixels.

    way: "warp" takes the box itself; "context" widens it, so that the crop shows two more pixels on each side;
    "square" and "padded" take the smallest square around it, with the same middle. Both ends of an axis move alike:

    .. math:: w' = w \frac{S}{S - 2p} \quad\text{(context)}, \qquad w' = h' = \max(w, h) \quad\text{(square)}

    Raises ValueError for another way, a side below 6, or corners that are no boxes.
    Source: Girshick et al. (2014), appendix A. Chapter: rcnn.
    """
    choice("way", way, WAYS), whole("side", side, 2 * CONTEXT + 2)
    middle, size = np.split(geometry.convert(boxes, "xyxy", "center_xywh"), 2, axis=-1)
    if way == "context":
        size = size * (side / (side - 2 * CONTEXT))
    elif way != "warp":
        size = np.broadcast_to(size.max(axis=-1, keepdims=True), size.shape)
    return np.concatenate([middle - size / 2, middle + size / 2], axis=-1).astype(np.float32)


def stretch(boxes: np.ndarray, way: str = "warp", side: int = SIDE) -> np.ndarray:
    """How far a crop is from the shape that it shows: pixels a crop's row gives to one of the picture, over a column's.

    1 keeps shapes; a box three times as high as wide is warped by 3. Returns (n,).
    Raises ValueError as `frames`, and for a box without width or height. Chapter: rcnn.
    """
    size = np.diff(frames(boxes, way, side).reshape(-1, 2, 2), axis=1)[:, 0]
    if (size <= 0).any():
        first = np.reshape(boxes, (-1, 4))[(size <= 0).any(axis=1)][0].tolist()
        raise ValueError(f"A box without width or height has no shape. Received: {first}")
    return size[:, 1] / size[:, 0]


def crops(image: np.ndarray, boxes: np.ndarray, side: int = SIDE, way: str = "warp") -> np.ndarray:
    """Cut boxes (n, 4) out of one picture (h, w, c), each brought to (side, side, c) by bilinear interpolation.

    What lies outside the picture, and with "padded" outside the box, gets the mean colour of the picture. Bytes give
    bytes, floats give floats. Raises ValueError for another shape, a side below 6, another way, or bad boxes.
    Source: Girshick et al. (2014), section 2.1 and appendix A. Chapter: rcnn.
    """
    image, boxes, side = _picture(image), np.asarray(boxes, np.float32).reshape(-1, 4), whole("side", side, 6)
    around, (height, width, channels) = frames(boxes, way, side), image.shape
    window = boxes if way == "padded" else np.broadcast_to(np.float32([0, 0, width, height]), boxes.shape)
    across, down = (_weights(around[:, i::2], window[:, i::2], side, n) for i, n in enumerate((width, height)))
    mean = image.mean(axis=(0, 1), dtype=np.float32)
    planes = (image - mean).transpose(0, 2, 1).reshape(height, -1)  # rows by (channel, column)
    found = (down.reshape(-1, height) @ planes).reshape(len(boxes), side * channels, width)
    found = (found @ across.transpose(0, 2, 1)).reshape(len(boxes), side, channels, side)
    found = found.transpose(0, 1, 3, 2) + mean
    return (found + 0.5).astype(np.uint8) if image.dtype == np.uint8 else found


def _weights(ends: np.ndarray, window: np.ndarray, side: int, length: int) -> np.ndarray:
    """The share of every pixel of a line in every place of a crop, (n, side, length): a hat over each place.

    Each place stands for a field of the frame, whose ends are (n, 2), and reads the line at its middle; no pixel has a
    share in a place outside the window. Rows sum to one or to zero.
    """
    low, high = ends[:, :1], ends[:, 1:]
    place = low + (high - low) * ((np.arange(side, dtype=np.float32) + 0.5) / side)
    inside = (place >= np.maximum(window[:, :1], 0)) & (place < np.minimum(window[:, 1:], length))
    place = np.clip(place - 0.5, 0, length - 1)  # the middle of pixel c lies at c + 0.5
    hats = np.maximum(0, 1 - np.abs(place[:, :, None] - np.arange(length, dtype=np.float32)))
    return hats * inside[:, :, None]


def _picture(image: np.ndarray) -> np.ndarray:
    image = np.asarray(image)
    if image.ndim != 3 or not image.size or image.dtype.kind not in "uif" or not np.isfinite(image).all():
        raise ValueError(f"Give one picture (h, w, c) of finite numbers. Received: {image.dtype} of {image.shape}")
    return image
