"""Dropout, forward and backward, plain and inverted. One symbol: q is the chance to be kept, the rate is 1 - q.

Chapter: dropout.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from cvnotes.backpropagation import Layer
from cvnotes.checks import number, whole


def kept_share(rate: float) -> float:
    """Give q = 1 - rate. Raises ValueError for a rate outside 0 <= rate < 1: nothing would be left to scale."""
    return 1.0 - number("rate", rate, 0, below=1)


def keep_mask(shape: tuple[int, ...], rate: float, dice: np.random.Generator) -> np.ndarray:
    """Ones with probability q = 1 - rate, zeros otherwise. Raises as `kept_share`. Chapter: dropout."""
    return (dice.random(shape) < kept_share(rate)).astype(float)


def plain(x: np.ndarray, rate: float, mask: np.ndarray | None = None) -> np.ndarray:
    r"""Plain dropout: :math:`m \odot x` in training, :math:`q x` at test (no mask).

    x, mask: arrays of one shape, or shapes that broadcast. Raises as `kept_share`.
    Source: Srivastava et al. (2014), section 4. Chapter: dropout.
    """
    x, q = np.asarray(x), kept_share(rate)
    return q * x if mask is None else mask * x


def inverted(x: np.ndarray, rate: float, mask: np.ndarray | None = None) -> np.ndarray:
    r"""Inverted dropout: :math:`m \odot x / q` in training, :math:`x` itself at test.

    x, mask: as in `plain`. Raises as `kept_share`. Chapter: dropout.
    """
    x, q = np.asarray(x), kept_share(rate)
    return x if mask is None else mask * x / q


class Dropout(Layer):
    """Inverted dropout as a layer: a new mask for each example, the same one on the way back.

    rate: the share that is dropped; shared: axes along which there is one mask for all
    (SpatialDropout2D: 1 and 2 of (n, h, w, c)). Raises ValueError for another rate, a
    seed below 0, and for axes that x does not have. Chapter: dropout.
    """

    def __init__(self, rate: float, seed: int = 0, shared: tuple[int, ...] = ()):
        super().__init__()
        kept_share(rate)
        self.rate, self.shared, self.training = rate, shared, False
        self.dice = np.random.default_rng(whole("seed", seed, 0))

    def forward(self, x: np.ndarray) -> np.ndarray:
        x = np.asarray(x)
        if not self.training:
            self.kept = (np.ones(1),)
            return x
        shared = normalize_axis_tuple(self.shared, x.ndim)
        shape = tuple(1 if axis in shared else n for axis, n in enumerate(x.shape))
        gate = keep_mask(shape, self.rate, self.dice) / kept_share(self.rate)
        self.kept = (gate.astype(x.dtype if x.dtype.kind == "f" else float),)
        return x * self.kept[0]

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        return upstream * self.kept[0]


def every_mask(n: int) -> np.ndarray:
    """Enumerate all 2**n masks of n units, (2**n, n) of zeros and ones; row i is i in binary, last unit first.

    Raises ValueError for n outside 1 to 20. Chapter: dropout.
    """
    n = whole("n", n, 1, 20)
    return (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(float)


def chances(masks: np.ndarray, rate: float) -> np.ndarray:
    r"""The probability of each mask, :math:`q^{k} (1-q)^{n-k}` for k kept units of n.

    masks: (masks, n) of zeros and ones. Raises ValueError for anything else, and as `kept_share`. Chapter: dropout.
    """
    masks = np.asarray(masks)
    if masks.ndim != 2 or not np.isin(masks, (0, 1)).all():
        raise ValueError(f"Give masks (masks, n) of zeros and ones. Received: {masks.dtype} of shape {masks.shape}")
    q, kept = kept_share(rate), masks.sum(1)
    return q**kept * (1 - q) ** (masks.shape[1] - kept)
