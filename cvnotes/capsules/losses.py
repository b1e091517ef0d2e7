"""What a CapsNet is trained by: long vectors for what is there, short ones for the rest, and a picture redrawn."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from cvnotes.checks import number
from cvnotes.siamese.losses import alike, floats, one_shape

Tensor = keras.KerasTensor


def margin_loss(
    labels: Tensor, lengths: Tensor, present: float = 0.9, absent: float = 0.1, down: float = 0.5
) -> Tensor:
    r"""A price on short vectors of classes that are there and on long ones of classes that are not, (n,).

    .. math:: L = \sum_k T_k \max(0,\, m^+ - \lVert v_k \rVert)^2
                + \lambda\, (1 - T_k) \max(0,\, \lVert v_k \rVert - m^-)^2

    labels: whole numbers (n,), or T itself (n, k), which may hold several ones. lengths: (n, k).
    present, absent, down: :math:`m^+, m^-, \lambda`. Raises ValueError for margins out of order or outside 0 to 1,
    shapes that do not fit, and an array of labels that name no class.
    Source: Sabour et al. (2017), equation 4. Chapter: capsules.
    """
    number("absent", absent, 0, number("present", present, 0, 1))
    number("down", down, 0)
    (lengths,) = floats(lengths)
    truth = one_hot(labels, lengths)
    missed = truth * ops.square(ops.relu(present - lengths))
    imagined = (1 - truth) * ops.square(ops.relu(lengths - absent))
    return ops.sum(missed + down * imagined, axis=-1)


def one_hot(labels: Tensor, lengths: Tensor) -> Tensor:
    """Labels (n,) as rows (n, k) of zeros and a one; rows (n, k) stay.

    Raises ValueError for other shapes, and for an array of labels that are not 0 to k - 1, or of rows beyond 0 to 1;
    what Keras hands over while it trains is taken on trust. Chapter: capsules.
    """
    rows, wanted = ops.convert_to_tensor(labels), tuple(lengths.shape)
    if len(wanted) != 2 or not (alike(rows.shape, wanted) or alike(rows.shape, wanted[:1])):
        shapes = f"{tuple(rows.shape)} and {wanted}"
        raise ValueError(f"labels must be (n,) or (n, k) for lengths (n, k). Received: shapes {shapes}")
    single = len(rows.shape) == 1
    if isinstance(labels, (list, tuple, np.ndarray)):
        _check_classes(np.asarray(labels, float), wanted[1] - 1 if single else 1, single)
    return ops.cast(ops.one_hot(ops.cast(rows, "int32"), wanted[1]) if single else rows, lengths.dtype)


def _check_classes(labels: np.ndarray, most: int, whole: bool) -> None:
    if not ((labels >= 0) & (labels <= most)).all() or (whole and (labels % 1).any()):
        kind = "whole numbers" if whole else "rows of numbers"
        raise ValueError(f"labels must be {kind} from 0 to {most}. Received: labels={labels!r:.80}")


def reconstruction_loss(pictures: Tensor, redrawn: Tensor) -> Tensor:
    r"""The sum of squared differences of all pixels, (n,): :math:`\sum_p (x_p - \hat x_p)^2`.

    pictures: (n, ...), from 0 to 1; redrawn: the same shape. The paper adds 0.0005 of it to the margin loss, so that
    it does not dominate. Raises ValueError for other shapes. Source: Sabour et al. (2017), section 4.1.
    Chapter: capsules.
    """
    pictures, redrawn = floats(pictures, redrawn)
    one_shape(pictures=pictures, redrawn=redrawn)
    pixels = tuple(range(1, len(pictures.shape)))
    return ops.sum(ops.square(pictures - redrawn), axis=pixels)
