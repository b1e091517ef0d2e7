"""Activations: curves and slopes, saturation, signs, dead units, and the layers that Keras does not have.

Chapter: activations. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "kinds": ["FLAT", "KINDS", "answers", "flat_share", "make", "slopes"],
        "layers": ["Maxout", "MaxoutConv2D", "RReLU"],
        "units": ["dead", "follow", "stack"],
        "zigzag": ["Walk", "safe_rate", "walk"],
    },
)
