"""Codes that are kept, and looked through: what a twin can do and a net that needs both pictures at once cannot.

Chapter: matching.
"""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole

from .measures import finite_rows


def search(stored: np.ndarray, codes: np.ndarray, count: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Find for each code the nearest stored ones, by Euclidean distance: rows (n, count) and distances (n, count).

    stored: (m, d), kept from before. codes: (n, d), of new pictures. count: at most m. Nearest first; of two equally
    near the earlier row. Raises ``ValueError`` for codes of unequal length or not finite, and a count beyond 1 to m.
    Chapter: matching.
    """
    from scipy.spatial.distance import cdist

    stored, codes = finite_rows(stored), finite_rows(codes)
    if stored.shape[1] != codes.shape[1]:
        raise ValueError(f"Codes must have one length. Received: stored {stored.shape}, codes {codes.shape}")
    return nearest(cdist(codes, stored), count)


def nearest(apart: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The columns of the smallest numbers of each row (n, m), smallest first, and these numbers: both (n, count).

    Of two equal numbers the earlier column comes first. Raises ``ValueError`` for a count beyond 1 to m, for
    nothing stored, and for NaN. Chapter: matching.
    """
    apart = np.asarray(apart)
    if apart.ndim != 2 or not apart.shape[1] or np.isnan(apart).any():
        raise ValueError(
            f"Give a table of distances, (codes, stored), one stored or more, without NaN. Received: {apart.shape}"
        )
    count = whole("count", count, 1, apart.shape[1])
    rows = np.argsort(apart, axis=1, kind="stable")[:, :count]
    return rows, np.take_along_axis(apart, rows, axis=1)


def recall(found: np.ndarray, wanted: np.ndarray) -> float:
    """The share of the wanted rows (n, k) that are among those found (n, j), line by line; order does not matter.

    Raises ``ValueError`` for unequal numbers of lines, or none. Chapter: matching.
    """
    found, wanted = np.asarray(found), np.asarray(wanted)
    if found.ndim != 2 or wanted.ndim != 2 or len(found) != len(wanted) or not wanted.size:
        raise ValueError(f"Give as many lines of rows on both sides. Received: {found.shape} and {wanted.shape}")
    return float((wanted[:, :, None] == found[:, None, :]).any(axis=2).mean())


def rank_of_own(scores: np.ndarray, own: np.ndarray) -> np.ndarray:
    """How many others score at least as high as each line's own: scores (n, m), higher is better -> (n,), 0 is found.

    own: (n,) columns, the right one of each line. Of equal scores the own one comes last, so that a tie is no find.
    Raises ``ValueError`` unless there is a column for each line, and scores are finite. Chapters: siamese, matching.
    """
    scores, own = np.asarray(scores), np.asarray(own)
    fits = scores.ndim == 2 and own.shape == (len(scores),) and own.dtype.kind in "iu" and np.isfinite(scores).all()
    if not fits or not ((own >= 0) & (own < scores.shape[1])).all():
        raise ValueError(
            f"Give finite scores (n, m) and own (n,), columns from 0 to m - 1. Received: {scores.shape}, {own!r:.60}"
        )
    return (scores >= scores[np.arange(len(own)), own][:, None]).sum(axis=1) - 1
