"""Two codes of faces from before deep nets, both linear in the pixels: eigenfaces and Fisherfaces. Chapter: faces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cvnotes.checks import whole

Code = Callable[[np.ndarray], np.ndarray]  # pictures (n, h, w, c) -> codes (n, d)


def pixel_rows(images: np.ndarray) -> np.ndarray:
    """Each picture (n, h, w, c) as one row of numbers from 0 to 1; bytes are divided by 255. Chapter: faces."""
    images = np.asarray(images)
    return images.reshape(len(images), -1).astype("float32") / (255 if images.dtype == np.uint8 else 1)


def without_colour(images: np.ndarray) -> np.ndarray:
    """Grey pictures of one brightness and contrast: (n, h, w, 3) -> uint8 (n, h, w, 1), mean 128, deviation 40.

    What is beyond 0 or 255 is cut off. A picture of one colour becomes 128 all over. Chapter: faces.
    """
    grey = np.asarray(images, "float32").mean(axis=-1, keepdims=True)
    spread = np.maximum(grey.std(axis=(1, 2), keepdims=True), 1e-6)
    standard = 128 + 40 * (grey - grey.mean(axis=(1, 2), keepdims=True)) / spread
    return np.round(np.clip(standard, 0, 255)).astype("uint8")


def eigenfaces(images: np.ndarray, count: int) -> tuple[Code, Any]:
    """Fit the first principal components of pictures, which know no names: a code, and the fitted components.

    The code of a picture are its coordinates along them. images: (n, h, w, c). count: of components.
    Raises ``ValueError`` for more of them than pictures. Source: Turk and Pentland (1991). Chapter: faces.
    """
    from sklearn.decomposition import PCA

    fitted = PCA(whole("count", count, 1, len(images)), random_state=0).fit(pixel_rows(images))
    return lambda new: fitted.transform(pixel_rows(new)), fitted


def fisherfaces(images: np.ndarray, people: np.ndarray, count: int, codes: int) -> Code:
    r"""Fit the directions along which people differ most, measured by how much each one varies.

    .. math:: w = \arg\max_w \frac{w^\top S_B\, w}{w^\top S_W\, w}

    :math:`S_B` is the scatter between people and :math:`S_W` that within them, both of the first `count` coordinates of
    `eigenfaces`. people: (n,), the number of the person on each picture. codes: how many directions, fewer than people.
    Source: Belhumeur, Hespanha and Kriegman (1997). Chapter: faces.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    most = min(count, len(np.unique(people)) - 1)
    first, _ = eigenfaces(images, count)
    second = LinearDiscriminantAnalysis(n_components=whole("codes", codes, 1, most)).fit(first(images), people)
    return lambda new: second.transform(first(new))
