"""One convention for the book's boxes, and the way to it from every other: a box is four numbers under a matrix."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import Pair, choice, pair

FARTHEST = 1e9  # pixels; beyond it the area of a float32 box would overflow before long
MAPS = {  # how a format's four numbers (rows) come from x0, y0, x1, y1 (columns)
    "xyxy": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
    "yxyx": [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]],
    "xywh": [[1, 0, 0, 0], [0, 1, 0, 0], [-1, 0, 1, 0], [0, -1, 0, 1]],
    "center_xywh": [[0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5], [-1, 0, 1, 0], [0, -1, 0, 1]],
    "center_yxhw": [[0, 0.5, 0, 0.5], [0.5, 0, 0.5, 0], [0, -1, 0, 1], [-1, 0, 1, 0]],
}
RELATIVE = ("rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh")
FORMATS = (*MAPS, *RELATIVE)


def fours(name: str, values: object) -> np.ndarray:
    """Read rows of four finite numbers, (..., 4); float64 stays so, all else becomes float32; [] is no row at all.

    Raises ValueError for other shapes, for truth values and words, and for what is NaN or beyond 1e9.
    """
    try:
        read = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be numbers of shape (n, 4). Received: {values!r:.80}") from error
    read = read.reshape(0, 4) if read.shape == (0,) else read
    if read.dtype.kind not in "fiu" or read.shape[-1:] != (4,):
        raise ValueError(f"{name} must be numbers of shape (n, 4). Received: shape={read.shape}, dtype={read.dtype}")
    read = read if read.dtype == np.float64 else read.astype("float32")
    if not (np.abs(read) <= FARTHEST).all():
        wrong = read.reshape(-1, 4)[~(np.abs(read) <= FARTHEST).all(-1).ravel()]
        raise ValueError(f"{name} must be finite, and below 1e9. Received: {wrong[0].tolist()}")
    return read


def corners(name: str, boxes: object) -> np.ndarray:
    """Read boxes x0, y0, x1, y1 of shape (..., 4); a box may be empty, but must not end before it begins.

    Raises ValueError as `fours` does, and for x1 < x0 or y1 < y0 with the first such box.
    """
    read = fours(name, boxes)
    backward = (read[..., 2:] < read[..., :2]).any(-1)
    if backward.any():
        first = read[backward][0].tolist()
        raise ValueError(f"{name} must have x0 <= x1 and y0 <= y1; is it another format? Received: {first}")
    return read


def rows(name: str, boxes: object) -> np.ndarray:
    """Read boxes as `corners` does, in one list: (n, 4). Raises ValueError for any other number of axes."""
    read = corners(name, boxes)
    if read.ndim != 2:
        raise ValueError(f"{name} must have shape (n, 4), boxes[None] for a single one. Received: shape={read.shape}")
    return read


def scale(name: str, size: Pair | None) -> np.ndarray:
    """Give what a relative format's x0, y0, x1, y1 are multiplied with: width, height, width, height."""
    if name not in RELATIVE:
        return np.ones(4, "float32")
    if size is None:
        raise ValueError(f"{name} is relative to the picture: give size=(height, width). Received: size=None")
    height, width = pair("size", size)
    return np.array([width, height, width, height], "float32")


def convert(boxes: np.ndarray, source: str, target: str, size: Pair | None = None) -> np.ndarray:
    r"""Write boxes in another format: $b_\text{target} = M_\text{target}\, M_\text{source}^{-1}\, b_\text{source}$.

    boxes: (..., 4) in pixels, or in parts of the picture for the formats "rel_..."; size: (height, width) of the
    picture, for those alone. Formats, named as in Keras: "xyxy" (the book's own), "yxyx", "xywh" (upper left corner
    and size), "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh".
    Raises ValueError for unknown formats, boxes of negative size, NaN, and a missing size. Chapter: boxes.
    """
    choice("source", source, FORMATS), choice("target", target, FORMATS)
    read = fours("boxes", boxes)
    there, back = (np.array(MAPS[name.removeprefix("rel_")], read.dtype) for name in (target, source))
    pixels = read @ np.linalg.inv(back).T * scale(source, size)
    return (corners("boxes", pixels) / scale(target, size) @ there.T).astype(read.dtype)


def area(boxes: np.ndarray) -> np.ndarray:
    """Width times height of boxes (..., 4): (...), in square pixels. Raises ValueError as `convert`. Chapter: boxes."""
    read = corners("boxes", boxes)
    return (read[..., 2] - read[..., 0]) * (read[..., 3] - read[..., 1])


def clip(boxes: np.ndarray, size: Pair) -> np.ndarray:
    """Cut off what boxes (..., 4) have outside a picture of size (height, width); a box all outside keeps no area.

    Raises ValueError as `convert` does. Chapter: boxes.
    """
    height, width = pair("size", size)
    read = corners("boxes", boxes)
    return np.clip(read, 0, np.array([width, height, width, height], read.dtype))
