"""The mean of a net over the game: what goes round has its mean in the middle.

Chapter: generators.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import keras

from cvnotes.checks import number


def averaged(net: keras.Model, stops: Iterable[int], keep: float = 0.6) -> Iterator[keras.Model]:
    r"""At each stop of a game, give a twin of the net whose weights are a running mean of the net's at all stops.

    .. math:: \bar w \leftarrow k\, \bar w + (1 - k)\, w

    stops: as `match.play` gives them; the game goes on with the net itself. keep: k, from 0 (no memory) to below 1.
    It is one twin, changed at each stop. Raises ValueError for another k. After Yazici et al. (2019), equation 1, who
    average at every step. Chapter: generators.
    """
    keep, mean = number("keep", keep, 0, below=1), None
    twin = keras.models.clone_model(net)
    for _ in stops:
        now = net.get_weights()
        mean = now if mean is None else [keep * old + (1 - keep) * new for old, new in zip(mean, now, strict=True)]
        twin.set_weights(mean)
        yield twin
