"""Keep or compute again: the way back through a chain of layers with only some of its activations kept.

Chapter: memory.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes.checks import whole

__all__ = ["Outcome", "chain", "gradients_of_chain"]


class Outcome(NamedTuple):
    """Gradients of all weights, how often a layer was computed forward, the most activations kept at one time."""

    gradients: list[np.ndarray]
    evaluations: int
    peak: int


def chain(depth: int, width: int = 64, seed: int = 0) -> list[np.ndarray]:
    """Draw the weights (width, width) of `depth` equal layers, scaled so that activations neither die nor explode."""
    depth, width = whole("depth", depth, 1), whole("width", width, 1)
    return list(np.random.default_rng(seed).normal(0, width**-0.5, (depth, width, width)))


def layer(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """One layer of the chain: tanh of a matrix product."""
    return np.tanh(x @ weights)


def gradients_of_chain(x: np.ndarray, weights: list[np.ndarray], every: int = 1) -> Outcome:
    r"""Gradients of the sum of the last activations, with the input of every k-th layer kept on the way forward.

    What lies between is computed again, one stretch at a time, when the way back gets there. For n layers and k that
    divides n this keeps at most :math:`n/k + k` activations and computes :math:`2n - n/k` layers forward.

    x: (examples, width). every: k; 1 keeps everything. Raises ValueError for k outside 1 .. n, no weights at all, and
    shapes that do not make a chain. Source: Chen et al. (2016), section 3. Chapter: memory.
    """
    x, n = _chained(x, weights), len(weights)
    k = whole("every", every, 1, n)
    kept, evaluations, most = {0: x}, 0, 1
    h = x
    for i in range(n):
        h, evaluations = layer(h, weights[i]), evaluations + 1
        if (i + 1) % k == 0 or i + 1 == n:
            kept[i + 1] = h
        most = max(most, len(kept) + (i + 1 not in kept))
    gradients, upstream = [], np.ones_like(h)
    for first in range((n - 1) // k * k, -1, -k):
        last = min(first + k, n)
        for i in range(first, last - 1):
            kept[i + 1], evaluations = layer(kept[i], weights[i]), evaluations + 1
        most = max(most, len(kept))
        for i in reversed(range(first, last)):
            upstream = upstream * (1 - kept.pop(i + 1) ** 2)
            gradients.append(kept[i].T @ upstream)
            upstream = upstream @ weights[i].T
    return Outcome(gradients[::-1], evaluations, most)


def _chained(x: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    """Read x as numbers (examples, width) that pass through all weights, or raise ValueError."""
    x, shapes = np.asarray(x), [np.shape(w) for w in weights]
    fit = x.ndim == 2 and x.dtype.kind in "fiu" and bool(shapes) and all(shape == 2 * x.shape[1:] for shape in shapes)
    if not fit:
        told = f"x {x.dtype} {x.shape}, weights {shapes}"
        raise ValueError(f"Give numbers x (examples, width) and weights (width, width), one at least. Received: {told}")
    return x
