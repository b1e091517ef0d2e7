"""Maps that know nothing of the net: what every explanation must beat."""

from __future__ import annotations

import numpy as np
from skimage.filters import sobel

from cvnotes.checks import whole

from .inputs import Array
from .scores_place import read_maps


def edges(images: Array) -> Array:
    """The strength of edges (n, h, w) of pictures (n, h, w, c): Sobel's filter on their mean over channels.

    Raises ValueError for another number of axes. Source: the rival of Adebayo et al. (2018). Chapter: explanations.
    """
    images = np.asarray(images, "float64")
    if images.ndim != 4:
        raise ValueError(f"images must be (n, height, width, channels). Received: shape {images.shape}")
    return np.stack([sobel(image.mean(-1)) for image in images])


def centre(count: int, height: int, width: int) -> Array:
    """``count`` times the same map: highest in the middle of the picture, 0 in its corners. Chapter: explanations."""
    sides = [np.linspace(-1, 1, whole(name, side, 2)) for name, side in (("height", height), ("width", width))]
    away = np.hypot(*np.meshgrid(*sides, indexing="ij"))
    return np.broadcast_to(away.max() - away, (whole("count", count, 1), height, width)).copy()


def noise(count: int, height: int, width: int, seed: int = 0) -> Array:
    """Maps (count, height, width) of independent numbers from [0, 1). Chapter: explanations."""
    return np.random.default_rng(whole("seed", seed, 0)).random((count, height, width))


def forgery(images: Array, masks: Array) -> Array:
    """The edges of the picture inside a mask: fine, on the object of the class asked for, and no net was ever asked.

    images: (n, h, w, c). masks: (n, h, w), where the object of that class is. Chapter: explanations.
    """
    drawn = read_maps(edges(images))
    if np.shape(masks) != drawn.shape:
        raise ValueError(f"masks must be {drawn.shape}, one for each image. Received: shape {np.shape(masks)}")
    return drawn * np.asarray(masks, bool)
