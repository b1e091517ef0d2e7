"""Pooling: one number for every window, forward and backward, and what it buys and costs.

Chapters: pooling, invariance. What needs Keras is loaded when it is first asked for.
"""

import importlib

from .backward import pool2d_gradient, scatter, winners
from .forward import global_pool, pool2d
from .windows import borders, pool_size, windows

_LAZY = {"LocalResponseNormalization": "response", "local_response_normalization": "response"}

__all__ = [
    "borders",
    "global_pool",
    "pool2d",
    "pool2d_gradient",
    "pool_size",
    "scatter",
    "windows",
    "winners",
]
__all__ += [*_LAZY]


def __getattr__(name: str):
    """Load a public name that needs Keras from its module."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
