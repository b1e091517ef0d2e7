"""Step one: regions that may be an object, as pixels. Chapter: instances."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvnotes.checks import whole
from cvnotes.detection.grouping import Hierarchy
from cvnotes.detection.proposals import hierarchies

from .masks import mask_iou

LIMIT = 60  # regions of a picture, as many as R-CNN has boxes
SIGMA = 0.5  # pixels of smoothing: less than for boxes, since edges count


def region_masks(hierarchy: Hierarchy) -> np.ndarray:
    """Give the pixels of all regions of a grouping: bool (2n - 1, h, w), the n segments first, then the unions.

    Source: Uijlings et al. (2013), algorithm 1. Chapter: instances.
    """
    count = len(hierarchy.merges) + 1
    found = np.zeros((2 * count - 1, *hierarchy.labels.shape), bool)
    found[:count] = hierarchy.labels == np.arange(count)[:, None, None]
    for new, (one, other) in enumerate(hierarchy.merges, count):
        found[new] = found[one] | found[other]
    return found


def propose_masks(image: np.ndarray, limit: int | None = LIMIT, *, sigma: float = SIGMA, **options) -> np.ndarray:
    """Propose regions that may be an object: bool (n, h, w), none twice, what was joined last first.

    limit: the most regions, None for all; image and options as `detection.selective_search` takes them: of several
    groupings the regions come in turns. Raises ValueError as it does. Chapter: instances.
    """
    limit = None if limit is None else whole("limit", limit, 0)
    each = [region_masks(one)[::-1] for one in hierarchies(image, sigma=sigma, **options)]
    places = np.concatenate([np.arange(len(masks)) for masks in each])
    return distinct(np.concatenate(each)[np.argsort(places, kind="stable")])[:limit]


def distinct(masks: np.ndarray) -> np.ndarray:
    """Leave out each mask (n, h, w) that came before; the order stays."""
    packed = np.packbits(masks.reshape(len(masks), -1), axis=1)
    _, first = np.unique(packed, axis=0, return_index=True)
    return masks[np.sort(first)]


def proposed(images: np.ndarray, limit: int | None = LIMIT) -> list[np.ndarray]:
    """Propose regions for each picture (n, h, w, c): bool (m, h, w) each. Chapter: instances."""
    return [propose_masks(image, limit) for image in images]


def best_shares(proposals: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> np.ndarray:
    """Look up the best mask IoU that any proposal has with each true mask: (objects,) of all pictures in a row.

    Raises ValueError for unequal numbers of pictures. Chapter: instances.
    """
    if len(proposals) != len(truths):
        raise ValueError(f"Give proposals for each picture. Received: {len(proposals)} for {len(truths)} pictures")
    found = [mask_iou(some, true).max(axis=0, initial=0) for some, true in zip(proposals, truths, strict=True)]
    return np.concatenate([np.zeros(0), *found])
