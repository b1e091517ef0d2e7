"""Capsules: groups of numbers that answer together, and parts that choose the whole they agree on.

Chapters: capsules, capsnet. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "agreement": ["entropy", "route", "votes"],
        "layers": ["Capsules", "Chosen", "Lengths", "PrimaryCapsules"],
        "losses": ["margin_loss", "reconstruction_loss"],
        "nets": ["CapsNet", "capsnet"],
        "parts": ["apart", "scrambled"],
        "squashing": ["lengths", "squash"],
    },
)
