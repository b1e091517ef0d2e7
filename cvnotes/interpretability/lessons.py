"""Teaching by explanation, as a toy: a pupil who has seen a handful of examples is told what to look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvnotes.checks import whole

SHOWN = (4, 8, 16, 32)
CLASSES = 50  # of pupils: each sees other examples


@dataclass(frozen=True, eq=False)
class School:
    """Tumours described by sixty numbers, half of them meaningless: the teacher's, and those of the examination."""

    x: np.ndarray
    y: np.ndarray
    test: np.ndarray
    test_y: np.ndarray


def school(seed: int = 0) -> School:
    """The 569 tumours of scikit-learn, each feature in its own deviations, and beside each feature a shuffled copy.

    A shuffled copy has the values of the feature, at other patients: it looks alike and tells nothing.
    Source: Street, Wolberg and Mangasarian (1993). Chapter: interpretability.
    """
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import train_test_split

    x, y = load_breast_cancer(return_X_y=True)
    dice = np.random.default_rng(whole("seed", seed, 0))
    x = (x - x.mean(0)) / x.std(0)
    x = np.concatenate([x, dice.permuted(x, axis=0)], axis=1)
    x, test, y, test_y = train_test_split(x, y, test_size=0.4, random_state=seed, stratify=y)
    return School(x, y, test, test_y)


def lesson(place: School, seed: int, *, knows: bool = True) -> np.ndarray:
    """What a teacher says matters: permutation importance of each feature to trees that learned from all examples.

    knows: or else the teacher learned from shuffled answers, and speaks as firmly. Gives shares (60,) that sum to 1.
    """
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.inspection import permutation_importance

    answers = place.y if knows else np.random.default_rng(seed).permutation(place.y)
    teacher = GradientBoostingClassifier(n_estimators=60, max_depth=2, random_state=seed).fit(place.x, answers)
    told = permutation_importance(teacher, place.x, answers, n_repeats=3, random_state=seed, scoring="neg_log_loss")
    share = np.maximum(told.importances_mean, 0)
    return share / share.sum()


def examined(place: School, weights: np.ndarray, shown: int, seed: int) -> float:
    """Accuracy of pupils who answer as the nearest of `shown` examples does, on average over CLASSES pupils.

    weights: (features,) of the squared differences; ones for a pupil who was told nothing.
    """
    from sklearn.neighbors import KNeighborsClassifier

    dice, scale, right = np.random.default_rng(seed), np.sqrt(weights), []
    for _ in range(CLASSES):
        halves = [dice.choice(np.flatnonzero(place.y == k), shown // 2, replace=False) for k in (0, 1)]
        rows = np.concatenate(halves)
        pupil = KNeighborsClassifier(1).fit(place.x[rows] * scale, place.y[rows])
        right.append(pupil.score(place.test * scale, place.test_y))
    return float(np.mean(right))
