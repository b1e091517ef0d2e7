"""Follow one side of the map through a model, and say at each window which pixels it never sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from cvnotes.checks import Pair, choice
from cvnotes.convolution.sizes import same_padding
from cvnotes.models.graph import Call, calls
from cvnotes.models.rules import cost

from .reading import longest_way, word_of


@dataclass(frozen=True)
class Step:
    """One window on its way along a side of the map, in pixels.

    word: CONV or POOL; window: from its first to its last tap, which are `dilation` apart; size, out: the side of the
    map before and behind the layer; zeros: what is added before and after, by the layer or by a ZeroPadding2D in front.
    """

    layer: str
    word: str
    window: int
    stride: int
    dilation: int
    size: int
    out: int
    zeros: Pair = (0, 0)

    @property
    def dropped(self) -> int:
        """Pixels along this side that no window covers."""
        return self.size - int(back(self, np.ones(self.out, bool)).sum())


def back(step: Step, wanted: np.ndarray) -> np.ndarray:
    """Mark the pixels (size,) that the marked numbers (out,) of a layer look at. Chapter: layer_patterns."""
    taps = np.arange(0, step.window, step.dilation) - step.zeros[0]
    seen = (np.flatnonzero(wanted)[:, None] * step.stride + taps).ravel()
    found = np.zeros(step.size, bool)
    found[seen[(seen >= 0) & (seen < step.size)]] = True
    return found


def trace(model: keras.Model, axis: int = 0) -> list[Step]:
    """List every convolution and pooling along the longest way of a model, along its height (axis 0) or width (1).

    Raises ValueError for a model without a graph, and for another axis. Chapter: layer_patterns.
    """
    choice("axis", axis, (0, 1))
    every = calls(model)
    return steps(every, longest_way(every), axis)


def steps(every: Sequence[Call], chosen: Sequence[Call], axis: int) -> list[Step]:
    """Turn the chosen calls of a model into steps; what is no window over a map is left out."""
    makers = {id(value): call for call in every for value in call.outputs}
    windows = [c for c in chosen if word_of(c.operation) in ("CONV", "POOL") and len(c.outputs[0].shape) == 3]
    return [_step(call, axis, makers) for call in windows]


def _step(call: Call, axis: int, makers: Mapping[int, Call]) -> Step:
    layer, given, out = call.operation, call.inputs[0].shape[axis], call.outputs[0].shape[axis]
    price = cost(layer, [value.shape for value in call.inputs], call.outputs[0].shape)
    window, stride = price.window[axis], int(price.step[axis])
    dilation = getattr(layer, "dilation_rate", (1, 1))[axis]
    before, after = _explicit(makers.get(id(call.inputs[0])), axis)
    inside = same_padding(given, window, stride) if getattr(layer, "padding", "valid") == "same" else (0, 0)
    zeros = before + inside[0], after + inside[1]
    return Step(call.name, word_of(layer), window, stride, dilation, given - before - after, out, zeros)


def _explicit(maker: Call | None, axis: int) -> Pair:
    """Give the zeros that a ZeroPadding2D in front of a layer has added along one axis."""
    padding = maker is not None and type(maker.operation).__name__ == "ZeroPadding2D"
    return tuple(maker.operation.padding[axis]) if padding else (0, 0)


def unseen(trail: Sequence[Step]) -> int:
    """Count the pixels along a side of the picture that reach no number at the end of a trail of steps.

    Follows the windows backwards, through steps that come one behind the other. Chapter: layer_patterns.
    """
    if not trail:
        return 0
    wanted = np.ones(trail[-1].out, bool)
    for step in reversed(trail):
        wanted = back(step, wanted)
    return int(len(wanted) - wanted.sum())
