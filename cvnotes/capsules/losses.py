"""What a CapsNet is trained by: long vectors for what is there, short ones for the rest, and a picture redrawn."""

from __future__ import annotations

import keras
from keras import ops

from cvnotes.checks import number

Tensor = keras.KerasTensor


def margin_loss(
    labels: Tensor, lengths: Tensor, present: float = 0.9, absent: float = 0.1, down: float = 0.5
) -> Tensor:
    r"""A price on short vectors of classes that are there and on long ones of classes that are not, (n,).

    .. math:: L = \sum_k T_k \max(0,\, m^+ - \lVert v_k \rVert)^2
                + \lambda\, (1 - T_k) \max(0,\, \lVert v_k \rVert - m^-)^2

    labels: whole numbers (n,), or T itself (n, k), which may hold several ones. lengths: (n, k).
    present, absent, down: :math:`m^+, m^-, \lambda`. Raises ValueError for margins out of order or outside 0 to 1, and
    shapes that do not fit. Source: Sabour et al. (2017), equation 4. Chapter: capsules.
    """
    number("absent", absent, 0, number("present", present, 0, 1))
    number("down", down, 0)
    truth = one_hot(labels, lengths)
    missed = truth * ops.square(ops.relu(present - lengths))
    imagined = (1 - truth) * ops.square(ops.relu(lengths - absent))
    return ops.sum(missed + down * imagined, axis=-1)


def one_hot(labels: Tensor, lengths: Tensor) -> Tensor:
    """Labels (n,) as rows (n, k) of zeros and a one; rows (n, k) stay. Raises ValueError for other shapes."""
    labels, lengths = ops.convert_to_tensor(labels), ops.convert_to_tensor(lengths)
    shape, wanted = tuple(labels.shape), tuple(lengths.shape)
    if len(wanted) != 2 or len(shape) not in (1, 2) or (len(shape) == 2 and shape[1] != wanted[1]):
        raise ValueError(f"labels must be (n,) or (n, k) for lengths (n, k). Received: shapes {shape} and {wanted}")
    rows = ops.one_hot(ops.cast(labels, "int32"), wanted[1]) if len(shape) == 1 else labels
    return ops.cast(rows, lengths.dtype)


def reconstruction_loss(pictures: Tensor, redrawn: Tensor) -> Tensor:
    r"""The sum of squared differences of all pixels, (n,): :math:`\sum_p (x_p - \hat x_p)^2`.

    pictures: (n, ...), from 0 to 1; redrawn: the same shape. The paper adds 0.0005 of it to the margin loss, so that
    it does not dominate. Raises ValueError for other shapes. Source: Sabour et al. (2017), section 4.1.
    Chapter: capsules.
    """
    if tuple(pictures.shape)[1:] != tuple(redrawn.shape)[1:]:
        shapes = f"{tuple(pictures.shape)} and {tuple(redrawn.shape)}"
        raise ValueError(f"pictures and redrawn must have one shape. Received: {shapes}")
    pixels = tuple(range(1, len(pictures.shape)))
    return ops.sum(ops.square(ops.subtract(pictures, redrawn)), axis=pixels)
