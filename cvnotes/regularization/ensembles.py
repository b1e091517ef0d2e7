"""Several nets with one answer: averages of probabilities, of scores, of weights. Chapter: regularization."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvnotes.checks import whole

from .given import floats


def _members(probabilities: np.ndarray) -> np.ndarray:
    p = floats("probabilities", probabilities).astype(float)
    if p.ndim != 3 or p.size == 0 or p.min() < 0 or not np.allclose(p.sum(-1), 1, atol=1e-4):
        sums = f", sums {p.sum(-1).min():g} to {p.sum(-1).max():g}" if p.ndim and p.size else ""
        raise ValueError(f"Give probabilities (members, n, classes) that add up to 1. Received: shape {p.shape}{sums}")
    return p


def _labelled(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    p, labels = floats("probabilities", probabilities).astype(float), np.asarray(labels)
    if p.ndim < 2 or labels.shape != p.shape[-2:-1] or labels.size == 0 or not np.isfinite(p).all():
        wanted = "Give probabilities (..., n, classes), all finite, and n labels"
        raise ValueError(f"{wanted}. Received: shapes {p.shape} and {labels.shape}")
    for label in (labels.min(), labels.max()):
        whole("label", label, 0, p.shape[-1] - 1)
    return p, labels


def arithmetic(probabilities: np.ndarray) -> np.ndarray:
    """Average the probabilities of k members (k, n, classes): (n, classes).

    Raises ValueError for other shapes and for rows that are no probabilities. Chapter: regularization.
    """
    return _members(probabilities).mean(0)


def geometric(probabilities: np.ndarray) -> np.ndarray:
    """Average their logarithms and make the rows add up to 1 again: what averaged scores give.

    Shapes and errors as in `arithmetic`. Chapter: regularization.
    """
    logs = np.log(np.maximum(_members(probabilities), 1e-300)).mean(0)
    product = np.exp(logs - logs.max(-1, keepdims=True))
    return product / product.sum(-1, keepdims=True)


def losses(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The log loss of every picture, -log p of its label, in nats: (..., n).

    probabilities: (..., n, classes); labels: (n,). Raises ValueError for other shapes and for a label that is no
    class. Chapter: regularization.
    """
    p, labels = _labelled(probabilities, labels)
    return -np.log(np.maximum(p[..., np.arange(len(labels)), labels], 1e-300))


def accuracies(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The share of pictures named rightly, for each member or average: (...).

    Arguments and errors as in `losses`. Chapter: regularization.
    """
    p, labels = _labelled(probabilities, labels)
    return (p.argmax(-1) == labels).mean(-1)


def averaged_weights(members: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    """Average the arrays of several nets of one shape, one by one.

    Raises ValueError for no net, or nets that differ in their shapes. Chapter: regularization.
    """
    shapes = [[np.shape(array) for array in member] for member in members]
    if not shapes or any(other != shapes[0] for other in shapes):
        raise ValueError(f"Give the weights of one net or of several of one shape. Received: shapes {shapes}")
    return [np.mean(arrays, axis=0) for arrays in zip(*members, strict=True)]
