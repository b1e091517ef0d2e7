"""Pooling: one number for every window, forward and backward, and what it buys and costs.

Chapters: pooling, invariance. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "backward": ["pool2d_gradient", "scatter", "winners"],
        "forward": ["global_pool", "pool2d"],
        "response": ["LocalResponseNormalization", "local_response_normalization"],
        "windows": ["borders", "pool_size", "windows"],
    },
)
