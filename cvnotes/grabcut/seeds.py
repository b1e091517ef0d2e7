"""Seeds: the few pixels of which someone, or something, says what they are."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import number, pair

from .rounds import BACKGROUND, OBJECT, OPEN


def rectangle(shape: tuple[int, int], box: np.ndarray) -> np.ndarray:
    """Seeds of a rectangle drawn around the object: background outside for good, open inside.

    shape: (h, w); box: x0, y0, x1, y1 in pixels; a pixel that lies partly in it is open. Returns (h, w) of 0 and -1.
    Raises ValueError unless the box has an inside within the picture, and an outside. Chapter: grabcut.
    """
    height, width = pair("shape", shape)
    corners = np.asarray(box, np.float64)
    if corners.shape != (4,) or not np.isfinite(corners).all():
        raise ValueError(f"A box is x0, y0, x1, y1. Received: {box!r}")
    inside = np.clip(corners, 0, [width, height] * 2)  # before whole numbers: a float can be too large for one
    (left, top), (right, bottom) = np.floor(inside[:2]).astype(int), np.ceil(inside[2:]).astype(int)
    found = np.full((height, width), BACKGROUND, np.int8)
    found[top:bottom, left:right] = OPEN
    if not 0 < (found == OPEN).sum() < found.size or (corners[2:] <= corners[:2]).any():
        raise ValueError(f"A box has pixels of {height} x {width} inside and outside. Received: {corners.tolist()}")
    return found


def by_quantiles(saliency: np.ndarray, top: float = 0.05, bottom: float = 0.3) -> np.ndarray:
    """Seeds from a map: its highest share for the object, its lowest for the background, the rest open.

    saliency: (h, w), any finite numbers; of equal ones, those further down and right count as higher.
    top, bottom: shares above 0, together at most 1; each marks at least one pixel, and none twice: where both round up
    to more than there are, the background has one less. Returns (h, w) of 1, 0 and -1.
    Raises ValueError for other shares, and NaN. Source: Simonyan, Vedaldi and Zisserman (2014), section 3.2 (5 % and
    30 %). Chapter: grabcut.
    """
    values = np.asarray(saliency, np.float64)
    if values.ndim != 2 or values.size < 2 or not np.isfinite(values).all():
        raise ValueError(f"A map has finite numbers, (h, w), two or more. Received: {values.shape}, or NaN among them")
    top, bottom = (number(name, share, above=0, below=1) for name, share in (("top", top), ("bottom", bottom)))
    if top + bottom > 1:
        raise ValueError(f"top and bottom share the pixels: together at most 1. Received: {top} and {bottom}")
    order = np.argsort(values, axis=None, kind="stable")
    found = np.full(values.size, OPEN, np.int8)
    high = min(max(1, round(top * values.size)), values.size - 1)
    found[order[: max(1, round(bottom * values.size))]] = BACKGROUND
    found[order[values.size - high :]] = OBJECT
    return found.reshape(values.shape)


def mask_iou(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two masks of booleans, (h, w); 1 for two empty ones.

    Raises ValueError for shapes that differ, and values other than booleans. Chapter: grabcut.
    """
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape or one.dtype != bool or other.dtype != bool:
        raise ValueError(f"Give two masks of booleans. Received: {one.dtype} {one.shape}, {other.dtype} {other.shape}")
    union = (one | other).sum()
    return float((one & other).sum() / union) if union else 1.0
