"""The linear classifier: one score for each class, the ones column, and training to the very bottom."""

from __future__ import annotations

import numpy as np

from .losses import softmax_loss
from .neighbours import _rows

Decay = np.ndarray | float  # L2 strength, one for all weights or (D, 1), one for each row of them


def flatten(images: np.ndarray) -> np.ndarray:
    """Lay the pixels of each picture in a row: (N, H, W, D) -> (N, H * W * D). Chapter: linear_classifiers."""
    images = np.asarray(images)
    if images.ndim < 2:
        raise ValueError(f"flatten takes a batch of pictures, (N, ...). Received: shape {images.shape}")
    return images.reshape(len(images), -1)


def linear_scores(x: np.ndarray, weights: np.ndarray, bias: np.ndarray):
    """Score each row for each class, $xW + b$.

    x (N, D), weights (D, C), bias (C,) -> (N, C).
    Raises ValueError where the sizes do not fit. Chapter: linear_classifiers.
    """
    x, weights, bias = _rows("x", x), np.asarray(weights), np.asarray(bias)
    if x.shape[1:] + bias.shape != weights.shape:
        raise ValueError(
            "weights must be (pixels, classes), bias (classes,). "
            f"Received: x {x.shape}, weights {weights.shape}, bias {bias.shape}"
        )
    return x @ weights + bias


def with_ones(x: np.ndarray, constant: float = 1.0):
    """Append a column that always holds `constant`: (N, D) -> (N, D + 1). Chapter: linear_classifiers."""
    x = _rows("x", x)
    return np.hstack([x, np.full((len(x), 1), constant, np.result_type(x, float(constant)))])


def penalised_loss(w: np.ndarray, x: np.ndarray, labels: np.ndarray, decay: Decay):
    r"""Softmax loss with an L2 term, and its gradient with respect to w.

    .. math:: \ell(xW) + \frac12 \sum_{p, c} \lambda_p W_{pc}^2

    w: (D, C); x: (N, D); labels: (N,); decay: one strength, or (D, 1), one a row.
    Chapter: linear_classifiers.
    """
    loss, slope = softmax_loss(x @ w, labels)
    penalty = 0.5 * float((decay * w**2).sum())
    return loss + penalty, x.T @ slope + decay * w


def train_softmax(x: np.ndarray, labels: np.ndarray, decay: Decay = 0.0, steps: int = 5000):
    """Train a weight matrix (D, C) on rows x (N, D) until the gradient is gone: L-BFGS from zero.

    decay: one L2 strength, or (D, 1), one for each row of weights.
    Raises ValueError if it does not arrive, as happens where classes can be told apart
    and nothing holds the weights. Chapter: linear_classifiers.
    """
    from scipy.optimize import minimize

    x = _rows("x", x).astype(float)
    shape = x.shape[1], int(np.max(labels)) + 1
    decay = np.broadcast_to(np.asarray(decay, float), (shape[0], 1))

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = penalised_loss(flat.reshape(shape), x, labels, decay)
        return loss, gradient.ravel()

    options = {"maxiter": steps, "maxfun": 2 * steps, "ftol": 0, "gtol": 1e-7}
    found = minimize(objective, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options)
    if np.abs(found.jac).max() > 1e-5:
        raise ValueError(
            f"no bottom after {found.nit} steps: the gradient is still {np.abs(found.jac).max():.1g}. "
            f"Classes that can be told apart need decay > 0. Received: decay={decay.max():g}"
        )
    return found.x.reshape(shape)


def paired_ceiling(labels: np.ndarray) -> float:
    r"""Give the best share of x and 1 - x that a linear classifier can get right, $\tfrac12(1 + \max_c p_c)$.

    Of the pairs of a class both can only be right if that class wins by its constants alone; one class can.
    labels: (N,) of the pictures x. Chapter: linear_classifiers.
    """
    return 0.5 * (1 + float(np.bincount(labels).max() / len(labels)))
