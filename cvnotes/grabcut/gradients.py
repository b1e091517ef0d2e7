"""The data gradient: which pixels the score of a class depends on."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import backend


def data_gradient(net: keras.Model, images: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    r"""Differentiate the score of a class with respect to every pixel: (n, h, w, channels), one backward pass.

    .. math:: G_{ijc} = \frac{\partial S_k(I)}{\partial I_{ijc}}

    net: gives logits (n, classes). images: (n, h, w, channels) as the net takes them. labels: (n,) the class of each
    picture; by default the one that the net itself scores highest, so that no truth is needed.
    Raises ValueError for no picture, NaN, labels that are not one class a picture, and a net that gives no logits.
    Source: Simonyan, Vedaldi and Zisserman (2014), section 3. Chapter: grabcut.
    """
    images = np.asarray(images, np.float32)
    if images.ndim != 4 or not len(images) or not np.isfinite(images).all():
        raise ValueError(f"Give pictures (n, h, w, channels) of finite numbers. Received: {images.shape}")
    logits = keras.ops.convert_to_numpy(net(images, training=False))
    if logits.ndim != 2:
        raise ValueError(f"A net of one answer a picture gives logits (n, classes). Received: {logits.shape}")
    labels = logits.argmax(axis=1) if labels is None else np.asarray(labels)
    if (
        labels.shape != (len(images),)
        or labels.dtype.kind not in "iu"
        or not np.isin(labels, range(logits.shape[1])).all()
    ):
        raise ValueError(f"Labels are one of {logits.shape[1]} classes a picture. Received: {labels!r:.80}")
    chosen = np.eye(logits.shape[1], dtype=np.float32)[labels]

    def score(x):
        return keras.ops.sum(keras.ops.multiply(net(x, training=False), chosen))

    return np.asarray(backend.value_and_grad(score)(images)[1])


def pixel_saliency(gradient: np.ndarray) -> np.ndarray:
    r"""Shrink a gradient (n, h, w, channels) to one number a pixel, (n, h, w): :math:`M_{ij} = \max_c |G_{ijc}|`.

    Source: Simonyan, Vedaldi and Zisserman (2014), section 3.1. Chapter: grabcut.
    """
    gradient = np.asarray(gradient)
    if gradient.ndim != 4 or not gradient.shape[-1] or gradient.dtype.kind not in "fiu":
        raise ValueError(f"A gradient is (n, h, w, channels) of numbers. Received: {gradient.dtype} {gradient.shape}")
    return np.abs(gradient).max(axis=-1)
