"""Along the straight path from a baseline to an input: points, sums by rule, and the integral in closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cvnotes.checks import whole

from .axioms import Weights

RULES = ("left", "midpoint", "trapezoid", "gauss-legendre")
STEPS = (2, 5, 10, 20, 50, 100)


def on_the_way(baseline: np.ndarray, x: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Points on the straight path, (alphas, ...): baseline + alpha (x - baseline)."""
    alphas = np.reshape(np.asarray(alphas, "float32"), (-1, *[1] * np.ndim(x)))
    return baseline + alphas * (x - baseline)


def five_lines(
    slope: Callable[[np.ndarray], np.ndarray], x: np.ndarray, baseline: np.ndarray, steps: int
) -> np.ndarray:
    """Integrated gradients by midpoints, to be read: walk, take slopes, average, scale by the way."""
    alphas = (np.arange(whole("steps", steps, 1)) + 0.5) / steps
    points = on_the_way(baseline, x, alphas)
    slopes = slope(points)
    average = slopes.mean(axis=0)
    return (x - baseline) * average


def kinks(weights: Weights, baseline: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Where on the path a ReLU of a dense net switches: alphas in increasing order, with 0 and 1 at the ends.

    Between two kinks all is linear. So layer by layer: inputs of its ReLUs at the kinks found so far, and wherever
    two neighbours differ in sign, one more kink between them. weights: (kernel, bias) by layer; baseline, x: (d,).
    """
    found = np.array([0.0, 1.0])
    for depth in range(1, len(weights)):
        values = _before(weights[:depth], baseline + found[:, None] * (x - baseline))
        left, right = values[:-1], values[1:]
        crossed = left * right < 0
        share = np.where(crossed, left / np.where(crossed, left - right, 1), 0)
        new = (found[:-1, None] + share * np.diff(found)[:, None])[crossed]
        found = np.unique(np.concatenate([found, new]))
    return found


def _before(weights: Weights, x: np.ndarray) -> np.ndarray:
    """What enters the last ReLU of some dense layers, (n, units)."""
    for i, (kernel, bias) in enumerate(weights):
        x = (np.maximum(x, 0) if i else x) @ kernel + bias
    return x


def slope_of(weights: Weights, x: np.ndarray, target: int = 0) -> np.ndarray:
    """The gradient of one output of a dense net at points (n, d), by hand: (n, d)."""
    gates = [_before(weights[: i + 1], x) > 0 for i in range(len(weights) - 1)]
    back = np.broadcast_to(weights[-1][0][:, target], (len(x), len(weights[-1][0])))
    for (kernel, _), gate in zip(weights[-2::-1], gates[::-1], strict=True):
        back = (back * gate) @ kernel.T
    return back


def exact(weights: Weights, x: np.ndarray, baseline: np.ndarray, target: int = 0) -> np.ndarray:
    """Integrated gradients of a dense ReLU net without any error but rounding, (d,).

    Between two `kinks` the slope is constant, so the integral is a sum over pieces: slope times length.
    """
    baseline, x = np.asarray(baseline, float), np.asarray(x, float)
    ends = kinks(weights, baseline, x)
    middles = (ends[1:] + ends[:-1]) / 2
    slopes = slope_of(weights, baseline + middles[:, None] * (x - baseline), target)
    return (x - baseline) * (slopes * np.diff(ends)[:, None]).sum(axis=0)
