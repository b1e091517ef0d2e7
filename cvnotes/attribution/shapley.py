"""Shapley values by the definition: every coalition of a few players."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from cvnotes.checks import whole

from .inputs import Array, Model, read, standin, take
from .occlusion import measured
from .targets import Target, ask

MOST = 16  # players: 65,536 coalitions


def shapley(
    model: Model,
    images: Array,
    target: Target = None,
    *,
    groups: Array | None = None,
    baseline: Array | float = 0,
    batch_size: int = 32,
) -> Array:
    """The Shapley value of each group of pixels, or of each feature: its mean contribution over all orders of entry.

    groups: whole numbers 0 .. p - 1 of the shape (h, w), (h, w, c), or of one example: which player each pixel belongs
    to; None makes every number of the input a player. A coalition is the picture with all other players replaced by the
    baseline (a number, a colour, a picture, or one for each image). Other arguments as in ``gradient``.
    Returns (n, p), or (p,) for one picture, exact: 2^p scores are computed for each image. ``values[:, groups]`` paints
    them. They add up to the score of the picture minus that of the baseline.
    Raises ValueError as ``gradient`` does, for more than 16 players, and for groups of another shape or with gaps.
    Source: Shapley (1953). Chapter: interpretability.
    """
    asked = read(model, images)
    x, start = asked.images, standin("baseline", baseline, asked.images)
    player, players = _players(groups, x.shape[1:])
    if not len(x):
        return np.zeros((0, players), x.dtype)
    inside, each = coalitions(players), 2**players

    def joined(rows: Array) -> Array:
        present = inside[rows % each][:, player]
        return np.where(present, x[rows // each], take(start, rows // each))

    score = ask(model, x, target, batch_size)
    scores = measured(score, joined, np.repeat(np.arange(len(x)), each), batch_size)
    worth = scores.reshape(len(x), each).astype("float64")
    return asked.give((worth @ _weights(players).T).astype(x.dtype))


def shapley_values(value: Callable[[Array], Array], players: int) -> Array:
    r"""Shapley values (players,) of any game, :math:`\phi_i = \sum_{S \not\ni i} \frac{|S|!(p-|S|-1)!}{p!}
    (v(S \cup i) - v(S))`.

    value: from coalitions, truth values (2^p, p), to what each of them is worth, (2^p,).
    Raises ValueError for fewer than 1 or more than 16 players, and for values of another shape.
    Source: Shapley (1953). Chapter: interpretability.
    """
    players = whole("players", players, 1, MOST)
    worth = np.asarray(value(coalitions(players)), "float64")
    if worth.shape != (2**players,):
        raise ValueError(f"value must give one number a coalition, ({2**players},). Received: shape {worth.shape}")
    return _weights(players) @ worth


def coalitions(players: int) -> Array:
    """All subsets of the players, truth values (2^p, p): the bits of the row's number."""
    return (np.arange(2**players)[:, None] >> np.arange(players)) % 2 == 1


def _weights(players: int) -> Array:
    """The matrix (p, 2^p) that makes Shapley values of the worths of all coalitions."""
    inside = coalitions(players)
    size = inside.sum(1)
    orders = [math.factorial(s) * math.factorial(players - s - 1) for s in range(players)]
    share = np.array(orders, "float64") / math.factorial(players)
    joined, alone = share[size - 1], share[np.minimum(size, players - 1)]
    return np.where(inside, joined[:, None], -alone[:, None]).T


def _players(groups: Array | None, shape: tuple[int, ...]) -> tuple[Array, int]:
    """The player of every number of one example, and how many there are."""
    if groups is None:
        groups = np.arange(math.prod(shape)).reshape(shape)
    groups = np.asarray(groups)
    if groups.dtype.kind not in "iu" or groups.shape not in (shape, shape[:-1]):
        raise ValueError(
            f"groups must be whole numbers of the shape {shape} or {shape[:-1]}. Received: dtype {groups.dtype}, shape "
            f"{groups.shape}"
        )
    known = np.unique(groups)
    if not np.array_equal(known, np.arange(len(known))) or len(known) > MOST:
        raise ValueError(
            f"groups must be numbered 0, 1, 2 ... without gaps, at most {MOST} of them (2^p coalitions are scored). "
            f"Received: {len(known)} from {known[0]} to {known[-1]}"
        )
    wide = groups[..., None] if groups.shape != shape else groups
    return np.broadcast_to(wide, shape), len(known)
