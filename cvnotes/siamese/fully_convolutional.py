"""A siamese net without a dense layer: the exemplar's code is a small map, and the search window's a larger one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from cvnotes.checks import choice, whole

from .correlation import CrossCorrelation

EXEMPLAR, SEARCH, STRIDE = 23, 47, 4  # pixels; 23 is exactly what a code of 2 x 2 cells sees
FILTERS = (16, 24, 32)
MOMENTUM = 0.9  # of the running averages: short trainings end before 0.99 has forgotten its start


def map_encoder(filters: Sequence[int] = FILTERS, padding: str = "valid", name: str = "encoder") -> keras.Model:
    """Build an encoder without a dense layer, which takes pictures of any size and gives maps of stride 4.

    filters: of three convolutions with batch normalization, 5 x 5 with a step of 2 and twice 3 x 3; before the last,
    max-pooling halves the map once more; no ReLU behind the last. padding: "valid" (none) or "same" (zeros).
    Takes (n, h, w, 3) from 0 to 255. Raises ValueError for another padding, or another number of filters.
    Source: Bertinetto et al. (2016), table 1, made small. Chapter: tracking.
    """
    choice("padding", padding, ("valid", "same"))
    if not isinstance(filters, Sequence) or len(filters) != len(FILTERS):
        raise ValueError(f"Give the filters of three convolutions, such as {FILTERS}. Received: {filters!r}")
    first, second, last = (whole("filters", count, 1) for count in filters)
    inputs = keras.Input((None, None, 3), name="window")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(inputs)
    x = layers.ReLU()(_normed(x, first, 5, 2, padding))
    x = layers.ReLU()(_normed(x, second, 3, 1, padding))
    x = layers.MaxPooling2D(2, padding=padding)(x)
    return keras.Model(inputs, _normed(x, last, 3, 1, padding), name=name)


def _normed(x: Any, filters: int, size: int, stride: int, padding: str) -> Any:
    x = layers.Conv2D(filters, size, stride, padding=padding, use_bias=False)(x)
    return layers.BatchNormalization(momentum=MOMENTUM)(x)


def siamese_map_net(
    exemplar: int = EXEMPLAR, search: int = SEARCH, filters: Sequence[int] = FILTERS, padding: str = "valid"
) -> keras.Model:
    """Build the net that is trained: two windows in, one encoder for both, the map of scores out.

    Takes (n, search, search, 6): the window around the target in an earlier frame, and the search window behind it;
    the exemplar is the middle of the first. Gives logits (n, rows, columns), one for each place of the exemplar.
    Raises ValueError as `map_encoder`, and for an exemplar that is no smaller, or has no common middle.
    Source: Bertinetto et al. (2016), section 2. Chapter: tracking.
    """
    search = whole("search", search, 2)
    rim, odd = divmod(search - whole("exemplar", exemplar, 1, search - 1), 2)
    if odd:
        raise ValueError(
            f"exemplar and search must have one middle: both even, or both odd. Received: {exemplar}, {search}"
        )
    both = keras.Input((search, search, 6), name="windows")
    encoder = map_encoder(filters, padding)
    earlier = layers.Cropping2D(rim, name="exemplar")(both[..., :3])
    scores = CrossCorrelation(name="correlation")([encoder(both[..., 3:]), encoder(earlier)])
    return keras.Model(both, scores, name="siamese_map_net")
