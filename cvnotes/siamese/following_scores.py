"""How well a target was followed: overlap, distance, whether it was lost, and to whom."""

from __future__ import annotations

import numpy as np

from cvnotes import boxes
from cvnotes.checks import number

from .windows import middles

HELD = 0.5  # overlap from which a box counts as on its target


def overlaps(path: np.ndarray, truths: np.ndarray) -> np.ndarray:
    """IoU of each box of a path (n, f, 4) with each object (n, f, K, 4) of its frame: (n, f, K). Chapter: tracking."""
    path, truths = np.asarray(path, float), np.asarray(truths, float)
    if path.ndim != 3 or path.shape[2] != 4 or truths.shape != (*path.shape[:2], *truths.shape[2:3], 4):
        raise ValueError(f"Give boxes (n, f, 4) and truths (n, f, K, 4). Received: {path.shape} and {truths.shape}")
    n, f, objects = truths.shape[:3]
    frames = zip(path.reshape(n * f, 1, 4), truths.reshape(n * f, objects, 4), strict=True)
    found = [boxes.iou(one, those)[0] for one, those in frames]
    return np.reshape(found, truths.shape[:3])


def judge(path: np.ndarray, truths: np.ndarray, held: float = HELD) -> dict[str, float]:
    """Judge the following of object 0 through n films: path (n, f, 4), truths (n, f, K, 4); frame 0 does not count.

    iou: mean overlap; error: mean distance of the middles in pixels; success: share of frames with an overlap above
    `held`; never_lost: share of films in which the overlap is never 0; at_end: share of films with the target held in
    the last frame; stolen: share of films that end on another object (more overlap with it, and above `held`).
    Raises ValueError for other shapes, and nothing to judge.
    Source: Wu et al. (2013) and Kristan et al. (2016) for the kinds of score. Chapter: tracking.
    """
    held, shares = number("held", held, 0, 1), overlaps(path, truths)[:, 1:]
    if not shares.size:
        raise ValueError(f"Judge at least one film of two frames and one object. Received: boxes {np.shape(truths)}")
    own, others = shares[..., 0], shares[..., 1:].max(axis=2, initial=0.0)
    away = np.linalg.norm(middles(path)[:, 1:] - middles(truths)[:, 1:, 0], axis=-1)
    return {
        "iou": float(own.mean()),
        "error": float(away.mean()),
        "success": float((own > held).mean()),
        "never_lost": float((own > 0).all(axis=1).mean()),
        "at_end": float((own[:, -1] > held).mean()),
        "stolen": float(((others > own) & (others > held))[:, -1].mean()),
    }
