"""Initialization: how large the first weights should be, and what becomes of signals that pass through them.

Chapter: initialization.
"""

from .depth import ACTIVATIONS, Passed, backward, forward, mean_squares, stack, survey, through
from .schemes import SCHEMES, deviation, draw, fans
from .special import orthogonal, scaled_to_data, singular_values

__all__ = [
    "ACTIVATIONS",
    "SCHEMES",
    "Passed",
    "backward",
    "deviation",
    "draw",
    "fans",
    "forward",
    "mean_squares",
    "orthogonal",
    "scaled_to_data",
    "singular_values",
    "stack",
    "survey",
    "through",
]
