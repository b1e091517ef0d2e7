"""CV Notes: the helper package of the book. One chapter, one module: ``from cvnotes import convolution``.

Importing this package loads nothing heavy; a chapter's module is imported by name.
"""

from __future__ import annotations

import os
import random

from cvnotes.explore import explore
from cvnotes.ledger import claim, claims
from cvnotes.output import source

__all__ = ["claim", "claims", "explore", "setup", "source"]
__version__ = "0.1.0"


def setup(seed: int = 0) -> None:
    """Make a notebook repeatable and quiet: seeds for Python, NumPy and Keras, the book's figure style, no log noise.

    Call it in the first cell, before Keras is imported: TensorFlow reads its log level once, when it loads.
    Taught in the page "How to read and run".
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")

    import keras
    import numpy as np

    from cvnotes import figures

    random.seed(seed)
    np.random.seed(seed)
    keras.utils.set_random_seed(seed)
    figures.use_style()
