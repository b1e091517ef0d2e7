"""Pooling: one number for every window, forward and backward, and what it buys and costs.

Chapters: pooling, invariance.
"""

from .backward import pool2d_gradient, scatter, winners
from .forward import global_pool, pool2d
from .windows import borders, pool_size, windows

__all__ = ["borders", "global_pool", "pool2d", "pool2d_gradient", "pool_size", "scatter", "windows", "winners"]
