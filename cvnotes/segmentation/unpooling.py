"""Pooling that remembers where each maximum was, and unpooling that puts values back there.

Chapter: segmentation_strategies.
"""

from __future__ import annotations

import keras
from keras import layers, ops

from cvnotes.models.rules import Cost, Shape, rule


def even(shape) -> None:
    """Raise ValueError for maps that blocks of 2 x 2 do not tile, as far as their sides are known."""
    if len(shape) != 4 or any(isinstance(side, int) and side % 2 for side in shape[1:3]):
        raise ValueError(f"Blocks of 2 x 2 tile maps (n, h, w, c) of even sides. Received: {tuple(shape)}")


def blocks(x):
    """Lay the four pixels of each block of 2 x 2 side by side: (n, 2h, 2w, c) becomes (n, h, w, 4, c), row by row."""
    even(x.shape)
    _, height, width, channels = ops.shape(x)
    x = ops.reshape(x, (-1, height // 2, 2, width // 2, 2, channels))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, height // 2, width // 2, 4, channels))


def unblocks(x):
    """Put the four pixels of each block back: (n, h, w, 4, c) becomes (n, 2h, 2w, c)."""
    _, height, width, _, channels = ops.shape(x)
    x = ops.transpose(ops.reshape(x, (-1, height, width, 2, 2, channels)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, 2 * height, 2 * width, channels))


def pool_with_places(x):
    r"""The maximum of each block of 2 x 2, and which of its pixels that was.

    .. math:: y = \max_q x_q, \qquad p_q = [\,q = \arg\max_{q'} x_{q'}\,]

    x: (n, 2h, 2w, c); gives y (n, h, w, c) and p (n, h, w, 4, c), one 1 and three zeros in each block; of equals the
    first. Raises ValueError for odd sides. Source: Zeiler et al. (2011), section 2.2. Chapter: segmentation_strategies.
    """
    four = blocks(x)
    first = ops.argmax(four, axis=3)
    return ops.max(four, axis=3), ops.one_hot(first, 4, axis=3, dtype=x.dtype)


def unpool(y, places):
    """Put values back where maxima were found, zeros elsewhere: (n, h, w, c) and its places give (n, 2h, 2w, c).

    Raises ValueError for places of another map.
    Source: Zeiler et al. (2011), section 2.2; in a net that labels: Badrinarayanan et al. (2017), section 3.
    Chapter: segmentation_strategies.
    """
    same_map(y.shape, places.shape)
    return unblocks(ops.multiply(ops.expand_dims(y, 3), places))


def same_map(values, places) -> None:
    """Raise ValueError for places of another map than the values, by their shapes."""
    wanted = (*values[:3], 4, *values[3:])
    known = (places[i] == wanted[i] for i in range(len(places)) if None not in (places[i], wanted[i]))
    if len(values) != 4 or len(places) != 5 or not all(known):
        raise ValueError(f"Values {tuple(values)} need places {wanted}. Received: places {tuple(places)}")


@keras.saving.register_keras_serializable(package="cvnotes")
class PoolWithPlaces(layers.Layer):
    """`pool_with_places` as a layer. Raises ValueError for maps of odd sides.

    Chapter: segmentation_strategies.
    """

    def build(self, shape):
        """Refuse maps that blocks of 2 x 2 do not tile."""
        even(shape)

    def call(self, x):
        """Give the maxima and their places."""
        return pool_with_places(x)

    def compute_output_shape(self, shape):
        """Halve both sides; the places have an axis of four more."""
        n, height, width, channels = shape
        sides = tuple(None if side is None else side // 2 for side in (height, width))
        return (n, *sides, channels), (n, *sides, 4, channels)


@keras.saving.register_keras_serializable(package="cvnotes")
class Unpool(layers.Layer):
    """`unpool` as a layer: `Unpool()([values, places])`. Raises ValueError for places of another map.

    Chapter: segmentation_strategies.
    """

    def build(self, shapes):
        """Refuse places of another map."""
        same_map(*shapes)

    def call(self, both):
        """Put the values back."""
        return unpool(*both)

    def compute_output_shape(self, shapes):
        """Double both sides."""
        n, height, width, channels = shapes[0]
        return (n, *(None if side is None else 2 * side for side in (height, width)), channels)


@rule("PoolWithPlaces")
def _pool(layer: PoolWithPlaces, inputs: list[Shape], output: Shape) -> Cost:
    """Compare, and sum nothing."""
    return Cost(0, (2, 2), (2, 2))


@rule("Unpool")
def _unpool(layer: Unpool, inputs: list[Shape], output: Shape) -> Cost:
    """One value for each block, copied."""
    return Cost(0, None)
