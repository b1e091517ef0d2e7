"""Shortcuts: ways round a layer, what they carry forward and back, and what they do for depth.

Chapter: shortcuts. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "blocks": ["Highway", "Norm", "Residual"],
        "encoder": ["encoder_decoder", "near_border", "overlap"],
        "stacks": ["signals", "stack"],
    },
)
