"""Pooling: one number for every window, forward and backward, and what it buys and costs.

Chapters: pooling, invariance.
"""

from .backward import pool2d_gradient, scatter, winners
from .forward import global_pool, pool2d
from .response import LocalResponseNormalization, local_response_normalization
from .windows import borders, pool_size, windows

__all__ = [
    "LocalResponseNormalization",
    "borders",
    "global_pool",
    "local_response_normalization",
    "pool2d",
    "pool2d_gradient",
    "pool_size",
    "scatter",
    "windows",
    "winners",
]
