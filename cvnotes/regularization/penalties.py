"""Prices and limits on weights: L2, L1, max-norm; what each does to one weight, to a bowl, to a training step.

Chapter: regularization.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence

import numpy as np

from cvnotes.backpropagation import Network
from cvnotes.checks import number

from . import given
from .nets import Hook, kernels

KINDS = ("L2", "L1", "max-norm")


def shrunk(weights: np.ndarray, curvatures: np.ndarray, strength: float) -> np.ndarray:
    r"""Where the bottom of a bowl moves under :math:`\tfrac\lambda2 \sum w^2`.

    .. math:: \tfrac12 \sum h_i (w_i - w_i^*)^2 + \tfrac\lambda2 \sum w_i^2
              \quad\text{is least at}\quad w_i = \frac{h_i}{h_i + \lambda}\, w_i^*

    weights: the bottom :math:`w^*` without a penalty; curvatures: :math:`h > 0`, of the
    same shape. Raises ValueError for a negative strength, a curvature of 0 or less, other shapes.
    Source: Goodfellow et al. (2016), section 7.1.1. Chapter: regularization.
    """
    weights, curvatures = given.floats("weights", weights), given.floats("curvatures", curvatures)
    if curvatures.shape != weights.shape:
        raise ValueError(f"Give one curvature a weight. Received: {curvatures.shape} for {weights.shape}")
    if not np.all((curvatures > 0) & np.isfinite(curvatures)):
        raise ValueError(f"curvatures must be finite and above 0. Received: {curvatures}")
    return curvatures / (curvatures + number("strength", strength, 0)) * weights


def soft_threshold(weights: np.ndarray, amount: float) -> np.ndarray:
    r"""Pull every weight towards zero by a fixed amount, and stop there.

    .. math:: S_t(w) = \operatorname{sign}(w)\, \max(|w| - t,\, 0)

    This is the proximal step of :math:`t\,|w|`. Raises ValueError for a negative
    amount. Source: Parikh and Boyd (2014), section 6.5.2. Chapter: regularization.
    """
    weights = given.floats("weights", weights)
    return np.sign(weights) * np.maximum(np.abs(weights) - number("amount", amount, 0), 0)


def limited(weights: np.ndarray, limit: float, axes: int | Sequence[int] | None = None) -> np.ndarray:
    r"""Scale every neuron's weights back to length `limit` if they are longer.

    .. math:: w \leftarrow w \cdot \min\Bigl(1,\, \frac{c}{\lVert w \rVert_2}\Bigr)

    weights: (in, out) of a dense layer or (kh, kw, in, out) of a convolution. axes: over
    which the length is taken; by default all but the last, so that each output has one.
    Raises ValueError for a limit of 0 or less, a length that is not finite, or weights
    without inputs. Source: Srivastava et al. (2014), section 5.1. Chapter: regularization.
    """
    weights, limit = given.floats("weights", weights), _limit(limit)
    lengths = _lengths(weights, axes)
    return weights * np.minimum(1, limit / np.where(lengths > 0, lengths, 1))


def neuron_norms(weights: np.ndarray) -> np.ndarray:
    """The length of the weights into each output, (out,). Raises ValueError as `limited`. Chapter: regularization."""
    return _lengths(given.floats("weights", weights)).reshape(np.shape(weights)[-1:])


def _limit(limit: float) -> float:
    if number("limit", limit, 0) == 0:
        raise ValueError("limit must be above 0: at 0 nothing could be learned. Received: limit=0")
    return float(limit)


def _lengths(weights: np.ndarray, axes: int | Sequence[int] | None = None) -> np.ndarray:
    """Lengths over some axes (all but the last for None), which stay with size 1."""
    if axes is None and weights.ndim < 2:
        raise ValueError(f"weights need inputs and outputs: (..., in, out). Received: shape {weights.shape}")
    axes = range(weights.ndim - 1) if axes is None else [axes] if isinstance(axes, numbers.Integral) else axes
    with np.errstate(over="ignore"):  # refused below
        lengths = np.sqrt((weights**2).sum(tuple(axes), keepdims=True))
    if not np.isfinite(lengths).all():
        raise ValueError(f"weights and their squares must be finite. Received: sizes up to {np.abs(weights).max():g}")
    return lengths


def l2_hook(strength: float) -> Hook:
    r"""For every step: add :math:`\lambda w`, the slope of half :math:`\lambda w^2`, to the gradient of each kernel."""
    strength = number("strength", strength, 0)
    return _added(lambda weight: strength * weight)


def l1_slope_hook(strength: float) -> Hook:
    r"""For every step: add :math:`\lambda \operatorname{sign}(w)` to the gradient of each kernel."""
    strength = number("strength", strength, 0)
    return _added(lambda weight: strength * np.sign(weight))


def _added(price: Callable[[np.ndarray], np.ndarray]) -> Hook:
    """Add the slope of a price to the gradient of each kernel; biases go free."""

    def penalise(network: Network) -> None:
        for weight, slope in zip(network.weights, network.gradients, strict=True):
            if weight.ndim > 1:
                slope += price(weight)

    return penalise


def l1_proximal_hook(strength: float, rate: float) -> Hook:
    """After every step: the soft threshold by rate times strength on each kernel."""
    amount = number("strength", strength, 0) * number("rate", rate, 0)

    def constrain(network: Network) -> None:
        for weight in kernels(network):
            weight[...] = soft_threshold(weight, amount)

    return constrain


def max_norm_hook(limit: float) -> Hook:
    """After every step: no neuron's weights longer than the limit."""
    limit = _limit(limit)

    def constrain(network: Network) -> None:
        for weight in kernels(network):
            weight[...] = limited(weight, limit)

    return constrain
