"""Masks: the pixels of an object, how much two share, and which to keep. Chapter: instances."""

from __future__ import annotations

import numpy as np

from cvnotes.boxes.detections import checked_labels, checked_scores
from cvnotes.boxes.suppression import survivors
from cvnotes.checks import number
from cvnotes.data import Scenes


def as_masks(name: str, masks: np.ndarray) -> np.ndarray:
    """Read masks as truth values (n, h, w), n may be 0. Raises ValueError that shows what came. Chapter: instances."""
    found = np.asarray(masks)
    if found.ndim != 3 or found.dtype != bool:
        told = f"{found.dtype} of shape {found.shape}"
        raise ValueError(f"{name} must be truth values (n, h, w), such as {name} > 0.5. Received: {told}")
    return found


def mask_iou(masks: np.ndarray, others: np.ndarray) -> np.ndarray:
    r"""Share the pixels of every two masks: (n, h, w), (m, h, w) -> (n, m).

    .. math:: \mathrm{IoU}(A, B) = \frac{|A \cap B|}{|A \cup B|}

    A mask without a pixel shares nothing, not even with another such. Raises ValueError for what are no truth values,
    and for pictures of two sizes. Chapter: instances.
    """
    masks, others = as_masks("masks", masks), as_masks("others", others)
    if masks.shape[1:] != others.shape[1:]:
        raise ValueError(f"Masks of one picture have one size. Received: {masks.shape[1:]} and {others.shape[1:]}")
    one, other = (found.reshape(len(found), np.prod(found.shape[1:])).astype(np.float32) for found in (masks, others))
    both = (one @ other.T).astype(float)  # whole numbers until here, so that an IoU of just one half is one half
    either = one.sum(axis=1)[:, None] + other.sum(axis=1) - both
    return both / np.maximum(either, 1)


def mask_boxes(masks: np.ndarray) -> np.ndarray:
    """Put a box around each mask (n, h, w): float32 (n, 4) corners x0, y0, x1, y1.

    Raises ValueError for a mask without a pixel. Chapter: instances.
    """
    masks = as_masks("masks", masks)
    if not len(masks):
        return np.zeros((0, 4), np.float32)
    across, down = masks.any(axis=1), masks.any(axis=2)
    if not across.any(axis=1).all():
        raise ValueError(f"No box goes around nothing. Received: mask {int(across.any(axis=1).argmin())} is empty")
    ends = [(line.argmax(axis=1), line.shape[1] - line[:, ::-1].argmax(axis=1)) for line in (across, down)]
    (x0, x1), (y0, y1) = ends
    return np.stack([x0, y0, x1, y1], axis=1).astype(np.float32)


def mask_nms(masks: np.ndarray, scores: np.ndarray, labels: np.ndarray, iou: float = 0.5) -> np.ndarray:
    """Keep the masks that no better kept mask of their class overlaps by more than `iou`: indices (k,), best first.

    masks: bool (n, h, w); scores: (n,), of equals the first one wins; labels: (n,) whole numbers from 0.
    Raises ValueError for what does not fit together. Source: Hariharan et al. (2014), section 3.3. Chapter: instances.
    """
    masks, iou = as_masks("masks", masks), number("iou", iou, 0, 1)
    order = np.argsort(-checked_scores(scores, len(masks)), kind="stable")
    labels = checked_labels(labels, len(masks))[order]
    clashes = (mask_iou(masks[order], masks[order]) > iou) & (labels[:, None] == labels)
    return order[survivors(clashes)]


def true_masks(scenes: Scenes) -> list[np.ndarray]:
    """Read the visible pixels of all objects, bool (k, h, w) a picture, in the order of `boxes.truths`.

    Raises ValueError for what are no scenes. Chapter: instances.
    """
    if not isinstance(scenes, Scenes):
        raise ValueError(f"Give data.scenes(...), or a slice of them. Received: {type(scenes).__name__}")
    return [scene.masks[scene.occlusion < 1] for scene in scenes]


def paired_mask_iou(masks: np.ndarray, others: np.ndarray) -> np.ndarray:
    """IoU of mask i of both, (n,); masks (n, h, w). Raises ValueError as `mask_iou`. Chapter: instances."""
    masks, others = as_masks("masks", masks), as_masks("others", others)
    if masks.shape != others.shape:
        raise ValueError(f"Pairs need masks of one shape. Received: {masks.shape} and {others.shape}")
    both, either = (found.sum(axis=(1, 2)) for found in (masks & others, masks | others))
    return both / np.maximum(either, 1)
