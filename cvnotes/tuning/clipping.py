"""Three ways to shorten gradients that are too long. Lists of arrays in, lists of arrays out. Chapter: tuning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Gradients = Sequence[np.ndarray]


def clip_by_value(gradients: Gradients, limit: float) -> list[np.ndarray]:
    r"""Cut every number at :math:`\pm c`: :math:`g \leftarrow \min(\max(g, -c), c)`.

    gradients: one array for each weight array. limit: c, above 0. Keras: `clipvalue=c`.
    Raises ValueError for a limit that is not above 0, and for numbers that are not finite. Chapter: tuning.
    """
    return [np.clip(g, -limit, limit) for g in _checked(gradients, limit)]


def clip_by_norm(gradients: Gradients, limit: float) -> list[np.ndarray]:
    r"""Shorten each array by itself: :math:`g \leftarrow g \cdot \min(1, c / \lVert g \rVert)`.

    Keras: `clipnorm=c`. Arguments and errors as in `clip_by_value`. Chapter: tuning.
    """
    return [g * limit / max(np.linalg.norm(g), limit) for g in _checked(gradients, limit)]


def clip_by_global_norm(gradients: Gradients, limit: float) -> list[np.ndarray]:
    r"""Shorten all arrays by one factor, :math:`\min(1, c / N)` with :math:`N^2 = \sum_i \lVert g_i \rVert^2`.

    Keras: `global_clipnorm=c`. Arguments and errors as in `clip_by_value`.
    Source: Pascanu, Mikolov and Bengio (2013), algorithm 1. Chapter: tuning.
    """
    gradients = _checked(gradients, limit)
    shrink = limit / max(global_norm(gradients), limit)
    return [g * shrink for g in gradients]


RULES = {
    "by value": ("clipvalue", clip_by_value),
    "by norm": ("clipnorm", clip_by_norm),
    "by global norm": ("global_clipnorm", clip_by_global_norm),
}


def global_norm(gradients: Gradients) -> float:
    """The Euclidean length of all gradients laid end to end. Chapter: tuning."""
    return float(np.sqrt(sum(np.sum(np.square(g, dtype=float)) for g in gradients)))


def cosine(one: Gradients, other: Gradients) -> float:
    """The cosine of the angle between two lists of arrays, each laid end to end. Chapter: tuning."""
    inner = sum(np.sum(np.multiply(a, b, dtype=float)) for a, b in zip(one, other, strict=True))
    return float(inner / (global_norm(one) * global_norm(other)))


def _checked(gradients: Gradients, limit: float) -> list[np.ndarray]:
    if isinstance(limit, bool) or not isinstance(limit, (int, float, np.number)) or not 0 < limit < np.inf:
        raise ValueError(f"limit must be a number above 0. Received: limit={limit!r}")
    arrays = [np.asarray(g) for g in gradients]
    if not arrays or not all(np.isfinite(g).all() for g in arrays):
        raise ValueError("Gradients must be finite: no rule shortens NaN. Received: none, or others among them.")
    return arrays
