"""Covariate shift: the same digits under another light, and what cures it. Chapter: why_normalization."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from cvnotes import data, experiments, models
from cvnotes.checks import whole

CONTRASTS, OFFSETS = (1.0, 0.75, 0.5, 0.25), (0.0, 0.25, 0.5)
SHOWN = (0.25, 0.5)  # contrast and offset of the page's example
FITTING = {"quick": 8, "full": 40}

Array = np.ndarray


def relit(images: Array, contrast: float | Array, offset: float | Array) -> Array:
    r"""The same pictures under another light: :math:`x' = c\,x + o`.

    images: (n, h, w, c); contrast, offset: one number for all, or one a picture, (n,). Raises ValueError for a
    contrast that is not above 0, which would throw the picture away. Chapter: why_normalization.
    """
    images = np.asarray(images)
    if not np.all(np.asarray(contrast) > 0):
        raise ValueError(f"contrast must be above 0: nothing would be left to see. Received: {contrast!r:.80}")
    across = (-1,) + (1,) * (images.ndim - 1)
    contrast, offset = (np.reshape(np.asarray(v, "float32"), across) for v in (contrast, offset))
    return contrast * images + offset


def restandardised(images: Array, like: Array, each: bool = False) -> Array:
    """Give pictures the mean and the standard deviation that the pictures `like` have, all together.

    each: take the moments of each picture by itself, on both sides: every picture then has mean 0 and deviation 1.
    Raises ValueError for pictures that do not vary (with `each`, such a picture becomes 0). Chapter: why_normalization.
    """
    images, like = np.asarray(images), np.asarray(like)
    if each:
        axes = tuple(range(1, images.ndim))
        spread = images.std(axes, keepdims=True)
        return (images - images.mean(axes, keepdims=True)) / np.maximum(spread, 1e-6)
    if images.size == 0 or not images.std() > 0:
        raise ValueError(f"The pictures must vary. Received: shape {images.shape}, all alike, none, or NaN")
    return (images - images.mean()) / images.std() * like.std() + like.mean()


def own_lights(count: int, seed: int) -> tuple[Array, Array]:
    """Draw a contrast from 0.25 to 1 and an offset from 0 to 0.5 for each picture. Chapter: why_normalization."""
    dice = np.random.default_rng(seed)
    return dice.uniform(0.25, 1, whole("count", count, 1)), dice.uniform(0, 0.5, count)


def classifier(x: Array, y: Array, seed: int, scale: str = "quick") -> keras.Model:
    """Train a small ConvNet, without any normalization, on pictures (n, 8, 8, 1). Chapter: why_normalization."""
    keras.utils.set_random_seed(seed)
    model = models.build("small-convnet", input_shape=x.shape[1:])
    experiments.fit(model, x, y, epochs=FITTING[scale], batch=32, rate=5e-3, seed=seed)
    return model


def over_lights(
    model: keras.Model, images: Array, labels: Array, contrasts: Sequence[float], offsets: Sequence[float]
) -> Array:
    """Accuracy under every light, (contrasts, offsets). Chapter: why_normalization."""
    lights = [[relit(images, contrast, offset) for offset in offsets] for contrast in contrasts]
    return np.array([[experiments.accuracy(model, lit, labels) for lit in row] for row in lights])


@experiments.experiment(version=1, seeds=5)
def covariate(seed: int, scale: str) -> dict[str, list | float]:
    """Train on digits, test under other lights: as they are, restandardised, each for itself; and with other labels."""
    x, y, test_x, test_y = data.digits()
    model = classifier(x, y, seed, scale)

    def read(images: Array, labels: Array = test_y) -> float:
        return experiments.accuracy(model, images, labels)

    dark, mixed = relit(test_x, *SHOWN), relit(test_x, *own_lights(len(test_x), seed))
    apart = classifier(restandardised(x, x, each=True), y, seed, scale)
    there = classifier(relit(x, *SHOWN), y, seed, scale)
    return {
        "lights": over_lights(model, test_x, test_y, CONTRASTS, OFFSETS).tolist(),
        "cured": read(restandardised(dark, x)),
        "mixed": read(mixed),
        "mixed_cured": read(restandardised(mixed, x)),
        "mixed_each": experiments.accuracy(apart, restandardised(mixed, x, each=True), test_y),
        "plain_each": experiments.accuracy(apart, restandardised(test_x, x, each=True), test_y),
        "learned_there": experiments.accuracy(there, dark, test_y),
        "relabelled": read(test_x, (test_y + 1) % 10),
        "relabelled_cured": read(restandardised(test_x, x), (test_y + 1) % 10),
    }
