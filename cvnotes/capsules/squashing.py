"""A vector's length pressed below 1, and lengths whose gradient is finite everywhere."""

from __future__ import annotations

import keras
from keras import ops

Tensor = keras.KerasTensor

#: No root is taken of a smaller squared length, since a root has no slope at zero. float16 knows nothing smaller.
LEAST = {"float16": 1e-6}


def lengths(s: Tensor, axis: int = -1, keepdims: bool = False) -> Tensor:
    r"""Euclidean lengths :math:`\lVert s \rVert` along one axis, with a gradient of 0 at the zero vector.

    s: any shape; the axis goes, or stays with size 1. Lengths below 1e-6 (1e-3 in float16) are told too short; zero is
    told as zero. Chapter: capsules.
    """
    squared = ops.sum(ops.square(s), axis=axis, keepdims=keepdims)
    least = LEAST.get(keras.backend.standardize_dtype(squared.dtype), 1e-12)
    return squared / ops.sqrt(ops.maximum(squared, least))


def squash(s: Tensor, axis: int = -1) -> Tensor:
    r"""Keep the direction of each vector and press its length below 1.

    .. math:: v = \frac{\lVert s \rVert^2}{1 + \lVert s \rVert^2} \, \frac{s}{\lVert s \rVert}
                = \frac{\lVert s \rVert}{1 + \lVert s \rVert^2} \, s

    s: any shape; `axis` holds the numbers of a vector. The second form divides by nothing that can vanish: the zero
    vector stays zero, with gradient zero. Source: Sabour et al. (2017), equation 1. Chapter: capsules.
    """
    s = ops.convert_to_tensor(s)
    length = lengths(s, axis, keepdims=True)
    return s * (length / (1 + ops.square(length)))
