"""Shift and scale: statistics are fitted once, on training data, and applied to whatever comes later."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes.checks import whole

Axes = int | tuple[int, ...]
LARGEST = 1e150  # of the numbers that can be squared and summed


class Scaling(NamedTuple):
    """What was learned from the training data: each feature's shift and its scale (never zero), ready to broadcast."""

    shift: np.ndarray
    scale: np.ndarray


def fit_centre(x: np.ndarray, axis: Axes = 0) -> Scaling:
    r"""Learn the mean alone: $x - \mu$.

    x: (N, ...) finite numbers. axis: what the mean runs over; 0 gives every feature its own, (0, 1, 2) every channel of
    pictures (N, H, W, C); 0, the rows, must be among them. Raises ValueError for no rows, NaN, numbers beyond 1e150,
    what is not a number, and other axes. Chapter: preprocessing.
    """
    mean = numbers(x).mean(axis=_axes(axis), keepdims=True)
    return Scaling(mean, np.ones_like(mean))


def fit_standard(x: np.ndarray, axis: Axes = 0) -> Scaling:
    r"""Learn mean and standard deviation: $(x - \mu) / \sigma$ has mean 0 and variance 1 on the data fitted.

    A constant feature gets the scale 1, so that it becomes 0 and what it does later stays in its own units.
    Arguments and errors as `fit_centre`. Chapter: preprocessing.
    """
    x, axis = numbers(x), _axes(axis)
    deviation = x.std(axis=axis, keepdims=True)
    return Scaling(x.mean(axis=axis, keepdims=True), _no_zero(deviation, x, axis))


def fit_range(x: np.ndarray, low: float = -1.0, high: float = 1.0, axis: Axes = 0) -> Scaling:
    r"""Learn minimum and maximum: the data fitted will fill $[\text{low}, \text{high}]$, later data may leave it.

    A constant feature gets the scale 1 and becomes `low`. Arguments and errors as `fit_centre`, and ValueError unless
    low < high. Chapter: preprocessing.
    """
    if not -np.inf < low < high < np.inf:
        raise ValueError(f"low must be less than high, both finite. Received: low={low!r}, high={high!r}")
    x, axis = numbers(x), _axes(axis)
    least, most = x.min(axis=axis, keepdims=True), x.max(axis=axis, keepdims=True)
    scale = _no_zero((most - least) / (high - low), x, axis)
    return Scaling(least - low * scale, scale)


def apply(fitted: Scaling, x: np.ndarray) -> np.ndarray:
    """Shift and scale: (x - shift) / scale. Gives float64 for float64, float32 for everything else, bytes included.

    x: shaped as the data fitted, with any number of rows. Raises ValueError where the shapes differ.
    Chapter: preprocessing.
    """
    kind = np.result_type(np.asarray(x).dtype if np.asarray(x).dtype.kind == "f" else np.float32, np.float32)
    x = _fits(fitted, x)
    return ((x - fitted.shift) / fitted.scale).astype(kind)


def undo(fitted: Scaling, y: np.ndarray) -> np.ndarray:
    """Go back: y * scale + shift, as float64. Arguments and errors as `apply`. Chapter: preprocessing."""
    return _fits(fitted, y) * fitted.scale + fitted.shift


def numbers(x: np.ndarray) -> np.ndarray:
    """Read data (N, ...) as float64, so that neither bytes wrap nor sums of float32 lose digits.

    Raises ValueError for no rows, for NaN and infinity, for numbers whose squares overflow, and for what is no number.
    Chapter: preprocessing.
    """
    array = np.asarray(x)
    if array.dtype.kind not in "iuf" or array.ndim == 0 or array.size == 0:
        raise ValueError(
            f"Give numbers with an axis or more and at least one row. Received: {array.dtype}, {array.shape}"
        )
    array = array.astype(float)
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise ValueError(f"One NaN spoils a mean: repair or drop it first. Received: {bad} values that are not finite")
    if np.abs(array).max() > LARGEST:
        raise ValueError(f"Squares of such numbers overflow: take another unit. Received: {np.abs(array).max():g}")
    return array


def _axes(axis: Axes) -> Axes:
    """The axes that statistics run over: the rows are among them, since later data may have any number of rows."""
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    if 0 not in [whole("axis", a, 0) for a in axes]:
        raise ValueError(f"axis must hold 0, the rows: what is fitted is kept for other rows. Received: axis={axis!r}")
    return axes


def _no_zero(scale: np.ndarray, x: np.ndarray, axis: Axes) -> np.ndarray:
    """Rounding gives the deviation of a constant 0.1 as 1e-17, so constancy is asked of the data themselves.

    What varies by so little that its square is 0 counts as constant, too.
    """
    constant = x.max(axis=axis, keepdims=True) == x.min(axis=axis, keepdims=True)
    return np.where(constant | (scale == 0), 1.0, scale)


def _fits(fitted: Scaling, x: np.ndarray) -> np.ndarray:
    if not isinstance(fitted, Scaling):
        raise TypeError(f"Give what was fitted first, then the data. Received: {type(fitted).__name__}")
    x = numbers(x)
    wide = np.shape(fitted.shift)
    if x.ndim != len(wide) or any(n not in (1, m) for n, m in zip(wide[1:], x.shape[1:], strict=True)):
        raise ValueError(f"Fitted on features of shape {wide[1:]}. Received: {x.shape[1:]} behind {x.shape[:1]} rows")
    return x
