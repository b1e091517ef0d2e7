"""The smallest GAN with data: numbers from one normal distribution, and a generator that could match them exactly.

Chapter: gans.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
from scipy.stats import norm

from cvnotes import experiments

from .match import Match, play, prepare
from .nets import dense_net, flatness, prior
from .objective import best_answer

MIDDLE, SPREAD = 2.0, 0.5  # of the real numbers
GRID = np.linspace(-4, 8, 1201)
NODES = norm.ppf((np.arange(400) + 0.5) / 400)  # standard normal numbers without chance


class State(NamedTuple):
    """Where a game on the line stands: mean answers to real and to made numbers, and the generator's two numbers."""

    real: float
    made: float
    middle: float
    spread: float


def draw(count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw real numbers: (count, 1), float32."""
    return rng.normal(MIDDLE, SPREAD, (count, 1)).astype("float32")


def players(width: int = 16) -> tuple[keras.Model, keras.Model]:
    """Build a discriminator of two hidden layers, and a generator x = spread z + middle. Chapter: gans."""
    return dense_net(1, 1, width), dense_net(1, 1, depth=0)


def chances(net: keras.Model, x: np.ndarray) -> np.ndarray:
    """Give the discriminator's answers D to samples x (n, ...), as chances (n,)."""
    return keras.ops.convert_to_numpy(keras.ops.sigmoid(net(np.asarray(x, "float32"))))[:, 0]


def mean_answers(answers: Callable[[np.ndarray], np.ndarray], made: State) -> list[float]:
    """Give the means of answers (n,) -> (n,) over the real numbers and over those made in a state. Chapter: gans."""
    laws = (MIDDLE, SPREAD), (made.middle, made.spread)
    return [float(answers(middle + spread * NODES).mean()) for middle, spread in laws]


def state(discriminator: keras.Model, generator: keras.Model) -> State:
    """Ask both players, with means over exact quantiles in the place of samples. Chapter: gans."""
    slope, middle = (float(v.ravel()[0]) for v in generator.get_weights())
    now = State(0.0, 0.0, middle, abs(slope))
    return State(*mean_answers(lambda x: chances(discriminator, x[:, None]), now), *now[2:])


def best_judge(made: State) -> Callable[[np.ndarray], np.ndarray]:
    """Give the best answer, as a function of x (n,), to the numbers made in a state. Chapter: gans."""
    return lambda x: best_answer(norm.pdf(x, MIDDLE, SPREAD), norm.pdf(x, made.middle, made.spread))


def contest(seed: int, rounds: int, every: int, *, weight: float = 0.3, rate: float = 2e-2) -> list[State]:
    """Play on the line, and give the state before the first round and after each `every`.

    weight: of the penalty on the discriminator's slope; 0 for none. Raises as `play`. Chapter: gans.
    """
    keras.utils.set_random_seed(seed)
    d, g = players()
    g.set_weights([np.ones((1, 1)), -np.ones(1)])  # as far from the data in each run
    game = prepare(Match(d, g, penalty=flatness(weight) if weight else None), (rate, rate))
    told = [state(d, g)]
    for _ in play(game, draw, prior("normal", 1), rounds=rounds, every=every, seed=seed):
        told.append(state(d, g))
    return told


def two_hills(x: np.ndarray) -> np.ndarray:
    """Give the density of two hills, around 0 and 4. Chapter: gans."""
    return (norm.pdf(x, 0, 0.6) + norm.pdf(x, 4, 0.6)) / 2


def one_hill(x: np.ndarray) -> np.ndarray:
    """Give the density of one broad hill, around 2. Chapter: gans."""
    return norm.pdf(x, 2, 1.5)


def learnt_judge(seed: int, count: int = 20_000, epochs: int = 3) -> np.ndarray:
    """Train a small net to tell the two hills from the one, by samples: its chances on `GRID`. Chapter: gans."""
    keras.utils.set_random_seed(seed)
    rng, net = np.random.default_rng(seed), dense_net(1, 1, 32)
    real, made = rng.choice([0, 4], count) + 0.6 * rng.normal(size=count), rng.normal(2, 1.5, count)
    x, y = np.concatenate([real, made])[:, None].astype("float32"), np.repeat([1.0, 0.0], count)[:, None]
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    experiments.fit(net, x, y, epochs=epochs, batch=128, rate=5e-3, seed=seed, loss=loss)
    return chances(net, GRID[:, None])
