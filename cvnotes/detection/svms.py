"""One linear support vector machine a class, on codes that the CNN has made: this class, or anything else?

Chapter: rcnn.
"""

from __future__ import annotations

import numpy as np
from sklearn.svm import LinearSVC

from cvnotes.checks import number

from .lessons import OTHER, Lessons
from .regression import linear

COST, FIRST, MARGIN = 0.01, 1000, -1.0  # cost of an error; negatives of the first round; a score above it is hard


def fit_svms(codes: np.ndarray, lessons: Lessons, *, rounds: int = 1, cost: float = COST, seed: int = 0) -> np.ndarray:
    """Fit a linear SVM for each class on cached codes: (d + 1, classes), the constants in the last row.

    Positives of a class are its true boxes; negatives are regions that share less than 0.3 with any of its objects;
    what lies between is left out. The first fit sees 1,000 negatives drawn by chance. Each further round adds the
    hard ones: all that now score above -1, the margin. Both sides weigh alike, however few there are.
    codes: (n, d), a row for each region of `lessons`; cost: of an error, where codes have a mean square of 1.
    Raises ValueError for a class without a true box. Source: Girshick et al. (2014), sections 2.3 and appendix B.
    Chapter: rcnn.
    """
    number("cost", cost, above=0)
    unit = np.sqrt(np.mean(np.square(codes))) or 1.0  # so that a cost means the same for codes of any size
    scaled, dice = codes / unit, np.random.default_rng(seed)
    found = [_one(scaled, lessons, label, rounds, cost, dice) for label in range(lessons.classes)]
    weights = np.stack(found, axis=1)
    weights[:-1] /= unit
    return weights.astype(np.float32)


def _one(
    codes: np.ndarray, lessons: Lessons, label: int, rounds: int, cost: float, dice: np.random.Generator
) -> np.ndarray:
    """The SVM of one class."""
    yes = np.flatnonzero(lessons.true & (lessons.labels == label))
    others = np.flatnonzero(lessons.shared[:, label] < OTHER)
    if not len(yes) or not len(others):
        raise ValueError(f"Class {label} needs true boxes and other regions. Received: {len(yes)} and {len(others)}")
    no = dice.choice(others, min(FIRST, len(others)), replace=False)
    weights = _fitted(codes, yes, no, cost)
    for _ in range(rounds):
        hard = others[linear(codes[others], weights) > MARGIN]
        no = np.union1d(no, hard)
        weights = _fitted(codes, yes, no, cost)
    return weights


def _fitted(codes: np.ndarray, yes: np.ndarray, no: np.ndarray, cost: float) -> np.ndarray:
    rows, answers = np.concatenate([yes, no]), np.repeat([1, 0], [len(yes), len(no)])
    machine = LinearSVC(C=cost, class_weight="balanced", random_state=0, max_iter=3000).fit(codes[rows], answers)
    return np.append(machine.coef_[0], machine.intercept_)
