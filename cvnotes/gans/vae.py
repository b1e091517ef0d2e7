"""A variational autoencoder: a code with a price, and the bound that it is trained on, term by term.

Chapter: generators. Pictures (n, ...) have a normal law around what the decoder draws; codes (n, k) a standard normal
one. An encoder answers with 2 k numbers: the means of the code, then the logarithms of its variances.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import layers, ops

from cvnotes.checks import number

Tensor = Any


def halves(answer: Tensor) -> tuple[Tensor, Tensor]:
    """Read an encoder's answer (n, 2 k) as means and logarithms of variances, (n, k) each.

    Raises ValueError for an odd width. Chapter: generators.
    """
    if len(answer.shape) != 2 or answer.shape[1] % 2 or not answer.shape[1]:
        raise ValueError(f"An encoder answers with (n, 2 k) numbers. Received: shape {tuple(answer.shape)}")
    return tuple(ops.split(answer, 2, axis=1))


def reparametrise(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    r"""Draw a code by shifting and stretching noise, so that slopes pass through the draw to mean and variance.

    .. math:: z = \mu + \sigma \epsilon, \qquad \sigma = e^{\log \sigma^2 / 2}, \quad \epsilon \sim \mathcal N(0, I)

    mean, log_variance, noise: (n, k). Kingma and Welling (2014), section 2.4. Chapter: generators.
    """
    return ops.add(mean, ops.multiply(ops.exp(ops.divide(log_variance, 2)), noise))


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    r"""Price of a code in nats: the Kullback-Leibler divergence from a standard normal law, for each unit, (n, k).

    .. math:: \tfrac12 \bigl(\mu^2 + \sigma^2 - 1 - \log \sigma^2\bigr)

    Kingma and Welling (2014), appendix B. Chapter: generators.
    """
    return (ops.subtract(ops.square(mean) + ops.exp(log_variance), log_variance) - 1) / 2


def surprise(x: Tensor, drawn: Tensor, sigma: float) -> Tensor:
    r"""How unlikely pictures are, if each value is normal around what was drawn, in nats: (n,).

    .. math:: -\log p(x \mid z) = \frac{|x - \hat x|^2}{2 \sigma^2} + d \log \sigma + \frac d2 \log 2 \pi

    x, drawn: (n, ...) with d values each. Raises ValueError for a deviation that is not above 0, or shapes that differ.
    Chapter: generators.
    """
    sigma = number("sigma", sigma, above=0)
    if tuple(x.shape[1:]) != tuple(drawn.shape[1:]):
        raise ValueError(f"Give what was drawn for each picture. Received: {tuple(x.shape)}, {tuple(drawn.shape)}")
    off = ops.square(ops.subtract(x, drawn))
    values = math.prod(off.shape[1:])
    errors = ops.sum(off, axis=tuple(range(1, len(off.shape))))
    return errors / (2 * sigma**2) + values * (math.log(sigma) + math.log(2 * math.pi) / 2)


def bound(encoder: Callable, decoder: Callable, x: Tensor, noise: Tensor, sigma: float) -> Tensor:
    r"""Give the evidence lower bound for each picture, from one code each: (n,), in nats.

    .. math:: \log p(x) \ge E_{q(z \mid x)}\bigl[\log p(x \mid z)\bigr] - \mathrm{KL}\bigl(q(z \mid x) \,\|\, p(z)\bigr)

    noise: (n, k), standard normal. Raises ValueError for another shape.
    Kingma and Welling (2014), equation 3. Chapter: generators.
    """
    mean, log_variance = halves(encoder(x))
    if tuple(mean.shape) != tuple(noise.shape):
        raise ValueError(f"Give noise {tuple(mean.shape)}, as the codes. Received: {tuple(noise.shape)}")
    drawn = decoder(reparametrise(mean, log_variance, noise))
    return -surprise(x, drawn, sigma) - ops.sum(divergence(mean, log_variance), axis=1)


@keras.saving.register_keras_serializable(package="cvnotes")
class Code(layers.Layer):
    """Turn an encoder's answer (n, 2 k) into codes (n, k), and add beta times their mean price to the loss.

    In training a code is drawn, otherwise it is the mean. beta 1 is the bound; Higgins et al. (2017) call other
    weights beta-VAE. Raises ValueError for a beta below 0. Chapter: generators.
    """

    def __init__(self, beta: float = 1.0, seed: int = 0, **options):
        super().__init__(**options)
        self.beta, self.seed = number("beta", beta, 0), seed
        self.dice = keras.random.SeedGenerator(seed)

    def call(self, answer, training=False):
        """Give the codes."""
        mean, log_variance = halves(answer)
        self.add_loss(self.beta * ops.mean(ops.sum(divergence(mean, log_variance), axis=1)))
        if not training:
            return mean
        return reparametrise(mean, log_variance, keras.random.normal(ops.shape(mean), seed=self.dice))

    def compute_output_shape(self, shape):
        """Give the shape of the codes."""
        return (shape[0], shape[1] // 2)

    def get_config(self):
        """Give what `__init__` was called with."""
        return super().get_config() | {"beta": self.beta, "seed": self.seed}


class Autoencoder(NamedTuple):
    """An encoder, a decoder, and the model of both that is trained."""

    encoder: keras.Model
    decoder: keras.Model
    model: keras.Model


def joined(encoder: keras.Model, decoder: keras.Model, beta: float = 1.0, seed: int = 0) -> Autoencoder:
    """Join the two by a `Code`. Fit the model with pictures as input and target, and `surprise` as loss.

    Raises ValueError if the encoder does not answer with two numbers for each that the decoder takes.
    Chapter: generators.
    """
    if encoder.output_shape[1:] != (2 * decoder.input_shape[1],):
        raise ValueError(f"Answers {encoder.output_shape} are not twice as wide as codes {decoder.input_shape}")
    model = keras.Sequential([keras.Input(encoder.input_shape[1:]), encoder, Code(beta, seed), decoder])
    return Autoencoder(encoder, decoder, model)
