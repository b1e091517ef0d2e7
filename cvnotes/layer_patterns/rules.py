"""The rules of thumb of 2015 as a checker: it reads any Keras model and says what it objects to, and why."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import keras

from cvnotes.models.graph import calls

from .tracing import Step, steps, trace

LATER, FIRST = 5, 7  # the widest window that the rules allow, and what they allow the first layer

Finding = tuple[str, str] | None  # numbers and mend


class Objection(NamedTuple):
    """Which layer breaks which rule, the numbers that show it, and what would mend it."""

    layer: str
    rule: str
    numbers: str
    mend: str


def small_window(step: Step, first: bool) -> Finding:
    """Convolve 3 x 3, at most 5 x 5; up to 7 x 7 in the first layer alone."""
    limit = FIRST if first else LATER
    if step.word != "CONV" or step.window <= limit:
        return None
    few = math.ceil((step.window - 1) / 2)
    return f"window of {step.window}, at most {limit} here", f"{few} layers of 3 see as far"


def stride_of_one(step: Step, first: bool) -> Finding:
    """Convolve at every pixel, and leave the shrinking to POOL."""
    if step.word != "CONV" or step.stride == 1:
        return None
    return f"steps by {step.stride}", f"stride 1, then POOL of {step.stride}"


def padding_keeps_the_side(step: Step, first: bool) -> Finding:
    """Pad so that the map does not shrink, but for the stride; a window as large as its map is a dense layer."""
    kept = math.ceil(step.size / step.stride)
    if step.word != "CONV" or step.out == kept or step.window == step.size:
        return None
    mend = f"P = {(step.window - 1) // 2}" if step.window % 2 else "an odd window"
    return f"{step.size} becomes {step.out}, not {kept}", mend


def windows_fit(step: Step, first: bool) -> Finding:
    """Let every pixel lie in some window."""
    if not step.dropped:
        return None
    if step.stride > step.window:
        return f"{step.dropped} of {step.size} pixels in no window", f"a window of {step.stride} or more"
    fits = step.size - step.dropped
    return f"{step.dropped} of {step.size} pixels in no window", f"a side of {fits} or {fits + step.stride}"


def gentle_pool(step: Step, first: bool) -> Finding:
    """Pool by 2 x 2, perhaps 3 x 3, with stride 2."""
    if step.word != "POOL" or (step.window <= 3 and step.stride == 2):
        return None
    return f"window of {step.window}, stride {step.stride}", "window and stride of 2"


RULES: dict[str, Callable[[Step, bool], Finding]] = {
    "small windows": small_window,
    "stride of one": stride_of_one,
    "padding keeps the side": padding_keeps_the_side,
    "windows fit": windows_fit,
    "gentle pools": gentle_pool,
}


def check(model: keras.Model) -> list[Objection]:
    """Hold a functional or sequential model against the rules of thumb, layer by layer, along both sides.

    Every objection names the layer, the rule, the numbers and a mend; none means that the model keeps the rules, not
    that it is good. Raises ValueError for a model without a graph.
    Source: Karpathy's CS231n notes, "Layer sizing patterns". Chapter: layer_patterns.
    """
    found = [objection for axis in (0, 1) for objection in _along(model, axis)]
    return list(dict.fromkeys(found))  # on square maps both sides say the same


def _along(model: keras.Model, axis: int) -> list[Objection]:
    called = calls(model)
    every = steps(called, called, axis)
    first = next((step for step in every if step.word == "CONV"), None)
    found = [
        Objection(step.layer, rule, *finding)
        for step in every
        for rule, look in RULES.items()
        if (finding := look(step, step is first))
    ]
    return _divisible(trace(model, axis)) + found


def _divisible(trail: list[Step]) -> list[Objection]:
    """Ask for an input side that all strides of the net divide."""
    if not trail:
        return []
    side, shrink = trail[0].size, math.prod(step.stride for step in trail)
    if side % shrink == 0:
        return []
    below = side // shrink * shrink
    sides = f"{below} or {below + shrink}" if below else f"{shrink}"
    twos = (side & -side).bit_length() - 1
    numbers = f"{side} halves evenly {twos} times, strides multiply to {shrink}"
    return [Objection("input", "sides halve evenly", numbers, f"a side of {sides}")]
