r"""The smallest game with a saddle point, and four ways to play it.

.. math:: \min_x \max_y f(x, y) = x y + \tfrac{a}{2} x^2 - \tfrac{b}{2} y^2

Chapter: gans. NumPy alone.
"""

from __future__ import annotations

import numpy as np

from cvnotes.checks import choice, number, whole

METHODS = ("simultaneous", "alternating", "extragradient")
Curves = tuple[float, float]
FLAT: Curves = (0.0, 0.0)  # the bilinear game: neither player's own curve helps


def slopes(place: np.ndarray, curves: Curves = FLAT) -> np.ndarray:
    r"""Give the derivatives of the game by x and by y: :math:`(y + a x,\; x - b y)`.

    place: (2,). curves: (a, b), how strongly the game is curved for each player alone. Chapter: gans.
    """
    (x, y), (a, b) = place, curves
    return np.array([y + a * x, x - b * y])


def step(place: np.ndarray, rate: float, method: str, curves: Curves = FLAT) -> np.ndarray:
    """Play one round: x goes down its slope, y goes up its own.

    simultaneous: both look at the same place. alternating: y looks at where x has gone.
    extragradient: both take a trial step, and then the step that they would take there (Korpelevich, 1976).
    place: (2,). Gives the next place. Raises ValueError for another method. Chapter: gans.
    """
    downhill = np.array([-rate, rate])
    if choice("method", method, METHODS) == "simultaneous":
        return place + downhill * slopes(place, curves)
    if method == "extragradient":
        trial = place + downhill * slopes(place, curves)
        return place + downhill * slopes(trial, curves)
    moved = np.array([place[0] - rate * slopes(place, curves)[0], place[1]])
    return np.array([moved[0], place[1] + rate * slopes(moved, curves)[1]])


def path(method: str, rate: float, steps: int, curves: Curves = FLAT, start: tuple[float, float] = (1.0, 1.0)):
    """Play so many rounds from a start: all places on the way, (steps + 1, 2).

    Raises ValueError for another method, a rate not above 0, curves or a start that are not two finite numbers.
    Chapter: gans.
    """
    rate, curves = number("rate", rate, above=0), _two("curves", curves)
    choice("method", method, METHODS)
    places = [np.array(_two("start", start))]
    for _ in range(whole("steps", steps, 0)):
        places.append(step(places[-1], rate, method, curves))
    return np.array(places)


def _two(name: str, values: Curves) -> Curves:
    if np.shape(values) != (2,):
        raise ValueError(f"{name} must be two numbers, for x and for y. Received: {name}={values!r}")
    return number(name, values[0]), number(name, values[1])


def matrix(method: str, rate: float, curves: Curves = FLAT) -> np.ndarray:
    """Give the matrix of one round, which is linear: what it makes of (1, 0) and of (0, 1), as columns (2, 2).

    Raises ValueError as `path`. Chapter: gans.
    """
    return np.stack([path(method, rate, 1, curves, unit)[1] for unit in np.eye(2)], axis=1)


def growth(method: str, rate: float, curves: Curves = FLAT) -> float:
    """Give the factor by which rounds stretch in the long run: the largest modulus of an eigenvalue of `matrix`.

    Above 1 the play flies apart, below 1 it settles, at 1 it does neither. Raises ValueError as `path`. Chapter: gans.
    """
    return float(np.abs(np.linalg.eigvals(matrix(method, rate, curves))).max())


def averages(places: np.ndarray) -> np.ndarray:
    """Give the mean of all places so far, at each place of a path (n, 2): (n, 2).

    Raises ValueError for another shape. Chapter: gans.
    """
    places = _places(places)
    return np.cumsum(places, axis=0) / np.arange(1, len(places) + 1)[:, None]


def radius(places: np.ndarray) -> np.ndarray:
    """Give the distance of each place (n, 2) from the saddle point at zero: (n,).

    Raises ValueError for another shape. Chapter: gans.
    """
    return np.hypot(*_places(places).T)


def _places(places: np.ndarray) -> np.ndarray:
    places = np.asarray(places)
    if places.ndim != 2 or places.shape[1] != 2:
        raise ValueError(f"Give places x, y: (n, 2). Received: shape {places.shape}")
    return places
