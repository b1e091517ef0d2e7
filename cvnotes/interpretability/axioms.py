"""What an attribution owes to a function, as tests that a method passes or fails, on nets small enough to read.

A method here is ``method(net, x, baseline)``: x (n, d) and one baseline (d,), attributions (n, d) of the only output.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import layers

from cvnotes import attribution

from . import games

Method = Callable[[keras.Model, np.ndarray, np.ndarray], np.ndarray]
Weights = Sequence[tuple[np.ndarray, np.ndarray]]  # (kernel, bias) of each dense layer; ReLU between them
STEPS = 10_000
TOLERANCE = 0.01  # of a gap, as a share of the change of the output


# Nets ---------------------------------------------------------------------------------------------------------------


def stack(weights: Weights) -> keras.Model:
    """A net of dense layers with ReLUs between them, from its weights. Chapter: integrated_gradients."""
    inputs = x = keras.Input((len(weights[0][0]),))
    for i, (kernel, bias) in enumerate(weights):
        last = i == len(weights) - 1
        dense = layers.Dense(len(bias), name=f"dense{i}")
        x = dense(x)
        dense.set_weights([np.asarray(kernel, "float32"), np.asarray(bias, "float32")])
        x = x if last else layers.ReLU(name=f"relu{i}")(x)
    return keras.Model(inputs, x)


def flat_after_one() -> Weights:
    """1 - ReLU(1 - x): rises from 0 to 1 and stays there."""
    return [(np.array([[-1.0]]), np.array([1.0])), (np.array([[-1.0]]), np.array([1.0]))]


def early(scale: float = 1.0) -> Weights:
    """ReLU(ReLU(s x1) - 1 - ReLU(x2)): the 1 is taken off after the first ReLU. Source: Sundararajan et al. (2017)."""
    first = (np.diag([scale, 1.0]), np.zeros(2))
    return [first, (np.array([[1.0], [-1]]), np.array([-1.0])), (np.eye(1), np.zeros(1))]


def late(scale: float = 1.0) -> Weights:
    """ReLU(ReLU(s x1 - 1) - ReLU(x2)): the same function as `early`, with the 1 taken off before the first ReLU."""
    first = (np.diag([scale, 1.0]), np.array([-1.0, 0]))
    return [first, (np.array([[1.0], [-1]]), np.zeros(1)), (np.eye(1), np.zeros(1))]


def drawn(seed: int, inputs: int = 3, hidden: int = 6) -> Weights:
    """A net with two hidden layers and weights by chance."""
    dice = np.random.default_rng(seed)
    sizes = (inputs, hidden, hidden, 1)
    return [(dice.normal(size=pair) / np.sqrt(pair[0]) * 1.5, dice.normal(size=pair[1]) * 0.5)
            for pair in itertools.pairwise(sizes)]  # fmt: skip


def turned_round(weights: Weights) -> Weights:
    """The same net with its inputs in reverse order."""
    (kernel, bias), *rest = weights
    return [(kernel[::-1], bias), *rest]


def mixture(one: Weights, other: Weights, a: float = 1.0, b: float = 1.0) -> Weights:
    """The net a f + b g: two nets of equal depth and equal inputs side by side, their outputs summed."""
    (first, bias), (second, later) = one[0], other[0]
    joined = [(np.concatenate([first, second], axis=1), np.concatenate([bias, later]))]
    for (k, c), (m, d) in zip(one[1:-1], other[1:-1], strict=True):
        beside = [[k, np.zeros((len(k), m.shape[1]))], [np.zeros((len(m), k.shape[1])), m]]
        joined.append((np.block(beside), np.concatenate([c, d])))
    (k, c), (m, d) = one[-1], other[-1]
    return [*joined, (np.concatenate([a * k, b * m]), a * c + b * d)]


# Methods ------------------------------------------------------------------------------------------------------------


def out(net: keras.Model, x: np.ndarray) -> np.ndarray:
    """The only output of a net, (n,)."""
    return keras.ops.convert_to_numpy(net(np.asarray(x, "float32")))[:, 0].astype(float)


def _by_game(rule: Callable[[games.Worth], np.ndarray]) -> Method:
    """A method that plays a game of features: those not seen are the baseline's."""

    def method(net: keras.Model, x: np.ndarray, baseline: np.ndarray) -> np.ndarray:
        return np.array([rule(games.worth(lambda z: out(net, z), row, baseline[None])) for row in x])

    return method


def _first_to_last(game: games.Worth) -> np.ndarray:
    return games.in_order(game, range(games.players(game)))


