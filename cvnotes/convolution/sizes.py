"""The arithmetic of a convolution layer: where a window may start, and what the layer then weighs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from cvnotes.checks import Pair, whole


def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    r"""Count the stops of a window along one side.

    $$ \left\lfloor \frac{W + 2P - d(F-1) - 1}{S} \right\rfloor + 1 $$

    size W, kernel F, stride S and padding P (on each side) are in pixels; dilation d is the step between taps.
    Raises ValueError when the window is wider than the padded input.
    Source: Dumoulin and Visin (2016), relationship 15. Chapter: convolution.
    """
    size, kernel, stride = whole("size", size, 1), whole("kernel", kernel, 1), whole("stride", stride, 1)
    padding, dilation = whole("padding", padding, 0), whole("dilation", dilation, 1)
    room = size + 2 * padding - (dilation * (kernel - 1) + 1)
    if room < 0:
        raise ValueError(
            f"the window does not fit: {kernel} taps {dilation} apart span {dilation * (kernel - 1) + 1} pixels, "
            f"the padded input has {size + 2 * padding}. Use more padding, a smaller kernel or less dilation."
        )
    return room // stride + 1


def same_padding(size: int, kernel: int, stride: int = 1, dilation: int = 1) -> Pair:
    r"""Give the zeros (before, after) for which the output has $\lceil W/S \rceil$ pixels.

    $$ P_\text{total} = \max\bigl((\lceil W/S \rceil - 1)\,S + d(F-1) + 1 - W,\ 0\bigr) $$

    size W, kernel F and stride S in pixels, dilation d; an odd total puts the extra zero after, as Keras does.
    Raises ValueError for sizes below 1. Source: Keras `padding="same"`. Chapter: convolution.
    """
    size, kernel = whole("size", size, 1), whole("kernel", kernel, 1)
    stride, dilation = whole("stride", stride, 1), whole("dilation", dilation, 1)
    stops = -(-size // stride)
    total = max((stops - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
    return total // 2, total - total // 2


def layer_card(
    width: int, height: int, depth: int, filters: int, kernel: int, stride: int = 1, padding: int = 0
) -> dict[str, int]:
    r"""Work out a layer on paper: output volume, weights, biases and their sum.

    $$ W_2 = \lfloor (W_1 - F + 2P)/S \rfloor + 1, \quad D_2 = K, \quad \text{weights} = F \cdot F \cdot D_1 \cdot K $$

    width W1, height H1, kernel F, stride S, padding P (each side) in pixels; depth D1 in channels; filters K.
    Keys: W2, H2, D2 (pixels, pixels, channels), weights, biases, parameters.
    Raises ValueError where `output_size` does. Source: the CS231n layer summary. Chapter: convolution.
    """
    depth, filters = whole("depth", depth, 1), whole("filters", filters, 1)
    weights = kernel * kernel * depth * filters
    return {
        "W2": output_size(width, kernel, stride, padding),
        "H2": output_size(height, kernel, stride, padding),
        "D2": filters,
        "weights": weights,
        "biases": filters,
        "parameters": weights + filters,
    }


def size_cases(
    sizes: Iterable[int] = range(1, 31),
    kernels: Iterable[int] = (1, 2, 3, 4, 5),
    strides: Iterable[int] = (1, 2, 3, 4),
    paddings: Iterable[int] = (0, 1, 2),
    dilations: Iterable[int] = (1, 2, 3),
) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield every (size, kernel, stride, padding, dilation) of a grid in which the window fits at least once.

    All in pixels, padding on each side. Chapter: convolution.
    """
    for case in itertools.product(sizes, kernels, strides, paddings, dilations):
        size, kernel, _, padding, dilation = case
        if size + 2 * padding > dilation * (kernel - 1):
            yield case
