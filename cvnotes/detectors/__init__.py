"""The road from R-CNN to single-shot detectors: every system of the family side by side.

Chapter: detectors. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "counting": ["Passes", "counted"],
        "diagrams": ["Stop", "Walk", "flow"],
        "families": ["FAMILIES", "PUBLISHED"],
        "racing": ["System", "compiled"],
        "road": ["ROAD", "systems"],
    },
)
