"""Paintings for a net to take its style from, made by a few lines of code and a seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import KDTree

from cvnotes.checks import choice, whole

NIGHT = ((14, 24, 74), (24, 70, 150), (70, 140, 200), (150, 200, 215), (245, 215, 110), (250, 240, 190))
JEWELS = ((190, 30, 45), (240, 160, 30), (30, 90, 170), (25, 130, 90), (120, 40, 130), (245, 220, 120), (80, 170, 210))


def painting(name: str, size: int = 160, seed: int = 0) -> np.ndarray:
    """Paint a picture (size, size, 3) with values in [0, 1]: one of `PAINTINGS`. Chapter: style_transfer.

    Raises ValueError for another name, and for a size below 32.
    """
    paint = PAINTINGS[choice("name", name, PAINTINGS)]
    return paint(whole("size", size, 32), np.random.default_rng(seed)).astype(np.float32)


def swirls(size: int, dice: np.random.Generator) -> np.ndarray:
    """Strokes along a field of eddies, from dark blue to yellow: a night sky."""
    y, x = np.mgrid[:size, :size] / size
    centres, turn, u, v = dice.random((7, 2)), dice.choice([-1, 1], 7), np.full_like(x, 0.5), 0.3 * np.sin(6 * x)
    glow = np.zeros_like(x)
    for (cy, cx), sign in zip(centres, turn, strict=True):
        near = np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 0.012)
        u, v, glow = u - sign * 14 * (y - cy) * near, v + sign * 14 * (x - cx) * near, glow + near
    strokes = smeared(dice.random((size, size)), u, v, reach=size // 12)
    tone = 0.30 + 0.42 * glow.clip(0, 1.2) + 0.75 * (strokes - 0.5)
    return coloured(tone, NIGHT)


def smeared(noise: np.ndarray, u: np.ndarray, v: np.ndarray, reach: int) -> np.ndarray:
    """Average noise along the lines of a field, `reach` pixels both ways, and stretch it over [0, 1].

    Source: Cabral and Leedom (1993), line integral convolution.
    """
    length = np.hypot(u, v) + 1e-9
    field, total = np.stack([v / length, u / length]), noise.copy()
    for way in (1, -1):
        place = np.indices(noise.shape).astype(float)
        for _ in range(reach):
            place += way * np.stack([map_coordinates(part, place, order=1, mode="nearest") for part in field])
            total += map_coordinates(noise, place, order=1, mode="wrap")
    low, high = np.quantile(total, (0.02, 0.98))
    return np.clip((total - low) / (high - low), 0, 1)


def coloured(tone: np.ndarray, palette: tuple) -> np.ndarray:
    """Colours (h, w, 3) of a tone in [0, 1], between those of a palette."""
    places = np.linspace(0, 1, len(palette))
    return np.stack([np.interp(tone, places, np.array(palette)[:, i] / 255) for i in range(3)], -1)


def glass(size: int, dice: np.random.Generator) -> np.ndarray:
    """Panes of many colours in lead: a church window."""
    points = dice.random((90, 2)) * size
    (near, far), (pane, _) = (part.T for part in KDTree(points).query(np.indices((size, size)).reshape(2, -1).T, 2))
    near, far, pane = (part.reshape(size, size).T for part in (near, far, pane))
    lead = np.clip((far - near) / 2.5, 0, 1)[..., None]
    light = gaussian_filter(dice.normal(size=(size, size)), size / 24)
    colours = np.array(JEWELS)[dice.integers(len(JEWELS), size=90)] / 255
    return np.clip(colours[pane] * (0.9 + 0.2 * light / light.std() / 2)[..., None] * lead, 0, 1)


def dabs(size: int, dice: np.random.Generator) -> np.ndarray:
    """Round dabs of warm and cool paint on sand: a painting in points."""
    warm = np.array(((228, 120, 60), (244, 190, 90), (200, 60, 70), (60, 110, 150), (110, 170, 160), (250, 235, 205)))
    y, x = np.indices((size, size))
    picture = np.full((size, size, 3), (222, 196, 150), float)
    drift = gaussian_filter(dice.normal(size=(size, size)), size / 10)
    drift = (drift - drift.min()) / np.ptp(drift)
    for cy, cx in dice.integers(size, size=(size * size // 12, 2)):
        radius, shade = dice.uniform(1.6, 3.2), int(np.clip(drift[cy, cx] * 6 + dice.normal(0, 1), 0, 5))
        rows, columns = slice(max(cy - 4, 0), cy + 5), slice(max(cx - 4, 0), cx + 5)
        disc = np.hypot(y[rows, columns] - cy, x[rows, columns] - cx) < radius
        picture[rows, columns][disc] = warm[shade] + dice.normal(0, 12, 3)
    return np.clip(picture / 255, 0, 1)


PAINTINGS: dict[str, Callable] = {"swirls": swirls, "glass": glass, "dabs": dabs}
