"""Maps held against what is known of a picture: the object's mask, its edges, and other maps."""

from __future__ import annotations

import numpy as np
from scipy import ndimage, stats

from .inputs import Array


def hit(heats: Array, masks: Array) -> float:
    """How well heat finds an object: the chance that a pixel of it is hotter than one outside (the area under the ROC).

    heats: (n, h, w). masks: bool (n, h, w), some pixels in and some out of each. Half is chance, 1 perfect; ties count
    half. The mean over pictures. Chapter: saliency.
    """
    return float(np.mean([_area(heat.ravel(), mask.ravel()) for heat, mask in zip(heats, masks, strict=True)]))


def _area(heat: Array, mask: Array) -> float:
    ranks, inside = stats.rankdata(heat), int(mask.sum())
    return (ranks[mask].sum() - inside * (inside + 1) / 2) / (inside * (mask.size - inside))


def alike(heats: Array, others: Array) -> float:
    """How alike maps (n, h, w) are: Spearman's correlation of their pixels, the mean over pictures.

    1 for the same order of pixels, 0 for none in common. A map of one value throughout is like no other: 0.
    Chapter: saliency.
    """
    pairs = zip(heats.reshape(len(heats), -1), others.reshape(len(others), -1), strict=True)
    return float(np.mean([_correlation(stats.rankdata(one), stats.rankdata(other)) for one, other in pairs]))


def _correlation(one: Array, other: Array) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / size) if size else 0.0


def edges(images: Array) -> Array:
    """How much the picture changes at each pixel, (n, h, w): the length of Sobel's slopes, all channels together."""
    across = lambda along, other: ndimage.correlate1d(  # noqa: E731
        ndimage.correlate1d(images, [-1, 0, 1], axis=along), [1, 2, 1], axis=other
    )
    slopes = across(1, 2), across(2, 1)
    return np.sqrt(sum(slope**2 for slope in slopes).sum(-1))
