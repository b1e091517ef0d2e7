"""Several nets with one answer: averages of probabilities, of scores, of weights. Chapter: regularization."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def _members(probabilities: np.ndarray) -> np.ndarray:
    p = np.asarray(probabilities, float)
    if p.ndim != 3 or p.size == 0 or p.min() < 0 or not np.allclose(p.sum(-1), 1, atol=1e-4):
        raise ValueError(f"Give probabilities (members, n, classes) that add up to 1. Received: shape {p.shape}")
    return p


def arithmetic(probabilities: np.ndarray) -> np.ndarray:
    """Average the probabilities of k members (k, n, classes): (n, classes). Chapter: regularization."""
    return _members(probabilities).mean(0)


def geometric(probabilities: np.ndarray) -> np.ndarray:
    """Average their logarithms and make the rows add up to 1 again: what averaged scores give.

    Chapter: regularization.
    """
    logs = np.log(np.maximum(_members(probabilities), 1e-300)).mean(0)
    product = np.exp(logs - logs.max(-1, keepdims=True))
    return product / product.sum(-1, keepdims=True)


def losses(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The log loss of every picture, -log p of its label, in nats: (..., n). Chapter: regularization."""
    return -np.log(np.maximum(np.asarray(probabilities)[..., np.arange(len(labels)), labels], 1e-300))


def accuracies(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The share of pictures named rightly, for each member or average: (...). Chapter: regularization."""
    return (np.asarray(probabilities).argmax(-1) == labels).mean(-1)


def averaged_weights(members: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    """Average the arrays of several nets of one shape, one by one. Chapter: regularization."""
    return [np.mean(arrays, axis=0) for arrays in zip(*members, strict=True)]
