"""CV Notes: the helper package of the book. One chapter, one module: ``from cvnotes import convolution``.

Importing this package loads nothing heavy; a chapter's module is imported by name.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from cvnotes.explore import explore
from cvnotes.ledger import claim, claims
from cvnotes.output import source

__all__ = ["claim", "claims", "explore", "setup", "source"]
__version__ = "0.1.0"


def setup(seed: int = 0) -> None:
    """Make a notebook repeatable and quiet: seeds for Python, NumPy and Keras, the book's figure style, no log lines.

    Call it before anything that imports Keras. Page: How to read and run.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _standard_error_closed():
        import keras

        keras.utils.set_random_seed(seed)  # Python, NumPy, the backend, and TensorFlow wherever it is installed

    from cvnotes import figures, output

    figures.use_style()
    output.dress()


@contextlib.contextmanager
def _standard_error_closed() -> Iterator[None]:
    """Send what C++ writes to standard error nowhere; Python's exceptions still arrive.

    TensorFlow prints some lines before its log level is in force, and Jupyter shows them in the cell.
    """
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
