"""Propose, describe, classify: a detector of three parts, none of them a net. Chapter: selective_search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from skimage.feature import hog
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from cvnotes.boxes import Detections, Truth, class_nms, iou, truths
from cvnotes.boxes.formats import rows as read_rows
from cvnotes.data import Scenes

from .proposals import selective_search

SIDE, PROPOSALS, OTHERS = 24, 50, 15  # pixels of a crop; boxes of a picture; of those, lessons in what is nothing
NEAR, FAR, SURE = 0.6, 0.4, 0.8  # IoU of a lesson in an object, and in nothing; the least score of a detection


def crops(image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Cut boxes (n, 4) out of a picture (h, w, c) and bring them to one size: (n, 24, 24, c), nearest pixels.

    Raises ValueError for a box that leaves the picture. Chapter: selective_search.
    """
    boxes, share = read_rows("boxes", boxes).astype(float), (np.arange(SIDE) + 0.5) / SIDE
    columns, rows = (
        (boxes[:, i, None] + share * (boxes[:, i + 2, None] - boxes[:, i, None])).astype(int) for i in (0, 1)
    )
    if any(((place < 0) | (place >= most)).any() for place, most in ((rows, len(image)), (columns, image.shape[1]))):
        raise ValueError(f"Boxes lie in the picture, boxes.clip cuts them. Received: {boxes.tolist()!r:.80}")
    return image[rows[:, :, None], columns[:, None, :]]


def features(patches: np.ndarray) -> np.ndarray:
    """Describe crops (n, 24, 24, c) by histograms of oriented gradients, 9 blocks of 2 x 2 cells of 6 pixels: (n, 288).

    Source: Dalal and Triggs (2005), by scikit-image. Chapter: selective_search.
    """
    found = [
        hog(patch, orientations=8, pixels_per_cell=(6, 6), cells_per_block=(2, 2), channel_axis=-1) for patch in patches
    ]
    return np.array(found).reshape(len(patches), -1)


def lessons(image: np.ndarray, truth: Truth, background: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose the boxes of a picture to learn from, and their classes: those near a true one, and a few far from all.

    Raises ValueError for a picture without objects.
    """
    if not len(truth.boxes):
        raise ValueError("Give pictures with objects to learn from. Received: a truth without boxes")
    proposed = selective_search(image, limit=PROPOSALS)
    overlaps = iou(proposed, truth.boxes)
    best, which = overlaps.max(1), overlaps.argmax(1)
    near, far = np.flatnonzero(best >= NEAR), np.flatnonzero(best < FAR)
    far = far[np.linspace(0, len(far) - 1, min(OTHERS, len(far))).astype(int)]
    labels = [truth.labels, truth.labels[which[near]], np.full(len(far), background)]
    return np.concatenate([truth.boxes, proposed[near], proposed[far]]), np.concatenate(labels)


def train(scenes: Scenes) -> LinearDiscriminantAnalysis:
    """Learn the classes of scenes, and one more for nothing, from the features of proposals.

    Chapter: selective_search.
    """
    x, y = [], []
    for image, truth in zip(scenes.images, truths(scenes), strict=True):
        chosen, labels = lessons(image, truth, len(scenes.classes))
        x.append(features(crops(image, chosen)))
        y.append(labels)
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1).fit(np.concatenate(x), np.concatenate(y))


def classify(classifier: LinearDiscriminantAnalysis, image: np.ndarray, proposed: np.ndarray) -> Detections:
    """Name each box (n, 4) of a picture; drop what is nothing, unsure, or found twice. Chapter: selective_search."""
    chances = classifier.predict_proba(features(crops(image, proposed)))[:, :-1]
    labels, scores = chances.argmax(1), chances.max(1)
    sure = np.flatnonzero(scores >= SURE)
    kept = sure[class_nms(proposed[sure], scores[sure], labels[sure], 0.3)]
    return Detections(proposed[kept], scores[kept], labels[kept])


def detect(classifier: LinearDiscriminantAnalysis, images: Sequence[np.ndarray]) -> list[Detections]:
    """Propose, describe, classify: what is found in each picture (h, w, c). Chapter: selective_search."""
    return [classify(classifier, image, selective_search(image, limit=PROPOSALS)) for image in images]
