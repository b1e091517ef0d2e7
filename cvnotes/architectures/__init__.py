"""Networks as their papers describe them, layer by layer.

Chapters: introduction, architectures, densenet. They are built by name, ``models.build("alexnet")``, and loaded only
then.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "all_conv": ["all_cnn_c"],
        "blocks": ["PadChannels", "squeeze_excite"],
        "densenet": ["dense_layer", "transition"],
        "googlenet": ["inception"],
        "highway": ["highway_layer"],
        "lenet": ["lenet_5"],
        "lenet_layers": ["RadialBasis", "TableConv2D", "TrainableSubsampling2D", "squash"],
        "resnet": ["residual_block"],
        "squeezenet": ["fire"],
        "top_k": ["top_k_error"],
    },
)
