"""A picture cut into small segments: who touches whom, and the box around each. Chapter: selective_search."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage.segmentation import felzenszwalb


def segment(pixels: np.ndarray, scale: float, sigma: float, min_size: int) -> np.ndarray:
    """Cut a picture (h, w, c) of values in [0, 1] into segments of like pixels: numbers from 0, (h, w).

    Neighbouring pixels are joined, the most alike first; two segments only while the step between them is no larger
    than the largest step inside either, plus scale / size. A larger scale makes larger segments.
    sigma: pixels by which the picture is smoothed first; min_size: smaller segments join a neighbour in the end.
    Raises ValueError for other shapes. Source: Felzenszwalb and Huttenlocher (2004), as in scikit-image.
    Chapter: selective_search.
    """
    if np.ndim(pixels) != 3:
        raise ValueError(f"Give a picture (h, w, c), pixels[..., None] for a gray one. Received: {np.shape(pixels)}")
    return felzenszwalb(np.ascontiguousarray(pixels, float), scale, sigma, min_size, channel_axis=-1)


def touching(labels: np.ndarray) -> np.ndarray:
    """Find the pairs of segments that share a side of a pixel: (m, 2), the smaller number first, in order."""
    count = int(labels.max()) + 1
    touch = np.zeros((count, count), bool)
    for one, other in ((labels[:-1], labels[1:]), (labels[:, :-1], labels[:, 1:])):
        touch[np.minimum(one, other), np.maximum(one, other)] = True
    return np.argwhere(np.triu(touch, 1))


def segment_boxes(labels: np.ndarray) -> np.ndarray:
    """Put a box around each segment of labels (h, w): whole numbers x0, y0, x1, y1, (n, 4).

    Raises ValueError where a number from 0 to the largest has no pixel.
    """
    found = ndimage.find_objects(labels + 1)
    if None in found:
        raise ValueError(f"Segments have the numbers 0, 1, 2 ... Received: none with number {found.index(None)}")
    return np.array([(x.start, y.start, x.stop, y.stop) for y, x in found])
