"""Prices and limits on weights: L2, L1, max-norm; what each does to one weight, to a bowl, to a training step.

Chapter: regularization.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence

import numpy as np

from cvnotes.backpropagation import Network

from .nets import Hook, kernels

KINDS = ("L2", "L1", "max-norm")


def _strength(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= value < math.inf:
        raise ValueError(f"{name} must be a number of at least 0. Received: {name}={value!r}")
    return float(value)


def shrunk(weights: np.ndarray, curvatures: np.ndarray, strength: float) -> np.ndarray:
    r"""Where the bottom of a bowl moves under :math:`\tfrac\lambda2 \sum w^2`.

    .. math:: \tfrac12 \sum h_i (w_i - w_i^*)^2 + \tfrac\lambda2 \sum w_i^2
              \quad\text{is least at}\quad w_i = \frac{h_i}{h_i + \lambda}\, w_i^*

    weights: the bottom :math:`w^*` without a penalty; curvatures: :math:`h > 0`, of the
    same shape. Raises ValueError for a negative strength or a curvature of 0 or less.
    Source: Goodfellow et al. (2016), section 7.1.1. Chapter: regularization.
    """
    curvatures = np.asarray(curvatures, float)
    if not np.all(curvatures > 0):
        raise ValueError(f"curvatures must be above 0. Received: {curvatures}")
    return curvatures / (curvatures + _strength("strength", strength)) * weights


def soft_threshold(weights: np.ndarray, amount: float) -> np.ndarray:
    r"""Pull every weight towards zero by a fixed amount, and stop there.

    .. math:: S_t(w) = \operatorname{sign}(w)\, \max(|w| - t,\, 0)

    This is the proximal step of :math:`t\,|w|`. Raises ValueError for a negative
    amount. Source: Parikh and Boyd (2014), section 6.5.2. Chapter: regularization.
    """
    weights = np.asarray(weights, float)
    return np.sign(weights) * np.maximum(np.abs(weights) - _strength("amount", amount), 0)


def limited(weights: np.ndarray, limit: float, axes: int | Sequence[int] | None = None) -> np.ndarray:
    r"""Scale every neuron's weights back to length `limit` if they are longer.

    .. math:: w \leftarrow w \cdot \min\Bigl(1,\, \frac{c}{\lVert w \rVert_2}\Bigr)

    weights: (in, out) of a dense layer or (kh, kw, in, out) of a convolution. axes: over
    which the length is taken; by default all but the last, so that each output has one.
    Raises ValueError for a limit of 0 or less. Source: Srivastava et al. (2014),
    section 5.1. Chapter: regularization.
    """
    weights = np.asarray(weights)
    if _strength("limit", limit) == 0:
        raise ValueError("limit must be above 0: at 0 nothing could be learned. Received: limit=0")
    axes = tuple(range(weights.ndim - 1)) if axes is None else axes
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    lengths = np.sqrt((weights**2).sum(axes, keepdims=True))
    return weights * np.minimum(1, limit / np.where(lengths > 0, lengths, 1))


def neuron_norms(weights: np.ndarray) -> np.ndarray:
    """The length of the weights into each output, (out,)."""
    return np.sqrt((np.asarray(weights) ** 2).sum(tuple(range(np.ndim(weights) - 1))))


def l2_hook(strength: float) -> Hook:
    r"""For every step: add :math:`\lambda w` to the gradient of each kernel, the slope of
    :math:`\tfrac\lambda2 w^2`.
    """
    strength = _strength("strength", strength)

    def penalise(network: Network) -> None:
        for weight, slope in zip(network.weights, network.gradients, strict=True):
            if weight.ndim > 1:
                slope += strength * weight

    return penalise


def l1_slope_hook(strength: float) -> Hook:
    r"""For every step: add :math:`\lambda \operatorname{sign}(w)` to the gradient of each kernel."""
    strength = _strength("strength", strength)

    def penalise(network: Network) -> None:
        for weight, slope in zip(network.weights, network.gradients, strict=True):
            if weight.ndim > 1:
                slope += strength * np.sign(weight)

    return penalise


def l1_proximal_hook(strength: float, rate: float) -> Hook:
    """After every step: the soft threshold by rate times strength on each kernel."""
    amount = _strength("strength", strength) * _strength("rate", rate)

    def constrain(network: Network) -> None:
        for weight in kernels(network):
            weight[...] = soft_threshold(weight, amount)

    return constrain


def max_norm_hook(limit: float) -> Hook:
    """After every step: no neuron's weights longer than the limit."""

    def constrain(network: Network) -> None:
        for weight in kernels(network):
            weight[...] = limited(weight, limit)

    return constrain
