"""Filters drawn by hand, and numbers that describe what a filter answers to."""

from __future__ import annotations

import numpy as np

from cvnotes.checks import whole

from .matrices import pad
from .windows import as_image, patches

VERTICAL = np.array([[1, 0, -1], [1, 0, -1], [1, 0, -1]], np.float32)
HORIZONTAL = VERTICAL.T.copy()
IDENTITY = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], np.float32)
LAPLACIAN = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], np.float32)
SHARPEN = IDENTITY + LAPLACIAN
SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], np.float32)
EMBOSS = np.array([[2, 1, 0], [1, 0, -1], [0, -1, -2]], np.float32)


def box(size: int = 3) -> np.ndarray:
    r"""Make a mean filter: every weight is $1/F^2$, so that flat areas keep their brightness.

    size F in pixels; returns (size, size). Raises ValueError for a size below 1. Chapter: filters.
    """
    size = whole("size", size, 1)
    return np.full((size, size), 1 / size**2, np.float32)


def gaussian(size: int = 5, sigma: float = 1.0) -> np.ndarray:
    r"""Make a Gaussian blur, $\propto e^{-(u^2+v^2)/2\sigma^2}$, summing to one.

    size and sigma in pixels; returns (size, size). Raises ValueError unless both are above 0. Chapter: filters.
    """
    size = whole("size", size, 1)
    if not sigma > 0:
        raise ValueError(f"sigma must be above 0, in pixels. Received: sigma={sigma!r}")
    steps = np.arange(size) - (size - 1) / 2
    bell = np.exp(-(steps**2) / (2 * sigma**2))
    return (np.outer(bell, bell) / bell.sum() ** 2).astype(np.float32)


def steered(angle: float, size: int = 9, sigma: float = 1.3, elongation: float = 2.0) -> np.ndarray:
    r"""Make a detector for bright lines at an angle: the second derivative of a long Gaussian, turned.

    $$ k(s, t) \propto \left(1 - \frac{s^2}{\sigma^2}\right) e^{-s^2/2\sigma^2 - t^2/2(\epsilon\sigma)^2} $$

    with t along the line and s across it. angle in degrees, counted from the horizontal, counter-clockwise as drawn.
    The mean is taken out and the absolute values sum to one. Source: Freeman and Adelson (1991). Chapter: filters.
    """
    v, u = np.meshgrid(np.arange(size) - (size - 1) / 2, np.arange(size) - (size - 1) / 2)
    turn = np.deg2rad(angle)
    along, across = v * np.cos(turn) - u * np.sin(turn), v * np.sin(turn) + u * np.cos(turn)
    ridge = (1 - across**2 / sigma**2) * np.exp(-(across**2) / 2 / sigma**2 - along**2 / 2 / (elongation * sigma) ** 2)
    ridge -= ridge.mean()
    return (ridge / np.abs(ridge).sum()).astype(np.float32)


def template(image: np.ndarray, row: int, column: int, size: int | tuple[int, int]) -> np.ndarray:
    """Cut a patch with its centre at (row, column), take its mean out and give it length one: a matched filter.

    image: (h, w) or (h, w, c); size in pixels, one number or (height, width).
    Raises ValueError when the patch leaves the image, or is flat and so has no direction. Chapter: filters.
    """
    height, width = (size, size) if np.ndim(size) == 0 else size
    top, left = row - height // 2, column - width // 2
    patch = np.asarray(image)[max(top, 0) : top + height, max(left, 0) : left + width]
    if patch.shape[:2] != (height, width):
        raise ValueError(
            f"a patch of {height} x {width} round ({row}, {column}) leaves the image {np.shape(image)[:2]}"
        )
    patch = patch - patch.mean()
    if not patch.any():
        raise ValueError(
            f"a flat patch matches nothing: choose a place with detail. Received: row={row}, column={column}"
        )
    return patch / np.linalg.norm(patch)


