"""GrabCut: an object cut out of its picture by two mixtures of colours and a minimum cut, from seeds that are given.

Chapter: grabcut. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "flow": ["Cut", "energy", "minimum_cut"],
        "gradients": ["data_gradient", "pixel_saliency"],
        "links": ["Links", "contrast", "neighbours", "smoothness"],
        "mixtures": ["fit_mixture", "surprise"],
        "rivals": ["cheapest_pixels", "every_labelling", "one_by_one"],
        "rounds": ["Round", "cut_out"],
        "seeds": ["by_quantiles", "mask_iou", "rectangle"],
    },
)
