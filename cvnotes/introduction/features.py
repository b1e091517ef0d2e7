"""Three ways to turn a picture into numbers for a linear classifier, and the pictures they are compared on."""

from __future__ import annotations

import functools

import numpy as np

from cvnotes import data
from cvnotes.checks import whole

SIDE = 32  # pixels
NEAR = ("disc", "square", "star", "cross", "arrow")  # the shapes that the nets of the page learn
OTHERS = ("ring", "triangle", "crescent", "heart", "drop")
SURFACES = ("bricks", "grass", "gravel", "tissue", "galaxies", "moon", "coins", "text")

Labelled = tuple[np.ndarray, np.ndarray]  # pictures (n, h, w, c) in [0, 1] and labels (n,)


def shapes(count: int, seed: int, classes: tuple[str, ...] = NEAR, **options) -> Labelled:
    """Paint one large shape a picture, on cluttered ground, leaning up to 45 degrees: (count, 32, 32, 3) and labels.

    options: passed on to `data.scenes`. Chapter: learned_features.
    """
    options = {"radius": (0.28, 0.42), "clutter": 0.2, "turn": 45} | options
    scenes = data.scenes(count, seed=seed, size=SIDE, objects=1, classes=classes, **options)
    return scenes.floats, scenes.labels[:, 0]


def hog(images: np.ndarray, cell: int = 4, orientations: int = 8) -> np.ndarray:
    r"""Describe each picture by histograms of oriented gradients (HOG).

    In each cell of `cell` x `cell` pixels, every pixel adds the length of its
    gradient to the bin of its direction; blocks of 2 x 2 cells are normalised.
    images: (n, h, w, c) in [0, 1]; the channel with the longest gradient counts.
    Returns (n, features). Raises ValueError for less than 2 x 2 cells.
    Source: Dalal and Triggs (2005), sections 6.2 to 6.4. Chapter: learned_features.
    """
    from skimage.feature import hog as describe

    cell, shape = whole("cell", cell, 1), np.shape(images)
    if len(shape) != 4 or min(shape[1:3]) < 2 * cell:
        wanted = f"(n, h, w, c) with sides of {2 * cell} or more"
        raise ValueError(f"hog takes pictures {wanted}. Received: {shape}")
    cells = {"pixels_per_cell": (cell, cell), "cells_per_block": (2, 2)}
    rows = [describe(x, orientations, **cells, channel_axis=-1) for x in images]
    return np.array(rows, np.float32)


def hog_strokes(image: np.ndarray, cell: int = 4, orientations: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Turn what HOG keeps of one picture (h, w, c) into strokes along its edges, as long as a cell.

    Returns their ends (n, 2, 2) as x, y in pixels, and their strengths (n,) from 0 to 1. The cells are
    compared with one another here, in one block; `hog` normalises them 2 x 2. Chapter: learned_features.
    """
    from skimage.feature import hog as describe

    rows, columns = image.shape[0] // cell, image.shape[1] // cell
    options = {"pixels_per_cell": (cell, cell), "cells_per_block": (rows, columns), "channel_axis": -1}
    strength = describe(image, orientations, **options, block_norm="L2", feature_vector=False)[0, 0]
    angle = np.pi * (np.arange(orientations) + 0.5) / orientations
    along = np.stack([np.sin(angle), -np.cos(angle)], -1) * cell / 2  # across the gradient, so along the edge
    row, column = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    centre = cell * (np.stack([column, row], -1)[:, :, None] + 0.5) - 0.5
    ends = np.stack([centre - along, centre + along], -2)
    return ends.reshape(-1, 2, 2), strength.ravel() / max(strength.max(), 1e-9)


def linear_probe(train: Labelled, test: Labelled) -> float:
    """Fit a linear classifier on numbers and give its accuracy on others.

    train, test: features (n, ...), flattened here, and labels (n,). Each feature gets
    mean 0 and variance 1 over `train`, where leave-one-out error picks the penalty.
    Source: Alain and Bengio (2017). Chapter: learned_features.
    """
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    (x, y), (tx, ty) = train, test
    probe = make_pipeline(StandardScaler(), RidgeClassifierCV(np.logspace(-1, 5, 7)))
    probe.fit(np.reshape(x, (len(x), -1)), y)
    return float(probe.score(np.reshape(tx, (len(tx), -1)), ty))


def digits(seed: int, size: int = SIDE, channels: int = 3) -> tuple[Labelled, Labelled]:
    """Real digits, train and test, in the split of a seed, with equal channels."""
    d = data.digits(size, seed=seed)
    return tuple(
        (np.repeat(images, channels, axis=-1), labels)
        for images, labels in ((d.train_images, d.train_labels), (d.test_images, d.test_labels))
    )


def surfaces(count: int, seed: int, *, test: bool = False) -> Labelled:
    """Cut squares of 32 pixels from eight photographs; the label is the photograph.

    Each crop is grey, turned by quarters at random, with mean 0.5 and deviation 0.2, so that brightness tells nothing.
    Training crops come from the left half of a photograph, test crops from its right half. Chapter: learned_features.
    """
    dice = np.random.default_rng((seed, test))
    labels = np.arange(count) % len(SURFACES)
    crops = np.stack([_crop(_photo(SURFACES[label]), dice, test) for label in labels])
    crops = crops - crops.mean((1, 2), keepdims=True)
    crops = 0.5 + 0.2 * crops / (crops.std((1, 2), keepdims=True) + 1e-3)
    return np.repeat(np.clip(crops, 0, 1), 3, axis=-1).astype(np.float32), labels


@functools.cache
def _photo(name: str) -> np.ndarray:
    return data.photo(name, gray=True)


def _crop(photo: np.ndarray, dice: np.random.Generator, right: bool) -> np.ndarray:
    half = photo.shape[1] // 2
    side = photo[:, half:] if right else photo[:, :half]
    row, column = (dice.integers(n - SIDE + 1) for n in side.shape[:2])
    return np.rot90(side[row : row + SIDE, column : column + SIDE], dice.integers(4))
