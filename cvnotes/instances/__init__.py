"""Instances: a mask for each object, from segments that are judged, and from a branch on a shared map.

Chapter: instances. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "candidates": ["best_shares", "propose_masks", "region_masks"],
        "foreground": ["fill", "masked_crops", "mean_colour"],
        "mask_head": ["MaskNet", "chances", "mask_net", "outlines", "targets", "train"],
        "masks": ["mask_boxes", "mask_iou", "mask_nms", "paired_mask_iou", "true_masks"],
        "pasting": ["cut", "paste"],
        "precision": ["mean_mask_precision"],
        "refining": ["superpixels", "vote"],
        "sds": ["SDS", "WAYS", "judge", "look", "refine"],
        "touching": ["class_map", "components"],
        "tracing": ["functions_run"],
    },
)
