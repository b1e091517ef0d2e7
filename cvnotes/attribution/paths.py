"""Gradients added up along a way from a baseline to the picture."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import choice, whole

from .gradients import averaged
from .inputs import Array, Model, read, standin, take
from .targets import Target, ask

RULES = ("gauss-legendre", "left", "midpoint", "trapezoid")


def integrated_gradients(
    model: Model,
    images: Array,
    target: Target = None,
    *,
    baseline: Array | float = 0,
    steps: int = 50,
    rule: str = "gauss-legendre",
    batch_size: int = 32,
) -> Array:
    r"""Integrated gradients, :math:`(x - x') \odot \int_0^1 \nabla S(x' + t (x - x'))\,dt`.

    baseline: the start x' of the way: a number, a colour, one picture, or one for each image. steps: at how many
    points the gradient is taken. rule: how they are placed and weighed; see ``quadrature``. All else as in
    ``gradient``.
    The answer adds up to :math:`S(x) - S(x')`, as closely as the rule integrates (completeness).
    Raises ValueError as ``gradient`` does, for a baseline of another shape, and for too few steps.
    Source: Sundararajan et al. (2017), equations 1 and 3. Chapter: integrated_gradients.
    """
    asked = read(model, images)
    x, start = asked.images, standin("baseline", baseline, asked.images)
    (at, weights), each = quadrature(rule, steps), whole("steps", steps, 1)
    if not len(x):
        return x
    at = at.astype(x.dtype).reshape(-1, *[1] * (x.ndim - 1))

    def along(rows: Array) -> Array:
        first = take(start, rows // each)
        return first + at[rows % each] * (x[rows // each] - first)

    return asked.give((x - start) * averaged(ask(model, x, target, batch_size), x, along, weights, batch_size))


def quadrature(rule: str, steps: int) -> tuple[Array, Array]:
    r"""Points t in [0, 1] and weights for :math:`\int_0^1 f \approx \sum_k w_k f(t_k)`; the weights add up to 1.

    ``"left"``: t = k/steps; its error falls as 1/steps. ``"midpoint"``: t = (k + 1/2)/steps; as 1/steps².
    ``"trapezoid"``: both ends and steps - 2 points between, the ends with half a weight; as 1/steps².
    ``"gauss-legendre"``: exact for polynomials up to degree 2 steps - 1.
    Raises ValueError for an unknown rule and for fewer than one point (two for the trapezoid).
    """
    choice("rule", rule, RULES)
    steps = whole("steps", steps, 2 if rule == "trapezoid" else 1)
    if rule == "gauss-legendre":
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        return (nodes + 1) / 2, weights / 2
    if rule == "trapezoid":
        weights = np.full(steps, 1 / (steps - 1))
        weights[[0, -1]] /= 2
        return np.linspace(0, 1, steps), weights
    return (np.arange(steps) + (0.5 if rule == "midpoint" else 0)) / steps, np.full(steps, 1 / steps)


def expected_gradients(
    model: Model,
    images: Array,
    target: Target = None,
    *,
    background: Array,
    samples: int | None = 200,
    seed: int = 0,
    batch_size: int = 32,
) -> Array:
    r"""Expected gradients, :math:`\mathbb E_{x' \sim D,\, t \sim U(0, 1)}[(x - x') \odot \nabla S(x' + t(x - x'))]`.

    Integrated gradients averaged over baselines. background: the pictures D, (m, h, w, c), m at least 1. samples: draws
    of (x', t); every picture of the background is drawn about equally often, and the t are spread evenly, one in each
    of as many equal parts of [0, 1]. The draws are the same for every image. None leaves nothing to chance: all of the
    background, with 50 points of Gauss-Legendre each. seed: of the draws. Other arguments as in ``gradient``.
    The answer adds up to S(x) minus the mean score of the background: in expectation, or with None closely.
    Raises ValueError as ``gradient`` does, and for a background of another shape or none.
    Source: Erion et al. (2021), equation 2. Chapter: baselines.
    """
    asked, other = read(model, images), read(model, background)
    x, known = asked.images, other.images
    if not len(known) or known.shape[1:] != x.shape[1:]:
        raise ValueError(f"background must be pictures (m, {x.shape[1:]}), m >= 1. Received: shape {known.shape}")
    if not len(x):
        return x
    which, at, weights = _draws(len(known), samples, seed)
    at, each = at.astype(x.dtype).reshape(-1, *[1] * (x.ndim - 1)), len(which)
    score = ask(model, x, target, batch_size)

    def along(rows: Array) -> Array:
        first = known[which[rows % each]]
        return first + at[rows % each] * (x[rows // each] - first)

    def way(rows: Array) -> Array:
        return x[rows // each] - known[which[rows % each]]

    return asked.give(averaged(score, x, along, weights, batch_size, way))


def _draws(known: int, samples: int | None, seed: int) -> tuple[Array, Array, Array]:
    """Which baseline, how far on the way, and the weight, of each draw."""
    if samples is None:
        at, weights = quadrature("gauss-legendre", 50)
        return np.repeat(np.arange(known), 50), np.tile(at, known), np.tile(weights / known, known)
    samples, dice = whole("samples", samples, 1), np.random.default_rng(seed)
    which = dice.permutation(np.resize(dice.permutation(known), samples))
    return which, (np.arange(samples) + dice.random(samples)) / samples, np.full(samples, 1 / samples)
