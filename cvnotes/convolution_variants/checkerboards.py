"""Checkerboards: the pattern that a transposed convolution leaves with the period of its stride."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from cvnotes import data, experiments

from .transposed import by_stamps

#: How far a live run may be from the stored one: another processor or backend rounds and trains differently.
TOLERANCE = {"before": 0.2, "after": 0.06, "error": 0.015}


def overlaps(size: int, kernel: int, stride: int) -> np.ndarray:
    """Count how many stamps reach each output cell along one side, for `size` inputs.

    Returns ((size-1)*stride + kernel,) whole numbers. Source: Odena, Dumoulin and Olah (2016).
    Chapter: transposed_convolution.
    """
    stamps = by_stamps(np.ones((size, 1, 1)), np.ones((kernel, 1, 1, 1)), stride)
    return stamps[: (size - 1) * stride + kernel, 0, 0].round().astype(int)


def phase_energy(picture: np.ndarray, stride: int = 2) -> float:
    r"""Measure how much of a picture is a pattern that repeats every `stride` pixels.

    The energy at the multiples of $1/S$ cycles per pixel, as a share of all energy but
    the mean: $\sum_{ab \ne 0} |\hat y(aH/S, bW/S)|^2 / \sum_{f \ne 0} |\hat y(f)|^2$.
    picture: (h, w) or (h, w, c), cut to sides that the stride divides.
    Returns a number from 0 to 1, 0 for a flat picture.
    Chapter: transposed_convolution.
    """
    height, width = (side - side % stride for side in picture.shape[:2])
    power = np.abs(np.fft.fft2(picture[:height, :width], axes=(0, 1))) ** 2
    power = power.reshape(height, width, -1).sum(2)
    pattern = power[:: height // stride, :: width // stride].sum() - power[0, 0]
    rest = power.sum() - power[0, 0]
    return float(pattern / rest) if rest > 1e-9 * power[0, 0] else 0.0


def bilinear_kernel(stride: int, channels: int = 1) -> np.ndarray:
    """Give the kernel (2S-S%2, ..., c, c) with which a transposed convolution interpolates linearly.

    A triangle in each direction, for each channel by itself. Source: Long, Shelhamer and Darrell (2015), section 3.3.
    Chapter: transposed_convolution.
    """
    side = 2 * stride - stride % 2
    triangle = 1 - np.abs(np.arange(side) - (side - 1) / 2) / stride
    return np.outer(triangle, triangle)[..., None, None] * np.eye(channels)


UPSAMPLERS = ("3 / 2", "4 / 2", "4 / 2 bilinear", "resize + conv")


def upsampler(name: str, filters: int, seed: int | None = None) -> list[keras.layers.Layer]:
    """Give the layers that double the side: a transposed convolution ("kernel / stride") or nearest and a 3x3.

    Raises ValueError for another name. Chapter: transposed_convolution.
    """
    if name not in UPSAMPLERS:
        raise ValueError(f"name must be one of {', '.join(UPSAMPLERS)}. Received: name={name!r}")
    start = keras.initializers.GlorotUniform(seed)
    if name == "resize + conv":
        conv = keras.layers.Conv2D(filters, 3, padding="same", kernel_initializer=start)
        return [keras.layers.UpSampling2D(2), conv]
    if name.endswith("bilinear"):
        start = triangle_start
    kernel = int(name[0])
    return [keras.layers.Conv2DTranspose(filters, kernel, strides=2, padding="same", kernel_initializer=start)]


def triangle_start(shape: tuple[int, ...], dtype: str | None = None) -> np.ndarray:
    """Start a kernel (4, 4, o, c) as linear interpolation, each output the mean of its input channels."""
    kernel = bilinear_kernel(2)[..., :1, :1] / shape[3]
    return keras.ops.convert_to_tensor(np.broadcast_to(kernel, shape), dtype)


def pairs(count: int, seed: int, side: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Cut squares from photographs and halve them: pictures (n, side, side, 1) and twice as large ones."""
    dice = np.random.default_rng(seed)
    photos = [data.photo(name, gray=True)[..., 0] for name in ("astronaut", "coffee", "cat", "pagoda")]
    large = np.empty((count, 2 * side, 2 * side, 1), "float32")
    for square in large:
        photo = photos[dice.integers(len(photos))]
        row, column = (dice.integers(n - 2 * side + 1) for n in photo.shape)
        square[..., 0] = photo[row : row + 2 * side, column : column + 2 * side] - 0.5
    small = large.reshape(count, side, 2, side, 2, 1).mean((2, 4))
    return small, large


def enlarger(name: str, filters: int = 8) -> keras.Model:
    """Build a net that doubles the side of a grey picture: conv 3x3, ReLU, one of the `UPSAMPLERS`."""
    layers = [keras.layers.Conv2D(filters, 3, padding="same", activation="relu"), *upsampler(name, 1)]
    return keras.Sequential([keras.Input((None, None, 1)), *layers])


def pattern_share(predict: Callable[[np.ndarray], np.ndarray], small: np.ndarray, large: np.ndarray) -> float:
    """Average `phase_energy` over what a net adds to or takes from the truth."""
    errors = keras.ops.convert_to_numpy(predict(small)) - large
    return float(np.mean([phase_energy(error) for error in errors]))


@experiments.experiment(version=1, seeds=5)
def checkerboards(seed: int, scale: str = "quick") -> dict[str, list[float]]:
    """Train four nets to double photographs: the pattern's share of the error before and after, and the error.

    Lists follow `UPSAMPLERS`; "error" is the root of the mean squared error after training. Chapter:
    transposed_convolution.
    """
    steps = 250 if scale == "quick" else 4000
    small, large = pairs(steps * 16, 2 * seed)
    test = pairs(64, 2 * seed + 1)
    found: dict[str, list[float]] = {"before": [], "after": [], "error": []}
    for name in UPSAMPLERS:
        keras.utils.set_random_seed(seed)
        net = enlarger(name)
        found["before"].append(pattern_share(net, *test))
        experiments.fit(net, small, large, epochs=1, batch=16, rate=1e-2, seed=seed, loss="mse", metrics=[])
        found["after"].append(pattern_share(net, *test))
        squares = np.square(keras.ops.convert_to_numpy(net(test[0])) - test[1])
        found["error"].append(float(np.sqrt(squares.mean())))
    return found
