"""How far one number of a deep layer sees, worked out on paper."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from cvnotes.checks import whole

from .dilated import reach, spread

KINDS = ("conv", "average", "max")


class Layer(NamedTuple):
    """One layer of a stack along one axis: taps, stride, dilation, zeros per side, and what is done with the window.

    kind: "conv", "average" or "max"; for how far a unit sees, all three are alike. Chapter: receptive_field.
    """

    kernel: int
    stride: int = 1
    dilation: int = 1
    padding: int = 0
    kind: str = "conv"


class Field(NamedTuple):
    """Receptive field along one axis, in input pixels: its size, the step to the neighbour's, where unit 0's starts."""

    size: int = 1
    jump: int = 1
    start: int = 0

    def span(self, unit: int = 0) -> tuple[int, int]:
        """First and last pixel in the field of a unit; below zero or past the end means padding."""
        first = self.start + unit * self.jump
        return first, first + self.size - 1

    def centre(self, unit: int = 0) -> float:
        """The middle of a unit's field, in pixels; a half for fields of even size."""
        return sum(self.span(unit)) / 2


def checked(layer: Layer) -> Layer:
    """Return a layer after reading its numbers, or raise a ValueError that names the bad one."""
    if layer.kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}. Received: kind={layer.kind!r}")
    least = {"kernel": 1, "stride": 1, "dilation": 1, "padding": 0}
    numbers = {name: whole(name, getattr(layer, name), low) for name, low in least.items()}
    return Layer(**numbers, kind=layer.kind)


def grow(field: Field, layer: Layer) -> Field:
    r"""Put one more layer on top of a stack.

    $$ r' = r + d(F-1)\,j, \qquad j' = S\,j, \qquad a' = a - P\,j $$

    field: size r, jump j and start a of the stack below;
    layer: kernel F, stride S, dilation d, padding P.
    Source: Araujo, Norris and Sim (2019), section 2. Chapter: receptive_field.
    """
    layer = checked(layer)
    return Field(
        size=field.size + (reach(layer.kernel, layer.dilation) - 1) * field.jump,
        jump=field.jump * layer.stride,
        start=field.start - layer.padding * field.jump,
    )


def fields(stack: Iterable[Layer]) -> list[Field]:
    """Follow the receptive field up a stack: one entry for the input itself, then one a layer."""
    found = [Field()]
    for layer in stack:
        found.append(grow(found[-1], layer))
    return found


def receptive_field(stack: Iterable[Layer]) -> Field:
    """Work out the receptive field of the last layer of a stack. Chapter: receptive_field."""
    return fields(stack)[-1]


def paths(stack: Sequence[Layer]) -> np.ndarray:
    """Count the ways that lead from each pixel of a unit's field up to the unit.

    One unit fans out to its taps, each of them to theirs, and so on down to the input;
    ways that meet add up. Returns (size of the field,) whole numbers; zero is a pixel
    inside the field that is never read.
    Raises ValueError where they are more than 64 bits can count. Chapter: receptive_field.
    """
    if (ways := math.prod(layer.kernel for layer in stack)) >= 2**63:
        raise ValueError(f"{ways:.1e} ways are too many for 64 bits. Use fewer layers.")
    counts = np.ones(1, int)
    for layer in reversed([checked(layer) for layer in stack]):
        taps = spread(np.ones(layer.kernel, int), layer.dilation)
        counts = np.convolve(spread(counts, layer.stride), taps)
    return counts


def levels(stack: Sequence[Layer]) -> list[np.ndarray]:
    """Give the units that one unit reads at every level, the input first, the unit itself last.

    Each is an array of indices into that level, counted so that the unit has index 0. Chapter: receptive_field.
    """
    found = [np.zeros(1, int)]
    for layer in reversed([checked(layer) for layer in stack]):
        taps = layer.dilation * np.arange(layer.kernel) - layer.padding
        found.append(np.unique(found[-1][:, None] * layer.stride + taps))
    return found[::-1]


def uniform(depth: int, kernel: int = 3, stride: int = 1, dilations: Sequence[int] = (1,)) -> list[Layer]:
    """Build a stack of equal layers whose dilations follow a list; the last one repeats. Chapter: receptive_field."""
    depth = whole("depth", depth, 1)
    if not dilations:
        raise ValueError(f"Give at least one dilation. Received: dilations={dilations!r}")
    rates = [*dilations, *[dilations[-1]] * depth][:depth]
    return [Layer(kernel, stride, rate) for rate in rates]
