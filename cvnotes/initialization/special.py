"""Two starts beyond a good variance: orthogonal matrices, and scales measured on the data themselves."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from .depth import forward
from .schemes import fans


def orthogonal(shape: Sequence[int], rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
    r"""Draw a matrix whose rows or columns, whichever are fewer, are orthonormal, times `gain`.

    shape: (in, out). Uniform over all such matrices: QR of Gaussian numbers, with the signs of R's diagonal moved over.
    Raises ValueError for another number of axes, and a gain that is not above 0.
    Source: Saxe, McClelland and Ganguli (2014). Chapter: initialization.
    """
    if len(shape) != 2:
        raise ValueError(f"shape is (in, out). Received: {tuple(shape)}")
    if not 0 < gain < np.inf:
        raise ValueError(f"gain must be a number above 0. Received: gain={gain!r}")
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
        scaled.append(np.asarray(w) / spread)
    return scaled


def singular_values(weights: Sequence[np.ndarray]) -> np.ndarray:
    """Give all singular values of the product of matrices, largest first.

    weights: W_1 (d_0, d_1), W_2 (d_1, d_2) ...
    Raises ValueError for none, and for shapes that do not follow each other.
    Chapter: initialization.
    """
    shapes = [np.shape(w) for w in weights]
    follows = all(one[-1:] == other[:1] for one, other in itertools.pairwise(shapes))
    if not shapes or any(len(shape) != 2 for shape in shapes) or not follows:
        raise ValueError(f"Give matrices that follow each other. Received: shapes {shapes}")
    product = np.linalg.multi_dot(list(weights)) if len(shapes) > 1 else np.asarray(weights[0])
    return np.linalg.svd(product, compute_uv=False)
