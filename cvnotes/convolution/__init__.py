"""The convolution layer: its sizes, its sum in four rungs, its matrices, its filters.

Chapters: convolution, filters. What needs Keras is loaded when it is first asked for.
"""

import importlib

from .borders import border_study
from .filters import (
    EMBOSS,
    HORIZONTAL,
    IDENTITY,
    LAPLACIAN,
    SHARPEN,
    SOBEL,
    VERTICAL,
    apply_filter,
    box,
    colour_score,
    edge_contrast,
    frequency_response,
    gaussian,
    orientation_score,
    similarity,
    smoothness_score,
    steered,
    template,
)
from .matrices import conv2d, conv_matrix, im2col, pad, pad_amounts
from .rungs import loop_nd, numbered_steps, rung_batch, rung_channels, rung_plain, rung_strided
from .sizes import layer_card, output_size, same_padding, size_cases
from .windows import patches

_LAZY = {
    "Unshared": "layers",
    "keras_conv": "layers",
    "keras_layer": "layers",
    "BENCH": "drawings",
    "STEPS": "drawings",
    "draw_bench": "drawings",
    "draw_cubes": "drawings",
    "draw_fit": "drawings",
    "draw_pattern": "drawings",
    "draw_products": "drawings",
    "draw_window": "drawings",
    "say_bench": "drawings",
    "say_fit": "drawings",
    "say_pattern": "drawings",
    "say_window": "drawings",
    "unseen": "drawings",
    "first_layer": "studies",
    "half_data": "studies",
    "kernel_scores": "studies",
    "on_canvas": "studies",
    "one_layer_net": "studies",
    "other_half": "studies",
    "photo_crops": "studies",
    "photo_net": "studies",
    "quarter_data": "studies",
    "trained_on_photos": "studies",
    "where_is_it": "studies",
}

__all__ = [
    "EMBOSS",
    "HORIZONTAL",
    "IDENTITY",
    "LAPLACIAN",
    "SHARPEN",
    "SOBEL",
    "VERTICAL",
    "apply_filter",
    "border_study",
    "box",
    "colour_score",
    "conv2d",
    "conv_matrix",
    "edge_contrast",
    "frequency_response",
    "gaussian",
    "im2col",
    "layer_card",
    "loop_nd",
    "numbered_steps",
    "orientation_score",
    "output_size",
    "pad",
    "pad_amounts",
    "patches",
    "rung_batch",
    "rung_channels",
    "rung_plain",
    "rung_strided",
    "same_padding",
    "similarity",
    "size_cases",
    "smoothness_score",
    "steered",
    "template",
]
__all__ += [*_LAZY]


def __getattr__(name: str):
    """Load a public name that needs Keras from its module."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
