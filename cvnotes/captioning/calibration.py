"""Does a probability mean what it says? Chapter: captioning."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole


def reliability(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort answers into equal bins of confidence: mean confidence, share that is right, and number, for each bin.

    confidence: (n,) in [0, 1]; right: (n,) truth values. A bin includes its upper end; an empty one is left out.
    Raises ValueError for other shapes, values outside [0, 1] or no answer. Chapter: captioning.
    """
    confidence, right, bins = np.asarray(confidence, float), np.asarray(right, float), whole("bins", bins, 1)
    if confidence.ndim != 1 or confidence.shape != right.shape or not len(confidence):
        raise ValueError(f"Give one confidence and one truth an answer. Received: {confidence.shape}, {right.shape}")
    if not (confidence.min() >= 0 and confidence.max() <= 1):
        raise ValueError(f"Confidences lie in [0, 1]. Received: {confidence.min()} to {confidence.max()}")
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    full = counts > 0
    sums = [np.bincount(place, weights=values, minlength=bins)[full] for values in (confidence, right)]
    return sums[0] / counts[full], sums[1] / counts[full], counts[full]


def calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    r"""Expected calibration error: the mean distance of confidence and accuracy, bins weighed by their answers.

    .. math:: \mathrm{ECE} = \sum_b \frac{n_b}{n}\,\bigl|\,\mathrm{acc}_b - \mathrm{conf}_b\,\bigr|

    Arguments and errors as `reliability`. Source: Guo et al. (2017), equation 3. Chapter: captioning.
    """
    sure, right, counts = reliability(confidence, right, bins)
    return float(np.abs(sure - right) @ counts / counts.sum())
