"""Colours, textures of objects, backgrounds and noise of the scenes, all made from whole numbers."""

from functools import lru_cache

import numpy as np

from cvnotes.data import shapes

#: Name and 8-bit red, green, blue of the colours of objects.
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (208, 48, 44),
    "orange": (240, 136, 32),
    "yellow": (244, 212, 60),
    "green": (62, 152, 72),
    "blue": (44, 104, 196),
    "purple": (126, 66, 160),
    "pink": (238, 136, 176),
    "white": (240, 238, 232),
}
TEXTURES = ("plain", "striped", "dotted", "checked")
BACKGROUNDS = ("clouds", "sand", "waves", "bricks", "tiles", "cells", "weave", "pebbles", "wood", "leaves")

TILE = 256

#: Muted colours of the backgrounds; they share their hues with the objects, so that colour alone finds nothing.
GROUNDS = np.array(
    [
        (176, 128, 112), (150, 104, 84), (196, 164, 120), (172, 160, 100), (120, 146, 104), (92, 124, 100),
        (100, 150, 146), (108, 138, 168), (88, 104, 146), (134, 116, 158), (174, 128, 152), (150, 150, 148),
        (104, 100, 100), (206, 196, 178), (70, 84, 96), (126, 88, 92),
    ]
)  # fmt: skip


def soft(distance: np.ndarray, sharpness: float = 14.0) -> np.ndarray:
    """0 .. 64 from a signed distance: 64 well inside, 0 well outside, a short ramp between."""
    return np.rint(np.clip(0.5 - distance * sharpness, 0.0, 1.0) * 64).astype(np.int16)


@lru_cache(maxsize=1)
def object_textures() -> np.ndarray:
    """How much of the second shade each texture takes: int16 (4, SIDE * SIDE) in 0 .. 64, on the grid of the shapes."""
    x, y = shapes.grid()

    def saw(line, period):  # distance to the nearest multiple of the period
        return np.abs(line - period * np.rint(line / period))

    stripes = saw(x, 0.5) - 0.125
    dots = np.sqrt(np.square(saw(x, 0.46)) + np.square(saw(y, 0.46))) - 0.135
    checks = (saw(x, 0.8) - 0.2) * (saw(y, 0.8) - 0.2) * -5
    return np.stack([np.zeros(x.size, np.int16), *(soft(d).ravel() for d in (stripes, dots, checks))])


def dice(name: str, *shape: int) -> np.ndarray:
    """Fixed 32-bit dice for a tile, one stream for each name."""
    bits = np.random.PCG64(np.random.SeedSequence(list(name.encode())))
    raw = bits.random_raw(int(np.prod(shape))) >> np.uint64(32)
    return raw.astype(np.int64).reshape(shape)


def blur(tile: np.ndarray, times: int, axes: tuple[int, ...] = (0, 1)) -> np.ndarray:
    """Smooth a wrapped whole-number tile: ``times`` passes of the kernel (1, 2, 1), not divided."""
    for _ in range(times):
        for axis in axes:
            tile = np.roll(tile, 1, axis) + 2 * tile + np.roll(tile, -1, axis)
    return tile


def value_noise(name: str, cells: int) -> np.ndarray:
    """Smooth wrapped noise with ``cells`` random values along a side, whole numbers in 0 .. 4095."""
    corners = dice(f"{name}{cells}", cells, cells) >> 20
    step = TILE // cells
    line = np.arange(TILE)
    near, far, share = line // step, (line // step + 1) % cells, line % step
    share = share * share * (3 * step - 2 * share)  # smoothstep, times step cubed
    whole = step**3
    rows = corners[near] * (whole - share)[:, None] + corners[far] * share[:, None]
    return (rows[:, near] * (whole - share) + rows[:, far] * share) // (whole * whole)


def octaves(name: str, cells: tuple[int, ...] = (4, 8, 16, 32, 64)) -> np.ndarray:
    """Noise at several sizes, each half as strong as the one before."""
    return sum(value_noise(name, c) >> i for i, c in enumerate(cells))


def triangle_wave(position: np.ndarray, period: int, height: int = 4096) -> np.ndarray:
    """A wave of straight lines in whole numbers, 0 .. height."""
    phase = position % period
    return np.minimum(phase, period - phase) * 2 * height // period


