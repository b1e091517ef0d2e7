"""A small encoder-decoder with and without skip connections, and how well a mask fits near borders and inside."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers
from scipy import ndimage

from cvnotes.checks import choice, whole

JOINS = ("none", "sum", "concat")
#: Filters of the three levels, so that the three nets have as many parameters, within two in a hundred.
WIDTHS = {"none": (8, 16, 32), "sum": (8, 16, 32), "concat": (8, 14, 27)}
BORDER = 2  # pixels on either side of a border


def encoder_decoder(join: str = "sum", *, outputs: int = 1, size: int = 32, channels: int = 3) -> keras.Model:
    """Halve a picture three times, double it three times: a map of numbers for every pixel.

    join: at each size the decoder's maps are left alone ("none"), or the encoder's of that size are added to them
    ("sum") or put beside them ("concat"). outputs: numbers for each pixel, without an activation. size: of the
    picture, a multiple of eight. Layers: down1..3, bottom, up3..1; the skips are called skip3..1.
    Raises ValueError for another join, and sizes that do not fit. After Ronneberger and others (2015).
    Chapter: shortcuts.
    """
    widths = WIDTHS[choice("join", join, JOINS)]
    if whole("size", size, 8) % 8:
        raise ValueError(f"size must be a multiple of 8, to be halved three times. Received: size={size!r}")
    x = inputs = keras.Input((size, size, whole("channels", channels, 1)), name="image")
    kept = []
    for level, width in enumerate(widths, 1):
        kept.append(_conv(x, width, f"down{level}"))
        x = layers.MaxPooling2D(2, name=f"pool{level}")(kept[-1])
    x = _conv(x, widths[-1], "bottom")
    for level in (3, 2, 1):
        x = layers.Conv2DTranspose(widths[level - 1], 2, 2, name=f"double{level}")(x)
        x = _conv(_joined(x, kept[level - 1], join, level), widths[level - 1], f"up{level}")
    answer = layers.Conv2D(whole("outputs", outputs, 1), 1, name="answer")(x)
    return keras.Model(inputs, answer, name=f"encoder-decoder-{join}")


def _conv(x, filters: int, name: str):
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(x)
    return layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x))


def _joined(x, skip, join: str, level: int):
    if join == "none":
        return x
    skip = Gate(name=f"skip{level}")(skip)
    return (layers.Add if join == "sum" else layers.Concatenate)(name=f"join{level}")([x, skip])


@keras.saving.register_keras_serializable(package="cvnotes")
class Gate(layers.Layer):
    """Hand on what comes, times a number that is 1 until someone sets `open` to 0. Chapter: shortcuts."""

    def build(self, shape):
        """One number, which no training moves."""
        self.open = self.add_weight(shape=(), initializer="ones", trainable=False, name="open")

    def call(self, x):
        """Multiply."""
        return x * self.open


def near_border(masks: np.ndarray, width: int = BORDER) -> np.ndarray:
    """Which pixels have both an object and the ground within so many pixels, (n, h, w).

    masks: (n, h, w) of truth values. Distance is counted in steps to one of the eight neighbours.
    Raises ValueError for another shape and a width below 1. Chapter: shortcuts.
    """
    masks = np.asarray(masks)
    if masks.ndim != 3 or masks.dtype != bool:
        raise ValueError(f"masks must be truth values (n, h, w). Received: {masks.dtype} of shape {masks.shape}")
    window = (1, 2 * whole("width", width, 1) + 1, 2 * width + 1)
    most = ndimage.maximum_filter(masks, window, mode="nearest")
    return most & ~ndimage.minimum_filter(masks, window, mode="nearest")


def overlap(said: np.ndarray, true: np.ndarray, where: np.ndarray | bool = True) -> float:
    r"""Intersection over union of all masks together, :math:`|A \cap B| / |A \cup B|`, counted where asked.

    said, true: (n, h, w) of truth values; where: the same, or True for everywhere.
    Raises ValueError for other shapes and values, and where neither has a pixel. Chapter: shortcuts.
    """
    given = [np.asarray(part) for part in (said, true, where)]
    shapes = {part.shape for part in given[: 2 if where is True else 3]}
    if len(shapes) > 1 or any(part.dtype != bool for part in given):
        told = ", ".join(f"{part.dtype} {part.shape}" for part in given)
        raise ValueError(f"said, true and where must be truth values of one shape. Received: {told}")
    said, true, where = given
    union = ((said | true) & where).sum()
    if not union:
        raise ValueError("There is no pixel of either mask to count there. Received: an empty union")
    return float((said & true & where).sum() / union)
