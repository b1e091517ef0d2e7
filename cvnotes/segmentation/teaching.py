"""How nets that label pixels are trained, asked and judged: all in the same way.

Chapters: segmentation, segmentation_strategies.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from cvnotes import experiments
from cvnotes.checks import number, whole

from . import metrics, task

BACKGROUND = 0.5  # weight of a pixel of background, chosen on validation scenes
RATE, BATCH = 3e-3, 32
LEAST = 8  # pixels: one cell of the coarsest map of the small nets


def pixel_loss(background: float = BACKGROUND) -> Callable:
    r"""Make the loss of pixel labels: cross-entropy, weighted by class, over the pixels that are judged.

    .. math:: L = \frac{\sum_p w(t_p)\, H(t_p, \hat y_p)}{\sum_p w(t_p)}, \qquad
              w(t) = \begin{cases} b & t = 0 \\ 0 & t = \text{void} \\ 1 & \text{otherwise} \end{cases}

    wanted: labels (n, h, w); said: logits (n, h, w, classes). background: b, the weight of class 0.
    Raises ValueError for a weight that is no positive number. Source: Ronneberger et al. (2015), equation 1.
    Chapter: segmentation.
    """
    number("background", background, above=0)

    def loss(wanted, said):
        wanted = ops.cast(wanted, "int32")
        judged = ops.not_equal(wanted, task.VOID)
        label = ops.where(judged, wanted, 0)
        weight = ops.cast(ops.where(ops.equal(label, 0), background, 1.0), said.dtype) * ops.cast(judged, said.dtype)
        wrong = keras.losses.sparse_categorical_crossentropy(label, said, from_logits=True)
        return ops.sum(weight * wrong) / ops.maximum(ops.sum(weight), keras.backend.epsilon())

    return loss


@functools.lru_cache(maxsize=1)
def drawn(count: int, seed: int) -> task.Lessons:
    """`task.lessons`, kept for the next net that is taught with the same."""
    return task.lessons(count, seed)


def taught(
    build: Callable[[], keras.Model],
    count: int,
    epochs: int,
    seed: int,
    *,
    background: float = BACKGROUND,
    rate: float = RATE,
    batch: int = BATCH,
) -> keras.Model:
    """Build a net and train it on the scenes of a seed.

    build: gives a net from pictures (n, h, w, 3), 0 to 255, to logits (n, h, w, 11); its weights at the start are
    those of the seed. count: scenes; epochs: passes over them; background: weight of its pixels in the loss.
    Raises ValueError for what is no function. Chapters: segmentation, segmentation_strategies.
    """
    if not callable(build) or isinstance(build, keras.Model):
        raise ValueError(f"build makes a net, as `small_unet` or a lambda does. Received: {type(build).__name__}")
    given = drawn(whole("count", count, 1), seed)
    keras.utils.set_random_seed(seed)
    net = build()
    if not isinstance(net, keras.Model):
        raise ValueError(f"build gives a net. Received: {net!r:.80}")
    loss = pixel_loss(background)
    experiments.fit(net, *given, epochs=epochs, batch=batch, rate=rate, seed=seed, loss=loss)
    return net


def pictures(images: np.ndarray) -> np.ndarray:
    """Read pictures (n, h, w, 3) for a net that scales them itself; those from 0 to 1 would be all but black to it.

    Raises ValueError for other shapes, sides below 8 pixels, NaN, and other ranges. Chapters: segmentation, instances.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype.kind not in "uif" or not np.isfinite(images).all():
        raise ValueError(f"Give finite pictures (n, h, w, 3) from 0 to 255. Received: {images.dtype} {images.shape}")
    if min(images.shape[1:3]) < LEAST:
        raise ValueError(f"Sides are at least {LEAST} pixels, the coarsest stride. Received: {images.shape[1:3]}")
    low, high = images.min(initial=0), images.max(initial=0)
    if low < 0 or high > 255 or (images.dtype.kind == "f" and 0 < high <= 1):
        raise ValueError(f"Give pictures from 0 to 255, 255 times those to 1. Received: {low:g} to {high:g}")
    return images


def logits(net: keras.Model, images: np.ndarray, batch: int = 50) -> np.ndarray:
    """What a net says of pictures (n, h, w, 3): logits, float32 (n, h, w, classes). Raises ValueError as `say`."""
    images = pictures(images)
    parts = [images[i : i + batch] for i in range(0, len(images), whole("batch", batch, 1))]
    found = [ops.convert_to_numpy(net(part, training=False)) for part in parts]
    return np.concatenate(found) if found else np.zeros((*images.shape[:3], net.output_shape[-1]), np.float32)


def say(net: keras.Model, images: np.ndarray, batch: int = 50) -> np.ndarray:
    """Label every pixel of pictures (n, h, w, 3) from 0 to 255: uint8 (n, h, w), the largest logit of each.

    Works batch by batch. Raises ValueError for other shapes, sides below 8 pixels, NaN, and pictures from 0 to 1.
    Chapter: segmentation.
    """
    images = pictures(images)
    starts = range(0, max(len(images), 1), whole("batch", batch, 1))
    return np.concatenate([logits(net, images[i : i + batch], batch).argmax(-1).astype(np.uint8) for i in starts])


def scores(truth: np.ndarray, said: np.ndarray) -> dict[str, float]:
    """Judge labels (n, h, w): pixel accuracy, mean IoU, mean IoU in the band along borders, mean boundary IoU.

    The last two are NaN where nothing has a border. Raises ValueError as `confusion`. Chapter: segmentation.
    """
    table, band = metrics.confusion(truth, said), metrics.border_table(truth, said)
    rims = metrics.boundary_iou(truth, said)
    return {
        "accuracy": metrics.pixel_accuracy(table),
        "mean_iou": metrics.mean_iou(table),
        "border_iou": metrics.mean_iou(band) if band.any() else np.nan,
        "boundary_iou": float(np.nanmean(rims)) if np.isfinite(rims).any() else np.nan,
    }


def judged(net: keras.Model, test: task.Lessons | None = None) -> dict[str, float]:
    """Judge a net on the held-out scenes, or on other lessons. Chapters: segmentation, segmentation_strategies."""
    test = task.held_out() if test is None else test
    return scores(test.labels, say(net, test.images))
