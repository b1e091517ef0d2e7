"""How much the layers of a net depend on each other: blocks of second derivatives. Chapter: normalization."""

from __future__ import annotations

import numpy as np

from cvnotes.backpropagation import Network
from cvnotes.checks import whole

from .nets import kernels, slopes

NUDGE = 1e-5  # of a layer's length: half the width of the finite difference


def relations(
    network: Network, x: np.ndarray, labels: np.ndarray, probes: int = 20, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    r"""Measure how strongly the slope for one layer answers to a small change of another.

    $$ M_{lm} = \frac{\|W_l\|\,\|W_m\|}{\sqrt{n_l n_m}}\;\|H_{lm}\|_F , \qquad
       H_{lm} = \frac{\partial^2 L}{\partial W_l\,\partial W_m} $$

    Changes count as fractions of a layer's length, as weights in front of a normalization have no unit of their own.
    The norm is estimated from `probes` random directions in each layer, by central differences of the gradient.
    Returns M, (layers, layers), and the gradient on the same scale, (layers,): the root mean square slope in a random
    direction. Raises ValueError for less than one probe. Chapter: normalization.
    """
    dice, probes, weights = np.random.default_rng(seed), whole("probes", probes, 1), kernels(network)
    units = np.array([np.linalg.norm(w) / np.sqrt(w.size) for w in weights])
    squares = np.zeros((len(weights), len(weights)))
    for m, weight in enumerate(weights):
        for _ in range(probes):
            nudge = NUDGE * units[m] * dice.normal(size=weight.shape)
            ahead, behind = (_slopes_at(network, x, labels, weight, sign * nudge) for sign in (1, -1))
            squares[:, m] += [np.sum((a - b) ** 2) for a, b in zip(ahead, behind, strict=True)]
    matrix = units[:, None] * np.sqrt(squares / probes) / (2 * NUDGE)
    network.loss(x, labels)
    return matrix, units * [np.linalg.norm(slope) for slope in slopes(network)]


def _slopes_at(
    network: Network, x: np.ndarray, labels: np.ndarray, weight: np.ndarray, nudge: np.ndarray
) -> list[np.ndarray]:
    """The gradients of all layers with one weight matrix nudged, which is put back after."""
    start = weight.copy()
    weight += nudge
    network.loss(x, labels)
    weight[...] = start
    return slopes(network)


def across(matrix: np.ndarray) -> float:
    """The mean entry between two different layers of a square matrix.

    Raises ValueError for less than two layers, or no square. Chapter: normalization.
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or len(set(matrix.shape)) != 1 or len(matrix) < 2:
        raise ValueError(f"Give a square of two layers or more. Received: shape {matrix.shape}")
    return float(matrix[~np.eye(len(matrix), dtype=bool)].mean())
