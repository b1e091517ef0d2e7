"""Rulers: moved pictures, and how far an answer moved with them."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .forward import pool2d


def shift(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Move pictures (n, h, w, c) by whole pixels; what enters is black. Chapter: invariance."""
    moved = np.zeros_like(images)
    height, width = images.shape[1:3]
    to = np.s_[:, max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]
    cut = np.s_[:, max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)]
    moved[to] = images[cut]
    return moved


def four_ways(images: np.ndarray, pixels: int) -> list[np.ndarray]:
    """Move pictures by so many pixels down, up, right and left. Chapter: invariance."""
    return [shift(images, *step) for step in ((pixels, 0), (-pixels, 0), (0, pixels), (0, -pixels))]


def about_centre(images: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Resample pictures (n, h, w, c) bilinearly: output pixel p shows the input at centre + matrix (p - centre)."""
    centre = (np.array(images.shape[1:3]) - 1) / 2
    full = np.eye(4)
    full[1:3, 1:3] = matrix
    offset = np.array([0, *(centre - matrix @ centre), 0])
    return ndimage.affine_transform(images, full, offset, order=1)


def rotate(images: np.ndarray, degrees: float) -> np.ndarray:
    """Turn pictures counter-clockwise about their centre. Chapter: invariance."""
    turn = np.deg2rad(degrees)
    return about_centre(images, np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]))


def zoom(images: np.ndarray, factor: float) -> np.ndarray:
    """Enlarge (factor above 1) or reduce pictures about their centre; the canvas stays. Chapter: invariance."""
    if factor <= 0:
        raise ValueError(f"factor must be above 0. Received: factor={factor}")
    return about_centre(images, np.eye(2) / factor)


def relative_change(before: np.ndarray, after: np.ndarray) -> float:
    r"""Give the mean of $\lVert z' - z \rVert / \lVert z \rVert$ over rows. Chapter: invariance."""
    return float(np.mean(np.linalg.norm(after - before, axis=-1) / np.linalg.norm(before, axis=-1)))


def agreement(before: np.ndarray, after: np.ndarray) -> float:
    """Give the share of rows whose largest entry kept its place. Chapter: invariance."""
    return float(np.mean(before.argmax(-1) == after.argmax(-1)))


def psnr(truth: np.ndarray, copy: np.ndarray) -> float:
    r"""Give the peak signal-to-noise ratio $-10 \log_{10} \text{MSE}$ in decibels, for values in [0, 1].

    Raises ValueError when the shapes differ. Chapter: invariance.
    """
    if truth.shape != copy.shape:
        raise ValueError(f"both pictures must have one shape. Received: {truth.shape} and {copy.shape}")
    error = np.mean(np.square(truth - copy), dtype=float)
    return float("inf") if error == 0 else float(-10 * np.log10(error))


def gradient_energy(image: np.ndarray) -> float:
    r"""Give the mean squared difference of neighbouring pixels, $\overline{(\Delta_x)^2} + \overline{(\Delta_y)^2}$."""
    return float(sum(np.mean(np.square(np.diff(image, axis=axis))) for axis in (0, 1)))


def scaled_back(small: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Enlarge a picture (h, w) bilinearly to another shape, pixel centres matched. Chapter: invariance."""
    from skimage.transform import resize

    return resize(small, shape, order=1, mode="edge", anti_aliasing=False)


def even(image: np.ndarray) -> np.ndarray:
    """Drop the last row or column of a picture (h, w) where its side is odd."""
    return image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]


def reduced(image: np.ndarray) -> dict[str, np.ndarray]:
    """Halve a picture (h, w) in three ways: the largest of four pixels, their average, the first of them."""
    return {"maximum": pool2d(image), "average": pool2d(image, how="average"), "every second": image[::2, ::2]}


def restored(image: np.ndarray) -> dict[str, np.ndarray]:
    """Halve a picture in three ways and enlarge each again, to compare it with the original. Chapter: invariance."""
    return {how: scaled_back(small, image.shape) for how, small in reduced(image).items()}


def unmoved(before: np.ndarray, after: np.ndarray) -> float:
    """Give the share of values that stayed exactly what they were. Chapter: invariance."""
    return float(np.mean(before == after))
