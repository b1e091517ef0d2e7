"""Sliding similarity: an exemplar's features held against every place of a larger map, in one cross-correlation."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from cvnotes.checks import whole

from .losses import floats


def correlate(maps: Any, kernel: Any) -> Any:
    r"""Hold one exemplar's features against every place of all maps: a convolution whose filter is the exemplar.

    .. math:: s_{ij} = \sum_{u, v, c} z_{uvc}\, x_{i+u,\, j+v,\, c}

    maps: x, (n, h, w, c); kernel: z, (a, b, c). Returns scores (n, h - a + 1, w - b + 1).
    Raises ValueError for other shapes, and a kernel larger than the maps.
    Source: Bertinetto et al. (2016), equation 2. Chapter: tracking.
    """
    maps, kernel = (ops.convert_to_tensor(x, keras.config.floatx()) for x in (maps, kernel))
    _check(maps.shape, (None, *kernel.shape))
    return ops.conv(maps, kernel[..., None], padding="valid", data_format="channels_last")[..., 0]


def cross_correlation(maps: Any, kernels: Any) -> Any:
    r"""Hold the features of each exemplar against every place of its own map.

    A convolution has the same filter for a whole batch, and here each picture brings its own. So the sum is taken
    the other way round: one product of whole maps for each of the few places in the kernel.

    maps: (n, h, w, c); kernels: (n, a, b, c). Returns scores (n, h - a + 1, w - b + 1).
    Raises ValueError as `correlate`. Source: Bertinetto et al. (2016), equation 2. Chapter: tracking.
    """
    maps, kernels = floats(maps, kernels)
    _check(maps.shape, kernels.shape)
    (high, wide), (a, b) = maps.shape[1:3], kernels.shape[1:3]
    parts = [
        ops.sum(maps[:, u : u + high - a + 1, v : v + wide - b + 1] * kernels[:, u : u + 1, v : v + 1], axis=-1)
        for u in range(a)
        for v in range(b)
    ]
    return sum(parts[1:], parts[0])


def squared_distances(maps: Any, kernels: Any) -> Any:
    r"""Squared Euclidean distance of each exemplar's features from every place of its own map: two correlations.

    .. math:: d^2_{ij} = \lVert z \rVert^2 + \lVert x_{ij} \rVert^2 - 2\,\langle z, x_{ij} \rangle

    Arguments, shapes and errors as `cross_correlation`. Chapter: tracking.
    """
    maps, kernels = floats(maps, kernels)
    energy = cross_correlation(maps**2, ops.ones_like(kernels))
    return energy + ops.sum(kernels**2, axis=(1, 2, 3))[:, None, None] - 2 * cross_correlation(maps, kernels)


def _check(maps: tuple, kernels: tuple) -> None:
    fits = len(maps) == len(kernels) == 4 and maps[3] == kernels[3] and None not in maps[1:3]
    inside = fits and all(0 < small <= large for small, large in zip(kernels[1:3], maps[1:3], strict=True))
    if not inside or kernels[0] not in (None, maps[0]):
        raise ValueError(
            "Give maps (n, height, width, channels) and a kernel (a, b, channels), or one for each map, that is no "
            f"larger. Received: maps {tuple(maps)}, kernel {tuple(kernels[kernels[0] is None :])}"
        )


def places(search: int, exemplar: int, stride: int) -> np.ndarray:
    """First pixel, along one axis, of each crop of the exemplar's size that a map of this stride knows of.

    search, exemplar: sides of the windows in pixels. Raises ValueError for an exemplar larger than the search window.
    Chapter: tracking.
    """
    search, stride = whole("search", search, 1), whole("stride", stride, 1)
    return np.arange(0, search - whole("exemplar", exemplar, 1, search) + 1, stride)


def loop_of_crops(encode: Any, exemplar: np.ndarray, search: np.ndarray, stride: int, shift: int = 0) -> np.ndarray:
    """Score every place the slow way: cut the crop, encode it alone, take the inner product with the exemplar's code.

    encode: pictures (n, h, w, 3) to codes (n, a, b, c), such as a net; exemplar: (e, e, 3), search: (s, s, 3);
    stride: pixels between crops; shift: pixels by which all crops are moved down and to the right.
    Returns (rows, columns). Raises ValueError as `places`, and for windows that are not square.
    Source: Bertinetto et al. (2016), section 2.1. Chapter: tracking.
    """
    exemplar, search = _square("exemplar", exemplar), _square("search", search)
    side = len(exemplar)
    code = ops.convert_to_numpy(encode(exemplar[None]))[0]
    firsts = places(len(search) - whole("shift", shift, 0, len(search) - side), side, stride) + shift
    crops = np.array([[search[y : y + side, x : x + side] for x in firsts] for y in firsts])
    codes = ops.convert_to_numpy(encode(crops.reshape(-1, *exemplar.shape)))
    return np.einsum("nuvc,uvc->n", codes, code).reshape(len(firsts), len(firsts))


def _square(name: str, window: np.ndarray) -> np.ndarray:
    window = np.asarray(window)
    if window.ndim != 3 or window.shape[0] != window.shape[1]:
        raise ValueError(f"{name} must be a square window (side, side, channels). Received: shape {window.shape}")
    return window


def score_map(encode: Any, exemplar: np.ndarray, search: np.ndarray) -> np.ndarray:
    """Score every place at once: both windows are encoded, one code is slid over the other.

    Arguments as in `loop_of_crops`; returns (rows, columns). Raises ValueError as `correlate`. Chapter: tracking.
    """
    return ops.convert_to_numpy(correlate(encode(search[None]), encode(exemplar[None])[0]))[0]


def gap(scores: np.ndarray, others: np.ndarray) -> float:
    """Give the largest difference between two score maps, as a share of the largest score of the first.

    Raises ValueError for maps of other shapes, scores that are not finite, and a first map of zeros.
    Chapter: tracking.
    """
    if np.shape(scores) != np.shape(others) or not np.size(scores):
        raise ValueError(f"Compare two maps of one shape. Received: {np.shape(scores)} and {np.shape(others)}")
    largest = np.abs(scores).max()
    if not 0 < largest < np.inf or not np.isfinite(others).all():
        raise ValueError(f"Compare finite maps, the first not zero everywhere. Received: a largest score of {largest}")
    return float(np.abs(np.subtract(scores, others)).max() / largest)


@keras.saving.register_keras_serializable("cvnotes")
class CrossCorrelation(keras.layers.Layer):
    r"""Score map of an exemplar's features on a search window's: :math:`g\, \langle z, x_{ij} \rangle / (ab) + \beta`.

    Two weights are learnt: the gain g, which an inner product of many features needs before a logistic loss, and the
    bias beta, since most places hold something else. The mean over the a x b places of the kernel keeps g near 1.
    Called with (maps, kernels) as `cross_correlation`. Source: Bertinetto et al. (2016), equation 2. Chapter: tracking.
    """

    def build(self, input_shape: Any) -> None:
        """Make the gain and the bias."""
        self.gain = self.add_weight(shape=(), initializer=keras.initializers.Constant(0.1), name="gain")
        self.bias = self.add_weight(shape=(), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        """Scores (n, rows, columns)."""
        maps, kernels = inputs
        return self.gain * cross_correlation(maps, kernels) / (kernels.shape[1] * kernels.shape[2]) + self.bias

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """One score for each place."""
        (n, high, wide, _), (_, a, b, _) = input_shape
        return n, high - a + 1, wide - b + 1
