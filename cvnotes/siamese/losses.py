"""Distances between codes, and the two losses that shape them: contrastive and triplet. Chapter: siamese."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from cvnotes.checks import number

Tensor = Any  # an array or a tensor of whichever framework Keras runs on


def distances(a: Tensor, b: Tensor, squared: bool = False) -> Tensor:
    r"""Euclidean distance of two codes, row by row: (n, d) and (n, d) -> (n,).

    .. math:: d_i = \lVert a_i - b_i \rVert_2

    squared: give :math:`d_i^2`. Where two codes are equal the slope of the root is taken as 0, not as infinite.
    Raises ``ValueError`` unless both are rows of codes of one shape. Chapter: siamese.
    """
    a, b = _codes(a=a, b=b)
    if not alike(a.shape, b.shape):
        raise ValueError(f"Give as many codes on both sides, of one length. Received: {_shape(a)} and {_shape(b)}")
    square = ops.sum(ops.square(a - b), axis=-1)
    return square if squared else _root(square)


def pairwise_distances(a: Tensor, b: Tensor | None = None, squared: bool = False) -> Tensor:
    r"""Euclidean distance of every code to every other: (n, d) and (m, d) -> (n, m).

    .. math:: D_{ij} = \lVert a_i - b_j \rVert_2

    b: a itself unless given. squared: give :math:`D_{ij}^2`.
    Written with differences, which hold n m d numbers at once: the shorter way over
    :math:`|a|^2 + |b|^2 - 2 a b^\top` loses small distances to rounding.
    Raises ``ValueError`` unless both are rows of codes of one length. Chapter: siamese.
    """
    a, b = _codes(a=a, b=a if b is None else b)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"Codes must have one length. Received: {_shape(a)} and {_shape(b)}")
    square = ops.sum(ops.square(a[:, None, :] - b[None, :, :]), axis=-1)
    return square if squared else _root(square)


def contrastive_loss(distance: Tensor, same: Tensor, margin: float = 1.0) -> Tensor:
    r"""Pull a pair of the same kind together, push a pair of two kinds apart up to a margin: a loss for each pair.

    .. math:: L = \tfrac12\, y\, d^2 + \tfrac12\, (1 - y)\, \max(0,\, m - d)^2

    distance: :math:`d \ge 0`, any shape. same: :math:`y`, 1 or True where a pair is of one kind, else 0, of that
    shape. margin: :math:`m > 0`, in the unit of the distance.
    Raises ``ValueError`` for two shapes, for a margin of 0 or less, and where an array says neither 1 nor 0.
    Source: Hadsell, Chopra and LeCun (2006), equation 4, whose Y is 1 for pairs of *two* kinds. Chapter: siamese.
    """
    margin = number("margin", margin, above=0)
    distance, same = floats(distance, truths("same", same))
    one_shape(distance=distance, same=same)
    pull, push = ops.square(distance), ops.square(ops.relu(margin - distance))
    return (same * pull + (1 - same) * push) / 2


def triplet_loss(to_positive: Tensor, to_negative: Tensor, margin: float = 1.0) -> Tensor:
    r"""Ask that the negative be further from the anchor than the positive, by a margin: a loss for each triplet.

    .. math:: L = \max(0,\, d_{ap} - d_{an} + m)

    to_positive: :math:`d_{ap}`, to_negative: :math:`d_{an}`, distances from the anchor, of one shape. Schroff and
    colleagues take squared distances of codes of length 1, Hermans and colleagues plain ones: give whichever you mean.
    margin: :math:`m > 0`, in the unit of these distances.
    Raises ``ValueError`` for two shapes, and for a margin of 0 or less.
    Source: Schroff, Kalenichenko and Philbin (2015), equation 3. Chapter: siamese.
    """
    margin = number("margin", margin, above=0)
    to_positive, to_negative = floats(to_positive, to_negative)
    one_shape(to_positive=to_positive, to_negative=to_negative)
    return ops.relu(to_positive - to_negative + margin)


def _root(square: Tensor) -> Tensor:
    """The root with slope 0 at 0: automatic differentiation would make infinity times zero of it, which is NaN.

    NaN stays NaN: a distance of 0 would hide that a net has come apart.
    """
    none = ops.equal(square, 0)
    return ops.where(none, ops.zeros_like(square), ops.sqrt(ops.where(none, ops.ones_like(square), square)))


def floats(*values: Tensor) -> list[Tensor]:
    """Read arrays, lists or tensors as tensors of one kind of floats: the widest that came, float32 for whole numbers.

    Raises ``ValueError`` for what is no number. Chapters: siamese, tracking, capsules.
    """
    tensors = [ops.convert_to_tensor(value) for value in values]
    kinds = [keras.backend.standardize_dtype(each.dtype) for each in tensors]
    if any(word in kind for kind in kinds for word in ("complex", "string")):
        raise ValueError(f"Give real numbers. Received: {', '.join(kinds)}")
    return [ops.cast(each, keras.backend.result_type(*kinds, float)) for each in tensors]


def truths(name: str, value: Tensor) -> Tensor:
    """Hand on what is 1 or 0 everywhere; raises ``ValueError`` for an array or a list that holds anything else.

    What Keras hands over while it trains is taken on trust: its numbers are not known yet. Chapters: siamese, tracking.
    """
    if isinstance(value, (list, tuple, np.ndarray)) and not np.isin(value, (0, 1)).all():
        raise ValueError(f"{name} must be 1 (True) or 0 (False) everywhere. Received: {name}={value!r:.80}")
    return value


def one_shape(**two: Tensor) -> None:
    """Refuse two shapes, which would be stretched against each other. Chapters: siamese, tracking, capsules."""
    (first, a), (second, b) = two.items()
    if not alike(a.shape, b.shape):
        raise ValueError(f"{first} and {second} must have one shape. Received: {_shape(a)} and {_shape(b)}")


def _codes(**two: Tensor) -> list[Tensor]:
    """Read rows of codes, twice."""
    values = floats(*two.values())
    for name, value in zip(two, values, strict=True):
        if len(value.shape) != 2:
            shape = _shape(value)
            raise ValueError(f"{name} must be rows of codes, (number, length). Received: {name} of shape {shape}")
    return values


def alike(shape: tuple, other: tuple) -> bool:
    """Whether two shapes are equal as far as they are known: None is not known yet. Chapters: siamese, capsules."""
    return len(shape) == len(other) and all(m == n or None in (m, n) for m, n in zip(shape, other, strict=True))


def _shape(value: Tensor) -> tuple:
    return tuple(value.shape)
