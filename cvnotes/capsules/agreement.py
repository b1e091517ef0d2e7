"""Routing by agreement: parts vote for wholes, and each part goes where its vote is shared."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from cvnotes.checks import choice, whole
from cvnotes.siamese.losses import floats

from .squashing import squash

Tensor = keras.KerasTensor


def votes(parts: Tensor, weights: Tensor) -> Tensor:
    r"""What each part says of each whole: :math:`\hat u_{j|i} = W_{ij} u_i`.

    parts: (n, i, k), the vectors :math:`u_i`. weights: (i, j, d, k). Gives (n, j, i, d): the votes for one whole lie
    side by side in memory, as `route` reads them. Raises ValueError for shapes that do not fit.
    Source: Sabour et al. (2017), equation 2. Chapter: capsules.
    """
    parts, weights = ops.convert_to_tensor(parts), ops.convert_to_tensor(weights)
    u, w = tuple(parts.shape), tuple(weights.shape)
    if len(u) != 3 or len(w) != 4 or u[1:] != (w[0], w[3]):
        raise ValueError(f"Give parts (n, i, k) and weights (i, j, d, k). Received: {u} and {w}")
    return ops.einsum("nik,ijdk->njid", parts, weights)


def route(votes: Tensor, rounds: int = 3, through: bool = False) -> tuple[Tensor, Tensor]:
    r"""Routing by agreement: the wholes (n, j, d), and the couplings (n, j, i) that made them.

    .. math:: c_{ij} = \frac{e^{b_{ij}}}{\sum_{j'} e^{b_{ij'}}}, \quad
              v_j = \mathrm{squash}\Bigl(\sum_i c_{ij}\, \hat u_{j|i}\Bigr), \quad
              b_{ij} \leftarrow b_{ij} + \hat u_{j|i} \cdot v_j

    starting from b = 0, where all couplings are 1 / j. votes: (n, j, i, d). rounds: how often couplings are used; 1 is
    uniform coupling. through: differentiate through the couplings as well; else they count as given, and only the
    last sum passes a gradient on. Raises ValueError for other shapes, for rounds below 1, and for another switch.
    Source: Sabour et al. (2017), procedure 1. Chapter: capsules.
    """
    (votes,) = floats(votes)
    if len(votes.shape) != 4:
        raise ValueError(f"votes must be (pictures, wholes, parts, numbers). Received: shape {tuple(votes.shape)}")
    held = votes if choice("through", through, (False, True)) else ops.stop_gradient(votes)
    logits = ops.zeros_like(held[..., 0])
    for left in reversed(range(whole("rounds", rounds, 1))):
        couplings = ops.softmax(logits, axis=1)  # over the wholes: each part gives away one unit in all
        wholes = squash(gathered(couplings, held if left else votes))
        if left:
            logits = logits + ops.matmul(held, wholes[..., None])[..., 0]
    return wholes, couplings


def gathered(couplings: Tensor, votes: Tensor) -> Tensor:
    r"""Sum the votes for each whole: :math:`s_j = \sum_i c_{ij} \hat u_{j|i}`, (n, j, d). Chapter: capsules."""
    return ops.matmul(couplings[:, :, None], votes)[:, :, 0]


def entropy(couplings: np.ndarray) -> np.ndarray:
    r"""How undecided each part is: :math:`-\sum_j c_{ij} \log c_{ij} / \log J`, from 1 (equal shares) to 0 (one whole).

    couplings: (n, j, i), summing to 1 over j. Gives (n, i). Raises ValueError for other sums, and for one whole only.
    Chapter: capsules.
    """
    c = np.asarray(ops.convert_to_numpy(couplings), dtype=float)
    if c.ndim != 3 or c.shape[1] < 2 or np.any(c < 0) or not np.allclose(c.sum(1), 1, atol=1e-4):
        raise ValueError(f"couplings must be (n, j, i), j > 1, with sums of 1 over j. Received: shape {c.shape}")
    return -(c * np.log(np.where(c > 0, c, 1))).sum(1) / np.log(c.shape[1])
