"""Segmentation: a class for every pixel.

Chapters: segmentation, segmentation_strategies. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "dilated": ["backbone"],
        "exact": ["every_labelling", "in_turn"],
        "fcn": ["small_fcn"],
        "fcn_paper": ["fcn_vgg"],
        "metrics": [
            "border",
            "border_table",
            "boundary_iou",
            "class_accuracy",
            "class_dice",
            "class_iou",
            "confusion",
            "mean_iou",
            "pixel_accuracy",
        ],
        "multiscale": ["aspp", "image_pyramid"],
        "refinement": ["second_look"],
        "smoothing": ["Pull", "mean_field", "pulls"],
        "strategies": ["build"],
        "task": ["NAMES", "VOID", "held_out", "labelled", "labels", "lessons", "validation"],
        "teaching": ["judged", "pixel_loss", "say", "scores", "taught"],
        "unet": ["small_unet"],
        "unet_paper": ["u_net"],
        "unpooling": ["PoolWithPlaces", "Unpool", "pool_with_places", "unpool"],
        "upsampling": ["Cut", "bilinear", "upsampled"],
    },
)
