"""Six ways to turn a gradient into a step: pure functions, weights and state in, weights and state out.

Every rule has the form ``rule(w, g, state, *, rate, ...) -> (w, state)``; the state at the start is ``None``.
Arrays keep their kind of number: float32 in, float32 out. Chapter: optimization.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from cvnotes.checks import whole

Array = np.ndarray
Rule = Callable[..., tuple[Array, Any]]


class Moments(NamedTuple):
    """What Adam remembers: averages of the gradient and of its square, and the number of steps taken."""

    m: Array
    v: Array
    t: int


def sgd(w: Array, g: Array, state: None = None, *, rate: float) -> tuple[Array, None]:
    r"""Plain gradient descent.

    .. math:: w \leftarrow w - \eta\, g

    w, g: weights and gradient, of one shape; rate: :math:`\eta`. There is no state.
    Raises ValueError for shapes that differ, numbers that are not finite and a rate that is not above 0, as all
    rules do. Source: Robbins and Monro (1951), where the gradient is a noisy one. Chapter: optimization.
    """
    w, g = _given(w, g, rate)
    return w - rate * g, None


def momentum(w: Array, g: Array, v: Array | None = None, *, rate: float, mu: float = 0.9) -> tuple[Array, Array]:
    r"""Gradient descent with a velocity that old gradients keep up.

    .. math:: v \leftarrow \mu v - \eta\, g, \qquad w \leftarrow w + v

    mu: the share of the velocity that is left after a step, from 0 up to 1. Source: Polyak (1964). Chapter:
    optimization.
    """
    w, g = _given(w, g, rate, mu=mu)
    v = mu * _or_zeros(v, w) - rate * g
    return w + v, v


def nesterov(w: Array, g: Array, v: Array | None = None, *, rate: float, mu: float = 0.9) -> tuple[Array, Array]:
    r"""Momentum whose gradient is taken ahead, with the place ahead as the stored weights, as Keras has it.

    .. math:: v \leftarrow \mu v - \eta\, g(w), \qquad w \leftarrow w + \mu v - \eta\, g(w)

    w is the place ahead, :math:`w = x + \mu v`; the textbook's place is :math:`x = w - \mu v`.
    Source: Nesterov (1983); in this form Sutskever et al. (2013). Chapter: optimization.
    """
    w, g = _given(w, g, rate, mu=mu)
    v = mu * _or_zeros(v, w) - rate * g
    return w + mu * v - rate * g, v


def adagrad(
    w: Array,
    g: Array,
    cache: Array | None = None,
    *,
    rate: float,
    eps: float = 1e-7,
    initial: float = 0.0,
    inside: bool = False,
) -> tuple[Array, Array]:
    r"""Each weight has a rate of its own, which falls with all the gradient that it has seen.

    .. math:: c \leftarrow c + g^2, \qquad w \leftarrow w - \eta\, \frac{g}{\sqrt{c} + \epsilon}

    initial: the cache before the first step (Keras: 0.1). inside: put :math:`\epsilon` under the root, as Keras does.
    Source: Duchi, Hazan and Singer (2011). Chapter: optimization.
    """
    w, g = _given(w, g, rate, eps=eps, initial=initial)
    cache = (np.full_like(w, initial) if cache is None else cache) + g**2
    return w - rate * g / _root(cache, eps, inside), cache


def rmsprop(
    w: Array,
    g: Array,
    cache: Array | None = None,
    *,
    rate: float,
    rho: float = 0.9,
    eps: float = 1e-7,
    inside: bool = False,
) -> tuple[Array, Array]:
    r"""Adagrad that forgets: the cache is a moving average of squared gradients.

    .. math::
        c \leftarrow \rho\, c + (1 - \rho)\, g^2, \qquad w \leftarrow w - \eta\, \frac{g}{\sqrt{c} + \epsilon}

    inside: put :math:`\epsilon` under the root, as Keras does. Source: Tieleman and Hinton (2012), lecture 6.5.
    Chapter: optimization.
    """
    w, g = _given(w, g, rate, mu=rho, eps=eps)
    cache = rho * _or_zeros(cache, w) + (1 - rho) * g**2
    return w - rate * g / _root(cache, eps, inside), cache


def adam(
    w: Array,
    g: Array,
    state: Moments | None = None,
    *,
    rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-7,
    corrected: bool = True,
    eps_hat: bool = False,
    powers: type = np.float64,
) -> tuple[Array, Moments]:
    r"""Momentum and RMSProp at once, both averages corrected for starting at zero.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, g, \qquad \hat m = m / (1 - \beta_1^t) \\
        v &\leftarrow \beta_2 v + (1 - \beta_2)\, g^2, \qquad \hat v = v / (1 - \beta_2^t) \\
        w &\leftarrow w - \eta\, \hat m / (\sqrt{\hat v} + \epsilon)

    corrected: with False :math:`\hat m = m` and :math:`\hat v = v`. eps_hat: add :math:`\epsilon` to
    :math:`\sqrt{v}` instead, before the correction, as Keras does. powers: the kind of number in which
    :math:`\beta^t` is taken; Keras takes that of the weights.
    Source: Kingma and Ba (2015), algorithm 1; eps_hat at the end of its section 2. Chapter: optimization.
    """
    w, g = _given(w, g, rate, mu=max(beta1, beta2), eps=eps)
    m, v, t = (np.zeros_like(w), np.zeros_like(w), 0) if state is None else state
    m, v, t = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2, t + 1
    first, second = (float(1 - powers(beta) ** t) if corrected else 1.0 for beta in (beta1, beta2))
    eps = eps / second**0.5 if eps_hat else eps
    return w - rate * (m / first) / (np.sqrt(v / second) + eps), Moments(m, v, t)


def adamw(
    w: Array, g: Array, state: Moments | None = None, *, rate: float, decay: float, **settings: Any
) -> tuple[Array, Moments]:
    r"""Adam, after every weight has been shrunk by the same share: the decay is not divided by anything.

    .. math:: w \leftarrow (1 - \eta \lambda)\, w, \qquad \text{then Adam with } g

    decay: :math:`\lambda`; settings: of `adam`. Source: Loshchilov and Hutter (2019), algorithm 2, with the factor
    :math:`\eta` that libraries add. Chapter: optimization.
    """
    w, g = _given(w, g, rate, decay=decay)
    return adam(w - rate * decay * w, g, state, rate=rate, **settings)


def walk(rule: Rule, gradient: Callable[[Array], Any], start: Any, steps: int, **settings: Any) -> Array:
    """Take steps by a rule, each with the gradient at the weights as they are: all places, (steps + 1, *shape).

    gradient: a function of the weights. settings: of the rule. Chapter: optimization.
    """
    w, state = np.asarray(start), None
    w = w if w.dtype.kind == "f" else w.astype(float)
    places = [w]
    for _ in range(whole("steps", steps, 0)):
        w, state = rule(w, np.asarray(gradient(w), w.dtype), state, **settings)
        places.append(w)
    return np.array(places)


def _or_zeros(state: Array | None, w: Array) -> Array:
    return np.zeros_like(w) if state is None else state


def _root(cache: Array, eps: float, inside: bool) -> Array:
    return np.sqrt(cache + eps) if inside else np.sqrt(cache) + eps


def _given(w: Any, g: Any, rate: float, mu: float = 0.0, **others: float) -> tuple[Array, Array]:
    """Weights and gradient as arrays, or a ValueError that says what was received."""
    w, g = np.asarray(w), np.asarray(g)
    if w.dtype.kind != "f" or g.dtype.kind not in "fiu" or w.shape != g.shape:
        raise ValueError(
            f"Weights are floats, and the gradient has their shape. Received: weights {w.dtype} {w.shape}, "
            f"gradient {g.dtype} {g.shape}"
        )
    if not np.isfinite(g).all():
        raise ValueError("The gradient must be finite: take a smaller rate. Received: nan or infinite numbers")
    if _no_number(rate) or not 0 < rate < np.inf:
        raise ValueError(f"rate must be a number above 0. Received: rate={rate!r}")
    if _no_number(mu) or not 0 <= mu < 1:
        raise ValueError(f"A share that is kept must lie from 0 up to 1, without 1. Received: {mu!r}")
    for name, value in others.items():
        if _no_number(value) or not 0 <= value < np.inf:
            raise ValueError(f"{name} must be a number of at least 0. Received: {name}={value!r}")
    return w, g


def _no_number(value: Any) -> bool:
    return isinstance(value, bool) or not isinstance(value, numbers.Real)
