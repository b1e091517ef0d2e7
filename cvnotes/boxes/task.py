"""One task for every detector of the book: where are the objects of small scenes, and what are they?

Chapters: average_precision, rcnn, fast_rcnn, faster_rcnn, yolo, ssd.
"""

from __future__ import annotations

from cvnotes import data
from cvnotes.checks import whole
from cvnotes.data import Scenes

TRAINING, VALIDATION, TEST = 61_000, 62_000, 63_000  # seeds of the series, far from those of other chapters


def lessons(count: int, seed: int = 0) -> Scenes:
    """Draw training scenes of 64 x 64 pixels with one to four objects of ten classes; a series for every seed.

    Raises ValueError for a count or seed that is no whole number, or a seed of 1,000 or more.
    Chapter: average_precision.
    """
    return data.scenes(count, seed=TRAINING + whole("seed", seed, 0, 999))


def validation(count: int = 200) -> Scenes:
    """Draw the scenes on which rates and thresholds are chosen. Chapter: average_precision."""
    return data.scenes(count, seed=VALIDATION)


def held_out(count: int = 500) -> Scenes:
    """Draw the scenes that judge every detector of the book, and that nothing is trained or chosen on.

    Chapter: average_precision.
    """
    return data.scenes(count, seed=TEST)
