"""How alike are two regions? Four measures, each from 0 to 1. Chapter: selective_search."""

from __future__ import annotations

import numpy as np

from .regions import Regions

MEASURES = "CTSF"  # colour, texture, size, fill


def as_measures(letters: str) -> str:
    """Read letters of "CTSF", at least one. Raises ValueError that shows what came."""
    if not isinstance(letters, str) or not letters or len(set(letters) & set(MEASURES)) < len(letters):
        raise ValueError(f"Measures are letters of {MEASURES}, each at most once. Received: {letters!r}")
    return letters


def shared(histogram: np.ndarray, others: np.ndarray) -> np.ndarray:
    r"""What two histograms of sum 1 have in common: (b,), (..., b) -> (...).

    .. math:: \sum_k \min(h_i^k, h_j^k)

    1 for equal histograms, 0 where no bin is filled in both. Of colours it is :math:`s_\text{colour}`, equation 1, of
    texture :math:`s_\text{texture}`, equation 3, in Uijlings et al. (2013). Chapter: selective_search.
    """
    return np.minimum(histogram, others).sum(-1)


def size_similarity(size: int, others: np.ndarray, area: int) -> np.ndarray:
    r"""Near 1 for two regions that are both small, so that the small ones are joined first.

    .. math:: s_\text{size} = 1 - \frac{|r_i| + |r_j|}{|\text{picture}|}

    All in pixels. Source: Uijlings et al. (2013), equation 4. Chapter: selective_search.
    """
    return 1 - (size + others) / area


def fill_similarity(size: int, box: np.ndarray, others: np.ndarray, boxes: np.ndarray, area: int) -> np.ndarray:
    r"""Near 1 for two regions that together fill the box around both, so that holes are closed.

    .. math:: s_\text{fill} = 1 - \frac{|B_{ij}| - |r_i| - |r_j|}{|\text{picture}|}

    Sizes and area in pixels, boxes x0, y0, x1, y1. Source: Uijlings et al. (2013), equation 5.
    Chapter: selective_search.
    """
    sides = np.maximum(box, boxes)[..., 2:] - np.minimum(box, boxes)[..., :2]
    return 1 - (sides[..., 0] * sides[..., 1] - size - others) / area


def likeness(regions: Regions, i: int, others: np.ndarray, area: int, measures: str = MEASURES) -> np.ndarray:
    r"""How alike region i is to others (k,): the sum of the measures that are asked for, (k,).

    .. math:: s = a_1 s_\text{colour} + a_2 s_\text{texture} + a_3 s_\text{size} + a_4 s_\text{fill}

    measures: letters of "CTSF"; each a is 1 for a letter that is there and 0 otherwise. Raises ValueError for others.
    Source: Uijlings et al. (2013), equation 6. Chapter: selective_search.
    """
    measures, (colour, texture, size, box) = as_measures(measures), regions
    total = np.zeros(len(others))
    if "C" in measures:
        total += shared(colour[i], colour[others])
    if "T" in measures:
        total += shared(texture[i], texture[others])
    if "S" in measures:
        total += size_similarity(size[i], size[others], area)
    if "F" in measures:
        total += fill_similarity(size[i], box[i], size[others], box[others], area)
    return total
