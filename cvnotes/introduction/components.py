"""The four parts of a ConvNet in NumPy alone: convolution, ReLU, pooling, dense."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvnotes.convolution import conv2d
from cvnotes.pooling import pool2d


def relu(x: np.ndarray) -> np.ndarray:
    """Keep what is positive: $a = max(0, z)$, for an array of any shape. Chapter: introduction."""
    return np.maximum(x, 0)


def dense(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    r"""Let every output weigh every input: $y_k = b_k + \sum_j x_j w_{jk}$.

    x: (n, inputs), weights: (inputs, outputs), bias: (outputs,). Returns (n, outputs).
    Raises ValueError where the shapes do not fit. Chapter: introduction.
    """
    x, weights, bias = np.asarray(x), np.asarray(weights), np.asarray(bias)
    if x.ndim != 2 or weights.shape != (x.shape[1], *bias.shape):
        raise ValueError(
            "dense takes x (n, inputs), weights (inputs, outputs), bias (outputs,): flatten maps before. "
            f"Received: {x.shape}, {weights.shape}, {bias.shape}"
        )
    return x @ weights + bias


def five_stages(images: np.ndarray, weights: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Run INPUT-CONV-RELU-POOL-FC and keep every volume on the way.

    images: (n, h, w, c); weights: kernel (k, k, c, filters), its biases, matrix (h/2 * w/2 * filters, classes), its
    biases, as Keras lists them. Chapter: introduction.
    """
    kernel, bias, matrix, offset = weights
    volumes = {"input": images}
    volumes["conv"] = conv2d(volumes["input"], kernel, bias, padding="same")
    volumes["relu"] = relu(volumes["conv"])
    volumes["pool"] = pool2d(volumes["relu"], 2)
    volumes["fc"] = dense(volumes["pool"].reshape(len(images), -1), matrix, offset)
    return volumes
