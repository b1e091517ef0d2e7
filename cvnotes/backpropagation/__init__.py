"""Backpropagation: a graph of numbers, both adjoints of convolution, and a ConvNet in NumPy alone.

Chapters: backpropagation, numpy_convnet. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "adjoints": ["bias_gradient", "filter_gradient", "gather", "input_gradient", "scatter"],
        "bugs": ["BUGS"],
        "correlations": ["back_to_filters", "back_to_input", "loop_gradients", "stuffed", "turned", "unreached"],
        "graph": ["Node", "backward", "exp", "in_order", "log", "maximum"],
        "layers": ["Convolution", "Dense", "Flatten", "Layer", "MaxPooling", "ReLU"],
        "network": ["Network", "batches", "check_network", "convnet", "sgd_step", "train"],
        "twin": ["first_step", "judged", "judged_layers", "keras_gradients", "keras_twin", "largest_gap", "train_twin"],
    },
)
