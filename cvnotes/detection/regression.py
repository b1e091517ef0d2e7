"""Box regressors: from what a net sees in a proposal, how to move and stretch it onto the object.

Chapter: rcnn.
"""

from __future__ import annotations

import numpy as np

from cvnotes import boxes as geometry
from cvnotes.boxes.detections import checked_labels
from cvnotes.checks import number, whole

PLAIN = (1.0, 1.0, 1.0, 1.0)  # offsets as the paper has them, not divided by anything
NEAR = 0.6  # least IoU of a proposal that a regressor learns from


def ridge(x: np.ndarray, targets: np.ndarray, strength: float) -> np.ndarray:
    r"""Least squares with short weights, in closed form; the row of constants is not held short.

    .. math:: W = \arg\min_W \lVert T - X W - 1 b^\top \rVert^2 + \lambda \lVert W \rVert^2
        = (X_c^\top X_c + \lambda I)^{-1} X_c^\top T_c

    with columns centred (c). x: (n, d); targets: (n, k). Returns (d + 1, k), the constants b in the last row.
    Raises ValueError for rows that do not pair, none at all, or a strength that is not above 0.
    Source: Girshick et al. (2014), appendix C. Chapter: rcnn.
    """
    x, targets = np.asarray(x, np.float64), np.asarray(targets, np.float64)
    number("strength", strength, above=0)
    if x.ndim != 2 or targets.ndim != 2 or len(x) != len(targets) or not len(x):
        raise ValueError(f"Give rows x (n, d) and targets (n, k), and some. Received: {x.shape} and {targets.shape}")
    mean, aim = x.mean(axis=0), targets.mean(axis=0)
    centred = x - mean
    weights = np.linalg.solve(centred.T @ centred + strength * np.eye(x.shape[1]), centred.T @ (targets - aim))
    return np.vstack([weights, aim - mean @ weights])


def linear(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Apply weights (d + 1, k), the constants in the last row, to rows x (n, d). Chapter: rcnn."""
    return np.asarray(x) @ weights[:-1] + weights[-1]


def fit_regressors(
    seen: np.ndarray, proposals: np.ndarray, truth: np.ndarray, labels: np.ndarray, classes: int, strength: float
) -> np.ndarray:
    """Fit one ridge regression a class, from what the net saw in proposals to their offsets: (classes, d + 1, 4).

    seen: (n, d); proposals and the true box of each: (n, 4); labels: (n,). Pairs of IoU up to 0.6 are left out; a
    class without pairs gets zeros, which leave its boxes where they are.
    Raises ValueError as `ridge`, for rows that do not pair, and for a label that is none of the classes.
    Source: Girshick et al. (2014), appendix C. Chapter: rcnn.
    """
    seen, classes = np.asarray(seen), whole("classes", classes, 1)
    labels = checked_labels(labels, len(seen))
    if seen.ndim != 2 or len(proposals) != len(seen) or labels.max(initial=0) >= classes:
        told = f"seen {seen.shape}, {len(proposals)} proposals, labels up to {labels.max(initial=0)}"
        raise ValueError(f"Give seen (n, d), n proposals, and labels below {classes}. Received: {told}")
    near = paired_iou(proposals, truth) > NEAR
    offsets = geometry.encode(truth, proposals, variances=PLAIN)
    found = np.zeros((classes, np.shape(seen)[1] + 1, 4), np.float32)
    for label in range(classes):
        chosen = near & (labels == label)
        if chosen.any():
            found[label] = ridge(seen[chosen], offsets[chosen], strength)
    return found


def moved(seen: np.ndarray, proposals: np.ndarray, labels: np.ndarray, regressors: np.ndarray) -> np.ndarray:
    r"""Move proposals by the regressor of their class.

    .. math:: \hat x = w\,t_x + x, \quad \hat y = h\,t_y + y, \quad \hat w = w\,e^{t_w}, \quad \hat h = h\,e^{t_h}

    with middles x, y. seen: (n, d); proposals: (n, 4); labels: (n,); regressors: (classes, d + 1, 4).
    Source: Girshick et al. (2014), appendix C, equations 1 to 4. Chapter: rcnn.
    """
    if not len(proposals):
        return np.zeros((0, 4), np.float32)
    chosen = regressors[labels]
    offsets = np.einsum("nd,ndk->nk", seen, chosen[:, :-1]) + chosen[:, -1]
    return geometry.decode(offsets, proposals, variances=PLAIN)


def paired_iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """IoU of row i of both, (n,). Chapter: rcnn."""
    from keras import ops

    return ops.convert_to_numpy(geometry.paired_iou(boxes, others))
