"""How often a ConvNet is run, counted by running it: the examples that pass its first convolution.

Chapter: detectors.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import keras


@dataclass
class Passes:
    """What came by while it was counted."""

    calls: int = 0  #: times that the net was called, with however many examples at once
    examples: int = 0  #: examples in all: these are the passes
    pixels: int = 0  #: height times width, of all examples


@contextlib.contextmanager
def counted(net: keras.Model) -> Iterator[Passes]:
    """Count the passes of a net while the block runs, by itself or as a part of another net.

    Run it plainly, as ``net(x, training=False)``: what is compiled is counted once at most, when it is traced.
    Raises ValueError for a net without a convolution. Chapter: detectors.
    """
    layer, seen = first_convolution(net), Passes()
    usual = layer.call

    def call(x, *rest, **options):
        count, height, width = x.shape[:3]
        seen.calls, seen.examples = seen.calls + 1, seen.examples + int(count)
        seen.pixels += int(count * height * width)
        return usual(x, *rest, **options)

    layer.call = call
    try:
        yield seen
    finally:
        layer.call = usual


def first_convolution(net: keras.Model) -> keras.layers.Layer:
    """Find the first convolution of a net, also inside nets within it. Raises ValueError if it has none."""
    found = next(_convolutions(net), None)
    if found is None:
        raise ValueError(f"Give a keras.Model with a Conv2D, whose passes are to be counted. Received: {net!r:.80}")
    return found


def _convolutions(net: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in getattr(net, "layers", ()):
        if isinstance(layer, keras.layers.Conv2D):
            yield layer
        yield from _convolutions(layer)
