"""What one layer has to do: products, weights, bytes to move, and the roof that a machine puts over them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes.checks import Pair, whole

from .grouped import connections

KINDS = ("full", "grouped", "separable", "depthwise", "pointwise")


class Work(NamedTuple):
    """Multiply-accumulates, weights, and numbers read and written by one call of a layer on a batch."""

    macs: int
    weights: int
    moved: int

    @property
    def intensity(self) -> float:
        """Floating-point operations (two a product) for each byte moved, numbers of four bytes."""
        return 2 * self.macs / (4 * self.moved)


def steps(kind: str, width: int, kernel: int = 3, groups: int = 4) -> list[Pair]:
    """Give window and groups of each step of a layer: two steps for a separable one.

    Raises ValueError for a kind that is not among KINDS. Chapter: convolution_cost.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}. Received: kind={kind!r}")
    alone, mix = (kernel, width), (1, 1)
    return {
        "full": [(kernel, 1)],
        "grouped": [(kernel, groups)],
        "depthwise": [alone],
        "pointwise": [mix],
        "separable": [alone, mix],
    }[kind]


def work(
    kind: str,
    side: int,
    width: int,
    kernel: int = 3,
    batch: int = 1,
    groups: int = 4,
) -> Work:
    r"""Count a layer that keeps size and channels, without biases.

    A step has $F^2 D K / g$ weights and $N H W \cdot F^2 D K / g$ products; it reads its
    input and its weights once, and writes its output once.
    kind: one of KINDS; side: height and width of the map in pixels, whose border counts
    in full; width: channels in and out.
    Raises ValueError for another kind, sizes below 1, or groups that do not divide.
    Chapter: convolution_cost.
    """
    places = whole("batch", batch, 1) * whole("side", side, 1) ** 2
    width = whole("width", width, 1)
    weights = []
    for window, parts in steps(kind, width, whole("kernel", kernel, 1), groups):
        weights.append(window**2 * int(connections(width, width, parts).sum()))
    moved = sum(2 * places * width + each for each in weights)
    return Work(places * sum(weights), sum(weights), moved)


def roof(intensity: float | np.ndarray, ridge: float) -> np.ndarray:
    """Share of its best speed that a machine can reach, when memory feeds it and nothing is kept in a cache.

    intensity: operations for each byte moved; ridge: the intensity at which memory just keeps up, in the same unit.
    Raises ValueError for a ridge of 0 or below. Source: Williams et al. (2009). Chapter: convolution_cost.
    """
    if not ridge > 0:
        raise ValueError(f"ridge must be above 0 operations for each byte. Received: ridge={ridge!r}")
    return np.minimum(1.0, np.asarray(intensity) / ridge)
