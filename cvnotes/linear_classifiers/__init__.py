"""Linear classifiers: scores, their losses, and gradients that are checked before they are used.

Chapters: linear_classifiers, losses, gradients. What needs Keras is loaded when it is first asked for.
"""

import importlib

from .checking import GradientCheck, check_gradient, kinks, numerical_gradient, relative_error
from .losses import hinge_loop, hinge_loss, hinge_losses, softmax, softmax_loss, softmax_losses

_LAZY: dict[str, str] = {}

__all__ = [
    "GradientCheck",
    "check_gradient",
    "hinge_loop",
    "hinge_loss",
    "hinge_losses",
    "kinks",
    "numerical_gradient",
    "relative_error",
    "softmax",
    "softmax_loss",
    "softmax_losses",
]
__all__ += [*_LAZY]


def __getattr__(name: str):
    """Load a public name that needs Keras from its module."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
