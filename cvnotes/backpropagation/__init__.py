"""Backpropagation: a graph of numbers, both adjoints of convolution, and a ConvNet in NumPy alone.

Chapters: backpropagation, numpy_convnet. What needs Keras is loaded when it is first asked for.
"""

import importlib

from cvnotes.convolution_variants import turned

from .adjoints import bias_gradient, filter_gradient, gather, input_gradient, scatter
from .correlations import back_to_filters, back_to_input, loop_gradients, stuffed, unreached
from .graph import Node, backward, exp, in_order, log, maximum
from .layers import Convolution, Dense, Flatten, Layer, MaxPooling, ReLU
from .network import Network, batches, check_network, convnet, sgd_step, train

_LAZY = {
    "BUGS": "bugs",
    "first_step": "twin",
    "judged": "twin",
    "judged_layers": "twin",
    "keras_gradients": "twin",
    "keras_twin": "twin",
    "largest_gap": "twin",
    "train_twin": "twin",
}

__all__ = [
    "Convolution",
    "Dense",
    "Flatten",
    "Layer",
    "MaxPooling",
    "Network",
    "Node",
    "ReLU",
    "back_to_filters",
    "back_to_input",
    "backward",
    "batches",
    "bias_gradient",
    "check_network",
    "convnet",
    "exp",
    "filter_gradient",
    "gather",
    "in_order",
    "input_gradient",
    "log",
    "loop_gradients",
    "maximum",
    "scatter",
    "sgd_step",
    "stuffed",
    "train",
    "turned",
    "unreached",
]
__all__ += [*_LAZY]


def __getattr__(name: str):
    """Load a public name that needs Keras from its module."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
