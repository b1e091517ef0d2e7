"""Networks as their papers describe them, layer by layer.

Chapters: introduction, architectures. They are built by name, ``models.build("alexnet")``, and loaded only then.
"""

import importlib

_LAZY = {
    "RadialBasis": "lenet_layers",
    "TableConv2D": "lenet_layers",
    "TrainableSubsampling2D": "lenet_layers",
    "all_cnn_c": "all_conv",
    "lenet_5": "lenet",
    "squash": "lenet_layers",
}

__all__ = [*_LAZY]


def __getattr__(name: str):
    """Load a public name from its module: all of them need Keras."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
