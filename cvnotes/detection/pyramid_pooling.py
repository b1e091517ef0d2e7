"""Spatial pyramid pooling: a map of any size becomes one row of numbers, always as long.

Chapter: fast_rcnn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from cvnotes.boxes import roi_pool
from cvnotes.checks import whole

LEVELS = (1, 2, 4)  # 1 + 4 + 16 bins, from the whole map to its sixteenths


def pyramid_regions(maps: Any, boxes: Any, pictures: Any, levels: Sequence[int] = LEVELS, scale: float = 1.0) -> Any:
    r"""Pool boxes of maps (n, H, W, C) on grids of several levels, in one row: (k, C * sum of level²).

    .. math:: \bigl[\, \operatorname{pool}_{1 \times 1}, \; \operatorname{pool}_{2 \times 2}, \;
        \operatorname{pool}_{4 \times 4} \,\bigr]

    boxes, pictures, scale: as in `boxes.roi_pool`, which does each level; levels: bins a side, such as (1, 2, 4).
    Raises ValueError as `boxes.roi_pool`, and for no level. Source: He et al. (2014), section 2.2. Chapter: fast_rcnn.
    """
    found = [roi_pool(maps, boxes, pictures, level, scale) for level in checked(levels)]
    rows = [ops.reshape(one, (-1, maps.shape[-1] * level**2)) for one, level in zip(found, levels, strict=True)]
    return ops.concatenate(rows, axis=-1)


def pyramid_pool(maps: Any, levels: Sequence[int] = LEVELS) -> Any:
    """Pool whole maps (n, H, W, C) of any height and width: (n, C * sum of level²), see `pyramid_regions`.

    Raises ValueError for what are no maps, sides that are not known, as where a net is compiled for any size, and no
    level. Source: He et al. (2014), section 2.2. Chapter: fast_rcnn.
    """
    shape = tuple(getattr(maps, "shape", ()))
    if len(shape) != 4 or None in shape[1:3]:
        raise ValueError(f"Give maps (n, H, W, C), H and W known. Received: {shape or type(maps).__name__}")
    height, width = shape[1:3]
    pictures = ops.arange(ops.shape(maps)[0], dtype="int32")
    last = ops.convert_to_tensor([[0, 0, width - 1, height - 1]], dtype="float32")  # the cells at both ends belong
    return pyramid_regions(maps, ops.take(last, pictures * 0, axis=0), pictures, levels)


def checked(levels: Sequence[int]) -> tuple[int, ...]:
    """Read at least one level."""
    if not isinstance(levels, Sequence) or not levels:
        raise ValueError(f"levels is a sequence of bins a side, such as (1, 2, 4). Received: {levels!r}")
    return tuple(whole("levels", level, 1) for level in levels)


class PyramidPooling(keras.layers.Layer):
    """`pyramid_pool` as a layer: a net of convolutions may then take pictures of any size. Chapter: fast_rcnn."""

    def __init__(self, levels: Sequence[int] = LEVELS, **options):
        super().__init__(**options)
        self.levels = checked(levels)

    def call(self, maps):
        return pyramid_pool(maps, self.levels)

    def compute_output_shape(self, shape):
        return shape[0], shape[-1] * sum(level**2 for level in self.levels)

    def get_config(self):
        return {**super().get_config(), "levels": self.levels}


def paper_windows(side: int, level: int) -> list[tuple[int, int]]:
    r"""The windows of the paper's own rule on a line of cells: first cell and the first behind, `level` of them.

    .. math:: \text{window} = \lceil a / n \rceil, \qquad \text{stride} = \lfloor a / n \rfloor

    side: a; level: n, at most a. The n-th window may end before the line does: cells that none sees.
    Raises ValueError for a level above the side. Source: He et al. (2014), section 2.3. Chapter: fast_rcnn.
    """
    side = whole("side", side, 1)
    window, stride = -(-side // whole("level", level, 1, side)), side // level
    return [(i * stride, i * stride + window) for i in range(level)]


def unseen(side: int, level: int) -> int:
    """How many cells of a line no window of `paper_windows` covers. Chapter: fast_rcnn."""
    return side - max(last for _, last in paper_windows(side, level))
