"""Boxes that miss an object by a known amount, to see what a correction can do from there. Chapter: rcnn."""

from __future__ import annotations

import numpy as np

from cvnotes import boxes as geometry
from cvnotes.boxes.formats import rows as read_rows
from cvnotes.checks import number, whole

from .regression import paired_iou

LEVELS, HALF, TRIES = tuple(np.arange(1, 10) / 10), 0.05, 60


def displaced(truth: np.ndarray, level: float, size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Move and stretch true boxes (n, 4) by chance until their IoU is `level`, give or take 0.05.

    size: side of the picture, which no box leaves. Returns the boxes (m, 4), one for each true box for which some try
    fits, and the rows (m,) of those true boxes. Raises ValueError for a level outside 0.05 to 0.95, and for what are no
    boxes with width and height. Chapter: rcnn.
    """
    level, size = number("level", level, HALF, 1 - HALF), whole("size", size, 1)
    truth, dice = read_rows("truth", truth).astype(np.float32), np.random.default_rng(whole("seed", seed, 0))
    shape = (len(truth), TRIES)
    offsets = dice.normal(size=(*shape, 4)) * dice.uniform(0, 1.2 * (1 - level), (*shape, 1))
    many = np.repeat(truth, TRIES, axis=0)
    tried = geometry.clip(geometry.decode(offsets.reshape(-1, 4), many, variances=(1.0, 1.0, 0.5, 0.5)), (size, size))
    fits = (np.abs(paired_iou(tried, many) - level) < HALF).reshape(shape)
    rows = np.flatnonzero(fits.any(axis=1))
    return tried.reshape(*shape, 4)[rows, fits[rows].argmax(axis=1)].astype(np.float32), rows
