"""Small filters against large ones at an equal receptive field; strides; borders. Chapter: regularization."""

from __future__ import annotations

import keras

from cvnotes import experiments, models
from cvnotes.introduction.comparison import SIDE, split, trained

WIDTH = 8
NETS: dict[str, dict] = {
    "one 5 × 5": {"sizes": (5,)},
    "two 3 × 3": {"sizes": (3, 3)},
    "one 7 × 7": {"sizes": (7,)},
    "three 3 × 3": {"sizes": (3, 3, 3)},
    "one 3 × 3": {"sizes": (3,)},
    "two 3 × 3, stride 2": {"sizes": (3, 3), "stride": 2},
    "two 3 × 3, valid": {"sizes": (3, 3), "padding": "valid"},
}


def block_net(sizes: tuple[int, ...] = (3, 3), stride: int = 1, padding: str = "same") -> keras.Model:
    """A first 3 x 3 layer, then a block of filters of these sizes, 8 maps throughout; a pool, and ten scores.

    stride: of the block's last layer; where it is 2, it takes the place of the pool.
    """
    layers = keras.layers
    block = [
        layers.Conv2D(
            WIDTH, size, stride if i == len(sizes) - 1 else 1, padding=padding, activation="relu", name=f"block{i}"
        )
        for i, size in enumerate(sizes)
    ]
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            layers.Conv2D(WIDTH, 3, padding=padding, activation="relu", name="first"),
            *block,
            *([layers.MaxPooling2D(2)] if stride == 1 else []),
            layers.Flatten(),
            layers.Dense(10, name="scores"),
        ]
    )


def costs() -> dict[str, tuple[int, int, int]]:
    """Weights in the block, all weights, and multiply-accumulates of every net of `NETS`."""
    found = {}
    for name, setting in NETS.items():
        profile = models.profile(block_net(**setting))
        block = sum(row.parameters for row in profile.rows if row.name.startswith("block"))
        found[name] = (block, profile.parameters, profile.macs)
    return found


@experiments.experiment(version=1, seeds=5)
def filter_sizes(seed: int, scale: str) -> dict[str, float]:
    """Train every net of `NETS` on 500 digits anywhere on a canvas: accuracy on own and on test digits."""
    given, found = split("anywhere", 500, seed), {}
    for name, setting in NETS.items():
        net = trained(lambda setting=setting: block_net(**setting), given.x, given.y, seed, scale)
        found[f"{name}_own"] = experiments.accuracy(net, given.x, given.y)
        found[f"{name}_test"] = experiments.accuracy(net, given.test_x, given.test_y)
    return found
