"""Compound scaling: deeper, wider and finer at once, by one exponent."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np

from cvnotes.checks import number

#: what one more step of the exponent does to depth, width and side of the picture (section 3.3 of the paper)
DEPTH, WIDTH, SIDE = 1.2, 1.1, 1.15


class Size(NamedTuple):
    """How large a net is: mobile blocks, channels of its last convolution, side of its pictures in pixels."""

    blocks: int
    channels: int
    side: int


def compound(phi: float, depth: float = DEPTH, width: float = WIDTH, side: float = SIDE) -> tuple[float, ...]:
    r"""Scale depth by $\alpha^\phi$, width by $\beta^\phi$, side by $\gamma^\phi$; MACs grow by the product below.

    $$ \left(\alpha\, \beta^2 \gamma^2\right)^\phi $$

    Returns the three factors and that of the MACs. Raises ValueError unless all are numbers, the bases above 0.
    Source: Tan and Le (2019), eq. 3. Chapter: architectures.
    """
    phi = number("phi", phi)
    a, b, c = (number(name, x, above=0) for name, x in (("depth", depth), ("width", width), ("side", side)))
    return a**phi, b**phi, c**phi, (a * b**2 * c**2) ** phi


def measured(model: keras.Model) -> Size:
    """Read off an EfficientNet how large it is: it has one depthwise convolution a block.

    Chapter: architectures.
    """
    blocks = sum(isinstance(layer, keras.layers.DepthwiseConv2D) for layer in model.layers)
    return Size(blocks, model.get_layer("top_conv").filters, model.input_shape[1])


def exponents(size: Size, base: Size) -> tuple[float, ...]:
    """Find the exponent that would give each part of a size from that of `base`.

    Raises ValueError unless all parts are above 0. Chapter: architectures.
    """
    if min(*size, *base) <= 0:
        raise ValueError(f"Sizes are above 0 in each part. Received: {size}, {base}")
    return tuple(float(x) for x in np.log(np.divide(size, base)) / np.log((DEPTH, WIDTH, SIDE)))
