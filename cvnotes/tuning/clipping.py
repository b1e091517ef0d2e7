"""Three ways to shorten gradients that are too long. Lists of arrays in, lists of arrays out. Chapter: tuning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvnotes.checks import number

Gradients = Sequence[np.ndarray]


def clip_by_value(gradients: Gradients, limit: float) -> list[np.ndarray]:
    r"""Cut every number at :math:`\pm c`: :math:`g \leftarrow \min(\max(g, -c), c)`.

    gradients: one array for each weight array. limit: c, above 0. Keras: `clipvalue=c`.
    Raises ValueError for a limit that is not above 0, and for numbers that are not finite. Chapter: tuning.
    """
    gradients, limit = _checked(gradients, limit)
    return [np.clip(g, -limit, limit) for g in gradients]


def clip_by_norm(gradients: Gradients, limit: float) -> list[np.ndarray]:
    r"""Shorten each array by itself: :math:`g \leftarrow g \cdot \min(1, c / \lVert g \rVert)`.

    Keras: `clipnorm=c`. Arguments and errors as in `clip_by_value`. Chapter: tuning.
    """
    gradients, limit = _checked(gradients, limit)
    return [g * (limit / max(global_norm([g]), limit)) for g in gradients]


def clip_by_global_norm(gradients: Gradients, limit: float) -> list[np.ndarray]:
    r"""Shorten all arrays by one factor, :math:`\min(1, c / N)` with :math:`N^2 = \sum_i \lVert g_i \rVert^2`.

    Keras: `global_clipnorm=c`. Arguments and errors as in `clip_by_value`.
    Source: Pascanu, Mikolov and Bengio (2013), algorithm 1. Chapter: tuning.
    """
    gradients, limit = _checked(gradients, limit)
    shrink = limit / max(global_norm(gradients), limit)
    return [g * shrink for g in gradients]


RULES = {
    "by value": ("clipvalue", clip_by_value),
    "by norm": ("clipnorm", clip_by_norm),
    "by global norm": ("global_clipnorm", clip_by_global_norm),
}


def global_norm(gradients: Gradients) -> float:
    """The Euclidean length of all gradients laid end to end; 0 for none. Chapter: tuning."""
    flat = _end_to_end(gradients)
    most = np.abs(flat).max(initial=0.0)
    return float(most * np.linalg.norm(flat / most)) if 0 < most < np.inf else float(most)  # no square overflows


def cosine(one: Gradients, other: Gradients) -> float:
    """The cosine of the angle between two lists of arrays, each laid end to end.

    Raises ValueError for arrays of other shapes, and for gradients that are all zero or not finite. Chapter: tuning.
    """
    shapes, others = ([np.shape(g) for g in gradients] for gradients in (one, other))
    lengths = global_norm(one), global_norm(other)
    if shapes != others or not all(0 < length < np.inf for length in lengths):
        raise ValueError(
            f"An angle needs two directions of equal shapes. Received: shapes {shapes} and {others}, "
            f"lengths {lengths[0]:g} and {lengths[1]:g}"
        )
    return float((_end_to_end(one) / lengths[0]) @ (_end_to_end(other) / lengths[1]))


def _end_to_end(gradients: Gradients) -> np.ndarray:
    flat = np.concatenate([np.zeros(0), *(np.ravel(g) for g in gradients)])
    if flat.dtype.kind != "f":
        raise ValueError(f"Give arrays of numbers. Received: {flat.dtype}")
    return flat


def _checked(gradients: Gradients, limit: float) -> tuple[list[np.ndarray], float]:
    """Gradients as arrays and the limit as a plain float, which keeps float32."""
    limit = number("limit", limit, above=0)
    arrays = [np.asarray(g) for g in gradients]
    if not arrays or not all(g.dtype.kind in "fiu" for g in arrays):
        raise ValueError(f"Give a list of arrays of numbers. Received: {[str(g.dtype) for g in arrays]}")
    if not all(np.isfinite(g).all() for g in arrays):
        raise ValueError("Gradients must be finite: no rule shortens NaN. Received: others among them.")
    return arrays, float(limit)
