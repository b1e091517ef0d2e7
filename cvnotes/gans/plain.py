"""The training loop of a GAN, in the open: two nets, two optimizers, one turn after the other.

Chapter: gans. `match` plays the same game in a graph, many times faster, and is tested against this.
For nets whose only state is their weights: running means of batch normalization, or the directions of spectral
weights, are left as they are here, and kept up to date there.
"""

from __future__ import annotations

from typing import Any

import keras

from cvnotes import backend

from .objective import discriminator_loss, generator_loss

Tensor = Any


def asked(net: keras.Model, weights: list, x: Tensor) -> Tensor:
    """Answer x (n, ...) with weights from outside in the place of the net's own. Chapter: gans."""
    return net.stateless_call(weights, [v.value for v in net.non_trainable_variables], x, training=True)[0]


def d_turn(discriminator: keras.Model, generator: keras.Model, optimizer: keras.Optimizer, real, noise) -> float:
    """Teach the discriminator once: up with real samples, down with made ones. The generator is left alone.

    real: (n, ...). noise: codes (m, ...). Gives its loss before the step.
    Goodfellow et al. (2014), algorithm 1, inner loop. Chapter: gans.
    """
    made = generator(noise)

    def loss(weights):
        return discriminator_loss(asked(discriminator, weights, real), asked(discriminator, weights, made))

    return _learn(loss, discriminator, optimizer)


def g_turn(discriminator: keras.Model, generator: keras.Model, optimizer: keras.Optimizer, noise,
           kind: str = "non-saturating") -> float:  # fmt: skip
    """Teach the generator once: its samples go where the discriminator answers more. The latter is left alone.

    noise: codes (m, ...). kind: of loss, see `generator_loss`. Gives its loss before the step.
    Goodfellow et al. (2014), algorithm 1, outer loop. Chapter: gans.
    """

    def loss(weights):
        return generator_loss(discriminator(asked(generator, weights, noise)), kind)

    return _learn(loss, generator, optimizer)


def _learn(loss, net: keras.Model, optimizer: keras.Optimizer) -> float:
    value, gradients = backend.value_and_grad(loss)([v.value for v in net.trainable_variables])
    optimizer.apply(gradients, net.trainable_variables)
    return float(keras.ops.convert_to_numpy(value))
