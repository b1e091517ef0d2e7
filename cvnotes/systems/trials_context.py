"""The stored experiment on context and fusion: boxes that cover a part, boxes that cover all, and neighbours."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import experiments

from . import context

COUNT, EPOCHS, TEST = {"quick": 1000, "full": 8000}, {"quick": 8, "full": 30}, 500
PART, MEMBERS = 0.5, 3  # share of the width that a poor box covers, and nets that vote


def boxed(count: int, seed: int, share: float, objects: int | tuple[int, int] = 1) -> tuple[np.ndarray, np.ndarray]:
    """Regions around a box of each scene, and the shapes to be named."""
    scenes = context.views(count, seed, objects)
    return context.around(scenes.floats, context.candidates(scenes, seed, share)), scenes.labels[:, 0]


def taught(kind: str, seed: int, share: float, start: int = 0, scale: str = "quick") -> keras.Model:
    """Train a net on lonely shapes of a seed; start: other dice for first weights and shuffling. Chapter: systems."""
    x, y = boxed(COUNT[scale], 3 * seed + 1, share)
    keras.utils.set_random_seed(100 * seed + start)
    net = context.context_net(kind)
    experiments.fit(net, x, y, epochs=EPOCHS[scale], batch=25, rate=6e-3, seed=100 * seed + start)
    return net


def right(votes: np.ndarray, labels: np.ndarray) -> float:
    """Share of pictures whose likeliest shape is the true one."""
    return float(np.mean(votes.argmax(-1) == labels))


@experiments.experiment(version=1, seeds=5)
def surroundings(seed: int, scale: str) -> dict[str, float]:
    """Name a shape from its box, from three regions, and with gated messages.

    part: the box covers half of the width and of the height; whole: all; crowd: trained on parts of lonely shapes,
    tested on parts of shapes with two or three neighbours. one, same, mixed: nets of a kind and their fusion, on parts.
    """
    x, y = boxed(TEST, 3 * seed + 2, PART)
    whole, crowd = boxed(TEST, 3 * seed + 2, 1.0), boxed(TEST, 3 * seed + 2, PART, (3, 4))
    found, votes = {}, {}
    for kind in context.WIDTH:
        net = taught(kind, seed, PART, scale=scale)
        votes[kind] = context.chances(net, x)
        found[f"{kind}_weights"] = net.count_params()
        found[f"{kind}_part"] = right(votes[kind], y)
        found[f"{kind}_crowd"] = right(context.chances(net, crowd[0]), crowd[1])
        found[f"{kind}_whole"] = right(context.chances(taught(kind, seed, 1.0, scale=scale), whole[0]), whole[1])
    same = [votes["joined"]]
    same += [context.chances(taught("joined", seed, PART, start, scale), x) for start in range(1, MEMBERS)]
    found["one"] = float(np.mean([right(vote, y) for vote in same]))
    found["same"], found["mixed"] = right(context.fused(same), y), right(context.fused(list(votes.values())), y)
    return found
