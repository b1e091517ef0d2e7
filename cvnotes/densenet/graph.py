"""Dense blocks found in the graph of a built model: who reads whose maps. Chapter: densenet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import keras

from cvnotes.models.graph import Call, Shape, Value, calls

#: Layers that treat each channel by itself and leave it in its place.
CHANNELWISE = ("BatchNormalization", "ReLU", "Activation", "Dropout")

__all__ = ["Block", "Link", "Part", "Step", "blocks"]


class Part(NamedTuple):
    """Neighbouring channels of a map, all made by one layer."""

    source: str
    channels: int


class Link(NamedTuple):
    """The layer `target` reads `channels` maps that the layer `source` made."""

    source: str
    target: str
    channels: int


class Step(NamedTuple):
    """One layer behind a block: its name, its kind, the shape of what it puts out."""

    name: str
    kind: str
    shape: Shape


class Block(NamedTuple):
    """A dense block: what lies in its last concatenation, all links, the size of its maps, what comes behind it."""

    parts: tuple[Part, ...]
    links: tuple[Link, ...]
    size: tuple[int, int]
    after: tuple[Step, ...]

    @property
    def layers(self) -> int:
        """How many layers it has, its input not counted."""
        return len(self.parts) - 1

    def inputs(self, target: str) -> int:
        """Channels that a layer reads."""
        return sum(link.channels for link in self.links if link.target == target)


def blocks(model: keras.Model, input_shape: Shape | None = None) -> list[Block]:
    """Find the dense blocks of a model, in order; an empty list where nothing is concatenated so.

    A dense layer is a path of layers from some maps to new ones of the same size that are concatenated with those very
    maps. Where channels come from is followed through concatenations and through layers that treat each channel by
    itself. Raises ValueError for a model without a graph. Chapter: densenet.
    """
    found = calls(model, input_shape)
    makers = {id(value): call for call in found for value in call.outputs}
    parts = _parts(found)
    joins = [call for call in found if _is_dense(call, makers)]
    groups: dict[Part, list[Call]] = {}
    for join in joins:
        groups.setdefault(parts[id(join.inputs[0])][0], []).append(join)
    return [_block(group, parts, found) for group in groups.values()]


def _parts(found: list[Call]) -> dict[int, tuple[Part, ...]]:
    """For each value the layers that its channels come from."""
    parts: dict[int, tuple[Part, ...]] = {}
    for call in found:
        kind = type(call.operation).__name__
        if kind == "Concatenate":
            own = tuple(part for value in call.inputs for part in parts[id(value)])
        elif kind in CHANNELWISE:
            own = parts[id(call.inputs[0])]
        else:
            own = (Part(call.name.rpartition("/")[2], call.outputs[0].shape[-1]),)
        parts |= {id(value): own for value in call.outputs}
    return parts


def _is_dense(call: Call, makers: dict[int, Call]) -> bool:
    """Whether a call joins maps with what was computed from these very maps at their size."""
    if type(call.operation).__name__ != "Concatenate" or len(call.inputs) != 2:
        return False
    old, new = call.inputs
    return any(value is old for value in _way_back(new, makers, old.shape[:-1]))


def _way_back(value: Value, makers: dict[int, Call], size: Shape) -> Iterator[Value]:
    """The values before one, as long as there is one way and the maps keep their size."""
    while len(makers[id(value)].inputs) == 1 and value.shape[:-1] == size:
        value = makers[id(value)].inputs[0]
        yield value


def _block(joins: list[Call], parts: dict[int, tuple[Part, ...]], found: list[Call]) -> Block:
    links = tuple(
        Link(part.source, parts[id(join.inputs[1])][0].source, part.channels)
        for join in joins
        for part in parts[id(join.inputs[0])]
    )
    last = joins[-1].outputs[0]
    return Block(parts[id(last)], links, last.shape[:-1], tuple(_behind(last, found)))


def _behind(value: Value, found: list[Call]) -> Iterator[Step]:
    """The layers that follow, until something is read twice or nothing follows."""
    readers = [call for call in found if any(value is given for given in call.inputs)]
    while len(readers) == 1:
        value = readers[0].outputs[0]
        yield Step(readers[0].name, type(readers[0].operation).__name__, value.shape)
        readers = [call for call in found if any(value is given for given in call.inputs)]
