"""Two starts beyond a good variance: orthogonal matrices, and scales measured on the data themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .depth import forward
from .schemes import fans


def orthogonal(shape: Sequence[int], rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
    r"""Draw a matrix whose rows or columns, whichever are fewer, are orthonormal, times `gain`.

    shape: (in, out). Uniform over all such matrices: QR of Gaussian numbers, with the signs of R's diagonal moved over.
    Raises ValueError for another number of axes. Source: Saxe, McClelland and Ganguli (2014). Chapter: initialization.
    """
    if len(shape) != 2:
        raise ValueError(f"shape is (in, out). Received: {tuple(shape)}")
    wide, narrow = max(fans(shape)), min(fans(shape))
    q, r = np.linalg.qr(rng.normal(size=(wide, narrow)))
    q = q * np.sign(np.diag(r))
    return gain * (q if shape[0] >= shape[1] else q.T)


def scaled_to_data(x: np.ndarray, weights: Sequence[np.ndarray], activation: str) -> list[np.ndarray]:
    r"""Divide each layer's weights by the deviation of its own sums on real rows, first layer first.

    Afterwards $\operatorname{Var}(z_l) = 1$ in every layer on x, whatever the activation.
    x: (examples, width). Raises ValueError where a layer's sums do not vary. Source: Mishkin and Matas (2016), which
    starts from orthogonal weights. Chapter: initialization.
    """
    scaled: list[np.ndarray] = []
    for i, w in enumerate(weights):
        spread = forward(x, [*scaled, w], activation)[1][-1].std()
        if not spread > 0:
            raise ValueError(f"The sums of layer {i + 1} do not vary: draw other weights. Received: deviation {spread}")
        scaled.append(w / spread)
    return scaled


def singular_values(weights: Sequence[np.ndarray]) -> np.ndarray:
    """Give all singular values of the product of square matrices, largest first. Chapter: initialization."""
    return np.linalg.svd(np.linalg.multi_dot(list(weights)), compute_uv=False)
