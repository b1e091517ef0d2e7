"""Sizes and numbers as they are given: read once, or refused with a message that shows what came and what is wanted."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Iterable

Pair = tuple[int, int]


def whole(name: str, value: object, least: int, most: int | None = None) -> int:
    """Read `value` as an int from `least` to `most` (no upper end for None).

    NumPy's integers are welcome; truth values and floats are not, even whole ones.
    Raises ValueError that names the argument and shows what was received. Used by every chapter.
    """
    try:
        count = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        count = None
    if count is None or count < least or (most is not None and count > most):
        wanted = f"must be at least {least}" if most is None else f"must be a whole number from {least} to {most}"
        wanted = "must be a whole number" if count is None and most is None else wanted
        raise ValueError(f"{name} {wanted}. Received: {name}={value!r}")
    return count


def number(
    name: str,
    value: object,
    least: float = -math.inf,
    most: float = math.inf,
    *,
    above: float = -math.inf,
    below: float = math.inf,
) -> float:
    """Read `value` as a finite float, from `least` to `most`, above `above` and below `below`.

    NumPy's numbers are welcome; truth values and words are not.
    Raises ValueError that names the argument and shows what was received. Used by every chapter.
    """
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not (real and least <= value <= most and above < value < below):
        words = {"from": least, "above": above, "to": most, "below": below}
        ends = " ".join(f"{word} {end:g}" for word, end in words.items() if math.isfinite(end))
        raise ValueError(f"{name} must be a number{ends and ' ' + ends}. Received: {name}={value!r}")
    return float(value)


def pair(name: str, value: int | Pair, least: int = 1) -> Pair:
    """Read a size given as one number or as (height, width), in pixels.

    Raises ValueError that names the argument for anything else. Used by every chapter.
    """
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2:
        raise ValueError(f"{name} must be one number or (height, width). Received: {name}={value!r}")
    return whole(name, both[0], least), whole(name, both[1], least)


def choice(name: str, value: object, known: Iterable[object]) -> object:
    """Read one of the `known` values; a truth value is not taken for 0 or 1.

    Raises ValueError that names the argument and lists what is known. Used by every chapter.
    """
    known = tuple(known)
    if value not in known or (isinstance(value, bool) and not any(value is one for one in known)):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}. Received: {name}={value!r}")
    return value