def nearest_points(
    name: str, count: int, stretch: tuple[int, int] = (1, 1)
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of random wrapped points: squared distances to the nearest and second nearest, and the number of the nearest."""
    y, x = np.indices((TILE, TILE))
    first = np.full((TILE, TILE), 1 << 30)
    second, owner = first.copy(), first.copy()
    for number, (px, py) in enumerate(dice(name, count, 2) >> 24):
        dx, dy = np.abs(x - px), np.abs(y - py)
        dx, dy = np.minimum(dx, TILE - dx) * stretch[0], np.minimum(dy, TILE - dy) * stretch[1]
        squared = dx * dx + dy * dy
        closer = squared < first
        second = np.where(closer, first, np.minimum(second, squared))
        first, owner = np.where(closer, squared, first), np.where(closer, number, owner)
    return first, second, owner


def bricks(width: int, height: int, shift: int) -> np.ndarray:
    """Brickwork: every block has a tone, joints are dark."""
    y, x = np.indices((TILE, TILE))
    row = y // height
    x = (x + row * shift) % TILE
    tones = (dice(f"bricks{width}", TILE // height, TILE // width) >> 21) + 1400
    joint = (y % height < 1) | (x % width < 1)
    return np.where(joint, 0, tones[row, x // width]) + (octaves("brick grain", (32, 64, 128)) >> 2)


def cells() -> np.ndarray:
    """Random polygons, each of one tone."""
    first, second, owner = nearest_points("cells", 110)
    tones = dice("cell tones", 110) >> 20
    return np.where(second - first < 60, 0, tones[owner] + 600)


def weave() -> np.ndarray:
    """Threads that pass over and under each other."""
    y, x = np.indices((TILE, TILE))
    over = ((x // 8 + y // 8) % 2).astype(bool)
    across, down = triangle_wave(x, 8), triangle_wave(y, 8)
    return np.where(over, across, down) + (value_noise("weave", 16) >> 1)


def leaves() -> np.ndarray:
    """Long overlapping flecks, brightest along the middle."""
    first, _, owner = nearest_points("leaves", 150, stretch=(1, 3))
    tones = dice("leaf tones", 150) >> 20
    return tones[owner] + np.maximum(0, 3000 - 5 * first)


def pebbles() -> np.ndarray:
    """Round stones with dark gaps."""
    first, second, owner = nearest_points("pebbles", 240)
    tones = dice("pebble tones", 240) >> 21
    return tones[owner] + np.minimum(second - first, 160) * 24 - 4 * first


def waves() -> np.ndarray:
    """Ripples, bent a little, with some foam."""
    y, _ = np.indices((TILE, TILE))
    return triangle_wave(8 * y + (octaves("waves", (4, 8)) >> 5), 128) + (octaves("foam", (64, 128)) >> 2)


def wood() -> np.ndarray:
    """Long grain along bent rings."""
    _, x = np.indices((TILE, TILE))
    rings = triangle_wave(16 * x + (octaves("rings", (4, 8)) >> 3), 256)
    return rings + blur(dice("wood", TILE, TILE) >> 24, 5, (0,)) // 40


def tile(name: str) -> np.ndarray:
    """The raw whole-number tile of one background, wrapped on all sides."""
    drawn = {
        "clouds": lambda: octaves("clouds"),
        "sand": lambda: blur(dice("sand", TILE, TILE) >> 22, 1) + (octaves("dunes", (8, 16)) >> 1),
        "waves": waves,
        "bricks": lambda: bricks(16, 8, 8),
        "tiles": lambda: bricks(16, 16, 0),
        "cells": cells,
        "weave": weave,
        "pebbles": pebbles,
        "wood": wood,
        "leaves": leaves,
    }
    return drawn[name]()


def equalised(tile: np.ndarray) -> np.ndarray:
    """The tile with its values replaced by their rank in 0 .. 255, so that all backgrounds have the same histogram.

    Equal values are ranked by a fixed random order, lightly: brightness alone then says nothing about which it is.
    """
    ties = dice("ties", tile.size)
    rank = np.empty(tile.size, np.int64)
    rank[np.lexsort((ties, tile.ravel()))] = np.arange(tile.size)
    even = np.bincount(tile.ravel() - tile.min())  # one rank for all equal values: the middle of their run
    middle = (np.cumsum(even) - (even + 1) // 2)[tile.ravel() - tile.min()]
    return ((3 * middle + rank) * 256 // (4 * tile.size)).clip(0, 255).astype(np.uint8).reshape(tile.shape)


@lru_cache(maxsize=4)
def backgrounds(size: int) -> np.ndarray:
    """All backgrounds, uint8 (10, TILE + size, TILE + size): wrapped on, so that a window fits at every offset."""
    tiles = np.stack([equalised(tile(name)) for name in BACKGROUNDS])
    return np.pad(tiles, ((0, 0), (0, size), (0, size)), mode="wrap")


@lru_cache(maxsize=4)
def noise(size: int, thousandths: int) -> np.ndarray:
    """Pixel noise, int16 (3, TILE + size, TILE + size): sums of twelve dice, its deviation in 1/1000 of white."""
    total = (dice("noise", 12, 3, TILE, TILE) >> 20).sum(axis=0) - 12 * 4095 // 2  # deviation 4096, nearly normal
    scaled = (total * (thousandths * 255) + 2048 * 1000) // (4096 * 1000)
    return np.pad(scaled.astype(np.int16), ((0, 0), (0, size), (0, size)), mode="wrap")
