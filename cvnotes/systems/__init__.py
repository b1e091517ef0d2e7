"""Nets as parts of larger systems: a reader of strips, a dilated backbone, dense captions, context and fusion.

Chapter: systems. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "backbones": ["backbone", "border_accuracy", "mean_iou"],
        "context": ["around", "context_net", "fused"],
        "phrases": ["region_phrases", "scored"],
        "readers": ["heard", "reader"],
        "regions": ["overlaps", "peaks", "proposal_head", "roi", "to_boxes"],
        "strips": ["edit_distance", "written"],
    },
)
