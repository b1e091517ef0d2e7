"""The layers of a ConvNet in NumPy alone: each remembers what its backward pass will need."""

from __future__ import annotations

import numpy as np

from cvnotes import pooling
from cvnotes.convolution import conv2d
from cvnotes.convolution.matrices import Padding

from .adjoints import bias_gradient, filter_gradient, input_gradient


class Layer:
    """What all layers share: weights and their gradients (none here), and what is remembered from the way forward.

    forward(x) keeps what it needs and gives the output; backward(upstream) takes the gradient for that output, fills
    `gradients` (one for each of `weights`) and gives the gradient for x. Chapter: numpy_convnet.
    """

    def __init__(self, *weights: np.ndarray):
        self.weights = list(weights)
        self.gradients: list[np.ndarray] = []
        self.kept: tuple[np.ndarray, ...] = ()

    def memory(self) -> int:
        """Bytes that wait for the backward pass."""
        return sum(array.nbytes for array in self.kept)


class Convolution(Layer):
    """A sum over windows, and a bias. Remembers its input. Chapter: numpy_convnet.

    filters: (kh, kw, c, o), bias: (o,); stride and padding as in `conv2d`.
    """

    def __init__(
        self,
        filters: np.ndarray,
        bias: np.ndarray,
        stride: int = 1,
        padding: Padding = "valid",
    ):
        super().__init__(filters, bias)
        self.steps = {"stride": stride, "padding": padding}

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.kept = (x,)
        return conv2d(x, *self.weights, **self.steps)

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        (x,), (filters, _) = self.kept, self.weights
        for_filters = filter_gradient(x, upstream, filters.shape[:2], **self.steps)
        self.gradients = [for_filters, bias_gradient(upstream)]
        return input_gradient(filters, upstream, x.shape, **self.steps)


class ReLU(Layer):
    """Negative numbers become zero. Remembers which were positive.

    Chapter: numpy_convnet.
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.kept = (x > 0,)
        return x * self.kept[0]

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        return upstream * self.kept[0]


class MaxPooling(Layer):
    """The largest of each window. Remembers its input, to find the winners again.

    Chapter: numpy_convnet.
    """

    def __init__(self, window: int = 2):
        super().__init__()
        self.window = window

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.kept = (x,)
        return pooling.pool2d(x, self.window)

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        return pooling.pool2d_gradient(self.kept[0], upstream, self.window)


class Flatten(Layer):
    """A map becomes a row, and back again. Remembers a shape only. Chapter: numpy_convnet."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        return upstream.reshape(self.shape)


class Dense(Layer):
    """Scores $z = xw + b$. Remembers its input.

    w: (in, out), b: (out,). Chapter: numpy_convnet.
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.kept = (x,)
        return x @ self.weights[0] + self.weights[1]

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        self.gradients = [self.kept[0].T @ upstream, upstream.sum(0)]
        return upstream @ self.weights[0].T
