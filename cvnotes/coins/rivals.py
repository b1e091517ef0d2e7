"""What finds coins without any training: thresholds and floods from scikit-image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage
from skimage import feature, filters, measure, segmentation

from cvnotes.boxes import Detections

LEAST = 40  # pixels of a region that may be a coin; the smallest that is drawn has 50
APART = 4  # pixels between the middles of two floods at least: the smallest radius that is drawn


def otsu(grey: np.ndarray) -> np.ndarray:
    """Call all bright what lies above Otsu's threshold, and number its connected regions: (height, width)."""
    return measure.label(filled(grey > filters.threshold_otsu(grey)))


def otsu_watershed(grey: np.ndarray) -> np.ndarray:
    """Cut the regions of `otsu` apart by flooding them from the points that are deepest inside."""
    return flooded(filled(grey > filters.threshold_otsu(grey)))


def local_watershed(grey: np.ndarray) -> np.ndarray:
    """The same above a threshold for each pixel, the mean of its surroundings: 61 pixels across, twice a large coin."""
    return flooded(filled(grey > filters.threshold_local(grey, 61, method="mean")))


def recipe(grey: np.ndarray) -> np.ndarray:
    """Flood the slopes from what is surely dark, below 30, and surely bright, above 150.

    The two grey levels were chosen on this very photograph, by those who wrote the tutorial of scikit-image.
    """
    markers = np.where(grey < 30, 1, np.where(grey > 150, 2, 0))
    return measure.label(filled(segmentation.watershed(filters.sobel(grey), markers) == 2))


RIVALS = {"Otsu": otsu, "Otsu and watershed": otsu_watershed, "local and watershed": local_watershed, "recipe": recipe}


def filled(bright: np.ndarray) -> np.ndarray:
    """Close small gaps, and fill holes."""
    return ndimage.binary_fill_holes(ndimage.binary_closing(bright))


def flooded(bright: np.ndarray) -> np.ndarray:
    """Number the hills of the distance to the ground, each flooded from its top."""
    depth = filters.gaussian(ndimage.distance_transform_edt(bright), 1)
    tops = feature.peak_local_max(depth, min_distance=APART, labels=bright.astype(int), exclude_border=False)
    markers = np.zeros(bright.shape, int)
    markers[tuple(tops.T)] = np.arange(len(tops)) + 1
    return segmentation.watershed(-depth, markers, mask=bright)


def regions(way: Callable, image: np.ndarray) -> tuple[Detections, np.ndarray]:
    """Find coins in a picture (height, width, 3): a box for each region, larger ones first, and masks (k, h, w).

    A region has no score of its own; its size in pixels stands for it.
    Raises ValueError for what is no picture of bytes: the thresholds of `recipe` are grey levels. Chapter: coins.
    """
    image = np.asarray(image)
    if image.ndim != 3 or not image.size or image.dtype != np.uint8:
        raise ValueError(f"Give one picture (height, width, 3) of bytes. Received: {image.dtype} of {image.shape}")
    numbers = way(image[..., 0])
    found = [one for one in measure.regionprops(numbers) if one.area >= LEAST]
    corners = np.array([one.bbox for one in found], np.float32).reshape(-1, 4)[:, [1, 0, 3, 2]]
    masks = numbers == np.array([one.label for one in found], int).reshape(-1, 1, 1)
    return Detections(corners, np.array([one.area for one in found], float), np.zeros(len(found), int)), masks


def found(way: Callable, images: np.ndarray) -> list[Detections]:
    """Find coins in some pictures (n, height, width, 3), without masks. Chapter: coins."""
    return [regions(way, image)[0] for image in images]
