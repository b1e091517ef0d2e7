"""The effective receptive field: how the influence is shared out inside the theoretical one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from keras import ops

from cvnotes import backend, experiments

DEPTHS = (2, 4, 8, 16, 32)
DRAWS, CHANNELS = 24, 8
#: How far a live run may be from the stored one, in pixels. NumPy draws the weights, so nothing but rounding differs.
TOLERANCE = {"linear": 0.01, "relu": 0.01, "share": 0.01}


def random_weights(depth: int, channels: int, dice: np.random.Generator, gain: float) -> list[np.ndarray]:
    """Draw 3x3 filters of a stack, scaled so that activations keep their size (He et al., 2015)."""
    inputs = [1] + [channels] * (depth - 1)
    return [dice.normal(0, (gain / (9 * c)) ** 0.5, (3, 3, c, channels)).astype("float32") for c in inputs]


def squared_gradient(depth: int, *, relu: bool, dice: np.random.Generator, channels: int = CHANNELS) -> np.ndarray:
    """Measure the squared gradient of the unit in the middle of a random stack, (2*depth+1, 2*depth+1), sum 1.

    The picture is exactly as large as the unit's field. All zero where no ReLU on the way is open.
    Source: Luo et al. (2016), section 2. Chapter: receptive_field.
    """
    weights = random_weights(depth, channels, dice, gain=2.0 if relu else 1.0)
    pixels = dice.normal(size=(1, 2 * depth + 1, 2 * depth + 1, 1)).astype("float32")

    def centre(x):
        for layer in weights:
            x = ops.conv(x, layer, padding="same")
            x = ops.relu(x) if relu else x
        return ops.sum(x[:, depth, depth, :])

    squares = backend.value_and_grad(centre)(pixels)[1][0, ..., 0].astype(float) ** 2
    return squares / squares.sum() if squares.any() else squares


def mean_influence(depth: int, *, relu: bool, dice: np.random.Generator, draws: int = DRAWS) -> np.ndarray:
    """Average the squared gradients of several random stacks, (2*depth+1, 2*depth+1), sum 1."""
    total = sum(squared_gradient(depth, relu=relu, dice=dice) for _ in range(draws))
    return total / total.sum()


def width(influence: np.ndarray) -> float:
    """Give the standard deviation of a map of influence along one axis, in pixels, the mean of both axes."""
    places = np.arange(len(influence)) - (len(influence) - 1) / 2
    spreads = [np.sqrt(influence.sum(axis) @ places**2 / influence.sum()) for axis in (0, 1)]
    return float(np.mean(spreads))


def expected_width(depth: int, kernel: int = 3) -> float:
    r"""Predict the width of the influence: the spread of a sum of dice with F faces, $\sqrt{n (F^2 - 1)/12}$.

    Source: Luo et al. (2016), section 2.2. Chapter: receptive_field.
    """
    return float(np.sqrt(depth * (kernel**2 - 1) / 12))


def central_share(influence: np.ndarray, mass: float = 0.95) -> float:
    """Find the smallest square about the middle that holds `mass` of the influence, as a share of the whole area."""
    side = len(influence)
    for border in range(side // 2, -1, -1):
        inside = influence[border : side - border, border : side - border].sum()
        if inside >= mass * influence.sum() - 1e-9:
            return ((side - 2 * border) / side) ** 2
    raise ValueError(f"mass must be at most 1. Received: mass={mass!r}")


@experiments.experiment(version=1, seeds=5)
def effective_field(seed: int, scale: str = "quick") -> dict[str, Sequence[float]]:
    """Widths of the influence in random stacks of growing depth, and the share of the field that holds 95 % of it."""
    dice, draws = np.random.default_rng(seed), DRAWS if scale == "quick" else 8 * DRAWS
    maps = {
        name: [mean_influence(depth, relu=name == "relu", dice=dice, draws=draws) for depth in DEPTHS]
        for name in ("linear", "relu")
    }
    found = {name: [width(influence) for influence in several] for name, several in maps.items()}
    return found | {"share": [central_share(influence) for influence in maps["relu"]]}
