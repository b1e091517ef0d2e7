"""AlexNet's shift of colours along the axes in which a set of pictures varies most. Chapter: augmentation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def colour_axes(images: np.ndarray | Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    r"""Eigenvalues (3,), largest first, and eigenvectors (3, 3), in columns, of the covariance of red, green and blue.

    images: one array or several, each (..., 3) with values in [0, 1]; every pixel of all of them counts alike.
    The sign of each vector makes its sum positive, or its first entry where the sum is 0, so that all machines give
    the same; where two eigenvalues are equal, as in grey pictures, their vectors are arbitrary.
    Raises ValueError for no pixel at all, another number of channels, whole numbers, or values outside [0, 1].
    Source: Krizhevsky, Sutskever and Hinton (2012), section 4.1. Chapter: augmentation.
    """
    several = images if isinstance(images, (list, tuple)) else [images]
    if not several:
        raise ValueError("Give one picture at least. Received: an empty list")
    pixels = np.concatenate([_pixels(image) for image in several])
    values, vectors = np.linalg.eigh(np.cov(pixels, rowvar=False, bias=True))
    values, vectors = values[::-1], vectors[:, ::-1]
    lean = np.where(np.abs(vectors.sum(0)) > 1e-6, vectors.sum(0), vectors[0])
    return values, vectors * np.where(lean < 0, -1, 1)


def colour_shift(image: np.ndarray, values: np.ndarray, vectors: np.ndarray, draws: np.ndarray) -> np.ndarray:
    r"""Add one colour to all pixels of a picture: :math:`[p_1\, p_2\, p_3]\,[\alpha_1\lambda_1,
    \alpha_2\lambda_2, \alpha_3\lambda_3]^\top`.

    image: (..., 3) in [0, 1]; the result may leave [0, 1]. values, vectors: of `colour_axes`.
    draws: :math:`\alpha` (3,), normal with mean 0 and deviation 0.1 in the paper.
    Raises ValueError for other shapes, and as `colour_axes`.
    Source: Krizhevsky, Sutskever and Hinton (2012), section 4.1. Chapter: augmentation.
    """
    image, draws = np.asarray(image), np.asarray(draws)
    _pixels(image)
    if draws.shape != (3,):
        raise ValueError(f"Give one draw for each axis, (3,). Received: draws of shape {draws.shape}")
    return image + scaled_axes(values, vectors).dot(draws).astype(image.dtype)


def scaled_axes(values: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The eigenvectors (3, 3), in columns, each times its eigenvalue. Raises ValueError for shapes other than those."""
    values, vectors = np.asarray(values, float), np.asarray(vectors, float)
    finite = np.isfinite(values).all() and np.isfinite(vectors).all()
    if values.shape != (3,) or vectors.shape != (3, 3) or not finite:
        told = f"shapes {values.shape} and {vectors.shape}" if finite else "numbers that are not finite"
        raise ValueError(f"Give the values (3,) and vectors (3, 3) of colour_axes. Received: {told}")
    return vectors * values


def _pixels(image: np.ndarray) -> np.ndarray:
    image = np.asarray(image)
    if image.ndim < 2 or image.shape[-1] != 3 or image.dtype.kind != "f" or not image.size:
        raise ValueError(f"Give colours (..., 3) as floats in 0 to 1. Received: {image.dtype} of shape {image.shape}")
    if not (image.min() >= 0 and image.max() <= 1):
        raise ValueError(f"Colours lie in 0 to 1: divide bytes by 255. Received: {image.min():g} to {image.max():g}")
    return image.reshape(-1, 3)
