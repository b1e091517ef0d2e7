"""Why a class for every pixel is not a mask for every object. Chapter: instances."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cvnotes.boxes import Detections
from cvnotes.boxes.detections import checked_labels

from .masks import as_masks, mask_boxes


def components(classes: np.ndarray) -> tuple[Detections, np.ndarray]:
    """Take each connected patch of one class for an object: (h, w) of classes, -1 for none -> detections, masks.

    Pixels are connected by sides and corners; every score is 1; masks are bool (k, h, w), class by class.
    Raises ValueError for what is no map of whole numbers. Chapter: instances.
    """
    classes = np.asarray(classes)
    if classes.ndim != 2 or classes.dtype.kind not in "iu":
        raise ValueError(
            f"Give the class of each pixel, (h, w), -1 for none. Received: {classes.dtype} {classes.shape}"
        )
    labels = np.unique(classes[classes >= 0])
    patches = [(label, *ndimage.label(classes == label, np.ones((3, 3)))) for label in labels]
    masks = [patch == i for _, patch, count in patches for i in range(1, count + 1)]
    masks = np.stack(masks) if masks else np.zeros((0, *classes.shape), bool)
    kinds = np.repeat(labels, [count for *_, count in patches]).astype(int)
    return Detections(mask_boxes(masks), np.ones(len(masks)), kinds), masks


def class_map(masks: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Forget who is who: the class of each pixel (h, w), -1 for none, from masks bool (k, h, w) and labels (k,).

    Where masks share a pixel, the last one has it. Raises ValueError for masks of numbers, and labels that are not one
    whole number from 0 a mask. Chapter: instances.
    """
    masks = as_masks("masks", masks)
    found = np.full(masks.shape[1:], -1)
    for mask, label in zip(masks, checked_labels(labels, len(masks)), strict=True):
        found[mask] = label
    return found
