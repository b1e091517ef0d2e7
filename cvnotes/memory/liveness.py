"""Which activations are alive when: layer after layer in inference, forward and back in training.

Chapter: memory.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import keras

from cvnotes.models.graph import Call, Shape, Value, calls

__all__ = ["Moment", "peak", "timeline"]


class Moment(NamedTuple):
    """One call of a layer, forward or backward: numbers alive for one example while it runs.

    activations: outputs of layers that are still needed; gradients: of activations, on their way down;
    own: the inputs and outputs of this very call, the least that it could do with.
    """

    name: str
    backward: bool
    activations: int
    gradients: int
    own: int

    @property
    def values(self) -> int:
        """Activations and gradients together."""
        return self.activations + self.gradients


def timeline(model: keras.Model, *, training: bool = False, input_shape: Shape | None = None) -> list[Moment]:
    """Follow the activations of one example through a model, each dropped as soon as no later call needs it.

    In inference that is after the last layer that reads it. In training all are kept for the way back; there each is
    dropped with its gradient when the layer that made it is done. Pictures are counted, their gradients never made.
    Raises ValueError for a model without a graph. Chapter: memory.
    """
    found = calls(model, input_shape)
    return _forward(found, drop=not training) + (_backward(found) if training else [])


def peak(model: keras.Model, *, training: bool = False, input_shape: Shape | None = None) -> int:
    """The most numbers alive at one time, for one example. Chapter: memory."""
    return max(moment.values for moment in timeline(model, training=training, input_shape=input_shape))


def _forward(found: list[Call], drop: bool) -> list[Moment]:
    last = {id(value): step for step, call in enumerate(found) for value in (*call.outputs, *call.inputs)}
    alive: dict[int, Value] = {}
    moments = []
    for step, call in enumerate(found):
        alive |= {id(value): value for value in call.outputs}
        moments.append(Moment(call.name, False, _size(alive), 0, _own(call)))
        if drop:
            alive = {key: value for key, value in alive.items() if last[key] > step}
    return moments


def _backward(found: list[Call]) -> list[Moment]:
    alive = {id(value): value for call in found for value in call.outputs}
    pictures = {id(value) for call in found if not call.inputs for value in call.outputs}
    read = {id(value) for call in found for value in call.inputs}
    gradients = {key: value for key, value in alive.items() if key not in read | pictures}  # of the model's outputs
    moments = []
    for call in (call for call in reversed(found) if call.inputs):
        gradients |= {id(value): value for value in call.inputs if id(value) not in pictures}
        moments.append(Moment(call.name, True, _size(alive), _size(gradients), _own(call)))
        for value in call.outputs:
            alive.pop(id(value), None)
            gradients.pop(id(value), None)
    return moments


def _own(call: Call) -> int:
    return _size({id(value): value for value in (*call.inputs, *call.outputs)})


def _size(values: dict[int, Value]) -> int:
    return sum(math.prod(value.shape) for value in values.values())
