"""Normalization: batch, layer, group, instance and weight normalization, forward and backward, and what they buy.

Chapters: normalization, why_normalization, normalization_variants. What needs Keras is loaded when first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={},
)
