"""The slow twin of routing: plain loops over pictures, parts and wholes, to read and to compare with."""

from __future__ import annotations

import numpy as np


def squash_slow(s: np.ndarray) -> np.ndarray:
    """Squash one vector (d,), as the paper writes it. Source: Sabour et al. (2017), equation 1. Chapter: capsules."""
    length = np.sqrt(np.sum(s**2))
    return s if length == 0 else length**2 / (1 + length**2) * s / length


def votes_slow(parts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Multiply each part (n, i, k) by each of its matrices (i, j, d, k): (n, j, i, d). Chapter: capsules."""
    (n, many, _), (_, wholes, d, _) = parts.shape, weights.shape
    found = np.zeros((n, wholes, many, d))
    for picture, j, i in np.ndindex(n, wholes, many):
        found[picture, j, i] = weights[i, j] @ parts[picture, i]
    return found


def route_slow(votes: np.ndarray, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Procedure 1 of Sabour et al. (2017) for the votes (j, i, d) of one picture: wholes (j, d), couplings (j, i)."""
    wholes, parts, d = votes.shape
    b = np.zeros((wholes, parts))
    for turn in range(rounds):
        c = np.zeros((wholes, parts))
        for i in range(parts):
            shares = np.exp(b[:, i] - b[:, i].max())
            c[:, i] = shares / shares.sum()  # one part, all wholes
        v = np.zeros((wholes, d))
        for j in range(wholes):
            v[j] = squash_slow(sum(c[j, i] * votes[j, i] for i in range(parts)))
        if turn < rounds - 1:
            for j, i in np.ndindex(wholes, parts):
                b[j, i] += votes[j, i] @ v[j]
    return v, c
