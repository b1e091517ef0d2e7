"""Feature maps of any layer, and numbers for what the eye says of them: empty, like the picture, of one class."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes.introduction.features import linear_probe
from cvnotes.transfer.tapping import summary, tap

from .subjects import KINDS

LAYERS = {
    "plain": tuple(f"relu{i}" for i in range(1, 7)),
    "residual": ("relu0", "relu1a", "block1", "relu2a", "block2", "relu3a", "block3"),
}
CELLS = 8  # places a side at which layers of different sizes are compared
BATCH = 200
APART = len(KINDS)  # so far down the list comes another picture of the same class


def responses(model: keras.Model, images: np.ndarray, *layers: str) -> dict[str, np.ndarray]:
    """Compute what the named layers answer to pictures (n, h, w, c): maps (n, h', w', c') by name.

    Raises ValueError for a layer that the model does not have. Chapter: visualization.
    """
    front = tap(model, *layers)
    parts = [keras.tree.flatten(front(images[i : i + BATCH], training=False)) for i in range(0, len(images), BATCH)]
    return {
        name: np.concatenate([keras.ops.convert_to_numpy(part[i]) for part in parts]) for i, name in enumerate(layers)
    }


# How empty ------------------------------------------------------------------------------------------------------------


def zeros(maps: np.ndarray) -> float:
    """The share of a layer's answers that are zero or less. Chapter: visualization."""
    return float(np.mean(maps <= 0))


def sampled(maps: np.ndarray, cells: int = CELLS) -> np.ndarray:
    """Keep `cells` x `cells` places of each map, evenly spread, so that layers of all sizes have equally many."""
    step = maps.shape[1] // cells
    return maps[:, step // 2 :: step, step // 2 :: step]


def averaged(maps: np.ndarray, cells: int = CELLS) -> np.ndarray:
    """Average maps (n, h, w, c) over equal cells, so that layers of all sizes are equally coarse."""
    return summary(maps, cells)


def excited(maps: np.ndarray) -> np.ndarray:
    """For each filter the share of pictures that it answers to anywhere: (c,). Chapter: visualization."""
    return (maps > 0).any((1, 2)).mean(0)


def strong(maps: np.ndarray, share: float = 0.5) -> np.ndarray:
    """For each filter the share of pictures whose highest answer reaches that share of its record: (c,)."""
    peaks = maps.max((1, 2))
    return (peaks > share * np.maximum(peaks.max(0), 1e-9)).mean(0)


def silent_part(maps: np.ndarray) -> tuple[float, float]:
    r"""Split the zeros of a layer into maps that are wholly empty and the gaps in those that are not.

    $z = q + (1 - q)\,w$: returns $q$, the share of empty maps, and $(1 - q)\,w$. Chapter: visualization.
    """
    empty = ~(maps > 0).any((1, 2))
    return float(empty.mean()), zeros(maps) - float(empty.mean())


# How like the picture -------------------------------------------------------------------------------------------------


def grey(images: np.ndarray) -> np.ndarray:
    """The mean of the channels: (n, h, w)."""
    return np.asarray(images).mean(-1)


def resized(pictures: np.ndarray, side: int) -> np.ndarray:
    """Average grey pictures (n, h, w) over equal cells: (n, side, side)."""
    return summary(pictures[..., None], side)[..., 0]


def likeness(maps: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """Correlate each map with its picture, averaged to the size of the map: (n, c) from 0 to 1, signs dropped.

    maps: (n, h, w, c); pictures: grey, (n, H, W). A flat map is like nothing. Chapter: visualization.
    """
    small = _standard(resized(pictures, maps.shape[1])[..., None])
    return np.abs((_standard(maps) * small).mean((1, 2)))


def resolution(pictures: np.ndarray, side: int) -> np.ndarray:
    """What plain resolution leaves: the correlation of pictures (n, H, W) with their averages over cells, (n,).

    For any map m of that side, blown up without smoothing, corr(m, picture) = corr(m, average) x this number.
    Chapter: visualization.
    """
    small = resized(pictures, side)
    return small.std((1, 2)) / pictures.std((1, 2))


def _standard(maps: np.ndarray) -> np.ndarray:
    maps = maps - maps.mean((1, 2), keepdims=True)
    deviation = maps.std((1, 2), keepdims=True)
    return np.divide(maps, deviation, out=np.zeros_like(maps), where=deviation > 1e-7)


def recognised(maps: np.ndarray, pictures: np.ndarray) -> tuple[float, float]:
    """How often the best map resembles its own picture more than another of the same class; and, likewise, two others.

    Pictures must come in turns of the classes, as `subjects.views` gives them. Half is chance. Chapter: visualization.
    """
    best = [likeness(maps, np.roll(pictures, turns * APART, 0)).max(1) for turns in range(3)]
    return float(np.mean(best[0] > best[1])), float(np.mean(best[1] > best[2]))


# How much of the class ------------------------------------------------------------------------------------------------


def class_probe(maps: np.ndarray, labels: np.ndarray, cells: int = 4) -> float:
    """Train a linear probe on half of the pictures, maps averaged over `cells` x `cells`; accuracy on the other half.

    Source: Alain and Bengio (2017). Chapter: visualization.
    """
    codes, half = summary(maps, cells).reshape(len(maps), -1), len(maps) // 2
    return linear_probe((codes[:half], labels[:half]), (codes[half:], labels[half:]))
