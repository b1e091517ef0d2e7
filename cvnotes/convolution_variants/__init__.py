"""Convolutions that connect less, see further or run backwards, and what a convolution costs.

Chapters: convolution_variants, receptive_field, transposed_convolution, convolution_cost.
What needs Keras is a module of its own (``from cvnotes.convolution_variants import sliding, timing, zoo``).
"""

from .counting import Work, roof, work
from .deconvolution import blur, wiener
from .dense import conv_as_dense, dense_as_conv, flat_place
from .dilated import keep_padding, reach, spread
from .grouped import as_grouped, block_diagonal, connections, grouped_conv
from .pointwise import colour_axes, pointwise
from .receptive import Field, Layer, fields, grow, levels, paths, receptive_field, uniform
from .separable import joined_kernel, kept_by_rank, remaining_cost, separable_conv, split_kernel
from .transposed import by_matrix, by_stamps, by_stuffing, stuffed, transposed_size, turned

__all__ = [
    "Field",
    "Layer",
    "Work",
    "as_grouped",
    "block_diagonal",
    "blur",
    "by_matrix",
    "by_stamps",
    "by_stuffing",
    "colour_axes",
    "connections",
    "conv_as_dense",
    "dense_as_conv",
    "fields",
    "flat_place",
    "grouped_conv",
    "grow",
    "joined_kernel",
    "keep_padding",
    "kept_by_rank",
    "levels",
    "paths",
    "pointwise",
    "reach",
    "receptive_field",
    "remaining_cost",
    "roof",
    "separable_conv",
    "split_kernel",
    "spread",
    "stuffed",
    "transposed_size",
    "turned",
    "uniform",
    "wiener",
    "work",
]
