"""Linear classifiers trained with our own losses, the penalties on their weights, and what a penalty buys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cvnotes import data, experiments
from cvnotes.checks import whole

from .checking import numerical_gradient
from .losses import softmax_loss

Loss = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]  # of scores and labels
PENALTIES = ("l2", "l1", "elastic")
STRENGTHS = (0.0, *np.geomspace(1e-5, 1, 11))  # of the penalty, in the experiment

__all__ = ["PENALTIES", "STRENGTHS", "accuracy", "descend", "hessian", "objective", "penalty", "regularization"]


def penalty(weights: Any, kind: str = "l2") -> tuple[float, np.ndarray]:
    r"""What weights cost by themselves, and the (sub)gradient of that.

    .. math:: R_2 = \sum w^2, \qquad R_1 = \sum |w|, \qquad R_\text{elastic} = \tfrac12 (R_1 + R_2)

    Raises ValueError for another kind. Chapter: losses.
    """
    weights = np.asarray(weights, float)
    if kind not in PENALTIES:
        raise ValueError(f"kind must be one of {', '.join(PENALTIES)}. Received: {kind!r}")
    l2, l1 = (np.sum(weights**2), 2 * weights), (np.abs(weights).sum(), np.sign(weights))
    value, gradient = {"l2": l2, "l1": l1, "elastic": ((l1[0] + l2[0]) / 2, (l1[1] + l2[1]) / 2)}[kind]
    return float(value), gradient


def objective(
    weights: np.ndarray,
    x: np.ndarray,
    labels: np.ndarray,
    loss: Loss = softmax_loss,
    strength: float = 0.0,
    kind: str = "l2",
) -> tuple[float, np.ndarray]:
    r"""Data loss plus penalty of a linear classifier, and its gradient.

    .. math::
        L(W) = \text{loss}(S, y) + \lambda R(W), \quad S = XW, \qquad
        \frac{\partial L}{\partial W} = X^\top \frac{\partial L}{\partial S}
        + \lambda \frac{\partial R}{\partial W}

    x: (N, features). weights: (features, C). labels: (N,). strength: :math:`\lambda`.
    Chapters: losses, gradients.
    """
    value, upstream = loss(x @ weights, labels)
    cost, slope = penalty(weights, kind)
    return value + strength * cost, x.T @ upstream + strength * slope


def descend(
    x: np.ndarray,
    labels: np.ndarray,
    classes: int,
    loss: Loss = softmax_loss,
    *,
    rate: float = 0.5,
    steps: int = 300,
    strength: float = 0.0,
    kind: str = "l2",
) -> tuple[np.ndarray, list[float]]:
    """Train a linear classifier by plain gradient descent from weights of zero.

    Every step looks at all pictures. Returns the weights (features, C) and the loss
    before each step. Chapter: losses.
    """
    weights, seen = np.zeros((x.shape[1], classes)), []
    for _ in range(whole("steps", steps, 0)):
        value, gradient = objective(weights, x, labels, loss, strength, kind)
        weights -= rate * gradient
        seen.append(value)
    return weights, seen


def accuracy(weights: np.ndarray, x: np.ndarray, labels: np.ndarray) -> float:
    """Give the share of pictures whose largest score is that of their label. Chapter: losses."""
    answers = (x @ weights).argmax(axis=1)
    if np.shape(labels) != answers.shape:
        raise ValueError(f"Give one label a picture, in one row. Received: labels {np.shape(labels)} for {len(x)}")
    return float(np.mean(answers == labels))


def hessian(gradient: Callable[[np.ndarray], np.ndarray], x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """The matrix of second derivatives at x, from centred differences of a gradient.

    x: float64 of any shape, n numbers; returns (n, n). Made symmetric, as it is in exact arithmetic. Chapter:
    losses.
    """
    flat = np.asarray(x, float)
    rows = [numerical_gradient(lambda v, i=i: gradient(v).ravel()[i], flat, h).ravel() for i in range(flat.size)]
    return (np.array(rows) + np.array(rows).T) / 2


def fitted(x: np.ndarray, labels: np.ndarray, classes: int, strength: float, loss: Loss = softmax_loss) -> np.ndarray:
    """Weights at the bottom of the objective with an L2 penalty, found by SciPy's L-BFGS.

    Without a penalty separable classes have no bottom: the weights grow until a step gains too little, or 1,000 steps.
    Chapter: losses.
    """
    from scipy.optimize import minimize

    shape = (x.shape[1], classes)

    def both(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = objective(flat.reshape(shape), x, labels, loss, strength)
        return value, gradient.ravel()

    found = minimize(both, np.zeros(shape[0] * shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 1000})
    return found.x.reshape(shape)


def flat_digits(count: int, seed: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Draw `count` digits for training; two halves of the rest for choosing and for testing. Rows end with a 1."""
    digits = data.digits()
    x = np.concatenate([digits.train_images, digits.test_images]).reshape(-1, 64).astype(float)
    x = np.hstack([x, np.ones((len(x), 1))])
    labels = np.concatenate([digits.train_labels, digits.test_labels])
    order = np.random.default_rng(seed).permutation(len(x))
    cuts = np.split(order, [count, (count + len(x)) // 2])
    return tuple((x[rows], labels[rows]) for rows in cuts)


def strengths_tried(strengths: Sequence[float], count: int, seed: int) -> dict[str, list[float]]:
    """Accuracies of linear softmax classifiers trained on `count` digits, one for each strength of the L2 penalty."""
    parts = dict(zip(("train", "choose", "test"), flat_digits(count, seed), strict=True))
    nets = [fitted(*parts["train"], 10, strength) for strength in strengths]
    found = {name: [accuracy(net, *part) for net in nets] for name, part in parts.items()}
    return found | {"size": [float(np.linalg.norm(net)) for net in nets]}


@experiments.experiment(version=1, seeds=30)
def regularization(seed: int, scale: str = "quick") -> dict[str, list[float]]:
    """Train on 200 digits under L2 penalties from none to far too much; measure on digits not seen. Chapter: losses."""
    return strengths_tried(STRENGTHS, 200, seed)
