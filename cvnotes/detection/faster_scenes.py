"""Scenes for the questions of the page faster_rcnn: objects of very different sizes, and objects of glass.

Chapter: faster_rcnn.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cvnotes import data
from cvnotes.checks import number, whole
from cvnotes.data import Scenes

TRAINING, TEST = 64_000, 65_000  # seeds of the series, apart from those of `boxes.lessons` and its sisters
WIDE, NORMAL = (0.07, 0.3), (0.13, 0.18)  # radii, as shares of the side: boxes of 7 to 37 pixels, or of about 18
OPACITY = 0.25


def sized(count: int, seed: int, radius: tuple[float, float] = WIDE, test: bool = False) -> Scenes:
    """Draw scenes with one to three objects whose radii lie in a range, as shares of the side. Chapter: faster_rcnn."""
    first = TEST if test else TRAINING
    return data.scenes(count, seed=first + whole("seed", seed, 0, 999), objects=(1, 3), radius=radius)


def glass(count: int, seed: int, test: bool = False, opacity: float = OPACITY) -> Scenes:
    """Draw scenes whose objects are of glass: the ground shines through them, and a quarter of their own paint is left.

    .. math:: I = (1 - \\alpha)\\, I_\\text{ground} + \\alpha\\, I_\\text{scene}

    Truth, sizes and grounds are those of the usual scenes. Raises ValueError for an opacity outside 0 to 1.
    Chapter: faster_rcnn.
    """
    first = TEST if test else TRAINING
    drawn, empty = (
        data.scenes(count, seed=first + whole("seed", seed, 0, 999), **kind) for kind in ({}, {"objects": 0})
    )
    alpha = number("opacity", opacity, 0, 1)
    mixed = (1 - alpha) * empty.images.astype(np.float32) + alpha * drawn.images
    return replace(drawn, images=np.rint(mixed).astype(np.uint8))
