"""The game as one Keras model, so that hundreds of turns run in a graph: what the experiments use.

Chapter: gans. Any two nets, any data, any prior. The plain loop that it must agree with is in `plain`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from cvnotes import backend
from cvnotes.checks import choice, number, whole

from .objective import LOSSES, discriminator_loss, generator_loss

Tensor = Any
Draw = Callable[[int, np.random.Generator], np.ndarray]
Penalty = Callable[[keras.Model, Tensor], Tensor]
AT_ONCE = 25  # turns that run in the graph before Python is asked again


@keras.saving.register_keras_serializable(package="cvnotes")
class Turns(keras.optimizers.Optimizer):
    r"""Adam for two players: weights and memory of a player move only when it is its turn.

    .. math:: m \leftarrow \beta_1 m + (1 - \beta_1) g \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2 \qquad
              w \leftarrow w - \eta\, \frac{\sqrt{1 - \beta_2^n}}{1 - \beta_1^n}\, \frac{m}{\sqrt{v} + \varepsilon}

    with n the turns that this player has had. Each round is `d_steps` turns of the first player, then one of the
    second; with d_steps = 0 both move at once. first: how many of the model's variables, from the front, belong to the
    first player. rates: learning rates of the two. options: of every Keras optimizer, such as clipnorm.
    Raises ValueError for numbers out of range. Kingma and Ba (2015), algorithm 1. Chapter: gans.
    """

    def __init__(self, first: int, rates: tuple[float, float], d_steps: int = 1, beta_1: float = 0.5,
                 beta_2: float = 0.99, epsilon: float = 1e-7, name: str = "turns", **options):  # fmt: skip
        super().__init__(learning_rate=1.0, name=name, **options)
        self.first, self.d_steps = whole("first", first, 0), whole("d_steps", d_steps, 0)
        if np.shape(rates) != (2,):
            raise ValueError(f"rates must be two numbers, one for each player. Received: rates={rates!r}")
        self.rates = tuple(number("rates", rate, 0) for rate in rates)
        self.beta_1, self.beta_2 = (number("beta", beta, 0, below=1) for beta in (beta_1, beta_2))
        self.epsilon = number("epsilon", epsilon, above=0)

    def build(self, variables):
        """Make the two memories of each weight."""
        if self.built:
            return
        super().build(variables)
        self._mean, self._square = self.add_optimizer_variables(variables, ["mean", "square"])

    def turns(self, player: int) -> tuple[Tensor, Tensor]:
        """Whether it is the player's turn (1 or 0), and which turn of its own it is or will be, from 1 on."""
        step = ops.cast(self.iterations, "float32")
        if self.d_steps == 0:
            return ops.ones_like(step), step + 1
        rounds = ops.floor(step / (self.d_steps + 1))
        within = step - rounds * (self.d_steps + 1)
        if player == 1:
            return ops.cast(within >= self.d_steps, "float32"), rounds + 1
        return ops.cast(within < self.d_steps, "float32"), rounds * self.d_steps + within + 1

    def update_step(self, gradient, variable, learning_rate):
        """Move one weight, or leave it and its memory alone."""
        place = self._get_variable_index(variable)
        player = int(place >= self.first)
        turn, count = self.turns(player)
        mean, square = self._mean[place], self._square[place]
        self.assign_add(mean, turn * (1 - self.beta_1) * (gradient - mean))
        self.assign_add(square, turn * (1 - self.beta_2) * (ops.square(gradient) - square))
        early = ops.sqrt(1 - ops.power(self.beta_2, count)) / (1 - ops.power(self.beta_1, count))
        self.assign_sub(variable, turn * self.rates[player] * early * mean / (ops.sqrt(square) + self.epsilon))

    def get_config(self):
        """Give what `__init__` was called with."""
        usual, own = super().get_config(), ("first", "rates", "d_steps", "beta_1", "beta_2", "epsilon")
        del usual["learning_rate"]  # each player has a rate of its own
        return usual | {name: getattr(self, name) for name in own}


class Match(keras.Model):
    """A discriminator and a generator with both their losses; each loss reaches the weights of its own net alone.

    penalty(discriminator, real): added to the loss of the discriminator, if given.
    The input is (real, noise): samples (n, ...) and codes (n, ...). Chapter: gans.
    """

    def __init__(self, discriminator: keras.Model, generator: keras.Model, loss: str = "non-saturating",
                 penalty: Penalty | None = None):  # fmt: skip
        super().__init__()
        self.discriminator, self.generator = discriminator, generator
        self.kind, self.penalty = choice("loss", loss, LOSSES), penalty

    def call(self, inputs, training=False):
        """Make samples; what training needs besides is in `compute_loss`."""
        return self.generator(inputs[1], training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Add up two losses that share no weights: made samples are constants to D, D's weights are constants to G."""
        d, (real, _) = self.discriminator, x
        caught = d(ops.stop_gradient(y_pred), training=training)
        loss = discriminator_loss(d(real, training=training), caught)
        if self.penalty is not None:
            loss = loss + self.penalty(d, real)
        return loss + generator_loss(frozen(d, y_pred), self.kind)


def frozen(net: keras.Model, x: Tensor) -> Tensor:
    """Ask a net as it is: its weights are constants, and whatever it would change in itself is dropped.

    x: (n, ...). The gradient with respect to x goes through. Chapter: gans.
    """
    held = [ops.stop_gradient(v.value) for v in net.trainable_variables]
    state = [v.value for v in net.non_trainable_variables]
    return net.stateless_call(held, state, x, training=True)[0]


def prepare(match: Match, rates: tuple[float, float] = (1e-3, 1e-3), d_steps: int = 1, **options) -> Match:
    """Give a match its optimizer `Turns`; rates of discriminator and generator, turns of the first in each round.

    options: as for `Turns`. Raises as `Turns`. Chapter: gans.
    """
    first = len(match.discriminator.trainable_variables)
    chosen = {"optimizer": Turns(first, rates, d_steps, **options), "jit_compile": backend.jit_compile()}
    match.compile(**chosen, steps_per_execution=AT_ONCE)
    try:
        match.make_train_function()
    except ValueError as error:  # PyTorch has no graph to repeat, and takes one turn at a time
        if "steps_per_execution" not in str(error):
            raise
        match.compile(**chosen)
    return match


def play(match: Match, real: Draw, prior: Draw, *, rounds: int, every: int, batch: int = 64,
         seed: int = 0) -> Iterator[int]:  # fmt: skip
    """Play rounds of a prepared match, and give the number played after each `every` of them.

    real, prior: functions (count, generator) that draw samples and codes; each turn gets new ones.
    Raises ValueError for numbers below 1, and for a match that is not prepared. Chapter: gans.
    """
    if not isinstance(getattr(match, "optimizer", None), Turns):
        raise ValueError(f"Give a match its turns before it is played: prepare(match). Received: {match!r:.60}")
    rounds, every, batch = (whole(n, v, 1) for n, v in (("rounds", rounds), ("every", every), ("batch", batch)))
    rng, turns = np.random.default_rng(seed), match.optimizer.d_steps + 1
    for played in range(0, rounds, every):
        now = min(every, rounds - played)
        count = now * turns * batch
        x, z = real(count, rng), prior(count, rng)
        match.fit((x, z), np.zeros(count, "float32"), batch_size=batch, shuffle=False, verbose=0)
        yield played + now
