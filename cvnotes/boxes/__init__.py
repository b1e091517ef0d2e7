"""Boxes: what they are, how much two share, how a net says them, and how a detector is judged.

Chapters: boxes, localization, average_precision. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "anchoring": ["anchors", "match"],
        "coding": ["decode", "decode_limited", "encode"],
        "detections": ["Detections", "Truth", "truths"],
        "formats": ["area", "clip", "convert"],
        "heads": ["answers", "two_heads"],
        "imagined": ["crowds", "imagine"],
        "losses": ["absolute", "box_loss", "giou_loss", "iou_loss", "smooth_l1", "squared", "two_head_loss"],
        "overlap": ["giou", "iou", "paired_giou", "paired_iou"],
        "precision": [
            "COCO_IOUS",
            "area_under",
            "average_precision",
            "mean_average_precision",
            "precision_recall",
        ],
        "roi": ["roi_align", "roi_pool"],
        "suppression": ["class_nms", "nms", "nms_loop", "soft_nms", "soften", "suppress"],
        "sweeps": ["f1", "sweep"],
        "task": ["held_out", "lessons", "validation"],
    },
)
