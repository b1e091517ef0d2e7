"""The same energy on a grid so small that every labelling can be tried: what mean field should have found.

Chapter: segmentation_strategies.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from cvnotes.checks import whole

from .smoothing import fitting, sides, softmax

MOST = 600_000  # labellings that are tried


class Exact(NamedTuple):
    """What all labellings together say."""

    shares: np.ndarray  #: (h, w, classes), the marginal of each pixel
    best: np.ndarray  #: (h, w), the most likely labelling
    log_z: float  #: logarithm of the sum over all labellings


def grid_pairs(shape: tuple[int, int], found: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pairs of neighbours of a grid as two rows of pixel numbers, and how strongly each pulls."""
    number = np.arange(shape[0] * shape[1]).reshape(shape)
    parts = [
        (number[here].ravel(), number[there].ravel(), found[o].ravel()) for o in found for here, there in [sides(o)]
    ]
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def every_labelling(logits: np.ndarray, found: dict) -> Exact:
    r"""Try all labellings x of a tiny grid, each with the weight

    .. math:: P(x) = \frac{1}{Z} \exp\Bigl( \sum_i a_i(x_i) + \sum_{i < j} k_{ij}\, [x_i = x_j] \Bigr)

    logits: (h, w, classes); found: pulls, as for `mean_field`.
    Raises ValueError as `mean_field`, and for more than 600,000 labellings. Chapter: segmentation_strategies.
    """
    height, width, classes = (logits := fitting(logits, found)).shape
    if classes ** (height * width) > MOST:
        raise ValueError(f"At most {MOST:,} labellings can be tried. Received: {classes}^{height * width} of them")
    tried = np.array(list(itertools.product(range(classes), repeat=height * width)))
    one, other, weight = grid_pairs((height, width), found)
    value = np.take_along_axis(logits.reshape(1, -1, classes), tried[..., None], 2).sum((1, 2))
    value = value + (tried[:, one] == tried[:, other]) @ weight
    chance = softmax(value)
    shares = np.stack([chance @ (tried == label) for label in range(classes)], -1)
    log_z = value.max() + np.log(np.exp(value - value.max()).sum())
    return Exact(shares.reshape(logits.shape), tried[value.argmax()].reshape(height, width), float(log_z))


def bound(shares: np.ndarray, logits: np.ndarray, found: dict) -> float:
    r"""What mean field climbs: the energy that it expects and its entropy, never more than :math:`\log Z`.

    .. math:: \sum_i \sum_l q_i(l) \bigl( a_i(l) - \log q_i(l) \bigr) + \sum_{i < j} k_{ij} \sum_l q_i(l)\, q_j(l)

    Raises ValueError as `mean_field`, and for shares of another shape.
    Source: Koller and Friedman (2009), equation 11.35. Chapter: segmentation_strategies.
    """
    logits, shares = fitting(logits, found), fitting(shares, found)
    if shares.shape != logits.shape:
        raise ValueError(f"Give a share for each logit, {logits.shape}. Received: {shares.shape}")
    own = (shares * (logits - np.log(np.maximum(shares, 1e-300)))).sum()
    flat = shares.reshape(-1, shares.shape[-1])
    one, other, weight = grid_pairs(shares.shape[:2], found)
    return float(own + (weight * (flat[one] * flat[other]).sum(-1)).sum())


def in_turn(logits: np.ndarray, found: dict, sweeps: int) -> np.ndarray:
    """Mean field with one pixel changed at a time: slow, and the bound never falls.

    logits: (h, w, classes); found: pulls, as for `mean_field`. Gives shares (h, w, classes).
    Raises ValueError as `mean_field`. Source: Koller and Friedman (2009), algorithm 11.7.
    Chapter: segmentation_strategies.
    """
    logits = fitting(logits, found)
    flat, shares = (x.reshape(-1, logits.shape[-1]) for x in (logits, softmax(logits)))
    one, other, weight = grid_pairs(logits.shape[:2], found)
    matrix = np.zeros((len(flat),) * 2)
    matrix[one, other] = matrix[other, one] = weight
    for _ in range(whole("sweeps", sweeps, 0)):
        for i in range(len(flat)):
            shares[i] = softmax(flat[i] + matrix[i] @ shares)
    return shares.reshape(logits.shape)
