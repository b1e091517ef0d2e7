"""What is known of a region: its colours, its texture, its size, its box. Chapter: selective_search."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from .segments import segment_boxes

COLOURS, DIRECTIONS, STEPS = 25, 8, 10  # bins of a channel; directions of its slopes, and bins of each


class Regions(NamedTuple):
    """n regions of one picture with c channels; a row for each. Chapter: selective_search."""

    colour: np.ndarray  #: (n, 25 c) a histogram of 25 bins for each channel, one after the other; sum 1
    texture: np.ndarray  #: (n, 80 c) a histogram of 10 bins for each of 8 directions and each channel; sum 1
    size: np.ndarray  #: (n,) pixels
    box: np.ndarray  #: (n, 4) x0, y0, x1, y1 in whole pixels


def slopes(pixels: np.ndarray) -> np.ndarray:
    r"""How steeply each channel rises in eight directions, 22.5 degrees apart: (h, w, c) -> (h, w, 8 c).

    .. math:: g_\theta = \cos\theta\, g_x + \sin\theta\, g_y

    with g the derivatives of the picture, smoothed by a Gaussian of one pixel. Each channel is scaled so that its
    steepest slope is 0 or 1 and level ground 0.5.
    Source: Uijlings et al. (2013), section 3.3. Chapter: selective_search.
    """
    across, down = (ndimage.gaussian_filter(pixels, (1, 1, 0), order) for order in ((0, 1, 0), (1, 0, 0)))
    steepest = 2 * np.maximum(np.hypot(across, down).max(axis=(0, 1)), 1e-9)
    angles = np.arange(DIRECTIONS) * np.pi / DIRECTIONS
    turned = (across / steepest)[..., None] * np.cos(angles) + (down / steepest)[..., None] * np.sin(angles)
    return turned.reshape(*pixels.shape[:2], -1) + 0.5


def histograms(labels: np.ndarray, values: np.ndarray, bins: int) -> np.ndarray:
    """Count the values (h, w, f) in [0, 1] of each segment of labels (h, w): (n, f bins), each row of sum 1.

    Chapter: selective_search.
    """
    features = values.shape[-1]
    bin_of = np.clip((values * bins).astype(np.int64), 0, bins - 1) + bins * np.arange(features)
    length, count = bins * features, int(labels.max()) + 1
    counts = np.bincount((bin_of + length * labels[..., None]).ravel(), minlength=length * count)
    counts = counts.reshape(count, length)
    return counts / counts.sum(1, keepdims=True)


def describe(labels: np.ndarray, pixels: np.ndarray) -> Regions:
    """Describe each segment of labels (h, w) by the pixels (h, w, c) in [0, 1] that it holds.

    Raises ValueError for pixels of another size than the labels, or bytes.
    Source: Uijlings et al. (2013), section 3.3. Chapter: selective_search.
    """
    if pixels.ndim != 3 or pixels.shape[:2] != labels.shape or pixels.dtype.kind != "f":
        raise ValueError(f"Give floats {(*labels.shape, 'c')}. Received: {pixels.dtype} of {pixels.shape}")
    colour = histograms(labels, pixels, COLOURS)
    texture = histograms(labels, slopes(pixels), STEPS)
    return Regions(colour, texture, np.bincount(labels.ravel()), segment_boxes(labels))


def with_room(regions: Regions) -> Regions:
    """The same regions, with empty rows for the n - 1 that will come of joining them all."""
    extra = len(regions.size) - 1
    return Regions(*(np.concatenate([rows, np.zeros((extra, *rows.shape[1:]), rows.dtype)]) for rows in regions))


def join(regions: Regions, i: int, j: int, into: int) -> None:
    r"""Describe the union of regions i and j in row `into`, from the two descriptions alone.

    .. math:: h_t = \frac{|r_i|\, h_i + |r_j|\, h_j}{|r_i| + |r_j|}

    Sizes are added, and the box goes around both. No pixel is looked at again.
    Source: Uijlings et al. (2013), equation 2. Chapter: selective_search.
    """
    colour, texture, size, box = regions
    size[into] = size[i] + size[j]
    for histogram in (colour, texture):
        histogram[into] = (size[i] * histogram[i] + size[j] * histogram[j]) / size[into]
    box[into, :2] = np.minimum(box[i, :2], box[j, :2])
    box[into, 2:] = np.maximum(box[i, 2:], box[j, 2:])
