"""A photograph of coins, found by nets that saw drawn coins only.

Chapter: coins. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "synthetic": ["coins"],
        "truth": ["hand_set", "photograph"],
    },
)
