"""Two losses on scores, with their gradients: the multiclass hinge and softmax cross-entropy."""

from __future__ import annotations

from typing import Any

import numpy as np

from cvnotes.checks import number

__all__ = ["hinge_loop", "hinge_loss", "hinge_losses", "softmax", "softmax_loss", "softmax_losses"]


def hinge_loop(scores: Any, labels: Any, margin: float = 1.0) -> float:
    r"""Mean multiclass hinge loss, written as the formula reads.

    .. math:: \frac1N \sum_i \sum_{j \neq y_i} \max(0,\, s_{ij} - s_{i y_i} + m)

    scores: (N, C). labels: (N,), whole numbers below C. The slow twin of `hinge_loss`.
    Raises what `hinge_loss` raises. Chapter: losses.
    """
    scores, labels, _ = _batch(scores, labels)
    total, margin = 0.0, number("margin", margin, 0)
    for row, label in zip(scores, labels, strict=True):
        for j, score in enumerate(row):
            if j != label:
                total += max(0.0, score - row[label] + margin)
    return total / len(labels)


def hinge_losses(scores: Any, labels: Any, margin: float = 1.0) -> np.ndarray:
    """The hinge loss of each picture, (N,); otherwise as `hinge_loss`."""
    scores, labels, rows = _batch(scores, labels)
    excess = np.maximum(0, scores - scores[rows, labels][:, None] + number("margin", margin, 0))
    excess[rows, labels] = 0
    return excess.sum(axis=1)


def hinge_loss(
    scores: Any,
    labels: Any,
    margin: float = 1.0,
) -> tuple[float, np.ndarray]:
    r"""Mean multiclass hinge loss and its (sub)gradient with respect to the scores.

    .. math::
        L = \frac1N \sum_i \sum_{j \neq y_i} \max(0,\, s_{ij} - s_{i y_i} + m), \qquad
        \frac{\partial L}{\partial s_{ij}} = \frac1N [s_{ij} - s_{i y_i} + m > 0]
        \quad (j \neq y_i),

    and the right class gets minus the sum of the others. At a kink the slope is taken
    as 0.

    scores: (N, C), any floats (whole numbers become float64). labels: (N,), whole
    numbers from 0 to C - 1.
    Returns the loss and a gradient (N, C) in the type of the scores.
    Raises ValueError for shapes that do not fit, labels out of range, scores that are
    not finite, a margin below 0.
    Source: Weston and Watkins (1999). Chapter: losses.
    """
    scores, labels, rows = _batch(scores, labels)
    excess = scores - scores[rows, labels][:, None] + number("margin", margin, 0)
    excess[rows, labels] = 0
    pays = (excess > 0).astype(scores.dtype)
    gradient = pays.copy()
    gradient[rows, labels] -= pays.sum(axis=1)
    return float((excess * pays).sum() / len(scores)), gradient / len(scores)


def softmax(scores: Any) -> np.ndarray:
    r"""Probabilities :math:`e^{s_j} / \sum_k e^{s_k}` of each row of scores (N, C).

    The largest score is subtracted first, which changes nothing but the size of the
    exponentials. Chapter: losses.
    """
    scores = _floats(scores)
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def softmax_losses(scores: Any, labels: Any) -> np.ndarray:
    """The softmax loss of each picture, (N,); otherwise as `softmax_loss`."""
    scores, labels, rows = _batch(scores, labels)
    return -_log_softmax(scores)[rows, labels]


def softmax_loss(scores: Any, labels: Any) -> tuple[float, np.ndarray]:
    r"""Mean softmax cross-entropy and its gradient with respect to the scores.

    .. math::
        L = -\frac1N \sum_i \log \frac{e^{s_{i y_i}}}{\sum_j e^{s_{ij}}}, \qquad
        \frac{\partial L}{\partial s_{ij}} = \frac1N \bigl(p_{ij} - [j = y_i]\bigr)

    with the probabilities :math:`p` of `softmax`. Computed as score minus log-sum-exp,
    which cannot overflow.

    scores: (N, C), any floats (whole numbers become float64). labels: (N,), whole
    numbers from 0 to C - 1.
    Returns the loss and a gradient (N, C) in the type of the scores.
    Raises ValueError for shapes that do not fit, labels out of range or scores that are
    not finite. Chapter: losses.
    """
    scores, labels, rows = _batch(scores, labels)
    log_p = _log_softmax(scores)
    gradient = np.exp(log_p)
    gradient[rows, labels] -= 1
    return float(-log_p[rows, labels].mean()), gradient / len(scores)


def _log_softmax(scores: np.ndarray) -> np.ndarray:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _floats(values: Any) -> np.ndarray:
    array = np.asarray(values)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _batch(scores: Any, labels: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores as floats, labels as they are, and the numbers of the rows; ValueError where they do not fit."""
    scores, labels = _floats(scores), np.asarray(labels)
    if scores.ndim != 2 or labels.shape != scores.shape[:1] or scores.size == 0:
        raise ValueError(
            "Give scores (N, C), a row for each picture, and one label for each row (N,). "
            f"Received: scores {scores.shape}, labels {labels.shape}"
        )
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= scores.shape[1]:
        raise ValueError(
            f"Labels must be whole numbers from 0 to {scores.shape[1] - 1}, as there are {scores.shape[1]} scores a "
            f"row. Received: {labels.dtype} from {labels.min()} to {labels.max()}"
        )
    if not np.isfinite(scores).all():
        bad = int((~np.isfinite(scores)).sum())
        raise ValueError(
            f"Scores must be finite: if training made them so, take smaller steps. Received: {bad} of {scores.size} "
            "that are nan or infinite"
        )
    return scores, labels, np.arange(len(scores))