def apply_filter(image: np.ndarray, kernel: np.ndarray, fill: str = "edge") -> np.ndarray:
    """Filter a picture and keep its size; each colour channel on its own.

    image: (h, w) or (h, w, c), kernel: (kh, kw), correlated, not flipped; fill: see `pad`.
    Returns the shape of the image in floating point. Raises ValueError for a batch. Chapter: filters.
    """
    image = as_image(image, (2, 3))
    (kh, kw) = kernel.shape
    padded = pad(image, ((kh // 2, kh - 1 - kh // 2), (kw // 2, kw - 1 - kw // 2)), fill)
    out = np.zeros(image.shape, np.result_type(image.dtype, kernel.dtype, np.float32))
    for (u, v), weight in np.ndenumerate(kernel):  # one shifted copy per tap: less memory than all windows
        out += weight * padded[u : u + image.shape[0], v : v + image.shape[1]]
    return out


def similarity(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Correlate a zero-mean, unit-length template with every window, normalised: the cosine, between -1 and 1.

    image: (h, w), kernel: (kh, kw); returns (h-kh+1, w-kw+1); flat windows answer 0.
    Source: Lewis (1995), fast normalized cross-correlation. Chapter: filters.
    """
    windows = patches(as_image(image, (2,)), kernel.shape)
    dots = np.einsum("ijuv,uv->ij", windows, kernel, optimize=True)
    spread = np.sqrt(np.maximum(windows.var(axis=(2, 3)) * kernel.size, 0))
    return np.divide(dots, spread, out=np.zeros_like(dots), where=spread > 1e-6)


def frequency_response(kernel: np.ndarray, size: int = 65) -> np.ndarray:
    r"""Measure how a filter scales each wave: $|K(f)|$ on a square of frequencies, zero in the middle.

    kernel: (kh, kw). Axes run from -1/2 to 1/2 cycles per pixel; returns (size, size).
    Raises ValueError when the kernel is larger than the square. Chapter: filters.
    """
    if max(np.shape(kernel)) > size:
        raise ValueError(f"size must hold the kernel {np.shape(kernel)}. Received: size={size!r}")
    return np.abs(np.fft.fftshift(np.fft.fft2(kernel, (size, size))))


def edge_contrast(image: np.ndarray) -> float:
    """Mean absolute difference of neighbours along both axes: a plain measure of sharpness. Chapter: filters."""
    image = np.asarray(image, np.float64)
    return float(np.abs(np.diff(image, axis=0)).mean() + np.abs(np.diff(image, axis=1)).mean()) / 2


def orientation_score(kernels: np.ndarray, size: int = 32) -> np.ndarray:
    r"""Score how far each filter prefers one orientation: 0 for none, 1 for a single one.

    Energy of the spectrum (grey part, mean removed) at angle a counts as a vector at 2a: $|\sum E e^{2ia}| / \sum E$.
    kernels: (kh, kw, c, o); returns (o,). Source: Bigun and Granlund (1987). Chapter: filters.
    """
    grey = kernels.mean(axis=2)
    grey = grey - grey.mean(axis=(0, 1))
    energy = np.abs(np.fft.fft2(grey, (size, size), axes=(0, 1))) ** 2
    fy, fx = np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size), indexing="ij")
    turns = np.exp(2j * np.arctan2(fy, fx))[..., None]
    turns[0, 0] = 0
    return np.abs((energy * turns).sum(axis=(0, 1))) / (energy.sum(axis=(0, 1)) + 1e-12)


def colour_score(kernels: np.ndarray) -> np.ndarray:
    """Share of each filter's energy that differs between its channels: 0 for a grey filter.

    kernels: (kh, kw, 3, o); returns (o,); three independent channels of noise score 2/3 on average. Chapter: filters.
    """
    difference = kernels - kernels.mean(axis=2, keepdims=True)
    return (difference**2).sum(axis=(0, 1, 2)) / ((kernels**2).sum(axis=(0, 1, 2)) + 1e-12)


def smoothness_score(kernels: np.ndarray) -> np.ndarray:
    """Correlation between neighbouring weights of each filter: near 0 for noise, near 1 for a smooth pattern.

    kernels: (kh, kw, c, o); returns (o,). Chapter: filters.
    """
    across = (kernels[1:] * kernels[:-1]).sum(axis=(0, 1, 2)) + (kernels[:, 1:] * kernels[:, :-1]).sum(axis=(0, 1, 2))
    share = (kernels.shape[0] - 1) / kernels.shape[0] + (kernels.shape[1] - 1) / kernels.shape[1]
    return across / share / ((kernels**2).sum(axis=(0, 1, 2)) + 1e-12)
