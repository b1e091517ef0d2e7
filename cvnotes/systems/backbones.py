"""A short backbone that names the shape of every pixel, with strides, or with holes in the place of strides."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers
from scipy import ndimage

from cvnotes import data
from cvnotes.captioning import words
from cvnotes.checks import choice
from cvnotes.data.scenes import Scenes

FILTERS = (16, 24, 32, 32)
CLASSES = ("ground", *words.KINDS)
STEPS = {  # stride and dilation of each convolution
    "strided": ((2, 1), (2, 1), (2, 1), (1, 1)),
    "dilated": ((2, 1), (1, 1), (1, 2), (1, 4)),
    "plain": ((2, 1), (1, 1), (1, 1), (1, 1)),
}
RADII = {"all": (0.15, 0.42), "small": (0.15, 0.22), "large": (0.34, 0.42)}


def views(count: int, seed: int, shapes: str = "all") -> Scenes:
    """Paint scenes with one plain shape; "small" ones are up to 14 pixels wide, "large" ones 16 to 27.

    Raises ValueError for other words.
    """
    choice("shapes", shapes, RADII)
    return data.scenes(
        count, seed=seed, size=words.SIDE, objects=1, classes=words.KINDS, colours=words.HUES, textures="plain",
        radius=RADII[shapes], clutter=0.1, turn=30,
    )  # fmt: skip


def backbone(kind: str) -> keras.Model:
    """Build a net that gives six logits for each pixel of pictures of 32 x 32: the ground and five shapes.

    kind: "strided" halves the map three times; "dilated" halves it once, and pulls the taps of the later filters
    apart instead; "plain" halves it once and leaves the filters as they are. Weights have equal shapes in all three.
    The logits (layer ``logits``) are enlarged to the size of the picture by bilinear interpolation.
    Raises ValueError for another kind. Source: Chen et al. (2018), section 3.1. Chapter: systems.
    """
    choice("kind", kind, STEPS)
    inputs = x = keras.Input((words.SIDE, words.SIDE, 3), name="image")
    for i, (filters, (stride, dilation)) in enumerate(zip(FILTERS, STEPS[kind], strict=True), 1):
        x = layers.ZeroPadding2D(dilation)(x)  # both sides alike, so that strides and holes see the same pixels
        x = layers.Conv2D(filters, 3, stride, dilation_rate=dilation, use_bias=False, name=f"conv{i}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"norm{i}")(x)
        x = layers.ReLU(name=f"relu{i}")(x)
    x = layers.Conv2D(len(CLASSES), 1, name="logits")(x)
    return keras.Model(inputs, layers.UpSampling2D(words.SIDE // x.shape[1], interpolation="bilinear")(x), name=kind)


def answers(scenes: Scenes) -> np.ndarray:
    """The class of every pixel of scenes with one shape: (n, 32, 32), 0 for the ground, k + 1 for shape k.

    Raises ValueError for scenes with more. Chapter: systems.
    """
    if np.any(np.asarray(scenes.counts) != 1):
        raise ValueError(f"Give scenes with one shape each. Received: {np.unique(scenes.counts).tolist()} shapes")
    return (scenes.instances > 0) * (scenes.labels[:, :1, None] + 1)


def mean_iou(said: np.ndarray, true: np.ndarray) -> float:
    r"""Mean over classes of the pixels that both call so, divided by those that either calls so.

    .. math:: \frac{1}{K} \sum_k \frac{|S_k \cap T_k|}{|S_k \cup T_k|}

    said, true: whole numbers of the same shape; classes that occur in neither are left out.
    Raises ValueError for other shapes. Source: Long et al. (2015), section 5. Chapter: systems.
    """
    _alike(said, true)
    shares = [np.sum((said == k) & (true == k)) / np.sum((said == k) | (true == k)) for k in np.union1d(said, true)]
    return float(np.mean(shares))


def borders(true: np.ndarray) -> np.ndarray:
    """Mark the pixels (n, h, w) that touch a pixel of another class, diagonally or not."""
    window = (1, 3, 3)
    return ndimage.maximum_filter(true, window) != ndimage.minimum_filter(true, window)


def border_accuracy(said: np.ndarray, true: np.ndarray) -> float:
    """Share of the pixels along borders that are named rightly; (n, h, w) whole numbers.

    Raises ValueError for other shapes, and where nothing has a border. Chapter: systems.
    """
    _alike(said, true)
    if not (edge := borders(true)).any():
        raise ValueError(
            f"Give a truth with borders. Received: class {np.ravel(true)[0]} in all pixels of each picture"
        )
    return float(np.mean((said == true)[edge]))


def _alike(said: np.ndarray, true: np.ndarray) -> None:
    kinds = {np.asarray(each).dtype.kind for each in (said, true)}
    if np.shape(said) != np.shape(true) or np.ndim(said) != 3 or not np.size(said) or not kinds <= set("iu"):
        raise ValueError(
            "Give two maps of classes (n, h, w), whole numbers. "
            f"Received: {np.shape(said)} and {np.shape(true)}, {np.asarray(said).dtype} and {np.asarray(true).dtype}"
        )
