"""Six ways to turn a gradient into a step: pure functions, weights and state in, weights and state out.

Every rule has the form ``rule(w, g, state, *, rate, ...) -> (w, state)``; the state at the start is ``None``.
Arrays keep their kind of number: float32 in, float32 out. Chapter: optimization.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from cvnotes.checks import number, whole

Array = np.ndarray
Rule = Callable[..., tuple[Array, Any]]
SHARES = ("mu", "rho", "beta1", "beta2")  # settings that say which share of a memory is kept


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
    w, g, rate = _given(w, g, rate=rate)
    return w - rate * g, None


def momentum(w: Array, g: Array, v: Array | None = None, *, rate: float, mu: float = 0.9) -> tuple[Array, Array]:
    r"""Gradient descent with a velocity that old gradients keep up.

    .. math:: v \leftarrow \mu v - \eta\, g, \qquad w \leftarrow w + v

    mu: the share of the velocity that is left after a step, from 0 up to 1. Source: Polyak (1964). Chapter:
    optimization.
    """
    w, g, rate, mu = _given(w, g, rate=rate, mu=mu)
    v = mu * _memory(v, w) - rate * g
    return w + v, v


def nesterov(w: Array, g: Array, v: Array | None = None, *, rate: float, mu: float = 0.9) -> tuple[Array, Array]:
    r"""Momentum whose gradient is taken ahead, with the place ahead as the stored weights, as Keras has it.

    .. math:: v \leftarrow \mu v - \eta\, g(w), \qquad w \leftarrow w + \mu v - \eta\, g(w)

    w is the place ahead, :math:`w = x + \mu v`; the textbook's place is :math:`x = w - \mu v`.
    Source: Nesterov (1983); in this form Sutskever et al. (2013). Chapter: optimization.
    """
    w, g, rate, mu = _given(w, g, rate=rate, mu=mu)
    v = mu * _memory(v, w) - rate * g
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
    w, g, rate, eps, initial = _given(w, g, rate=rate, eps=eps, initial=initial)
    cache = _memory(cache, w, initial) + g**2
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
    w, g, rate, rho, eps = _given(w, g, rate=rate, rho=rho, eps=eps)
    cache = rho * _memory(cache, w) + (1 - rho) * g**2
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
    w, g, rate, beta1, beta2, eps = _given(w, g, rate=rate, beta1=beta1, beta2=beta2, eps=eps)
    m, v, t = (None, None, 0) if state is None else state
    m, v = beta1 * _memory(m, w) + (1 - beta1) * g, beta2 * _memory(v, w) + (1 - beta2) * g**2
    t = whole("t", t, 0) + 1
    first, second = (float(1 - powers(beta) ** t) if corrected else 1.0 for beta in (beta1, beta2))
    eps = eps / second**0.5 if eps_hat else eps
    return w - rate * (m / first) / _root(v / second, eps), Moments(m, v, t)


def adamw(
    w: Array, g: Array, state: Moments | None = None, *, rate: float, decay: float, **settings: Any
) -> tuple[Array, Moments]:
    r"""Adam, after every weight has been shrunk by the same share: the decay is not divided by anything.

    .. math:: w \leftarrow (1 - \eta \lambda)\, w, \qquad \text{then Adam with } g

    decay: :math:`\lambda`; settings: of `adam`. Source: Loshchilov and Hutter (2019), algorithm 2, with the factor
    :math:`\eta` that libraries add. Chapter: optimization.
    """
    w, g, rate, decay = _given(w, g, rate=rate, decay=decay)
    return adam(w - rate * decay * w, g, state, rate=rate, **settings)


def walk(rule: Rule, gradient: Callable[[Array], Any], start: Any, steps: int, **settings: Any) -> Array:
    """Take steps by a rule, each with the gradient at the weights as they are: all places, (steps + 1, *shape).

    gradient: a function of the weights. start: weights of any shape; whole numbers become float64. settings: of the
    rule. Raises ValueError for fewer than 0 steps, a start that is no number, and as the rule. Chapter: optimization.
    """
    w, state = np.asarray(start), None
    if w.dtype.kind not in "fiu":
        raise ValueError(f"start must be numbers. Received: {w.dtype} of shape {w.shape}")
    w = w if w.dtype.kind == "f" else w.astype(float)
    places = [w]
    for _ in range(whole("steps", steps, 0)):
        w, state = rule(w, np.asarray(gradient(w), w.dtype), state, **settings)
        places.append(w)
    return np.array(places)


def _memory(state: Array | None, w: Array, first: float = 0.0) -> Array:
    """What a rule remembers of earlier steps, shaped as the weights; before the first step one number for all."""
    if state is None:
        return np.full_like(w, first)
    if np.shape(state) != w.shape:
        raise ValueError(f"The state must have the shape of the weights, {w.shape}. Received: {np.shape(state)}")
    return np.asarray(state, w.dtype)


def _root(cache: Array, eps: float, inside: bool = False) -> Array:
    """What a step is divided by, or a ValueError where that is zero."""
    root = np.sqrt(cache + eps) if inside else np.sqrt(cache) + eps
    if not np.all(root > 0):
        raise ValueError(f"A weight without any gradient so far would be divided by 0: give eps > 0. Received: {eps!r}")
    return root


def _given(w: Any, g: Any, **settings: float) -> list[Any]:
    """Weights, gradient and settings, checked, in this order; the settings as plain floats, which keep float32."""
    w, g = np.asarray(w), np.asarray(g)
    if w.dtype.kind != "f" or g.dtype.kind not in "fiu" or w.shape != g.shape:
        raise ValueError(
            f"Weights are floats, and the gradient has their shape. Received: weights {w.dtype} {w.shape}, "
            f"gradient {g.dtype} {g.shape}"
        )
    with np.errstate(over="ignore"):  # what is too large for the kind of the weights is infinite, and refused
        g = g.astype(w.dtype, copy=False)
    if not np.isfinite(w).all() or not np.isfinite(g).all():
        raise ValueError("Weights and gradient must be finite: take a smaller rate. Received: nan or infinite numbers")
    return [w, g, *(_setting(name, value) for name, value in settings.items())]


def _setting(name: str, value: Any) -> float:
    """One setting as a float: the rate above 0, shares that are kept below 1, all others at least 0."""
    if name == "rate":
        return number(name, value, above=0)
    return number(name, value, 0, below=1) if name in SHARES else number(name, value, 0)


#: The rules by the names that the chapter gives them.
NAMED: dict[str, Rule] = {
    "SGD": sgd,
    "momentum": momentum,
    "Nesterov": nesterov,
    "Adagrad": adagrad,
    "RMSProp": rmsprop,
    "Adam": adam,
}
