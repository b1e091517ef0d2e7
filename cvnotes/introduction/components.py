"""The four parts of a ConvNet in NumPy alone: convolution, ReLU, pooling, dense."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvnotes.convolution import conv2d
from cvnotes.pooling import pool2d


def relu(x: np.ndarray) -> np.ndarray:
    """Keep what is positive: $a = max(0, z)$, any shape. Chapter: introduction."""
    return np.maximum(x, 0)


def dense(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    r"""Let every output weigh every input: $y_k = b_k + \sum_j x_j w_{jk}$.

    x: (n, inputs), weights: (inputs, outputs), bias: (outputs,); gives (n, outputs).
    Raises ValueError where the shapes do not fit. Chapter: introduction.
    """
    if np.ndim(x) != 2 or np.shape(weights) != (np.shape(x)[1], *np.shape(bias)):
        shapes = f"{np.shape(x)}, {np.shape(weights)}, {np.shape(bias)}"
        raise ValueError(f"Flatten x, match its inputs. Received shapes: {shapes}")
    return x @ weights + bias


def five_stages(images: np.ndarray, weights: Sequence) -> dict[str, np.ndarray]:
    """Run INPUT-CONV-RELU-POOL-FC and keep every volume on the way.

    images: (n, h, w, channels); weights: the filters, their biases, the matrix of the
    dense layer and its biases, in the order of Keras. Chapter: introduction.
    """
    kernel, bias, matrix, offset = weights
    volumes = {"input": images}
    volumes["conv"] = conv2d(images, kernel, bias, padding="same")
    volumes["relu"] = relu(volumes["conv"])
    volumes["pool"] = pool2d(volumes["relu"], 2)
    flat = volumes["pool"].reshape(len(images), -1)
    volumes["fc"] = dense(flat, matrix, offset)
    return volumes
