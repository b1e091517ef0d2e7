"""Batch normalization as a graph of nine small steps, walked forward and back. Chapter: normalization."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import number

from .batch import EPSILON, batch_axes, floats, per_channel, positive, shaped

Values = dict[str, np.ndarray]


def forward_steps(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    epsilon: float = EPSILON,
) -> Values:
    """Take the nine steps and keep what each of them gives.

    x: (n, ..., channels); gamma, beta: (channels,). The answer is `values["y"]`.
    Raises ValueError as `batch_norm`. Chapter: normalization.
    """
    axes, x, epsilon = batch_axes(x), floats("x", x), number("epsilon", epsilon, 0)
    gamma, beta = per_channel("gamma", gamma, x), per_channel("beta", beta, x)
    v = {"x": x, "gamma": gamma}
    v["mean"] = x.mean(axes)  # 1
    v["centred"] = x - v["mean"]  # 2
    v["squares"] = v["centred"] ** 2  # 3
    v["variance"] = v["squares"].mean(axes)  # 4
    v["spread"] = np.sqrt(positive(v["variance"] + epsilon))  # 5
    v["inverse"] = 1 / v["spread"]  # 6
    v["x_hat"] = v["centred"] * v["inverse"]  # 7
    v["scaled"] = gamma * v["x_hat"]  # 8
    v["y"] = v["scaled"] + beta  # 9
    return v


def backward_steps(v: Values, upstream: np.ndarray) -> Values:
    """Walk the nine steps back and give the gradient for everything on the way.

    v: what `forward_steps` kept; upstream: the gradient for y. What was used twice,
    `centred` and x, adds up twice. Raises ValueError for an upstream of another shape.
    Source: Ioffe and Szegedy (2015), section 3. Chapter: normalization.
    """
    axes, g = batch_axes(v["x"]), {"y": shaped("upstream", upstream, v["x"])}
    count = v["x"].size / v["x"].shape[-1]  # numbers in each mean
    g["scaled"], g["beta"] = g["y"], g["y"].sum(axes)  # 9
    g["x_hat"] = g["scaled"] * v["gamma"]  # 8, one way
    g["gamma"] = (g["scaled"] * v["x_hat"]).sum(axes)  # 8, the other way
    g["inverse"] = (g["x_hat"] * v["centred"]).sum(axes)  # 7, one way
    g["spread"] = -g["inverse"] / v["spread"] ** 2  # 6
    g["variance"] = g["spread"] / (2 * v["spread"])  # 5
    g["squares"] = np.broadcast_to(g["variance"] / count, v["x"].shape)  # 4
    g["centred"] = g["x_hat"] * v["inverse"]  # 7, the other way
    g["centred"] = g["centred"] + 2 * v["centred"] * g["squares"]  # and 3
    g["mean"] = -g["centred"].sum(axes)  # 2, one way
    g["x"] = g["centred"] + g["mean"] / count  # 2, the other way, and 1
    return g
