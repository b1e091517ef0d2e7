r"""How fast, and how far from disaster: momentum on :math:`\tfrac12 \lambda w^2`, where all can be known exactly.

On a quadratic loss every direction of curvature :math:`\lambda` goes its own way, and one step is one matrix.
Chapter: optimization.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cvnotes.checks import whole

from . import rules

KINDS = ("plain", "momentum", "Nesterov")
RULES = {"plain": rules.sgd, "momentum": rules.momentum, "Nesterov": rules.nesterov}


def update_matrix(kind: str, curvature: float, rate: float, mu: float = 0.0) -> np.ndarray:
    r"""One step as a matrix on weight and velocity, for the loss :math:`\tfrac12 \lambda w^2`.

    .. math::
        \text{momentum: } \begin{pmatrix} 1 - \eta\lambda & \mu \\ -\eta\lambda & \mu \end{pmatrix}, \qquad
        \text{Nesterov: } \begin{pmatrix} 1 - (1 + \mu)\eta\lambda & \mu^2 \\ -\eta\lambda & \mu \end{pmatrix}

    and :math:`(1 - \eta\lambda)` without a velocity. Raises ValueError for another kind. Chapter: optimization.
    """
    _known(kind)
    a = rate * curvature
    if kind == "plain":
        return np.array([[1 - a]])
    return np.array([[1 - a, mu], [-a, mu]]) if kind == "momentum" else np.array([[1 - a - mu * a, mu**2], [-a, mu]])


def radius(kind: str, curvatures: Any, rate: float, mu: float = 0.0) -> float:
    """The factor by which the slowest direction shrinks in a step, in the long run: the largest size of an eigenvalue.

    Above 1 the steps diverge. Chapter: optimization.
    """
    sizes = [np.abs(np.linalg.eigvals(update_matrix(kind, c, rate, mu))).max() for c in np.atleast_1d(curvatures)]
    return float(max(sizes))


def limit(kind: str, curvature: float, mu: float = 0.0) -> float:
    r"""The rate above which steps diverge.

    .. math:: \frac{2}{L}, \qquad \frac{2(1 + \mu)}{L}, \qquad \frac{2(1 + \mu)}{L(1 + 2\mu)}

    for plain steps, momentum and Nesterov; curvature: the largest, L. Raises ValueError for another kind, a curvature
    that is not above 0, and a mu outside [0, 1). Chapter: optimization.
    """
    _bends(kind, curvature)
    if not 0 <= mu < 1:
        raise ValueError(f"mu must lie from 0 up to 1, without 1. Received: mu={mu!r}")
    mu = 0.0 if kind == "plain" else mu
    return 2 * (1 + mu) / (curvature * (1 + 2 * mu if kind == "Nesterov" else 1))


def best(kind: str, low: float, high: float) -> tuple[float, float, float]:
    r"""Rate, mu and factor that suit curvatures from `low` (m) to `high` (L), with :math:`\kappa = L / m`.

    plain: :math:`\eta = 2/(L + m)`, factor :math:`(\kappa - 1)/(\kappa + 1)`;
    momentum: :math:`\eta = 4/(\sqrt L + \sqrt m)^2`, :math:`\mu` the square of its factor
    :math:`(\sqrt\kappa - 1)/(\sqrt\kappa + 1)`;
    Nesterov: :math:`\eta = 4/(3L + m)`, :math:`\mu = (r - 2)/(r + 2)` with :math:`r = \sqrt{3\kappa + 1}`, factor
    :math:`1 - 2/r`. Sources: Polyak (1964); Lessard, Recht and Packard (2016), proposition 1.
    Raises ValueError for another kind, and unless 0 < low < high. Chapter: optimization.
    """
    _known(kind)
    if not 0 < low < high < np.inf:
        raise ValueError(f"Curvatures must be above 0, the low one first. Received: low={low!r}, high={high!r}")
    ratio = high / low
    if kind == "plain":
        return 2 / (low + high), 0.0, (ratio - 1) / (ratio + 1)
    if kind == "momentum":
        factor = (ratio**0.5 - 1) / (ratio**0.5 + 1)
        return 4 / (low**0.5 + high**0.5) ** 2, factor**2, factor
    root = (3 * ratio + 1) ** 0.5
    return 4 / (3 * high + low), (root - 2) / (root + 2), 1 - 2 / root


def steps_to(
    kind: str, curvatures: Any, rate: float, mu: float = 0.0, *, goal: float = 1e-6, most: int = 5000
) -> int | None:
    """Steps from (1, 1, ...) until the distance to the bottom is `goal` times the first one; None if it never is.

    The distance is that of the stored weights, which is the place ahead for Nesterov. Raises ValueError for another
    kind, curvatures and a goal that are not above 0, and fewer than one step. Chapter: optimization.
    """
    bend = _bends(kind, curvatures)
    if not goal > 0:
        raise ValueError(f"goal must be above 0, as no step arrives for good. Received: goal={goal!r}")
    w, state = np.ones_like(bend), None
    settings = {} if kind == "plain" else {"mu": mu}
    for step in range(1, whole("most", most, 1) + 1):
        w, state = RULES[kind](w, bend * w, state, rate=rate, **settings)
        size = np.linalg.norm(w) / len(bend) ** 0.5
        if size <= goal:
            return step
        if size > 1e6:
            return None
    return None


def measured_limit(kind: str, curvature: float, mu: float = 0.0, steps: int = 4000) -> float:
    """The rate above which the walk really grows, found by halving an interval sixteen times.

    Raises ValueError for another kind, a curvature that is not above 0 and fewer than one step. Chapter: optimization.
    """
    (curvature,), steps = _bends(kind, curvature), whole("steps", steps, 1)
    low, high = 0.0, 8 / curvature
    settings = {} if kind == "plain" else {"mu": mu}
    for _ in range(16):
        rate = (low + high) / 2
        w, state = np.ones(1), None
        for _ in range(steps):
            w, state = RULES[kind](w, curvature * w, state, rate=rate, **settings)
            if not 1e-9 < abs(w[0]) < 1e9:
                break
        low, high = (low, rate) if abs(w[0]) > 1 else (rate, high)
    return (low + high) / 2


def _bends(kind: str, curvatures: Any) -> np.ndarray:
    """Curvatures above 0 as a row, after a look at the kind."""
    _known(kind)
    bend = np.atleast_1d(np.asarray(curvatures))
    if bend.dtype.kind not in "fiu" or bend.ndim != 1 or not bend.size or not np.all((bend > 0) & (bend < np.inf)):
        raise ValueError(f"Curvatures must be numbers above 0. Received: {curvatures!r}")
    return bend.astype(float)


def _known(kind: str) -> None:
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}. Received: {kind!r}")
