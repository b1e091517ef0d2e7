"""The nearest that two layers of 3 x 3 come to a given kernel of 5 x 5."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from cvnotes.checks import whole

from .kernels import compose, shapes, slopes

STARTS = 12
DONE = 1e-9  # share of the energy below which a kernel counts as made


class Fit(NamedTuple):
    """A stack fitted to a kernel: its layers, the kernel that they make, the share of the energy that is left."""

    layers: list[np.ndarray]
    made: np.ndarray
    left: float


def fitted(kernel: np.ndarray, inner: int = 1, starts: int = STARTS, seed: int = 0) -> Fit:
    r"""Find two layers of 3 x 3 whose joined kernel is nearest to a kernel of 5 x 5.

    $$ \min_{a,\,b} \; \Bigl\| k - \sum_{c=1}^{m} a_c * b_c \Bigr\|^2 \Big/ \|k\|^2 $$

    kernel k: (5, 5), not all zero. inner m: channels between the layers.
    starts: the search begins anew from so many random weights and keeps the best; one
    that leaves nothing ends it. Nothing warrants that the best found is the best there is.
    Raises ValueError for another shape or for numbers below 1. Chapter: small_filters.
    """
    kernel, dice = _checked(kernel), np.random.default_rng(seed)
    best = Fit([], kernel, np.inf)
    for _ in range(whole("starts", starts, 1)):
        found = _descend(kernel, shapes(2, inner), dice)
        best = found if found.left < best.left else best
        if best.left < DONE:
            break
    return best


def _descend(kernel: np.ndarray, form: list[tuple[int, ...]], dice: np.random.Generator) -> Fit:
    """Go down from one random start, on a kernel scaled to length one."""
    size, goal = np.linalg.norm(kernel), kernel / np.linalg.norm(kernel)
    start = dice.normal(0, (81 * form[0][3]) ** -0.25, sum(map(np.prod, form)))
    method = "lm" if start.size <= goal.size else "trf"
    found = least_squares(
        lambda flat: (compose(_split(flat, form))[..., 0, 0] - goal).ravel(),
        start,
        jac=lambda flat: slopes(_split(flat, form)),
        method=method,
        max_nfev=400,
    )
    layers = [layer * np.sqrt(size) for layer in _split(found.x, form)]
    return Fit(layers, compose(layers)[..., 0, 0], float(2 * found.cost))


def _split(flat: np.ndarray, form: list[tuple[int, ...]]) -> list[np.ndarray]:
    ends = np.cumsum([np.prod(shape) for shape in form])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(flat, ends), form, strict=True)]


def _checked(kernel: np.ndarray) -> np.ndarray:
    kernel = np.asarray(kernel, float)
    if kernel.shape != (5, 5) or not np.isfinite(kernel).all() or not kernel.any():
        raise ValueError(f"kernel must be 5 x 5 finite numbers, not all zero. Received: shape {kernel.shape}")
    return kernel


def examples() -> dict[str, np.ndarray]:
    """Give kernels of 5 x 5 by name: some that two small ones make, and some that they cannot."""
    y, x = np.mgrid[-2:3, -2:3]
    square, far = x**2 + y**2, np.zeros((5, 5))
    far[0, 4] = far[1, 0] = 1
    return {
        "two spots": far,
        "ends of a diagonal": np.diag([1.0, 0, 0, 0, 1]),
        "diagonal": np.eye(5),
        "cross": ((x == 0) | (y == 0)).astype(float),
        "ring": (np.maximum(abs(x), abs(y)) == 2).astype(float),
        "Gaussian": np.exp(-square / 2),
        "spot on a dark ring": (1 - square / 2) * np.exp(-square / 2),
        "random": np.random.default_rng(0).normal(size=(5, 5)),
    }