def gradient(net: keras.Model, x: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """The slope at the input."""
    return attribution.gradient(net, np.asarray(x, "float32"), 0)


def gradient_times_change(net: keras.Model, x: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """The slope at the input times the way from the baseline: gradient x input if the baseline is 0."""
    return gradient(net, x, baseline) * (x - baseline)


def integrated(net: keras.Model, x: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Integrated gradients, with many steps."""
    given = {"baseline": np.asarray(baseline, "float32"), "steps": STEPS, "rule": "midpoint", "batch_size": 8192}
    return attribution.integrated_gradients(net, np.asarray(x, "float32"), 0, **given)


def deeplift(net: keras.Model, x: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """DeepLIFT with the rescale rule."""
    return attribution.deeplift(net, np.asarray(x, "float32"), 0, baseline=np.asarray(baseline, "float32"))


METHODS: dict[str, Method] = {
    "gradient": gradient,
    "gradient × change": gradient_times_change,
    "DeepLIFT (rescale)": deeplift,
    "leave one out": _by_game(games.left_out),
    "one order of arrival": _by_game(_first_to_last),
    "Shapley": _by_game(games.shapley),
    "integrated gradients": integrated,
}


# Axioms: each gives the largest gap that it finds, as a share of a change of the output ------------------------------


def _pairs(seed: int, width: int = 3, count: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (count, width) and a baseline (width,) by chance."""
    dice = np.random.default_rng(seed)
    return dice.normal(size=(count, width)) * 2, dice.normal(size=width)


def sensitivity(method: Method) -> float:
    """One feature differs, and so does the output: the share of the change that it is *not* given, at worst."""
    cases = [(stack(flat_after_one()), np.array([[2.0]]), np.array([0.0]))]
    for seed in range(3):
        x, baseline = _pairs(seed)
        alone = np.where(np.arange(3) == seed, x, baseline)
        cases.append((stack(drawn(seed)), alone, baseline))
    return max(_not_given(method, *case) for case in cases)


def _not_given(method: Method, net: keras.Model, x: np.ndarray, baseline: np.ndarray) -> float:
    change = np.abs(out(net, x) - out(net, baseline[None]))
    moved = change > 0.05
    given = np.abs(np.where(x != baseline, method(net, x, baseline), 0)).max(1)
    return float(np.max(1 - np.minimum(given, change)[moved] / change[moved], initial=0))


def invariance(method: Method) -> float:
    """Two graphs of one function: the largest difference between their attributions."""
    x, baseline = np.random.default_rng(0).uniform(-1, 4, (6, 2)), np.zeros(2)
    x[0] = 3, 1
    maps = [method(stack(weights), x, baseline) for weights in (early(), late())]
    return float(np.abs(maps[0] - maps[1]).max())


def completeness(method: Method) -> float:
    """The largest distance of the sum of attributions from the change of the output, over the mean change."""
    worst = []
    for seed in range(3):
        (x, baseline), net = _pairs(seed), stack(drawn(seed))
        change = out(net, x) - out(net, baseline[None])
        worst.append(np.abs(method(net, x, baseline).sum(1) - change).max() / np.abs(change).mean())
    return float(max(worst))


def linearity(method: Method) -> float:
    """The attribution of 2 f - g against twice that of f less that of g: the largest difference."""
    x, baseline = _pairs(7)
    f, g = drawn(1), drawn(2)
    mixed = method(stack(mixture(f, g, 2.0, -1.0)), x, baseline)
    apart = 2 * method(stack(f), x, baseline) - method(stack(g), x, baseline)
    return float(np.abs(mixed - apart).max() / np.abs(apart).mean())


def symmetry(method: Method) -> float:
    """Two features that may be swapped without changing the function, and are equal: how far their shares differ."""
    x, baseline = np.array([[3.0, 3.0], [2.0, 2.0]]), np.zeros(2)
    u = drawn(4, inputs=2)
    nets = [mixture(u, turned_round(u)), mixture(early(2.0), turned_round(late(2.0)))]
    shares = np.concatenate([method(stack(net), x, baseline) for net in nets])
    return float(np.abs(shares[:, 0] - shares[:, 1]).max())


AXIOMS: dict[str, Callable[[Method], float]] = {
    "sensitivity": sensitivity,
    "invariance": invariance,
    "completeness": completeness,
    "linearity": linearity,
    "symmetry": symmetry,
}


def passes(axiom: str, method: Method) -> bool:
    """Whether a method keeps an axiom: sensitivity asks for something, the others for no gap at all."""
    bound = 0.99 if axiom == "sensitivity" else TOLERANCE
    return AXIOMS[axiom](method) <= bound


def verdicts() -> dict[str, dict[str, bool]]:
    """For each of METHODS, which AXIOMS it passes."""
    return {name: {axiom: passes(axiom, method) for axiom in AXIOMS} for name, method in METHODS.items()}
