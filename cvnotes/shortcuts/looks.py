"""What deep stacks do to a batch: do they keep digits apart, and how far can their gradient be trusted?"""

from __future__ import annotations

import numpy as np

from cvnotes.backpropagation import Dense, Network, ReLU
from cvnotes.checks import number, whole

from .blocks import Residual
from .stacks import flat, rows_of, signals


def deepened(net: Network, blocks: int) -> Network:
    """A plain stack with more blocks in front of its scores, each with two identity matrices: it gives what it gave.

    What comes to them has been through a ReLU, so the ReLU behind an identity changes nothing.
    Raises ValueError for fewer than one block, and where no ReLU comes last. Chapter: shortcuts.
    """
    if not isinstance(flat(Network(net.layers[:-1]))[-1], ReLU):
        raise ValueError("Only a net with a ReLU right before its scores can be deepened. Received: another last layer")
    width = len(net.layers[-1].layers[-1].weights[0])

    def same() -> list:
        return [Dense(np.eye(width, dtype="float32"), np.zeros(width, "float32")), ReLU()]

    more = [Network([*same(), *same()]) for _ in range(whole("blocks", blocks, 1))]
    return Network([*net.layers[:-1], *more, net.layers[-1]])


def silence(net: Network) -> Network:
    """Set the last weights of every residual branch to zero, in place: each block hands on its input. Gives the net.

    A net without residual blocks stays as it is.
    Source: Goyal and others (2017), section 5.1, for the factors of a normalization. Chapter: shortcuts.
    """
    for layer in net.layers:
        for part in [layer, *layer.layers]:
            if isinstance(part, Residual):
                last = [inner for inner in flat(part) if isinstance(inner, Dense)][-1]
                last.weights[0][...] = 0
    return net


def likeness(rows: np.ndarray) -> float:
    """The mean cosine of all pairs of rows (n, units), each with itself among them: 1 if all point the same way.

    Raises ValueError for another shape, no rows, and numbers that are not finite. Chapter: shortcuts.
    """
    if np.ndim(rows) != 2 or not len(rows) or not np.isfinite(rows).all():
        raise ValueError(
            f"rows must be finite numbers (n, units), one row at least. Received: {np.shape(rows)}, {rows}"
        )
    return float(np.mean(_directions(rows).mean(0) @ _directions(rows).T))


def steadiness(net: Network, x: np.ndarray, labels: np.ndarray, *, share: float = 0.05, seed: int = 0) -> float:
    """How far the gradient holds: its mean cosine, at the first border, with itself after a small move of the input.

    x: (n, 64); each row moves in a random direction by that share of its length. 1: the same direction as before; 0:
    nothing in common. Raises ValueError for a share that is not above 0, and for what `signals` refuses.
    After Balduzzi and others (2017). Chapter: shortcuts.
    """
    x, labels = rows_of(net, x, labels)
    noise = np.random.default_rng(seed).normal(size=x.shape)
    far = number("share", share, above=0) * np.linalg.norm(x, axis=1, keepdims=True)
    moved = (x + far * _directions(noise)).astype("float32")
    here, there = (signals(net, rows, labels).gradients[0] for rows in (x, moved))
    return float(np.mean(np.sum(_directions(here) * _directions(there), axis=1)))


def _directions(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
