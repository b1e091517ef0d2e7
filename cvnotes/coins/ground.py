"""The ground that synthetic coins lie on: dark or bright, unevenly lit, grained, scratched and stained."""

from __future__ import annotations

import functools

import numpy as np

TILE = 256  # side of the noise tiles, which wrap around


@functools.cache
def noise(reach: float) -> np.ndarray:
    """A tile of smooth noise, (256, 256) of mean 0 and deviation 1; reach: deviation of its blur, in pixels."""
    white = np.random.default_rng(int(16 * reach)).standard_normal((TILE, TILE))
    waves = np.fft.fftfreq(TILE)
    keep = np.exp(-2 * (np.pi * reach) ** 2 * (waves[:, None] ** 2 + waves**2))
    tile = np.fft.ifft2(np.fft.fft2(white) * keep).real
    return ((tile - tile.mean()) / tile.std()).astype(np.float32)


def windows(tile: np.ndarray, corners: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Cut windows of (height, width) out of a tile that wraps around, at corners (n, 2): (n, height, width)."""
    rows = (corners[:, 0, None] + np.arange(shape[0])) % TILE
    columns = (corners[:, 1, None] + np.arange(shape[1])) % TILE
    return tile[rows[:, :, None], columns[:, None, :]]


def slopes(dice: np.random.Generator, n: int, shape: tuple[int, int]) -> np.ndarray:
    """Planes in random directions, (n, height, width), from -1 to 1 along the longer side."""
    angle = dice.uniform(0, 2 * np.pi, n)[:, None, None]
    y, x = ((np.arange(side) + 0.5 - side / 2) / (max(shape) / 2) for side in shape)
    return (np.cos(angle) * x + np.sin(angle) * y[:, None]).astype(np.float32)


def scratches(dice: np.random.Generator, n: int, shape: tuple[int, int], count: int = 2) -> np.ndarray:
    """Thin straight lines, bright and dark, most of them faint: (n, height, width)."""
    total = np.zeros((n, *shape), np.float32)
    for _ in range(count):
        away = slopes(dice, n, shape) * (max(shape) / 2) - dice.uniform(-30, 30, (n, 1, 1)).astype(np.float32)
        strength = dice.normal(0, 0.05, (n, 1, 1)) * (dice.random((n, 1, 1)) < 0.3)
        total += strength.astype(np.float32) * np.exp(-(away**2))
    return total


def grounds(dice: np.random.Generator, level: np.ndarray, shape: tuple[int, int], off: frozenset[str]) -> np.ndarray:
    """Draw grounds of given mean levels (n,): (n, height, width), 0 black and 1 white.

    off: "light" leaves out the slope of the light, "texture" stains, grain and scratches; the dice stay the same.
    """
    n = len(level)
    corners = dice.integers(TILE, size=(3, n, 2))
    slope = slopes(dice, n, shape) * dice.uniform(0, 0.16, (n, 1, 1))
    strengths = dice.uniform(0, 1, (3, n, 1, 1)) ** 2 * np.array([0.08, 0.05, 0.05]).reshape(3, 1, 1, 1)
    reaches = zip((12.0, 3.0, 0.7), corners, strengths, strict=True)
    grain = sum(power * windows(noise(reach), corner, shape) for reach, corner, power in reaches)
    grain = grain + scratches(dice, n, shape)
    light, texture = ("light" not in off), ("texture" not in off)
    return (level[:, None, None] + light * slope + texture * grain).astype(np.float32)
