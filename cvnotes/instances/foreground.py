"""Step four: a crop in which all that is no part of the region has the mean colour. Chapter: instances."""

from __future__ import annotations

import numpy as np

from cvnotes.detection import warping

from .masks import as_masks, mask_boxes


def mean_colour(images: np.ndarray) -> np.ndarray:
    """Average the colour of all pixels of pictures (n, h, w, c): float32 (c,).

    Raises ValueError without a picture. Chapter: instances.
    """
    images = np.asarray(images)
    if images.ndim != 4 or not images.size:
        raise ValueError(f"Give pictures (n, h, w, c), at least one. Received: {images.shape}")
    return images.mean(axis=(0, 1, 2), dtype=np.float64).astype(np.float32)


def fill(image: np.ndarray, mask: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Paint all pixels outside of a mask (h, w) in one colour (c,): (h, w, c), bytes stay bytes.

    Raises ValueError for a mask of another size than the picture. Chapter: instances.
    """
    image = np.asarray(image)
    mask = as_masks("mask", np.asarray(mask)[None])[0]
    if image.shape[:2] != mask.shape:
        raise ValueError(f"The mask has the size of the picture. Received: {mask.shape} for {image.shape}")
    paint = np.asarray(colour)
    paint = np.rint(paint).astype(np.uint8) if image.dtype == np.uint8 else paint.astype(image.dtype)
    return np.where(mask[..., None], image, paint)


def masked_crops(image: np.ndarray, masks: np.ndarray, colour: np.ndarray, side: int = warping.SIDE) -> np.ndarray:
    """Cut out the box of each mask (n, h, w), all else filled with a colour: (n, side, side, c).

    Raises ValueError as `fill` and `warping.crops`, and for an empty mask. Source: Hariharan et al. (2014),
    section 3.2. Chapter: instances.
    """
    found = [
        warping.crops(fill(image, mask, colour), box[None], side)[0]
        for mask, box in zip(masks, mask_boxes(masks), strict=True)
    ]
    return np.stack(found) if found else np.zeros((0, side, side, image.shape[2]), image.dtype)
