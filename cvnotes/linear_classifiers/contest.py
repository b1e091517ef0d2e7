"""The experiments of the chapter: choosing k, peeking at the test, neighbours against a linear classifier."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np

from cvnotes import data, experiments

from .neighbours import METRICS, NearestNeighbours, cross_validate, distances, nearest, vote
from .scores import flatten

KS = (1, 3, 5, 9, 15, 25, 51)
SIZES = (50, 100, 200, 400, 800, 1347)
STRENGTHS = (0.01, 0.1, 1.0, 10.0)


@functools.lru_cache(maxsize=2)
def split(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Digits as rows of 64 numbers, in the stratified split of a seed: train, its labels, test, its labels."""
    d = data.digits(seed=seed)
    return flatten(d.train_images), d.train_labels, flatten(d.test_images), d.test_labels


def by_k(table: np.ndarray, labels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Accuracy for each of `KS`, from one table of distances (Q, N), labels (N,) and truth (Q,)."""
    columns, _ = nearest(table, max(KS))
    return np.array([np.mean(vote(labels[columns[:, :k]], 10).argmax(1) == truth) for k in KS])


def moved(rows: np.ndarray, right: int = 1) -> np.ndarray:
    """Shift 8 x 8 pictures, as rows (N, 64), to the right by whole pixels; what enters is black."""
    images = rows.reshape(-1, 8, 8)
    wide = np.pad(images, [(0, 0), (0, 0), (max(right, 0), max(-right, 0))])
    return (wide[:, :, :8] if right >= 0 else wide[:, :, -8:]).reshape(rows.shape)


def logistic(strength: float = 1.0) -> Any:
    """Give scikit-learn's linear classifier with softmax; `strength` is its C, one over the L2 penalty."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=3000)


def best_logistic(x: np.ndarray, labels: np.ndarray) -> Any:
    """Choose C among `STRENGTHS` by five parts of the training rows, and train on all of them."""
    from sklearn.model_selection import GridSearchCV

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class with fewer than five digits
        return GridSearchCV(logistic(), {"C": STRENGTHS}, cv=5).fit(x, labels)


def best_neighbours(x: np.ndarray, labels: np.ndarray) -> NearestNeighbours:
    """Choose k among those of `KS` that leave enough examples, by five parts of the training rows."""
    ks = [k for k in KS if k <= len(x) // 2]
    k = ks[int(cross_validate(x, labels, ks).mean(0).argmax())]
    return NearestNeighbours(k).fit(x, labels)


def all_into_one(x: np.ndarray, labels: np.ndarray) -> Any:
    """Train a linear classifier on digits under their names and on all negatives under the name of one class.

    It comes close to `paired_ceiling`: that class wins on all negatives by its constants, the rest keep their digits.
    """
    favourite = int(np.bincount(labels).argmax())
    names = np.concatenate([labels, np.full(len(labels), favourite)])
    return logistic(10.0).fit(np.concatenate([x, 1 - x]), names)


@experiments.experiment(version=1, seeds=5)
def choosing(seed: int, scale: str) -> dict[str, Any]:
    """For each k and both distances: accuracy on the training digits, in five-fold cross-validation, on the test."""
    x, labels, test, truth = split(seed)
    found = {}
    for metric in METRICS:
        folds = cross_validate(x, labels, KS, metric)
        found |= {f"{metric}_folds": folds, f"{metric}_chosen": KS[int(folds.mean(0).argmax())]}
        for name, queries, answers in (("train", x, labels), ("test", test, truth)):
            table = np.concatenate([distances(part, x, metric) for part in np.array_split(queries, 20)])
            found[f"{metric}_{name}"] = by_k(table, labels, answers)
    return found


@experiments.experiment(version=1, seeds=5)
def peeking(seed: int, scale: str) -> dict[str, float]:
    """Choose k and the distance on a small test set or inside the training set; compare with fresh digits.

    Forty draws of 150 digits to train and 60 to test; the other 1,587 are fresh. Gives the mean of the accuracy on the
    test set less that on the fresh ones.
    """
    x, labels, test, truth = split(seed)
    rows, names = np.concatenate([x, test]), np.concatenate([labels, truth])
    tables = [
        np.concatenate([distances(part, rows, metric) for part in np.array_split(rows, 30)]) for metric in METRICS
    ]
    rng, gaps = np.random.default_rng(seed), []
    for _ in range(40):
        learn, judge, fresh = np.split(rng.permutation(len(rows)), [150, 210])
        on = [
            np.concatenate([by_k(t[np.ix_(part, learn)], names[learn], names[part]) for t in tables])
            for part in (judge, fresh)
        ]
        inside = np.concatenate([cross_validate(rows[learn], names[learn], KS, m).mean(0) for m in METRICS])
        gaps.append([on[0][pick] - on[1][pick] for pick in (on[0].argmax(), inside.argmax())])
    peeked, honest = np.mean(gaps, axis=0)
    return {"peeked": peeked, "honest": honest}


@experiments.experiment(version=1, seeds=5)
def contest(seed: int, scale: str) -> dict[str, Any]:
    """Give test accuracy of neighbours and of a linear classifier: by training size, on moved digits, on negatives."""
    x, labels, test, truth = split(seed)
    found: dict[str, Any] = {"neighbours": [], "linear": []}
    for size in SIZES:
        for name, train in (("neighbours", best_neighbours), ("linear", best_logistic)):
            model = train(x[:size], labels[:size])
            found[name].append(np.mean(model.predict(test) == truth))
            if size == SIZES[-1]:
                found[f"{name}_moved"] = np.mean([np.mean(model.predict(moved(test, r)) == truth) for r in (-1, 1)])
    both, twice = np.concatenate([x, 1 - x]), np.concatenate([labels, labels])
    asked, both_truth = np.concatenate([test, 1 - test]), np.concatenate([truth, truth])
    for name, model in (("neighbours", NearestNeighbours()), ("linear", logistic())):
        answers = model.fit(both, twice).predict(asked)
        found[f"{name}_negatives"] = np.mean(answers == both_truth)
    found["plain_negatives"] = np.mean(logistic().fit(x, labels).predict(asked) == both_truth)
    found["trick_negatives"] = np.mean(all_into_one(x, labels).predict(asked) == both_truth)
    return found
