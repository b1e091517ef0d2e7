"""Parameters, products and memory of a DenseNet for small pictures, in closed form. Chapter: densenet."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import keras

from cvnotes.checks import number, whole

BLOCKS = 3

__all__ = ["Cost", "Plan", "Unit", "cost", "crossing", "keras_weights", "layer_weights", "units"]


def layer_weights(inputs: int, growth: int, *, bottleneck: bool, width: int = 4) -> int:
    r"""Weights of the convolutions of one dense layer, without biases.

    .. math:: 9 m k \quad \text{plain}, \qquad b m k + 9 b k^2 \quad \text{with a 1 x 1 layer to } b k \text{ maps}

    inputs: m; growth: k; width: b, 4 in the paper. At one size of maps the products are in the same ratio.
    Source: Huang and others (2017), section 3, "Bottleneck layers". Chapter: densenet.
    """
    m, k, b = whole("inputs", inputs, 1), whole("growth", growth, 1), whole("width", width, 1)
    return b * m * k + 9 * b * k * k if bottleneck else 9 * m * k


def keras_weights(inputs: int, growth: int, *, bottleneck: bool, width: int = 4) -> int:
    """The same count, read off Keras's own layers once they are built. Chapter: densenet."""
    steps = [(width * growth, 1), (growth, 3)] if bottleneck else [(growth, 3)]
    convs = [keras.layers.Conv2D(filters, size, use_bias=False) for filters, size in steps]
    for conv, channels in zip(convs, (inputs, width * growth), strict=False):
        conv.build((None, 8, 8, channels))
    return sum(conv.count_params() for conv in convs)


def crossing(growth: int, *, width: int = 4) -> float:
    r"""Find the inputs from which on the bottleneck has fewer weights, from Keras's own counts at two places.

    Both counts are straight lines in m, so two places settle it: :math:`m = 9 b k / (9 - b)`, which is 7.2 k for
    b = 4. Raises ValueError for a width of 9 or more, where it never pays. Chapter: densenet.
    """
    whole("width", width, 1, 8)
    places = (growth, 100 * growth)
    extra = [_extra(m, growth, width) for m in places]
    return places[0] + extra[0] * (places[1] - places[0]) / (extra[0] - extra[1])


def _extra(inputs: int, growth: int, width: int) -> int:
    """How many more weights the bottleneck has."""
    squeezed = keras_weights(inputs, growth, bottleneck=True, width=width)
    return squeezed - keras_weights(inputs, growth, bottleneck=False)


@dataclass(frozen=True)
class Plan:
    """A DenseNet for small pictures: three blocks of `layers` layers that add `growth` maps each.

    theta: the share of maps that a transition keeps. The first block starts from 16 maps, in the BC form from 2 growth.
    Raises ValueError for sizes below 1, a theta outside (0, 1] and a side below 4.
    """

    layers: int
    growth: int
    theta: float = 1.0
    bottleneck: bool = False
    side: int = 32
    classes: int = 10

    def __post_init__(self):
        whole("layers", self.layers, 1), whole("growth", self.growth, 1), whole("side", self.side, 4)
        whole("classes", self.classes, 2)
        number("theta", self.theta, above=0, most=1)

    @property
    def depth(self) -> int:
        """Layers with weights, as the paper counts them: 3 n L + 4 with n convolutions a layer."""
        return BLOCKS * self.layers * (2 if self.bottleneck else 1) + 4

    @property
    def start(self) -> int:
        """Maps before the first block."""
        return 2 * self.growth if self.bottleneck and self.theta < 1 else 16


class Unit(NamedTuple):
    """A piece of the net between two stored maps: weights to train, products, outputs of its layers in order.

    inputs: channels that it reads; outputs: numbers that each of its layers puts out for one picture. The maps that it
    adds are `new` of them; `convs` of them come out of convolutions.
    """

    kind: str
    inputs: int
    weights: int
    macs: int
    outputs: int
    convs: int
    new: int


class Cost(NamedTuple):
    """Totals for one picture: weights to train, products, numbers stored naively, by convolutions, with recomputing."""

    parameters: int
    macs: int
    stored: int
    convs: int
    recomputed: int


def units(plan: Plan) -> Iterator[Unit]:
    """List the stem, the dense layers, the transitions and the head of a plan. Chapter: densenet."""
    side, channels = plan.side, plan.start
    pixels = side * side
    yield Unit(
        "stem", 3, 27 * channels, 27 * channels * pixels, channels * pixels, channels * pixels, channels * pixels
    )
    for block in range(BLOCKS):
        for _ in range(plan.layers):
            yield _dense(plan, channels, side * side)
            channels += plan.growth
        if block < BLOCKS - 1:
            kept = math.floor(plan.theta * channels)
            yield _transition(channels, kept, side)
            channels, side = kept, side // 2
    weights = 2 * channels + (channels + 1) * plan.classes
    outputs = 2 * channels * side * side + channels + plan.classes
    yield Unit("head", channels, weights, channels * plan.classes, outputs, 0, outputs)


def _dense(plan: Plan, m: int, pixels: int) -> Unit:
    k, squeezed = plan.growth, 4 * plan.growth if plan.bottleneck else 0
    weights = layer_weights(m, k, bottleneck=plan.bottleneck)
    outputs = 2 * m + 3 * squeezed + k + (m + k)  # normalized and cut, squeezed, new, concatenated
    sizes = (weights * pixels, outputs * pixels, (squeezed + k) * pixels, k * pixels)
    return Unit("layer", m, weights + 2 * (m + squeezed), *sizes)


def _transition(m: int, kept: int, side: int) -> Unit:
    pixels, pooled = side * side, kept * (side // 2) ** 2
    outputs = (2 * m + kept) * pixels + pooled
    return Unit("transition", m, 2 * m + m * kept, m * kept * pixels, outputs, kept * pixels, pooled)


def cost(plan: Plan) -> Cost:
    r"""Add up a plan, for one picture.

    stored: the outputs of all layers, as a framework without any thrift would keep them; they grow with L squared,
    since each concatenation of a block is stored anew. recomputed: only what a layer or a transition adds, and the
    insides of the largest one while it is computed again; the head is kept. Both with the picture.
    Chapter: densenet.
    """
    found = list(units(plan))
    picture = 3 * plan.side**2
    inside = max(unit.outputs - unit.new for unit in found)
    return Cost(
        sum(unit.weights for unit in found),
        sum(unit.macs for unit in found),
        picture + sum(unit.outputs for unit in found),
        sum(unit.convs for unit in found),
        picture + sum(unit.new for unit in found) + inside,
    )
