"""Features as players: what each set of them is worth, and three ways to share the worth out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from .patients import Predict

Coalition = frozenset[int]
Worth = Mapping[Coalition, float]


def coalitions(count: int) -> Iterator[Coalition]:
    """Every set of so many players, from none to all."""
    for size in range(count + 1):
        yield from map(frozenset, itertools.combinations(range(count), size))


def worth(predict: Predict, row: np.ndarray, background: np.ndarray) -> dict[Coalition, float]:
    r"""What a model expects of one row when it may see only some of its features, for each set S of them.

    .. math:: v(S) = \frac{1}{n} \sum_{b} f(x_S,\, b_{\bar S})

    The features that are not seen are taken from the rows b of a background (n, features), one after the other.
    row: (features,). Raises ValueError if the widths differ. Source: Lundberg and Lee (2017), with features taken as
    independent. Chapter: interpretability.
    """
    row, background = np.asarray(row, float), np.asarray(background, float)
    if background.ndim != 2 or row.shape != background.shape[1:]:
        raise ValueError(f"Give a row (features,) and a background (n, features). Received: {row.shape} and "
                         f"{background.shape}")  # fmt: skip
    sets = list(coalitions(len(row)))
    masks = np.array([[i in seen for i in range(len(row))] for seen in sets])
    mixed = np.where(masks[:, None], row, background)
    values = predict(mixed.reshape(-1, len(row))).reshape(len(sets), -1).mean(axis=1)
    return dict(zip(sets, map(float, values), strict=True))


def players(game: Worth) -> int:
    """How many players a game has."""
    return len(max(game, key=len))


def in_order(game: Worth, order: Sequence[int]) -> np.ndarray:
    """What each player adds on arriving, if they come in this order: (players,), by number of the player."""
    if sorted(order) != list(range(players(game))):
        raise ValueError(f"order must name each of the {players(game)} players once. Received: order={order!r}")
    added = np.zeros(len(order))
    for place, player in enumerate(order):
        added[player] = game[frozenset(order[: place + 1])] - game[frozenset(order[:place])]
    return added


def shapley(game: Worth) -> np.ndarray:
    """What each player adds on arriving, on average over all orders: (players,). Source: Shapley (1953)."""
    orders = itertools.permutations(range(players(game)))
    return np.mean([in_order(game, order) for order in orders], axis=0)


def left_out(game: Worth) -> np.ndarray:
    """What is lost when one player leaves and all others stay, (players,)."""
    everybody = max(game, key=len)
    return np.array([game[everybody] - game[everybody - {i}] for i in range(len(everybody))])


def alone(game: Worth) -> np.ndarray:
    """What each player adds who comes first, (players,)."""
    return np.array([game[frozenset({i})] - game[frozenset()] for i in range(players(game))])


def to_share(game: Worth) -> float:
    """What all players together add to what nobody is worth."""
    return game[max(game, key=len)] - game[frozenset()]
