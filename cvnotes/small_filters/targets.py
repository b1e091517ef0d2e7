"""Things that 7 x 7 pixels can tell: targets to be fitted by one large filter and by a stack of small ones.

Chapter: small_filters.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import gaussian_filter

from cvnotes import data

SIDE, FIELD = 16, 7  # pixels of a patch, and of the window that a target may look at
SOURCES = ("noise", "photos")
TRAINING = ("astronaut", "bricks", "cat", "coffee", "coins", "flower", "gravel", "rocket")
UNSEEN = ("grass", "pagoda", "page", "photographer")

Windows = np.ndarray  # (n, h, w, 7, 7)


def weighed(windows: Windows, kernel: np.ndarray) -> np.ndarray:
    """Weigh every window with one kernel of 7 x 7."""
    return np.einsum("nhwuv,uv->nhw", windows, kernel)


def random_kernel(windows: Windows, dice: np.random.Generator) -> np.ndarray:
    """One kernel of normal numbers: linear."""
    return weighed(windows, dice.normal(size=(FIELD, FIELD)))


def spot_on_ring(windows: Windows, dice: np.random.Generator) -> np.ndarray:
    """A narrow blur less a wide one: linear, and smooth."""
    point = np.zeros((FIELD, FIELD))
    point[3, 3] = 1
    return weighed(windows, gaussian_filter(point, 0.8) - gaussian_filter(point, 1.6))


def corners(windows: Windows, dice: np.random.Generator) -> np.ndarray:
    """The pixel in one corner less that in the corner opposite: linear, and far apart."""
    return windows[..., 0, 0] - windows[..., -1, -1]


def both_corners(windows: Windows, dice: np.random.Generator) -> np.ndarray:
    """The darker one of two opposite corners: bright only if both are."""
    return np.minimum(windows[..., 0, 0], windows[..., -1, -1])


def largest(windows: Windows, dice: np.random.Generator) -> np.ndarray:
    """The largest of all 49 pixels."""
    return windows.max((-2, -1))


def deviation(windows: Windows, dice: np.random.Generator) -> np.ndarray:
    """The standard deviation of the 49 pixels."""
    return windows.std((-2, -1))


def edges(windows: Windows, dice: np.random.Generator) -> np.ndarray:
    """How much edge there is: the mean length of the gradient over the 5 x 5 pixels that have all their neighbours."""
    across = windows[..., 1:-1, 2:] - windows[..., 1:-1, :-2]
    down = windows[..., 2:, 1:-1] - windows[..., :-2, 1:-1]
    return np.hypot(across, down).mean((-2, -1))


def composition(windows: Windows, dice: np.random.Generator) -> np.ndarray:
    """Three random layers of 3 x 3 with ReLU, four channels between them."""
    maps = windows[..., None]
    for shape in ((3, 3, 1, 4), (3, 3, 4, 4), (3, 3, 4, 1)):
        kernel = dice.normal(0, (2 / (9 * shape[2])) ** 0.5, shape)
        small = sliding_window_view(np.maximum(maps, 0) if shape[2] > 1 else maps, (3, 3), axis=(3, 4))
        maps = np.einsum("nhwabcuv,uvck->nhwabk", small, kernel, optimize=True)
    return maps[..., 0, 0, 0]


TARGETS: dict[str, Callable[[Windows, np.random.Generator], np.ndarray]] = {
    "random kernel": random_kernel,
    "spot on a dark ring": spot_on_ring,
    "corner less corner": corners,
    "both corners bright": both_corners,
    "largest of 49": largest,
    "deviation of 49": deviation,
    "amount of edge": edges,
    "three random layers": composition,
}


def patches(source: str, count: int, dice: np.random.Generator, names: tuple[str, ...] = TRAINING) -> np.ndarray:
    """Draw patches (count, SIDE, SIDE, 1) of normal noise, or out of gray photographs, from dark -1 to bright 1.

    Raises ValueError for another source.
    """
    if source not in SOURCES:
        raise ValueError(f"source must be one of {', '.join(SOURCES)}. Received: source={source!r}")
    if source == "noise":
        return dice.normal(size=(count, SIDE, SIDE, 1)).astype("float32")
    pictures = [2 * data.photo(name, size=128, gray=True) - 1 for name in names]
    found = []
    for _ in range(count):
        picture = pictures[dice.integers(len(pictures))]
        top, left = dice.integers(0, 128 - SIDE + 1, 2)
        found.append(picture[top : top + SIDE, left : left + SIDE])
    return np.array(found)


def answers(images: np.ndarray, seed: int) -> np.ndarray:
    """Work out every target at every place, (n, h - 6, w - 6, targets). The seed draws what is random about them."""
    windows = sliding_window_view(images[..., 0].astype(float), (FIELD, FIELD), axis=(1, 2))
    found = [target(windows, np.random.default_rng([seed, i])) for i, target in enumerate(TARGETS.values())]
    return np.stack(found, axis=-1)
