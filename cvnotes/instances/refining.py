"""Step six: a coarse mask for each class, read from the codes, and a vote of small segments. Chapter: instances."""

from __future__ import annotations

import numpy as np

from cvnotes import boxes as geometry
from cvnotes.detection.colour_spaces import to_space
from cvnotes.detection.proposals import as_pixels
from cvnotes.detection.regression import linear, ridge
from cvnotes.detection.segments import segment

from .pasting import cut, paste

CELLS, WIDER = 10, 1.2  # cells of a side of a coarse mask; how much wider than the region its box is
NEAR, STRENGTH, SHARE = 0.5, 30.0, 0.25  # least IoU of a lesson; strength of the ridge; what the region itself counts


def widened(boxes: np.ndarray, factor: float = WIDER) -> np.ndarray:
    """Stretch boxes (n, 4) about their middles, so that what a region lacks has room. Chapter: instances."""
    middle, size = np.split(geometry.convert(boxes, "xyxy", "center_xywh"), 2, axis=-1)
    return np.concatenate([middle - factor * size / 2, middle + factor * size / 2], axis=-1).astype(np.float32)


def coarse(masks: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Read masks (n, h, w) in a few cells of their widened boxes: float16 (n, 10, 10). Chapter: instances."""
    return cut(masks, widened(boxes), CELLS).astype(np.float16)


def fit_masks(codes: np.ndarray, aims: np.ndarray, labels: np.ndarray, iou: np.ndarray, classes: int) -> np.ndarray:
    """Fit a ridge regression a class, from codes (n, d) to coarse masks (n, 10, 10): (classes, d + 1, 100).

    Regions that share less than a half with the object are left out; a class without any gets zeros.
    Source: Hariharan et al. (2014), section 3.4 (there a logistic regression a cell). Chapter: instances.
    """
    found = np.zeros((classes, codes.shape[1] + 1, CELLS**2), np.float32)
    for label in range(classes):
        chosen = (iou >= NEAR) & (labels == label)
        if chosen.any():
            found[label] = ridge(codes[chosen], aims[chosen].reshape(-1, CELLS**2), STRENGTH)
    return found


def guessed(
    codes: np.ndarray, boxes: np.ndarray, labels: np.ndarray, weights: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Guess the mask of each region from its code and class, pasted to the picture: (n, h, w), about 0 to 1.

    Chapter: instances.
    """
    cells = [linear(code, weights[label]).reshape(CELLS, CELLS) for code, label in zip(codes, labels, strict=True)]
    return paste(np.reshape(cells, (-1, CELLS, CELLS)), widened(boxes), size)


def mixed(chances: np.ndarray, masks: np.ndarray, share: float = SHARE) -> np.ndarray:
    r"""Weigh guesses (n, h, w) against the regions (n, h, w) that they are to correct.

    .. math:: (1 - s)\, p + s\, r

    so that a pixel of the region stays unless the guess is well against it. Chapter: instances.
    """
    return (1 - share) * chances + share * masks


def superpixels(image: np.ndarray, scale: float = 10, sigma: float = 0.5, min_size: int = 5) -> np.ndarray:
    """Cut a picture into many small segments of like pixels: numbers from 0, (h, w). Chapter: instances."""
    return segment(to_space(as_pixels(image), "hsv"), scale, sigma, min_size)


def vote(chances: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """Take a segment in or leave it out as a whole, by its mean chance: (n, h, w), (h, w) -> bool (n, h, w).

    segments: whole numbers from 0. Raises ValueError for others, and for chances of another size.
    Source: Hariharan et al. (2014), section 3.4 (there a classifier judges each superpixel). Chapter: instances.
    """
    chances, segments = numbered(chances, segments)
    count, flat = int(segments.max(initial=0)) + 1, segments.ravel()
    sums = (
        np.stack([np.bincount(flat, one.ravel(), count) for one in chances]) if len(chances) else np.zeros((0, count))
    )
    return (sums / np.maximum(np.bincount(flat, minlength=count), 1) > 0.5)[:, segments]


def numbered(chances: np.ndarray, segments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read chances (n, h, w) and the number of each pixel's segment (h, w). Raises ValueError as `vote`."""
    chances, segments = np.asarray(chances), np.asarray(segments)
    fits = segments.ndim == 2 and chances.shape[1:] == segments.shape and np.isfinite(chances).all()
    if not fits or segments.dtype.kind not in "iu" or segments.min(initial=0) < 0:
        told = f"{segments.dtype} {segments.shape}, and chances {chances.shape}"
        raise ValueError(f"Give finite chances, and the number of each pixel's segment, from 0. Received: {told}")
    return chances, segments
