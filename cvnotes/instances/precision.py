"""Average precision with masks in the place of boxes. Chapter: instances."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvnotes.boxes import Detections, Truth
from cvnotes.boxes.detections import checked_detections, checked_truth
from cvnotes.boxes.judging import Ranking, assign, surest, thresholds
from cvnotes.boxes.precision import area_under, counted
from cvnotes.checks import whole

from .masks import as_masks, mask_iou


def mean_mask_precision(
    found: Sequence[Detections],
    masks: Sequence[np.ndarray],
    truths: Sequence[Truth],
    true_masks: Sequence[np.ndarray],
    iou: float | Sequence[float] = 0.5,
    limit: int | None = 100,
) -> float:
    """Mean of the average precision over classes and overlaps, as `boxes.mean_average_precision`, by IoU of masks.

    found and masks: of each picture, k detections and bool (k, h, w); truths and true_masks: g objects and (g, h, w).
    iou: one number, or several, as `boxes.COCO_IOUS`; limit: detections of a class that count in a picture.
    Raises ValueError where pictures, detections and masks do not pair, where no object is, for objects to ignore, and
    for a limit below 1.
    Source: Lin et al. (2014); Hariharan et al. (2014), section 4 (AP^r). Chapter: instances.
    """
    if not len(found) == len(masks) == len(truths) == len(true_masks) > 0:
        counts = ", ".join(str(len(given)) for given in (found, masks, truths, true_masks))
        raise ValueError(f"Give detections, masks, truth and true masks for the same pictures. Received: {counts}")
    rows, ious = zip(found, masks, truths, true_masks, strict=True), thresholds(iou)
    limit = None if limit is None else whole("limit", limit, 1)
    parts = [judge_masks(*row, ious, limit) for row in rows]
    ranked = Ranking(*(np.concatenate(field, axis=-1) for field in zip(*parts, strict=True)))
    labels, objects = np.unique(np.concatenate([np.asarray(truth.labels) for truth in truths]), return_counts=True)
    if not len(labels):
        raise ValueError("No picture has an object that counts, so there is no recall. Received: only empty truths")
    each = [counted(ranked, label, count)[:2] for label, count in zip(labels, objects, strict=True)]
    return float(np.mean([area_under(*lines) for both in each for lines in zip(*both, strict=True)]))


def judge_masks(
    found: Detections, masks: np.ndarray, truth: Truth, true_masks: np.ndarray, ious: np.ndarray, limit: int | None
) -> Ranking:
    """Judge one picture: each object is given once, to the surest mask of its class that overlaps it enough.

    Chapter: instances.
    """
    found, truth = checked_detections(found), checked_truth(truth)
    masks, true_masks = as_masks("masks", masks), as_masks("true_masks", true_masks)
    if len(masks) != len(found.labels) or len(true_masks) != len(truth.labels) or truth.ignore.any():
        told = f"{len(masks)} for {len(found.labels)}, {len(true_masks)} for {len(truth.labels)}"
        raise ValueError(f"Give a mask for each detection and object, none of them to ignore. Received: {told}")
    order = surest(found.labels, found.scores, limit)
    labels = found.labels[order]
    shared = np.where(labels[:, None] == truth.labels, mask_iou(masks[order], true_masks), -1)
    given = assign(shared[None], ious, truth.ignore[None])[:, 0]
    near = shared.max(axis=1, initial=-1) >= ious[:, None]
    return Ranking(labels, found.scores[order], given >= 0, given < 0, near)
