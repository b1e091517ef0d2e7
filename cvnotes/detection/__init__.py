"""Region detectors: where to look, and what is there.

Chapters: selective_search, rcnn, fast_rcnn. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "codes": ["code_net", "seen"],
        "colour_spaces": ["to_space"],
        "coverage": ["best_overlaps", "by_limit", "recall"],
        "grouping": ["Hierarchy", "group"],
        "fast_lessons": ["Step", "steps"],
        "fast_loss": ["multi_task_loss"],
        "fast_rcnn": ["region_head", "small_fast_rcnn"],
        "faster_paper": ["faster_rcnn_vgg"],
        "faster_rcnn": ["FasterRCNN", "small_faster_rcnn"],
        "projection": ["projected"],
        "pyramid_pooling": ["PyramidPooling", "pyramid_pool", "pyramid_regions"],
        "spp": ["SPPNet"],
        "proposals": ["FAST", "FULL", "hierarchies", "selective_search"],
        "proposer": ["Proposer", "propose", "small_proposer"],
        "regions": ["Regions", "describe", "slopes"],
        "segments": ["segment", "segment_boxes", "touching"],
        "similarity": ["fill_similarity", "likeness", "shared", "size_similarity"],
        "lessons": ["Lessons", "balanced", "gather"],
        "rpn": ["Anchors", "region_proposals"],
        "rcnn": ["RCNN", "Look", "detect", "judge", "look"],
        "regression": ["fit_regressors", "moved", "ridge"],
        "starts": ["displaced"],
        "svms": ["fit_svms"],
        "windows": ["count_boxes", "random_boxes", "sliding_windows"],
        "warping": ["crops", "frames", "stretch"],
    },
)
