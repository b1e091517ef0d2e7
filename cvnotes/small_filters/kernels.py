"""Which large kernels a stack of small ones can make when nothing stands between its layers.

A kernel is a polynomial: the weight in row i and column j goes with y^i x^j. Sliding one kernel over the answer of
another multiplies the two polynomials, and channels in between add such products up.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from cvnotes.checks import whole

Kernels = Sequence[np.ndarray]


def compose(layers: Kernels) -> np.ndarray:
    r"""Join linear layers without bias into the one layer that does the same.

    $$ k_{uvck} = \sum_m \sum_{ij} a_{u-i,\,v-j,\,c\,m}\; b_{ij\,m\,k} $$

    layers: kernels (h, w, c, m), then (h', w', m, k), and so on.
    Returns (h + h' - 1, w + w' - 1, c, k) for two.
    Raises ValueError for no layer, for what is no kernel, and when channels of neighbours differ.
    Chapter: small_filters.
    """
    if not len(layers):
        raise ValueError("Give at least one kernel. Received: none")
    joined, *rest = map(_kernel, layers)
    for layer in rest:
        joined = join(joined, layer)
    return joined


def _kernel(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, float)
    if values.ndim != 4 or not np.isfinite(values).all():
        raise ValueError(f"A kernel is (h, w, c, m), of finite numbers. Received: {values.shape}, {values!r:.80}")
    return values


def join(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Join two layers: each place of the second kernel adds the first one, shifted there and mixed by its weights."""
    if first.shape[3] != second.shape[2]:
        raise ValueError(
            "Kernels must be (h, w, c, m) and (h', w', m, k), with the same m. "
            f"Received: {first.shape} before {second.shape}"
        )
    (h, w, c, _), (rows, columns, _, k) = first.shape, second.shape
    out = np.zeros((h + rows - 1, w + columns - 1, c, k))
    for i, j in np.ndindex(rows, columns):
        out[i : i + h, j : j + w] += first @ second[i, j]
    return out


def shapes(depth: int, inner: int, channels: int = 1) -> list[tuple[int, int, int, int]]:
    """Give the kernel shapes of `depth` layers of 3 x 3 from `channels` to `channels`, `inner` between neighbours.

    Raises ValueError for numbers below 1. Chapter: small_filters.
    """
    depth, inner, channels = whole("depth", depth, 1), whole("inner", inner, 1), whole("channels", channels, 1)
    ends = [channels, *[inner] * (depth - 1), channels]
    return [(3, 3, a, b) for a, b in itertools.pairwise(ends)]


def drawn(depth: int, inner: int, dice: np.random.Generator, channels: int = 1) -> list[np.ndarray]:
    """Draw the kernels of a stack from normal numbers. Arguments as for `shapes`."""
    return [dice.normal(size=shape) for shape in shapes(depth, inner, channels)]


def slopes(layers: Kernels) -> np.ndarray:
    """Give the derivative of each weight of the joined kernel by each weight of the stack: a matrix (joined, stack).

    The joined kernel is linear in every single layer: what lies before and after it, joined, is the derivative, and
    the place of the weight says where in the large kernel it lands. Chapter: small_filters.
    """
    large = compose(layers).shape
    parts = []
    for place, layer in enumerate(layers):
        around = _around(layers, place)
        rows, columns = around.shape[:2]
        part = np.zeros((*large, *layer.shape))
        for i, j in np.ndindex(*layer.shape[:2]):
            part[i : i + rows, j : j + columns, ..., i, j, :, :] = around
        parts.append(part.reshape(np.prod(large), -1))
    return np.hstack(parts)


def _around(layers: Kernels, place: int) -> np.ndarray:
    """Join what lies before and after a layer, channels of the gap left open: (h, w, c, k, p, q)."""
    layer = layers[place]
    before = compose([np.eye(layers[0].shape[2])[None, None], *layers[:place]])
    after = compose([np.eye(layer.shape[3])[None, None], *layers[place + 1 :]])
    rows, columns = after.shape[:2]
    sides = before.shape[0] + rows - 1, before.shape[1] + columns - 1
    out = np.zeros((*sides, before.shape[2], after.shape[3], *layer.shape[2:]))
    for i, j in np.ndindex(rows, columns):
        part = np.einsum("uvcp,qk->uvckpq", before, after[i, j])
        out[i : i + before.shape[0], j : j + before.shape[1]] += part
    return out


def reach(depth: int, inner: int, channels: int = 1, seed: int = 0) -> tuple[int, int]:
    """Count the directions in which a stack can move its joined kernel, and all directions there are.

    The first number is the rank of `slopes` at weights drawn at random: the
    dimension of all that the stack can make. If it is the smaller one, almost every
    large kernel is out of reach.
    depth: layers of 3 x 3; inner: channels between them; channels: in and out.
    Raises ValueError for numbers below 1. Chapter: small_filters.
    """
    dice = np.random.default_rng(seed)
    matrix = slopes(drawn(depth, inner, dice, channels))
    return int(np.linalg.matrix_rank(matrix)), len(matrix)
