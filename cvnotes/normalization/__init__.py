"""Normalization: batch, layer, group, instance and weight normalization, forward and backward, and what they buy.

Chapters: normalization, why_normalization, normalization_variants. What needs Keras is loaded when first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "batch": ["batch_norm", "batch_norm_gradient", "infer", "normalize"],
        "folding": ["fold"],
        "nets": ["BatchNorm"],
        "running": ["share_seen", "steps_until"],
        "steps": ["backward_steps", "forward_steps"],
        "variants": [
            *("axes_of", "group_norm", "instance_norm", "layer_norm", "rms_norm"),
            *("weight_norm", "weight_norm_gradient"),
        ],
        "weightnorm": ["WeightNormalization"],
    },
)
