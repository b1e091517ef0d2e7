"""Transfer: a net that was trained for one question, put to work on another.

Chapters: transfer, captioning. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "families": ["family", "few"],
        "heads": ["new_head", "set_free"],
        "keeping": ["load_weights", "save_weights"],
        "nets": ["small_vgg", "source_net"],
        "probing": ["chosen_cut", "readout", "svm"],
        "strategies": ["tuned"],
        "tapping": ["codes", "layer_names", "tap"],
        "zoo": ["applications", "backbone", "preprocessing"],
    },
)
