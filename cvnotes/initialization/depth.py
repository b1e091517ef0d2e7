"""Signals through many layers: forward the activations, backward the gradients, and how large they are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from cvnotes.checks import whole

from .schemes import SCHEMES, deviation, draw

Function = Callable[[np.ndarray], np.ndarray]

#: Name: the function and its slope.
ACTIVATIONS: dict[str, tuple[Function, Function]] = {
    "linear": (lambda z: z, np.ones_like),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "ReLU": (lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(z.dtype)),
    "sigmoid": (expit, lambda z: expit(z) * (1 - expit(z))),
}


class Passed(NamedTuple):
    """What went through a stack of L layers: entry l is what layer l handed on, and the gradient that came back to it.

    activations[0] is the input; gradients[0] is the gradient of the input. Each entry: (examples, width of the layer).
    """

    activations: list[np.ndarray]
    gradients: list[np.ndarray]


def stack(scheme: str, widths: Sequence[int], rng: np.random.Generator) -> list[np.ndarray]:
    """Draw the weights of dense layers that lead from one width to the next: (in, out) each.

    widths: of the input and of every layer. Raises ValueError for fewer than two widths, a width below 1 and an unknown
    scheme. Chapter: initialization.
    """
    if len(widths) < 2:
        raise ValueError(f"widths must hold that of the input and of one layer. Received: {tuple(widths)}")
    return [draw(scheme, shape, rng) for shape in itertools.pairwise(widths)]


def forward(x: np.ndarray, weights: Sequence[np.ndarray], activation: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    r"""Pass rows through all layers, $z_l = h_{l-1} W_l$ and $h_l = f(z_l)$: (all h, all z).

    x: (examples, width). weights: W_l of shape (width of l - 1, width of l); no biases.
    Raises ValueError for an unknown activation and weights that do not follow each other. Chapter: initialization.
    """
    function, _ = _known(activation)
    handed, sums = [np.asarray(x)], []
    for i, w in enumerate(map(np.asarray, weights)):
        if w.ndim != 2 or handed[-1].ndim != 2 or handed[-1].shape[1] != w.shape[0]:
            raise ValueError(f"Layer {i + 1} reads {w.shape[:1]} numbers a row. Received: rows {handed[-1].shape}")
        sums.append(handed[-1] @ w)
        handed.append(function(sums[-1]))
    return handed, sums


def backward(
    sums: Sequence[np.ndarray], weights: Sequence[np.ndarray], activation: str, upstream: np.ndarray
) -> list[np.ndarray]:
    r"""Send a gradient back from $g_L$ to $g_0$: $g_{l-1} = \bigl(g_l \odot f'(z_l)\bigr) W_l^\top$. Gives all of them.

    sums: the z of `forward`. upstream: $g_L = \partial L/\partial h_L$, shaped as the last of them.
    Raises ValueError for an unknown activation, no layer, and shapes that do not follow each other.
    Chapter: initialization.
    """
    _, slope = _known(activation)
    sums, weights, gradients = [np.asarray(z) for z in sums], [np.asarray(w) for w in weights], [np.asarray(upstream)]
    if not sums or len(sums) != len(weights):
        raise ValueError(f"Give the sums and weights of the same layers. Received: {len(sums)} and {len(weights)}")
    if gradients[0].shape != sums[-1].shape:
        raise ValueError(f"upstream must have the shape {sums[-1].shape}. Received: {gradients[0].shape}")
    for z, w in zip(sums[::-1], weights[::-1], strict=True):
        if z.shape != gradients[-1].shape or w.ndim != 2 or w.shape[1:] != z.shape[1:]:
            raise ValueError(
                f"A layer's sums, gradient and weights must fit. Received: {z.shape}, {gradients[-1].shape}, {w.shape}"
            )
        gradients.append((gradients[-1] * slope(z)) @ w.T)
    return gradients[::-1]


def through(x: np.ndarray, weights: Sequence[np.ndarray], activation: str, rng: np.random.Generator) -> Passed:
    """Go forward with x, and back with a gradient of independent standard normal numbers.

    Arguments and errors as `forward`, and ValueError without a layer. Chapter: initialization.
    """
    handed, sums = forward(x, weights, activation)
    upstream = rng.normal(size=handed[-1].shape).astype(np.result_type(handed[-1], np.float16))  # whole numbers: floats
    return Passed(handed, backward(sums, weights, activation, upstream))


def mean_squares(volumes: Sequence[np.ndarray]) -> np.ndarray:
    r"""Give $E[v^2]$ of each layer: the variance, where the mean is zero. volumes: of any shapes, not empty.

    Raises ValueError for a layer without numbers. Chapter: initialization.
    """
    if not all(np.size(v) for v in volumes):
        raise ValueError(f"Each layer needs numbers. Received: shapes {[np.shape(v) for v in volumes]}")
    return np.array([np.mean(np.square(v, dtype=float)) for v in volumes])


def survey(width: int, layers: int, draws: int, rows: int = 20) -> dict[tuple[str, str], np.ndarray]:
    """Send standard normal rows through equal layers, for every rule and activation, and a gradient back.

    Gives for (rule, activation) the mean squares of activations and gradients by layer, (2, layers + 1), means over
    `draws` draws; all rules get the same random numbers, scaled. Raises ValueError for sizes below 1.
    Chapter: initialization.
    """
    width, rows, layers = whole("width", width, 1), whole("rows", rows, 1), whole("layers", layers, 1)
    found: dict[tuple[str, str], np.ndarray] = {}
    for seed in range(whole("draws", draws, 1)):
        rng = np.random.default_rng(seed)
        x, upstream = rng.normal(size=(2, rows, width)).astype("float32")
        plain = [rng.normal(size=(width, width)).astype("float32") for _ in range(layers)]
        for scheme in SCHEMES:
            weights = [w * np.float32(deviation(scheme, width, width)) for w in plain]
            for activation in ACTIVATIONS:
                handed, sums = forward(x, weights, activation)
                both = handed, backward(sums, weights, activation, upstream)
                squares = np.array([mean_squares(volumes) for volumes in both]) / draws
                found[scheme, activation] = found.get((scheme, activation), 0.0) + squares
    return found


def _known(activation: str) -> tuple[Function, Function]:
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}. Received: {activation!r}")
    return ACTIVATIONS[activation]
