"""True deconvolution: undoing a blur, and how it differs from a transposed convolution."""

from __future__ import annotations

import numpy as np

from cvnotes import convolution


def disc(radius: float) -> np.ndarray:
    """Give the blur of a lens out of focus: equal weights inside a circle, sum 1, smooth at its edge.

    radius in pixels, 0 is one point; returns a square of odd side. Raises ValueError for a negative one.
    Chapter: transposed_convolution.
    """
    if not 0 <= radius < np.inf:
        raise ValueError(f"radius must be at least 0 pixels. Received: radius={radius!r}")
    half = int(np.ceil(radius))
    rows, columns = np.mgrid[-half : half + 1, -half : half + 1]
    weights = np.clip(radius + 0.5 - np.hypot(rows, columns), 0, 1)
    return weights / weights.sum()


def odd(kernel: np.ndarray) -> np.ndarray:
    """Return a kernel that has a middle, or raise a ValueError: a square of odd side."""
    if np.ndim(kernel) != 2 or len(set(np.shape(kernel))) > 1 or len(kernel) % 2 == 0:
        raise ValueError(f"kernel must be a square of odd side, so that it has a middle. Received: {np.shape(kernel)}")
    return kernel


def response(kernel: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Give the factor by which a kernel, centred and without a turn, multiplies each frequency of a picture.

    kernel: (k, k), k odd; shape: (h, w). Cross-correlation, as a convolution layer computes it. Complex (h, w).
    """
    framed = np.zeros(shape)
    if len(odd(kernel)) > min(shape):
        raise ValueError(f"The kernel must fit into the picture. Received: {np.shape(kernel)} and {shape}")
    framed[: len(kernel), : len(kernel)] = kernel[::-1, ::-1]
    return np.fft.fft2(np.roll(framed, -(len(kernel) // 2), axis=(0, 1)))


def photo_spectrum(shape: tuple[int, int], variance: float) -> np.ndarray:
    r"""Guess the power of a photograph at each frequency: it falls with the square of the frequency.

    shape: (h, w); variance: of the pixels, which the powers share out. Returns (h, w); the mean has the most.
    Source: Field (1987). Chapter: transposed_convolution.
    """
    rows, columns = np.meshgrid(*[np.fft.fftfreq(side) for side in shape], indexing="ij")
    squared = rows**2 + columns**2
    squared[0, 0] = np.inf
    share = 1 / squared
    share[0, 0] = share.max()
    return variance * share / share.sum() * share.size


def wiener(picture: np.ndarray, kernel: np.ndarray, noise: float) -> np.ndarray:
    r"""Undo a known blur, at each frequency no further than the noise allows.

    $$ \hat X = \frac{\overline{H}}{|H|^2 + N/S}\, Y $$

    picture: (h, w), blurred with wrapped borders; noise: its variance N;
    S is the spectrum of a typical photograph. Noise 0 is the plain inverse 1/H.
    Raises ValueError for a negative variance.
    Source: Wiener (1949). Chapter: transposed_convolution.
    """
    if not noise >= 0:
        raise ValueError(f"noise must be at least 0. Received: noise={noise!r}")
    h = response(kernel, picture.shape)
    doubt = noise / photo_spectrum(picture.shape, picture.var())
    return np.fft.ifft2(h.conj() / (np.abs(h) ** 2 + doubt) * np.fft.fft2(picture)).real


def blur(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Blur a picture (h, w) with wrapped borders, as a convolution layer would: W x."""
    framed = convolution.pad(picture, len(odd(kernel)) // 2, "wrap")
    return convolution.conv2d(framed[None, ..., None], kernel[..., None, None])[0, ..., 0]


def scaled_error(guess: np.ndarray, truth: np.ndarray) -> float:
    r"""Measure what a guess leaves wrong, after the kindest scale and shift: $\|x - \hat x\| / \|x - \bar x\|$.

    0 is the truth itself; 1 is a guess that knows nothing but the mean. Chapter: transposed_convolution.
    """
    a, b = guess.ravel() - guess.mean(), truth.ravel() - truth.mean()
    scale = a @ b / (a @ a) if a.any() else 0.0
    return float(np.linalg.norm(b - scale * a) / np.linalg.norm(b))


def noise_study(photo: np.ndarray, kernel: np.ndarray, levels: tuple[float, ...], seed: int = 0) -> dict[str, list]:
    """Blur a photograph, add noise, and undo it in three ways: errors for each level of noise.

    levels: standard deviations of the noise, where 1 is the step from black to white.
    Keys: "blurred", "transposed", "inverse", "wiener". Chapter: transposed_convolution.
    """
    dice, blurred = np.random.default_rng(seed), blur(photo, kernel)
    found: dict[str, list] = {name: [] for name in ("blurred", "transposed", "inverse", "wiener")}
    for level in levels:
        seen = blurred + level * dice.normal(size=photo.shape)
        guesses = {
            "blurred": seen,
            "transposed": blur(seen, kernel[::-1, ::-1]),
            "inverse": wiener(seen, kernel, 0),
            "wiener": wiener(seen, kernel, level**2),
        }
        for name, guess in guesses.items():
            found[name].append(scaled_error(guess, photo))
    return found
