"""Two straight readers of one code: which class is it (`features.linear_probe`), and what did the picture look like."""

from __future__ import annotations

import numpy as np

Array = np.ndarray

#: Layers of the shared plain net whose maps are read, from shallow to deep.
LAYERS = ("relu1", "relu2", "relu3", "relu4", "relu5", "relu6")


def surroundings(maps: Array) -> Array:
    """Each place of maps (n, h, w, c) with its eight neighbours and a one: (n, h, w, 9c + 1). Beyond the edge is zero.

    Chapter: representations.
    """
    padded = np.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)))
    n, h, w, _ = maps.shape
    views = [padded[:, i : i + h, j : j + w] for i in range(3) for j in range(3)]
    return np.concatenate([*views, np.ones((n, h, w, 1), maps.dtype)], -1)


def tiles(images: Array, places: int) -> Array:
    """Cut pictures (n, s, s, c) into places x places squares, each a row of numbers: (n, places, places, t * t * c).

    Chapter: representations.
    """
    n, side, _, c = images.shape
    t = side // places
    return images.reshape(n, places, t, places, t, c).transpose(0, 1, 3, 2, 4, 5).reshape(n, places, places, -1)


def untiled(rows: Array) -> Array:
    """Put squares of three colours back together: undoes `tiles`. Chapter: representations."""
    n, places, _, numbers = rows.shape
    t = round((numbers / 3) ** 0.5)
    square = rows.reshape(n, places, places, t, t, 3).transpose(0, 1, 3, 2, 4, 5)
    return square.reshape(n, places * t, places * t, 3)


def rebuilder(maps: Array, images: Array, penalty: float = 1e-3, batch: int = 100) -> Array:
    """Fit a straight reader of the picture: from each place and its neighbours to the square of pixels that it covers.

    One matrix (9c + 1, t * t * 3) for all places, by least squares, ridge `penalty` as a share of the mean square.
    maps: (n, h, h, c), images (n, s, s, 3). It is a linear transposed convolution, fitted exactly.
    Chapter: representations.
    """
    width = 9 * maps.shape[-1] + 1
    square, product = np.zeros((width, width)), 0
    for i in range(0, len(maps), batch):  # the rows of all pictures at once would fill the memory
        x = surroundings(maps[i : i + batch]).reshape(-1, width)
        square += x.T @ x
        product += x.T @ tiles(images[i : i + batch], maps.shape[1]).reshape(len(x), -1)
    ridge = penalty * np.trace(square) / width
    return np.linalg.solve(square + ridge * np.eye(width), product).astype(maps.dtype)


def rebuilt(matrix: Array, maps: Array) -> Array:
    """The pictures that a `rebuilder` reads out of maps (n, h, h, c), within [0, 1]. Chapter: representations."""
    return untiled(surroundings(maps) @ matrix).clip(0, 1)


def trends(*measures: Array) -> Array:
    """How steadily measures (nets, layers) rise with depth: Spearman's rank correlations, (nets, measures).

    Chapter: representations.
    """
    from scipy.stats import spearmanr

    found = [[spearmanr(range(len(row)), row).statistic for row in each] for each in measures]
    return np.transpose(found)


def error(truth: Array, copy: Array) -> float:
    """The share of the variance of pictures about their mean picture that a copy misses: 0 .. 1 and above.

    Chapter: representations.
    """
    return float(np.mean((truth - copy) ** 2) / np.mean((truth - truth.mean(0)) ** 2))
