"""Gradients by finite differences, and the checker that holds hand-derived ones against them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cvnotes.checks import number, whole

Function = Callable[[np.ndarray], Any]  # of an array, gives one number
Place = tuple[int, ...]

__all__ = ["GradientCheck", "check_gradient", "kinks", "numerical_gradient", "relative_error"]


def numerical_gradient(
    f: Function,
    x: Any,
    h: float = 1e-5,
    centred: bool = True,
) -> np.ndarray:
    r"""The gradient of f at x by finite differences, one number of x at a time.

    .. math::
        \frac{\partial f}{\partial x_i} \approx \frac{f(x + h e_i) - f(x - h e_i)}{2h}
        \quad\text{or}\quad \frac{f(x + h e_i) - f(x)}{h}

    The centred form (first) has an error of order :math:`h^2` and calls ``f`` 2n times
    for n numbers; the forward form has one of order :math:`h` and calls it n + 1 times.
    Both lose digits when ``h`` is too small.

    x: float array of any shape, never changed. f: takes an array like ``x``, gives one
    number.
    Returns an array of the shape and type of ``x``.
    Raises ValueError for an ``x`` of whole numbers, an ``h`` that is not above 0, or an
    ``f`` of more than one number. Chapter: gradients.
    """
    x, h = _floats("x", x).copy(), number("h", h, above=0)
    start = None if centred else _number(f(x))
    slopes = [_slope(f, x, place, h, start) for place in np.ndindex(x.shape)]
    return np.array(slopes, x.dtype).reshape(x.shape)


def _slope(
    f: Function,
    x: np.ndarray,
    place: Place,
    h: float,
    start: float | None,
) -> float:
    """Nudge one number of x and put it back: centred, or forward from f(x) = start."""
    kept = x[place]
    x[place] = kept + h
    up = _number(f(x))
    if start is None:
        x[place] = kept - h
        up, start, h = up, _number(f(x)), 2 * h
    x[place] = kept
    return (up - start) / h


def relative_error(a: Any, b: Any) -> float:
    r"""How far two arrays of one shape are apart, measured by the larger.

    .. math:: \|a - b\| \,/\, \max(\|a\|, \|b\|)

    Euclidean norms over all numbers; 0 for two arrays of zeros, 1 if one of them is
    zero, 2 for opposites.
    Raises ValueError for unequal shapes. Chapter: gradients.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        raise ValueError(f"Both must have one shape. Received: {a.shape} and {b.shape}")
    largest = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / largest) if largest else 0.0


@dataclass(frozen=True, repr=False)
class GradientCheck:
    """What `check_gradient` found: the worst number, where it is, and both slopes.

    worst: relative error there. gradient, ruler: the two slopes. kink: whether the
    slopes to the left and to the right of that place differ, so that there is no single
    one to find. checked: how many numbers were held against the ruler.
    """

    worst: float
    where: Place
    passed: bool
    gradient: float
    ruler: float
    kink: bool
    checked: int
    tolerance: float

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        """The verdict in words; where it fails, the place and both slopes."""
        if self.passed:
            return f"passed: {self.checked} numbers, relative error at most {self.tolerance:g}"
        place = f"[{', '.join(map(str, self.where))}]"
        hint = "; a kink is near" if self.kink else ""
        return f"FAILED at {place}: the gradient says {self.gradient:.4g}, the ruler {self.ruler:.4g}{hint}"


def check_gradient(
    f: Function,
    x: Any,
    gradient: Any,
    h: float = 1e-5,
    tolerance: float = 1e-6,
    *,
    samples: int | None = None,
    seed: int = 0,
) -> GradientCheck:
    r"""Hold a gradient against centred differences of ``f`` at ``x``, number by number.

    .. math:: |g - \hat g| \le \text{tolerance} \cdot \max(|g|, |\hat g|, \text{floor})

    The floor keeps numbers from being judged that the ruler cannot see: a thousandth of
    the largest slope, and what rounding alone can add, divided by the tolerance.

    x: float64, any shape. gradient: as x. samples: check only so many places, drawn by
    ``seed``; all if None.
    Raises ValueError for an ``x`` or an ``f`` in single precision (its rounding would
    fail a correct gradient), shapes that differ, values that are not finite. Chapter:
    gradients.
    """
    x, gradient = _double(x).copy(), _like(gradient, x)
    h = _nudge(h, x)
    places, tolerance = _places(x.shape, samples, seed), number("tolerance", tolerance, above=0)
    rounding = np.finfo(float).eps * abs(_number(_in_double(f(x)))) / h
    ours = np.array([gradient[place] for place in places])
    ruler = np.array([_slope(f, x, place, h, None) for place in places])
    errors = _errors(ours, ruler, rounding / tolerance)
    at = int(np.argmax(errors))
    return GradientCheck(
        worst=float(errors[at]),
        where=places[at],
        passed=bool(errors[at] <= tolerance),
        gradient=float(ours[at]),
        ruler=float(ruler[at]),
        kink=bool(kinks(f, x, h, places=[places[at]]).any()),
        checked=len(places),
        tolerance=tolerance,
    )


