"""Is the map where the object is? Pointing, energy and overlap, each with the value that chance gives."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from cvnotes.checks import number

from .inputs import Array


def pointing(maps: Array, masks: Array, tolerance: float = 0) -> Array:
    """The pointing game: 1 where the highest pixel of a map lies on the object, or close to it; else 0.

    Of several highest pixels, the share that hits: what a fair draw among them would give. So a flat map scores what
    chance does, which is ``reach(masks, tolerance).mean((1, 2))``.
    maps: (n, h, w), any numbers. masks: (n, h, w), truth values. tolerance: pixels from the object's nearest pixel.
    Returns (n,) in [0, 1]. Raises ValueError for other shapes, values that are not finite, an empty mask, a negative
    tolerance. Source: Zhang et al. (2018), section 4.1. Chapter: explanations.
    """
    maps, masks = read_pairs(maps, masks)
    highest = maps == maps.max((1, 2), keepdims=True)
    return (highest & reach(masks, tolerance)).sum((1, 2)) / highest.sum((1, 2))


def reach(masks: Array, tolerance: float = 0) -> Array:
    """The pixels (n, h, w) at most ``tolerance`` from a mask, centre to centre; truth values."""
    tolerance = number("tolerance", tolerance, 0)
    return np.stack([distance_transform_edt(~mask) <= tolerance for mask in np.asarray(masks, bool)])


def energy(maps: Array, masks: Array) -> Array:
    """The share of a map's sum that lies inside the mask; chance, and a map of zeros: the mask's share of the picture.

    maps: (n, h, w), none below 0 (see ``attribution.heat``). masks: (n, h, w), truth values. Returns (n,) in [0, 1].
    Raises ValueError as ``pointing`` does, and for negative values, which would cancel.
    Source: the energy-based pointing game of Wang et al. (2020), section 4.3. Chapter: explanations.
    """
    maps, masks = read_pairs(maps, masks)
    if maps.min() < 0:
        raise ValueError(f"A share needs values from 0: take attribution.heat(...). Received: least {maps.min():.3g}")
    whole = maps.sum((1, 2))
    chance = masks.mean((1, 2))
    return np.where(whole > 0, (maps * masks).sum((1, 2)) / np.where(whole > 0, whole, 1), chance)


def iou(maps: Array, masks: Array, quantile: float | None = None) -> Array:
    """Overlap of the thresholded map with the mask: pixels in both over pixels in either.

    quantile: keep what is at least as high as this quantile of its map; None: the threshold that is best for each
    picture, chosen with the mask in hand, hence a bound on what any threshold could reach.
    A flat map keeps everything: it scores the mask's share of the picture. Returns (n,) in [0, 1].
    Raises ValueError as ``pointing`` does, and for a quantile outside [0, 1]. Chapter: explanations.
    """
    maps, masks = read_pairs(maps, masks)
    if quantile is None:
        return np.array([_best_overlap(*pair) for pair in zip(maps, masks, strict=True)])
    limit = np.quantile(maps, number("quantile", quantile, 0, 1), axis=(1, 2), keepdims=True)
    kept = maps >= limit
    return (kept & masks).sum((1, 2)) / (kept | masks).sum((1, 2))


def _best_overlap(heat: Array, mask: Array) -> float:
    """The best overlap over all thresholds; pixels of equal value come and go together."""
    down = np.argsort(-heat, axis=None, kind="stable")
    value, inside = heat.ravel()[down], np.cumsum(mask.ravel()[down])
    last = np.append(value[1:] != value[:-1], True)
    kept = np.arange(1, len(down) + 1)
    return float((inside / (kept + mask.sum() - inside))[last].max())


def read_pairs(maps: Array, masks: Array) -> tuple[Array, Array]:
    """Maps as floats and masks as truth values, both (n, h, w); ValueError as in ``pointing``."""
    maps, masks = read_maps(maps), np.asarray(masks)
    if masks.shape != maps.shape or not ((masks == 0) | (masks == 1)).all():
        raise ValueError(
            f"masks must be truth values of the shape of the maps, {maps.shape}. Received: shape {masks.shape}, "
            f"dtype {masks.dtype}"
        )
    masks = masks.astype(bool)
    if not masks.any((1, 2)).all():
        raise ValueError(f"Every mask needs a pixel. Received: {int((~masks.any((1, 2))).sum())} empty")
    return maps, masks


def read_maps(maps: Array) -> Array:
    """Maps as floats (n, h, w), n, h, w at least 1; ValueError for other shapes, and values that are not finite."""
    maps = np.asarray(maps, "float64")
    if maps.ndim != 3 or not maps.size:
        raise ValueError(f"maps must be (n, h, w): one number a pixel, see attribution.heat. Received: {maps.shape}")
    if not np.isfinite(maps).all():
        raise ValueError(f"maps must be finite. Received: {int((~np.isfinite(maps)).sum())} values NaN or infinite")
    return maps
