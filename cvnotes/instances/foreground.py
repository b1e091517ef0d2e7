"""Step four: a crop in which all that is no part of the region has the mean colour. Chapter: instances."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole
from cvnotes.detection import warping

from .masks import as_masks, mask_boxes


def mean_colour(images: np.ndarray) -> np.ndarray:
    """Average the colour of all pixels of pictures (n, h, w, c): float32 (c,).

    Raises ValueError without a picture, and for NaN. Chapter: instances.
    """
    images = np.asarray(images)
    if images.ndim != 4 or not images.size or images.dtype.kind not in "fiu" or not np.isfinite(images).all():
        raise ValueError(f"Give finite pictures (n, h, w, c), at least one. Received: {images.dtype} {images.shape}")
    return images.mean(axis=(0, 1, 2), dtype=np.float64).astype(np.float32)


def fill(image: np.ndarray, mask: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Paint all pixels outside of a mask (h, w) in one colour (c,): (h, w, c), bytes stay bytes.

    Raises ValueError for a mask of another size than the picture, and a colour of another length, NaN, or, for bytes,
    beyond 0 to 255. Chapter: instances.
    """
    image = np.asarray(image)
    mask = as_masks("mask", np.asarray(mask)[None])[0]
    if image.ndim != 3 or image.shape[:2] != mask.shape:
        raise ValueError(f"The mask has the size of the picture. Received: {mask.shape} for {image.shape}")
    return np.where(mask[..., None], image, as_paint(colour, image))


def as_paint(colour: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Read a colour (c,) in numbers like those of a picture (h, w, c). Raises ValueError as `fill`."""
    paint = np.asarray(colour)
    ends = (0, 255) if image.dtype == np.uint8 else (-np.inf, np.inf)
    fits = paint.shape == image.shape[2:] and paint.dtype.kind in "fiu" and np.isfinite(paint).all()
    if not fits or not ((paint >= ends[0]) & (paint <= ends[1])).all():
        raise ValueError(f"Give a colour of {image.shape[2]} numbers for {image.dtype}. Received: {colour!r:.80}")
    return (paint if image.dtype.kind == "f" else np.rint(paint)).astype(image.dtype)


def masked_crops(image: np.ndarray, masks: np.ndarray, colour: np.ndarray, side: int = warping.SIDE) -> np.ndarray:
    """Cut out the box of each mask (n, h, w), all else filled with a colour: (n, side, side, c).

    Raises ValueError as `fill` and `warping.crops`, and for an empty mask. Source: Hariharan et al. (2014),
    section 3.2. Chapter: instances.
    """
    side = whole("side", side, 6)
    found = [
        warping.crops(fill(image, mask, colour), box[None], side)[0]
        for mask, box in zip(masks, mask_boxes(masks), strict=True)
    ]
    return np.stack(found) if found else np.zeros((0, side, side, np.shape(image)[2]), np.asarray(image).dtype)
