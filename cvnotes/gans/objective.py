"""What the two nets of a GAN want, written in logits: losses that do not overflow, and their exact optimum.

Chapter: gans. A logit l is the discriminator's answer before the sigmoid: D = 1 / (1 + exp(-l)).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from cvnotes.checks import choice

Tensor = Any

LOSSES = ("minimax", "non-saturating")


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    r"""Binary cross-entropy of the discriminator: real samples are 1, made ones 0.

    .. math:: L_D = -\tfrac1n \sum \log D(x) - \tfrac1m \sum \log(1 - D(G(z)))
                  = \overline{\operatorname{softplus}(-l_x)} + \overline{\operatorname{softplus}(l_{G(z)})}

    real, fake: logits (n, ...) and (m, ...). Gives one number.
    Goodfellow et al. (2014), equation 1. Chapter: gans.
    """
    return ops.mean(ops.softplus(ops.negative(real))) + ops.mean(ops.softplus(fake))


def generator_loss(fake: Tensor, kind: str = "non-saturating") -> Tensor:
    r"""What the generator lowers: the chance of being caught, or the surprise of passing for real.

    .. math:: L_\text{minimax} = \tfrac1m \sum \log(1 - D(G(z))) = -\overline{\operatorname{softplus}(l)}

    .. math:: L_\text{non-saturating} = -\tfrac1m \sum \log D(G(z)) = \overline{\operatorname{softplus}(-l)}

    fake: logits of made samples, (m, ...). Gives one number. Raises ValueError for another kind.
    Goodfellow et al. (2014), section 3. Chapter: gans.
    """
    if choice("kind", kind, LOSSES) == "minimax":
        return ops.negative(ops.mean(ops.softplus(fake)))
    return ops.mean(ops.softplus(ops.negative(fake)))


def best_answer(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""The discriminator that no other beats, where both densities are known.

    .. math:: D^*(x) = \frac{p(x)}{p(x) + q(x)}

    p, q: densities of real and made samples at the same places. One half where both are 0: nothing comes from there.
    Raises ValueError for numbers below 0 or not finite, and for two shapes.
    Goodfellow et al. (2014), proposition 1. Chapter: gans.
    """
    p, q = (_density(name, values) for name, values in (("p", p), ("q", q)))
    if p.shape != q.shape:
        raise ValueError(f"Give p and q at the same places. Received: shapes {p.shape} and {q.shape}")
    total = p + q
    return np.divide(p, total, out=np.full(total.shape, 0.5), where=total > 0)


def _density(name: str, values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError(f"{name} must be densities, finite and not below 0. Received: {name}={values!r:.120}")
    return values


def game_value(p: np.ndarray, q: np.ndarray, answer: np.ndarray, x: np.ndarray) -> float:
    r"""What the discriminator `answer` earns, as an integral over a grid.

    .. math:: V(D) = \int p(x) \log D(x) + q(x) \log(1 - D(x))\, dx

    p, q, answer: at the places x (n,), which are in order and need not be evenly spaced; answer lies between 0 and 1.
    At the best answer it is :math:`-\log 4 + 2\,\mathrm{JSD}(p, q)`, so never below -log 4.
    Raises ValueError for bad densities, shapes that differ, answers that are no chances, and places out of order.
    Goodfellow et al. (2014), theorem 1. Chapter: gans.
    """
    p, q = _density("p", p), _density("q", q)
    answer, x = np.asarray(answer, dtype=float), np.asarray(x, dtype=float)
    if not p.shape == q.shape == answer.shape == x.shape or x.ndim != 1:
        raise ValueError(
            f"Give p, q and answer at the places x, all (n,). Received: {p.shape}, {q.shape}, {answer.shape}, {x.shape}"
        )
    if not ((answer >= 0) & (answer <= 1)).all() or not (np.isfinite(x).all() and (np.diff(x) >= 0).all()):
        raise ValueError(f"Give answers from 0 to 1 at places in order. Received: {answer!r:.60} at {x!r:.60}")
    earned = _times_log(p, answer) + _times_log(q, 1 - answer)
    return float(np.trapezoid(earned, x))


def _times_log(weight: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Give w log s, which is 0 where w is 0; a share of 0 counts as the smallest float, as a chance is rounded."""
    return np.where(weight > 0, weight * np.log(np.maximum(share, np.finfo(float).tiny)), 0.0)
