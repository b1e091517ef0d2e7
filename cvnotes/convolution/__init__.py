"""The convolution layer: its sizes, its sum in four rungs, its matrices, its filters.

Chapters: convolution, filters.
"""

from .sizes import layer_card, output_size, same_padding, size_cases
from .windows import patches

__all__ = ["layer_card", "output_size", "patches", "same_padding", "size_cases"]
