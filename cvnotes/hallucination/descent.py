"""Two ways down for a picture: SciPy's L-BFGS-B, and Adam, with every look at the loss counted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from cvnotes import backend
from cvnotes.checks import choice, number, whole
from cvnotes.optimization import adam

METHODS = ("l-bfgs", "adam")
PATIENT = {"ftol": 0.0, "gtol": 0.0}  # go on for as long as there are evaluations


class Descent(NamedTuple):
    """The best picture that was met, and the loss of every one that was looked at, (evaluations,)."""

    picture: np.ndarray
    losses: np.ndarray


def minimise(
    loss: Callable,
    start: np.ndarray,
    evaluations: int,
    *,
    method: str = "l-bfgs",
    rate: float = 0.03,
    scale: float = 1.0,
    options: dict | None = None,
) -> Descent:
    """Change an array so that a loss falls, looking at it and its gradient at most `evaluations` times.

    loss: as `backend.value_and_grad` takes it, so that any backend will do; start: of any shape.
    method: ``"l-bfgs"`` (SciPy's L-BFGS-B, in 64 bits, the last 20 steps remembered) or ``"adam"`` with its `rate`.
    scale: the loss is multiplied by so much for the method, not for the report; options: of SciPy, `PATIENT` if left
    out. Raises ValueError for an unknown method and numbers out of range.
    Source: Zhu et al. (1997), algorithm 778; Kingma and Ba (2015). Chapter: style_transfer.
    """
    choice("method", method, METHODS)
    seen = _Counted(loss, np.shape(start), whole("evaluations", evaluations, 1), number("scale", scale, above=0))
    flat = np.asarray(start, np.float64).ravel()
    with contextlib.suppress(_SpentError):
        if method == "adam":
            _adam(seen, flat, rate)
        else:
            given = {"maxcor": 20, "maxiter": evaluations, "maxfun": 10**9, **(PATIENT if options is None else options)}
            minimize(seen, flat, jac=True, method="L-BFGS-B", options=given)
    return Descent(seen.best, np.array(seen.losses))


def _adam(seen: _Counted, flat: np.ndarray, rate: float) -> None:
    state = None
    while True:
        flat, state = adam(flat, seen(flat)[1], state, rate=rate)


class _SpentError(Exception):
    """The evaluations are used up."""


class _Counted:
    """A loss and its gradient as SciPy wants them, flat and in 64 bits; keeps the losses, and the best picture."""

    def __init__(self, loss: Callable, shape: tuple[int, ...], evaluations: int, scale: float):
        self.run, self.shape, self.left, self.scale = backend.value_and_grad(loss), shape, evaluations, scale
        self.losses: list[float] = []

    def __call__(self, flat: np.ndarray) -> tuple[float, np.ndarray]:
        if len(self.losses) == self.left:
            raise _SpentError
        picture = flat.reshape(self.shape).astype(np.float32)
        value, gradient = self.run(picture)
        if value < min(self.losses, default=np.inf):
            self.best = picture
        self.losses.append(value)
        return self.scale * value, self.scale * gradient.ravel().astype(np.float64)
