"""The convolution layer: its sizes, its sum in four rungs, its matrices, its filters.

Chapters: convolution, filters. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "borders": ["border_study"],
        "drawings": [
            "BENCH",
            "STEPS",
            "draw_bench",
            "draw_cubes",
            "draw_fit",
            "draw_pattern",
            "draw_products",
            "draw_window",
            "say_bench",
            "say_fit",
            "say_pattern",
            "say_window",
            "unseen",
        ],
        "filters": [
            "EMBOSS",
            "HORIZONTAL",
            "IDENTITY",
            "LAPLACIAN",
            "SHARPEN",
            "SOBEL",
            "VERTICAL",
            "apply_filter",
            "box",
            "colour_score",
            "edge_contrast",
            "frequency_response",
            "gaussian",
            "orientation_score",
            "similarity",
            "smoothness_score",
            "steered",
            "template",
        ],
        "layers": ["Unshared", "keras_conv", "keras_layer"],
        "matrices": ["conv2d", "conv_matrix", "im2col", "pad", "pad_amounts"],
        "rungs": ["loop_nd", "numbered_steps", "rung_batch", "rung_channels", "rung_plain", "rung_strided"],
        "sizes": ["layer_card", "output_size", "same_padding", "size_cases"],
        "studies": [
            "first_layer",
            "half_data",
            "kernel_scores",
            "on_canvas",
            "one_layer_net",
            "other_half",
            "photo_crops",
            "photo_net",
            "quarter_data",
            "trained_on_photos",
            "where_is_it",
        ],
        "windows": ["patches"],
    },
)
