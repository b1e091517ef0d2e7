"""Stacking layers: the grammar of classic ConvNets, a builder, a tracer, and a checker of the rules of thumb.

Chapter: layer_patterns. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "borders": ["contributions", "places_told_apart"],
        "building": ["build", "sketch"],
        "grammar": ["Pattern", "expand", "parse"],
        "matching": ["cost", "match"],
        "reading": ["Skeleton", "read", "spell"],
        "rules": ["Objection", "check"],
        "sides": ["halvings", "shrink"],
        "tracing": ["Step", "trace", "unseen"],
    },
)
