"""What excites a unit most in real pictures, and whether that is always the same thing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cvnotes.checks import number, whole
from cvnotes.data.scenes import Scenes

Place = tuple[int, int, int]  # picture, row and column of a map

TOP = 50  # pictures that are asked what they have in common
AGREE = 0.8  # so large a share of them makes a filter tied


def best_places(maps: np.ndarray, unit: int, count: int = 9) -> list[Place]:
    """Find where a filter answers most: (picture, row, column), best first; each picture counts once.

    maps: (n, h, w, c) of one layer. Raises ValueError for a filter that is not there.
    Source: Zeiler and Fergus (2014), section 4. Chapter: visualization.
    """
    found = maps[..., whole("unit", unit, 0, maps.shape[-1] - 1)].reshape(len(maps), -1)
    order = np.argsort(-found.max(1), kind="stable")[: whole("count", count, 1)]
    rows, columns = np.divmod(found[order].argmax(1), maps.shape[2])
    return [tuple(map(int, place)) for place in zip(order, rows, columns, strict=True)]


def best_pictures(maps: np.ndarray, unit: int, count: int = TOP) -> np.ndarray:
    """Number the pictures that excite a filter most, best first; those that leave it silent do not count."""
    peaks = maps.reshape(len(maps), -1, maps.shape[-1])[..., unit].max(1)
    order = np.argsort(-peaks, kind="stable")[:count]
    return order[peaks[order] > 0]


def attributes(scenes: Scenes) -> dict[str, np.ndarray]:
    """What is known of each picture in whole numbers: its class, the colour and texture of the object, the ground."""
    first = {"class": scenes.labels, "colour": scenes.colours, "texture": scenes.textures}
    return {**{name: values[:, 0] for name, values in first.items()}, "ground": scenes.backgrounds}


def agreement(values: np.ndarray) -> float:
    """The share of the most frequent among whole numbers (n,); 0 for none."""
    return float(np.bincount(values).max() / len(values)) if len(values) else 0.0


def entropy(values: np.ndarray) -> float:
    r"""The entropy of whole numbers (n,) in bits: $-\sum p \log_2 p$; 0 where all agree. Chapter: visualization."""
    share = np.bincount(values) / max(len(values), 1)
    share = share[share > 0]
    return float(-(share * np.log2(share)).sum()) if len(share) else 0.0


def ties(maps: np.ndarray, known: Mapping[str, np.ndarray], least: float = AGREE) -> list[str]:
    """Name for each filter the attribute in which its best pictures agree most, or "none" if they agree too little.

    maps: (n, h, w, c); known: whole numbers (n,) by attribute; least: the share that must agree.
    Filters with fewer than 10 pictures that excite them are "silent". Chapter: visualization.
    """
    least = number("least", least, 0, 1)
    return [_tie(best_pictures(maps, unit), known, least) for unit in range(maps.shape[-1])]


def _tie(best: np.ndarray, known: Mapping[str, np.ndarray], least: float) -> str:
    if len(best) < 10:
        return "silent"
    shares = {name: agreement(values[best]) for name, values in known.items()}
    most = max(shares, key=shares.get)
    return most if shares[most] >= least else "none"


def class_entropy(maps: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The entropy of the classes among each filter's best pictures, in bits: (c,). Chapter: visualization."""
    return np.array([entropy(labels[best_pictures(maps, unit)]) for unit in range(maps.shape[-1])])
