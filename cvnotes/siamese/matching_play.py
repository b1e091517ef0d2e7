"""A threshold to move, over four pairs of histograms. Chapter: matching."""

from __future__ import annotations

import functools

import numpy as np
from matplotlib.figure import Figure

from cvnotes import experiments

from .matching_drawings import errors
from .trials_matching import BINS

CASES = {  # what is compared: experiment, and the beginning of the names of its numbers
    "digits 7 to 9, pixels": ("unseen", "789 pixels"),
    "digits 7 to 9, twin": ("unseen", "789 twin"),
    "hands, twin": ("hands", "many other"),
    "hands and copies, twin": ("hands", "many copy"),
}
GRID = {"pairs": list(CASES), "threshold": [round(0.1 * i, 1) for i in range(1, 12)]}


@functools.cache
def counts(pairs: str) -> dict[str, np.ndarray]:
    """Distances of the first stored seed, counted in `BINS`: of one kind, and of two."""
    experiment, name = CASES[pairs]
    stored = experiments.load("siamese", experiment)
    return {kind: stored[f"{name} counted {kind}"][0] for kind in ("same", "different")}


def rates(pairs: str, threshold: float) -> tuple[float, float]:
    """False accepts and false rejects at a threshold that is an edge of the bins."""
    told, at = counts(pairs), edge(threshold)
    return told["different"][:at].sum() / told["different"].sum(), told["same"][at:].sum() / told["same"].sum()


def edge(threshold: float) -> int:
    """Which edge of the bins a threshold is."""
    return int(np.argmin(abs(BINS - threshold)))


def draw_threshold(pairs: str, threshold: float) -> Figure:
    """Draw both histograms, cut at the threshold, and its place on the curve."""
    return errors(BINS, counts(pairs), edge(threshold), pairs)


def say_threshold(pairs: str, threshold: float) -> str:
    """Say what `draw_threshold` shows."""
    accepted, rejected = rates(pairs, threshold)
    return (
        f"Distances of same and different pairs ({pairs}), cut at {threshold:g} of the mean distance of two kinds: "
        f"{accepted:.1%} false accepts, {rejected:.1%} false rejects. Beside them the curve of true against false "
        "accepts over all thresholds, with a dot at this one."
    )
