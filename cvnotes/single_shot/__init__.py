"""Single-shot detectors: every box and class of a picture from one pass.

Chapters: yolo, ssd. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "errors": ["anatomy", "costs", "counts", "mended"],
        "grid": ["Grid", "grid_targets", "responsible", "split"],
        "ssd": ["default_boxes", "detect", "small_ssd"],
        "ssd_loss": ["hard_negatives", "multibox_loss"],
        "ssd_paper": ["ssd300"],
        "trunks": ["trunk"],
        "yolo": ["candidates", "small_yolo", "suppressed"],
        "yolo_loss": ["grid_loss"],
        "yolo_paper": ["yolo_v1"],
    },
)
