"""Layers with a way round them, in NumPy: the residual block and the highway layer, forward and backward."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from cvnotes.backpropagation import Layer, Network
from cvnotes.normalization import BatchNorm


def _like(x: np.ndarray, found: np.ndarray) -> np.ndarray:
    """What layers found, if it has the shape of what they were given; NumPy would stretch it, and add."""
    if found.shape != x.shape:
        raise ValueError(
            f"Layers with a way round them must give the shape they get, {x.shape}. Received: {found.shape}"
        )
    return found


class Residual(Network):
    r"""Layers whose output is added to their input: :math:`y = x + F(x)`.

    On the way back the sum hands its gradient to both: :math:`\bar x = \bar y + \bar y\,\partial F/\partial x`.
    layers: those of F, which must give what they get, (n, units). Raises ValueError for another shape.
    Source: He and others (2016), equation 1. Chapter: shortcuts.
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        return x + _like(x, super().forward(x))

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        return upstream + super().backward(upstream)


class Highway(Layer):
    r"""A ReLU layer h and its input, mixed by a gate: :math:`y = T \odot h + (1 - T) \odot x`.

    .. math:: h = \max(0, xW + b), \qquad T = \sigma(x W_T + b_T)

    weights: W and W_T (units, units), b and b_T (units,), in the order W, b, W_T, b_T. Remembers x, h and T.
    Raises ValueError unless h and T have the shape of x. Source: Srivastava, Greff and Schmidhuber (2015), equation 3.
    Chapter: shortcuts.
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        w, b, w_gate, b_gate = self.weights
        h, gate = np.maximum(x @ w + b, 0), expit(x @ w_gate + b_gate)
        self.kept = (x, _like(x, h), _like(x, gate))
        return gate * h + (1 - gate) * x

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        (x, h, gate), (w, _, w_gate, _) = self.kept, self.weights
        for_h = upstream * gate * (h > 0)
        for_gate = upstream * (h - x) * gate * (1 - gate)
        self.gradients = [x.T @ for_h, for_h.sum(0), x.T @ for_gate, for_gate.sum(0)]
        return upstream * (1 - gate) + for_h @ w.T + for_gate @ w_gate.T


class Norm(BatchNorm):
    """Batch normalization with the statistics of the batch, as `BatchNorm`, in single precision and without its checks.

    A deep stack in training calls it some hundred thousand times. Remembers the normalized input and its spread.
    Chapter: shortcuts.
    """

    def __init__(self, channels: int):
        super().__init__(channels)
        self.weights = [weight.astype("float32") for weight in self.weights]

    def forward(self, x: np.ndarray) -> np.ndarray:
        x = x - x.mean(0)
        spread = np.sqrt(np.square(x).mean(0) + np.float32(self.epsilon))
        self.kept = (x / spread, spread)
        return self.kept[0] * self.weights[0] + self.weights[1]

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        (x, spread), along = self.kept, upstream * self.kept[0]
        self.gradients = [along.sum(0), upstream.sum(0)]
        return self.weights[0] / spread * (upstream - upstream.mean(0) - x * along.mean(0))
