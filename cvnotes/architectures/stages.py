"""A net read from its layers: where its maps shrink, what each size of map costs, and which ways lead through it."""

from __future__ import annotations

from typing import NamedTuple

import keras

from cvnotes.models.profiling import LayerRow, Profile

SHAPING = ("ZeroPadding2D", "Flatten")
WEIGHTED = ("Conv2D", "DepthwiseConv2D", "TableConv2D", "Dense")


class Stage(NamedTuple):
    """All layers whose maps have one size: its side in pixels (1 for vectors), the most channels there, its costs."""

    side: int
    channels: int
    parameters: int
    macs: int
    activations: int


def stages(profile: Profile) -> list[Stage]:
    """Add up a net's costs by the side of its maps, from the largest to the smallest.

    Layers that only pad or flatten are left out; a gate of 1 x 1 belongs to the maps that it is applied to.
    Chapter: architectures.
    """
    rows = [row for row in profile.rows if row.kind not in SHAPING]
    grouped: dict[int, list[LayerRow]] = {}
    later = 1
    for row in reversed(rows):
        later = side(row) if side(row) > 1 else later
        grouped.setdefault(later, []).insert(0, row)
    return [_stage(size, grouped[size]) for size in sorted(grouped, reverse=True)]


def side(row: LayerRow) -> int:
    """Height of a layer's maps in pixels; 1 for a vector."""
    return row.output_shape[0] if len(row.output_shape) == 3 else 1


def _stage(size: int, rows: list[LayerRow]) -> Stage:
    costs = (sum(getattr(row, name) or 0 for row in rows) for name in ("trainable", "macs", "activations"))
    return Stage(size, max(row.output_shape[-1] for row in rows), *costs)


def shrinking(model: keras.Model, kind: str) -> int:
    """Count the layers of a kind ("Conv2D", "MaxPooling2D" ...) whose maps are smaller than those that they read.

    Chapter: architectures.
    """
    found = [layer for layer in model.layers if type(layer).__name__ == kind]
    return sum(layer.output.shape[1] < layer.input.shape[1] for layer in found)


def paths(model: keras.Model, kinds: tuple[str, ...] = WEIGHTED) -> list[tuple[str, ...]]:
    """List the ways from a net's input to its output, each as the names of the layers of some kinds on it.

    Chapter: architectures.
    """
    return _paths_to(model.output, kinds)


def _paths_to(tensor: keras.KerasTensor, kinds: tuple[str, ...]) -> list[tuple[str, ...]]:
    layer, node, _ = tensor._keras_history
    if isinstance(layer, keras.layers.InputLayer):
        return [()]
    own = (layer.name,) if type(layer).__name__ in kinds else ()
    before = layer._inbound_nodes[node].arguments.keras_tensors
    return [way + own for read in before for way in _paths_to(read, kinds)]


def doubling(first: int, count: int) -> list[int]:
    """Widths that double at every step. Chapter: architectures."""
    return [first * 2**i for i in range(count)]
