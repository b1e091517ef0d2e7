"""From a code back to a picture: a search for an input whose code is the one that is given."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from cvnotes import backend
from cvnotes.checks import number, whole
from cvnotes.pooling.measures import psnr
from cvnotes.transfer import tap

Array = np.ndarray

#: How the book inverts codes: the same for every layer and every net.
STEPS, RATE, PRIOR = 150, 0.05, 4.0


def mismatch(code, target):
    r"""How far codes are from their targets: :math:`\lVert \phi - \phi_0 \rVert^2 / \lVert \phi_0 \rVert^2`, (n,).

    code, target: tensors (n, ...) of one shape. Source: Mahendran and Vedaldi (2015), equation 3.
    Chapter: representations.
    """
    axes, target = tuple(range(1, len(target.shape))), ops.convert_to_tensor(target)
    return ops.sum(ops.square(code - target), axes) / ops.sum(ops.square(target), axes)


def roughness(pictures):
    r"""The prior: the mean of :math:`(I_{i+1,j} - I_{ij})^2 + (I_{i,j+1} - I_{ij})^2` over pixels and channels, (n,).

    Total variation with the exponent 2. pictures: a tensor (n, h, w, c).
    Source: Mahendran and Vedaldi (2015), section 2.1. Chapter: representations.
    """
    down, right = pictures[:, 1:] - pictures[:, :-1], pictures[:, :, 1:] - pictures[:, :, :-1]
    return ops.mean(ops.square(down), (1, 2, 3)) + ops.mean(ops.square(right), (1, 2, 3))


def objective(phi: Callable, target, prior: float) -> Callable:
    r"""Give :math:`I \mapsto \sum \lVert \phi(I) - \phi_0 \rVert^2 / \lVert \phi_0 \rVert^2 + \lambda R(I)`.

    phi: from pictures to codes. target: the codes (n, ...). prior: the weight of `roughness`. The sum runs over
    pictures, which therefore do not touch one another. Chapter: representations.
    """
    return lambda pictures: ops.sum(mismatch(phi(pictures), target) + prior * roughness(pictures))


def noise(shape: tuple[int, ...], seed: int) -> Array:
    """Grey pictures with a little noise, to start from. Chapter: representations."""
    return np.random.default_rng(seed).normal(0.5, 0.1, shape).clip(0, 1).astype("float32")


class Search(keras.Model):
    """Pictures that are weights themselves, so that training changes nothing else. Chapter: representations.

    start: (n, h, w, c). cost: from a tensor of that shape to one number, such as an `objective`.
    """

    def __init__(self, start: Array, cost: Callable):
        super().__init__(name="search")
        unit = functools.partial(ops.clip, x_min=0, x_max=1)
        self.pictures = self.add_weight(name="pictures", shape=start.shape, constraint=unit)
        self.pictures.assign(start)
        self.cost = cost  # a plain function: Keras does not see, and does not train, what is inside

    def call(self, _):
        """Give the pictures as they are, whatever comes in."""
        return ops.convert_to_tensor(self.pictures)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Give what the pictures cost."""
        return self.cost(y_pred)


def invert(
    net: keras.Model,
    layer: str,
    target: Array,
    *,
    seed: int,
    steps: int = STEPS,
    rate: float = RATE,
    prior: float = PRIOR,
) -> Array:
    """Search for pictures whose codes at a layer are `target` (n, ...): Adam from noise, held within [0, 1].

    The rate falls to zero along a cosine. Returns pictures (n, h, w, c).
    Raises ValueError for an unknown layer and for a target that is not of its shape.
    Source: Mahendran and Vedaldi (2015), with Adam for their momentum. Chapter: representations.
    """
    steps, prior, phi = whole("steps", steps, 1), number("prior", prior, 0), tap(net, layer)
    if np.shape(target)[1:] != phi.output_shape[1:]:
        wanted = ("n", *phi.output_shape[1:])
        raise ValueError(f"target must have the shape {wanted} of {layer!r}. Received: {np.shape(target)}")
    cost = objective(functools.partial(phi, training=False), ops.convert_to_tensor(target, "float32"), prior)
    search = Search(noise((len(target), *net.input_shape[1:]), seed), cost)
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps))
    search.compile(adam, jit_compile=backend.jit_compile())
    for _ in range(steps):
        search.train_on_batch(np.zeros((1, 1), "float32"))
    return ops.convert_to_numpy(search.pictures)


# How much came back ---------------------------------------------------------------------------------------------------


def correlation(truth: Array, copy: Array) -> Array:
    """Pearson's correlation over all pixels and channels of each picture, (n,). Chapter: representations."""
    a, b = (x.reshape(len(x), -1) - x.reshape(len(x), -1).mean(1, keepdims=True) for x in (truth, copy))
    return (a * b).sum(1) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-12)


def decibels(truth: Array, copy: Array) -> Array:
    """Peak signal-to-noise ratio of each picture, (n,): see `pooling.measures.psnr`. Chapter: representations."""
    return np.array([psnr(one, other) for one, other in zip(truth, copy, strict=True)])


def blocks(pictures: Array, cells: int) -> Array:
    """Replace each of cells x cells squares by its mean colour: what a map of that size could keep at one colour each.

    Chapter: representations.
    """
    n, side, _, c = pictures.shape
    step = side // cells
    small = pictures.reshape(n, cells, step, cells, step, c).mean((2, 4))
    return small.repeat(step, 1).repeat(step, 2)
