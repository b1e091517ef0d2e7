"""From a Keras model back to the grammar: its words along the longest way from picture to scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras

from cvnotes.models.graph import Call, calls

#: Classes by name, so that no chapter's own layer has to be loaded; a subclass counts as its parent.
CONVOLUTIONS = {"BaseConv", "BaseDepthwiseConv", "BaseSeparableConv", "TableConv2D"}
POOLINGS = {"BasePooling", "TrainableSubsampling2D"}
DENSE = {"Dense", "RadialBasis"}


class Skeleton(NamedTuple):
    """What is left of a net in the grammar: convolutions of each stage, whether a POOL closes it, hidden dense layers.

    N counts convolutions between two poolings. strides: how many convolutions step by more than one pixel.
    """

    N: tuple[int, ...]
    pools: tuple[bool, ...]
    K: int
    strides: int

    @property
    def M(self) -> int:  # noqa: N802
        """Stages that hold a convolution."""
        return sum(count > 0 for count in self.N)


def word_of(operation: Any) -> str | None:
    """Name a layer in the grammar: CONV, POOL, FC or None for what the grammar passes over.

    Activations are not told apart from other layers without a word, since in Keras they can live inside others.
    """
    kinds = {kind.__name__ for kind in type(operation).__mro__}
    words = {"CONV": CONVOLUTIONS, "POOL": POOLINGS, "FC": DENSE}
    return next((word for word, named in words.items() if kinds & named), None)


def spell(model: keras.Model) -> list[Call]:
    """List the calls that have a word, along the way with the most convolutions.

    Where ways part (shortcuts, branches), the grammar knows only one of them.
    Raises ValueError for a model without a graph. Chapter: layer_patterns.
    """
    return longest_way(calls(model))


def longest_way(every: Sequence[Call]) -> list[Call]:
    """Choose among all calls of a model those with a word, along the way with the most convolutions."""
    ways: dict[int, list[Call]] = {}
    for call in every:
        before = max((ways[id(value)] for value in call.inputs), key=_convolutions, default=[])
        way = [*before, call] if word_of(call.operation) else before
        ways |= {id(value): way for value in call.outputs}
    return way


def _convolutions(way: Sequence[Call]) -> int:
    return sum(word_of(call.operation) == "CONV" for call in way)


def read(model: keras.Model) -> Skeleton:
    """Read N of each stage, the poolings, and K off any functional or sequential model.

    A convolution whose window covers its whole map counts as one all the same. Global pooling has no word.
    Raises ValueError for a model without a graph. Chapter: layer_patterns.
    """
    way = spell(model)
    words = [word_of(call.operation) for call in way]
    counts, pools = [0], []
    for word in words:
        if word == "CONV":
            counts[-1] += 1
        elif word == "POOL":
            pools.append(True)
            counts.append(0)
    if counts[-1]:
        pools.append(False)
    steps = [max(getattr(call.operation, "strides", (1,))) for call in way if word_of(call.operation) == "CONV"]
    return Skeleton(tuple(counts[: len(pools)]), tuple(pools), max(words.count("FC") - 1, 0), sum(s > 1 for s in steps))
