"""A vector's length pressed below 1, and lengths whose gradient is finite everywhere."""

from __future__ import annotations

import keras
from keras import ops

from cvnotes.siamese.losses import floats

Tensor = keras.KerasTensor

LEAST = 1e-12  # no root is taken of a smaller squared length, since a root has no slope at zero


def lengths(s: Tensor, axis: int = -1, keepdims: bool = False) -> Tensor:
    r"""Euclidean lengths :math:`\lVert s \rVert` along one axis, with a gradient of 0 at the zero vector.

    s: any shape; the axis goes, or stays with size 1. Lengths below 1e-6 are told too short; zero is told as zero.
    Half precision is computed in float32, where squares do not overflow. Chapter: capsules.
    """
    wide, kind = widened(s)
    squared = ops.sum(ops.square(wide), axis=axis, keepdims=keepdims)
    return ops.cast(squared / ops.sqrt(ops.maximum(squared, LEAST)), kind)


def squash(s: Tensor, axis: int = -1) -> Tensor:
    r"""Keep the direction of each vector and press its length below 1.

    .. math:: v = \frac{\lVert s \rVert^2}{1 + \lVert s \rVert^2} \, \frac{s}{\lVert s \rVert}
                = \frac{\lVert s \rVert}{1 + \lVert s \rVert^2} \, s

    s: any shape; `axis` holds the numbers of a vector. The second form divides by nothing that can vanish: the zero
    vector stays zero, with gradient zero. Source: Sabour et al. (2017), equation 1. Chapter: capsules.
    """
    wide, kind = widened(s)
    length = lengths(wide, axis, keepdims=True)
    return ops.cast(wide * (length / (1 + ops.square(length))), kind)


def widened(s: Tensor) -> tuple[Tensor, str]:
    """Read numbers as floats of 32 bits or more, and tell the kind of floats that they came as. Chapter: capsules."""
    (s,) = floats(s)
    kind = keras.backend.standardize_dtype(s.dtype)
    return ops.cast(s, "float64" if kind == "float64" else "float32"), kind
