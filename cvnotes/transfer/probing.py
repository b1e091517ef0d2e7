"""Linear readers of frozen codes: a support vector machine, and which layer it should read."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from .tapping import codes

PENALTY = 0.01  # C of the support vector machine; tried from 1e-4 to 1e-1 on other seeds
EARLIER = ("block1_pool", "block2_pool", "block3_pool")
CELLS = (1, 4)  # a map is read as one average a channel, or as 4 x 4 of them
READINGS = tuple((cut, cells) for cut in EARLIER for cells in CELLS)


def svm() -> Pipeline:
    """Give an untrained linear support vector machine on standardized codes.

    Source: Cortes and Vapnik (1995); one against the rest. Chapter: transfer.
    """
    return make_pipeline(StandardScaler(), LinearSVC(C=PENALTY, dual=True, max_iter=20_000, random_state=0))


def readout(train: tuple, test: tuple) -> float:
    """Fit the support vector machine on codes (n, features) and labels; accuracy on others."""
    return float(svm().fit(*train).score(*test))


def chosen_cut(model, images: np.ndarray, labels: np.ndarray) -> tuple[str, int]:
    """Let a few labelled pictures choose what to read: an earlier layer, and in how many cells.

    Each of `READINGS` is scored by five-fold cross-validation on these pictures alone; the best wins.
    Returns (layer, cells). Chapter: transfer.
    """
    scores = [
        cross_val_score(svm(), codes(model, images, cut, cells=cells), labels, cv=5).mean() for cut, cells in READINGS
    ]
    return READINGS[int(np.argmax(scores))]
