"""Two designs at one price: widths scaled until parameters or multiply-accumulates are equal."""

from __future__ import annotations

from dataclasses import replace

from cvnotes import models
from cvnotes.checks import choice, whole

from .building import sketch
from .grammar import Pattern

PRICES = ("parameters", "macs")


def cost(pattern: Pattern, price: str, input_shape: tuple[int, int, int] = (32, 32, 3), classes: int = 10) -> int:
    """Count the parameters or the multiply-accumulates ("macs") of a pattern's net on one picture.

    Raises ValueError for another price. Chapter: layer_patterns.
    """
    choice("price", price, PRICES)
    return getattr(models.profile(sketch(pattern, input_shape, classes)), price)


def match(
    pattern: Pattern, target: int, price: str, input_shape: tuple[int, int, int] = (32, 32, 3), classes: int = 10
) -> Pattern:
    """Scale the widths of a pattern, all by one factor, until its price comes as near to `target` as whole filters can.

    Between an eighth and eight times the widths that it has; the price grows with the widths, so halving the
    interval finds the place. Raises ValueError for another price and a target below 1. Chapter: layer_patterns.
    """
    target, low, high = whole("target", target, 1), 1 / 8, 8.0
    best: list[tuple[int, Pattern]] = []
    for _ in range(16):
        middle = (low * high) ** 0.5
        scaled = _scaled(pattern, middle)
        price_now = cost(scaled, price, input_shape, classes)
        best.append((abs(price_now - target), scaled))
        low, high = (low, middle) if price_now > target else (middle, high)
    return min(best, key=lambda pair: pair[0])[1]


def _scaled(pattern: Pattern, factor: float) -> Pattern:
    return replace(pattern, width=tuple(max(1, round(width * factor)) for width in pattern.widths))