def _errors(ours: np.ndarray, ruler: np.ndarray, unseen: float) -> np.ndarray:
    """How far each slope is off, as a share of the larger of the two or of the floor."""
    larger = np.maximum(np.abs(ours), np.abs(ruler))
    floor = max(1e-3 * larger.max(), unseen, np.finfo(float).tiny)
    return np.abs(ours - ruler) / np.maximum(larger, floor)


def kinks(f: Function, x: Any, h: float = 1e-5, places: Iterable[Place] | None = None) -> np.ndarray:
    r"""Mark the numbers of x within h of a kink of f: booleans of the shape of x.

    The slopes to the right and to the left of a smooth place differ by :math:`h f''`,
    half as much for half the step. Where their difference does not shrink so, a kink is
    near. Steps h, h/2 and h/4 are compared, so that no distance escapes.

    x: float64. places: look only there. Chapter: gradients.
    """
    x = _double(x).copy()
    h = _nudge(h, x)
    start, found = _number(f(x)), np.zeros(x.shape, bool)
    for place in np.ndindex(x.shape) if places is None else places:
        whole_gap, *gaps = (_gap(f, x, place, share * h, start) for share in (1, 1 / 2, 1 / 4))
        noise = 64 * np.finfo(float).eps * abs(start) / h
        bent = [abs(gap - share * whole_gap) for gap, share in zip(gaps, (1 / 2, 1 / 4), strict=True)]
        found[place] = max(bent) > 0.1 * abs(whole_gap) + noise
    return found


def _gap(f: Function, x: np.ndarray, place: Place, h: float, start: float) -> float:
    """The slope to the right minus the slope to the left."""
    return _slope(f, x, place, h, start) - _slope(f, x, place, -h, start)


def _places(shape: tuple[int, ...], samples: int | None, seed: int) -> list[Place]:
    places = list(np.ndindex(shape))
    if not places:
        raise ValueError(f"There is nothing to check in an empty array. Received: shape {shape}")
    if samples is None or whole("samples", samples, 1) >= len(places):
        return places
    chosen = np.random.default_rng(seed).choice(len(places), samples, replace=False)
    return [places[i] for i in sorted(chosen)]


def _in_double(value: Any) -> Any:
    if any(short in str(getattr(value, "dtype", "")) for short in ("float32", "float16")):
        raise ValueError(f"Compute f in double precision to check a gradient. Received: {value.dtype}")
    return value


def _number(value: Any) -> float:
    if np.ndim(value):
        raise ValueError(f"f must give one number. Received: an array of shape {np.shape(value)}")
    return float(value)


def _nudge(h: float, x: np.ndarray) -> float:
    if (x + number("h", h, above=0) == x).any():  # every slope there would be 0, and a gradient of zeros would pass
        raise ValueError(
            f"h must be large enough to move x: beside {np.abs(x).max():g} it is lost in {x.dtype}. Received: h={h!r}"
        )
    return float(h)


def _floats(name: str, values: Any) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise ValueError(
            f"{name} must be an array of finite floats: whole numbers cannot be nudged by a little. "
            f"Received: {array.dtype} of shape {array.shape}"
        )
    return array


def _double(x: Any) -> np.ndarray:
    x = _floats("x", x)
    if x.dtype != np.float64:
        raise ValueError(
            "Check gradients in double precision: in single precision rounding alone looks like a bug. "
            f"Pass x.astype('float64'), and let f compute in it. Received: {x.dtype}"
        )
    return x


def _like(gradient: Any, x: np.ndarray) -> np.ndarray:
    gradient = _floats("gradient", gradient)
    if gradient.shape != x.shape:
        raise ValueError(f"The gradient must have the shape of x, {x.shape}. Received: {gradient.shape}")
    return gradient
