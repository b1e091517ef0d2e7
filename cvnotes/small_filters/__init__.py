"""One large filter or several small ones: what a stack costs, and what it can and cannot make.

Chapter: small_filters. What needs Keras is a module of its own (``from cvnotes.small_filters import blocks, trials``).
"""

from .fitting import Fit, fitted
from .kernels import compose, drawn, reach, shapes, slopes

__all__ = ["Fit", "compose", "drawn", "fitted", "reach", "shapes", "slopes"]
