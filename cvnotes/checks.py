"""Sizes as they are given: read once, or refused with a message that shows what came and what is wanted."""

from __future__ import annotations

Pair = tuple[int, int]


def whole(name: str, value: object, least: int, most: int | None = None) -> int:
    """Read `value` as an int from `least` to `most` (no upper end for None).

    NumPy's integers are welcome; truth values and floats are not, even whole ones.
    Raises ValueError that names the argument and shows what was received. Used by every chapter.
    """
    number = None if isinstance(value, bool) or not hasattr(value, "__index__") else value.__index__()
    if number is None or number < least or (most is not None and number > most):
        wanted = f"must be at least {least}" if most is None else f"must be a whole number from {least} to {most}"
        wanted = "must be a whole number" if number is None and most is None else wanted
        raise ValueError(f"{name} {wanted}. Received: {name}={value!r}")
    return number


def pair(name: str, value: int | Pair, least: int = 1) -> Pair:
    """Read a size given as one number or as (height, width), in pixels.

    Raises ValueError that names the argument for anything else. Used by every chapter.
    """
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2:
        raise ValueError(f"{name} must be one number or (height, width). Received: {name}={value!r}")
    return whole(name, both[0], least), whole(name, both[1], least)
