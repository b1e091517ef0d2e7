"""Backward passes with an error in them: the net still trains, and nothing complains."""

from __future__ import annotations

import numpy as np

from cvnotes import pooling

from .adjoints import input_gradient
from .layers import Convolution, Layer, MaxPooling, ReLU


class FiltersTurned(Convolution):
    """Turns the gradient of the filters too, as if both adjoints had the flip."""

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        for_input = super().backward(upstream)
        self.gradients[0] = self.gradients[0][::-1, ::-1]
        return for_input


class InputUnturned(Convolution):
    """Forgets to turn the kernel on the way to the input."""

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        super().backward(upstream)
        filters = self.weights[0][::-1, ::-1]
        return input_gradient(filters, upstream, self.kept[0].shape, **self.steps)


class NoBias(Convolution):
    """Never moves its biases."""

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        for_input = super().backward(upstream)
        self.gradients[1] = np.zeros_like(self.gradients[1])
        return for_input


class NoMask(ReLU):
    """Lets every gradient through, also where the ReLU said zero."""

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        return upstream


class SharedOut(MaxPooling):
    """Pays all four cells of a window a quarter, as an average would, instead of its winner."""

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        return pooling.pool2d_gradient(self.kept[0], upstream, self.window, how="average")


#: The right net and five wrong ones: which class takes the place of which.
BUGS: dict[str, dict[type[Layer], type[Layer]]] = {
    "no error": {},
    "filter gradient turned": {Convolution: FiltersTurned},
    "input kernel not turned": {Convolution: InputUnturned},
    "biases forgotten": {Convolution: NoBias},
    "ReLU lets all through": {ReLU: NoMask},
    "pool pays all four": {MaxPooling: SharedOut},
}
