"""Augmentation: more pictures from the same pictures, what each operation buys, and where it spoils the label.

Chapter: augmentation. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "colours": ["colour_axes", "colour_shift"],
        "crops": ["crop_places", "random_crop", "ten_crops", "worth"],
        "operations": ["OPERATIONS", "DropPixels", "PCAShift", "Whitening", "in_front", "operation"],
        "votes": ["average_vote", "views"],
    },
)
