"""Gradients of a score with respect to the picture, alone and averaged: the engine of most methods."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from cvnotes import backend
from cvnotes.checks import number, whole

from .compiled import runner
from .cuts import refuse_cut
from .inputs import Array, Model, pieces, read
from .targets import Score, Target, ask


def gradient(model: Model, images: Array, target: Target = None, *, batch_size: int = 32) -> Array:
    r"""The gradient of a score with respect to the picture, :math:`\partial S(x) / \partial x`.

    model: a Keras model of one input, or any function of a batch written in ``keras.ops``. It runs as in prediction
    and is left as it was. images: (n, h, w, c), or one (h, w, c); a model of vectors takes (n, d) alike.
    target: a class for all images, one each, a function from the outputs to scores (n,), or None for each image's
    highest class. Ask for logits: a softmax mixes all classes into each score (see ``logits``).
    batch_size: pictures at a time; it changes time and memory only.
    Returns an array of the shape of ``images``; row i depends on picture i alone.
    Raises ValueError for what cannot be read (see ``inputs.read`` and ``targets.ask``), and where the gradient is zero
    throughout and a step without slope, such as ``argmax``, is on the way.
    Source: Simonyan et al. (2014), section 3. Chapter: saliency.
    """
    asked = read(model, images)
    if not len(asked.images):
        return np.zeros_like(asked.images)
    score = ask(model, asked.images, target, batch_size)
    return asked.give(averaged(score, asked.images, lambda rows: asked.images[rows], [1.0], batch_size))


def input_x_gradient(model: Model, images: Array, target: Target = None, *, batch_size: int = 32) -> Array:
    r"""Gradient times picture, :math:`x \odot \partial S / \partial x`; of a linear score, what each pixel adds.

    Arguments, answer and errors as in ``gradient``. Source: Shrikumar et al. (2016). Chapter: saliency.
    """
    return read(model, images).give(read(model, images).images) * gradient(model, images, target, batch_size=batch_size)


def smooth_grad(
    model: Model,
    images: Array,
    target: Target = None,
    *,
    samples: int = 25,
    noise: float = 0.15,
    seed: int = 0,
    batch_size: int = 32,
) -> Array:
    r"""SmoothGrad, the mean gradient over noisy copies of the picture, :math:`\frac1m \sum_k \nabla S(x + \sigma z_k)`.

    noise: the standard deviation, as a share of each picture's own range from least to greatest value. seed: of the
    noise, which is the same for every picture, so that the answer for one does not depend on the others.
    All else as in ``gradient``; the highest class is that of the picture without noise.
    Raises ValueError also for fewer than one sample and for a negative noise.
    Source: Smilkov et al. (2017), equation 1. Chapter: saliency.
    """
    asked, samples = read(model, images), whole("samples", samples, 1)
    x, spread = asked.images, number("noise", noise, 0)
    if not len(x):
        return np.zeros_like(x)
    dice = np.random.default_rng(seed).normal(size=(samples, *x.shape[1:])).astype(x.dtype)
    inner = tuple(range(1, x.ndim))
    sigma = spread * np.ptp(x, axis=inner, keepdims=True)

    def noisy(rows: Array) -> Array:
        one = rows // samples
        return x[one] + sigma[one] * dice[rows % samples]

    weights = np.full(samples, 1 / samples)
    return asked.give(averaged(ask(model, x, target, batch_size), x, noisy, weights, batch_size))


def averaged(
    score: Score,
    x: Array,
    points: Callable[[Array], Array],
    weights: Any,
    batch_size: int,
    times: Callable[[Array], Array] | None = None,
) -> Array:
    """A weighted sum of gradients at several points for each picture, of the shape of ``x`` (n, ...).

    Each picture has ``len(weights)`` points; ``points(rows)`` gives those numbered ``picture * len(weights) + k``.
    times: a factor for each gradient, of its shape, from the same numbers.
    """
    weights = np.asarray(weights, x.dtype)
    total, each = np.zeros_like(x), len(weights)
    parts = pieces(len(x) * each, batch_size)
    run = runner(functools.partial(slopes, score), (score.model, score.pick, "slopes"), len(parts[0]), len(parts))
    for rows in parts:
        owners = rows // each
        _, slope = run(points(rows), score.classes[owners])
        slope = slope * times(rows) if times else slope
        first, last = owners[0], owners[-1] + 1
        share = weights[rows % each] * (owners == np.arange(first, last)[:, None])
        total[first:last] += np.tensordot(share, slope, 1)
    if not total.any():
        refuse_cut(lambda: score(ops.convert_to_tensor(x[:1]), score.classes[:1]))
    return total


def slopes(score: Score, x: Any, own: Any) -> tuple[Any, Any]:
    """Scores (m,) of the inputs x (m, ...) for the classes own, and the gradient of each by its own input: tensors."""

    def total(x: Any) -> tuple[Any, Any]:
        scores = score(x, own)
        return ops.sum(scores), scores

    (_, scores), slope = backend.value_and_grad(total, aux=True)(x)
    return scores, slope
