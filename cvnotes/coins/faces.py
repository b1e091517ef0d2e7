"""Synthetic coins: where they lie, an outline that is nearly round, an embossed face, and light from one side."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .ground import TILE, noise

ANGLES = 64  # places at which the outline of a coin is known
SMALLEST, LARGEST = 4.0, 13.0  # radii, in pixels
LOTS = 21  # dice of a coin: 8 for its outline, 1 for its turn, 8 for its face, 4 for light and shadow
ROOM = 430  # pixels of ground for each coin that a picture may want
TRIES, GAP = 8, 0.8  # places that a coin may try; pixels between two coins at least
PATCHES = ((24, 0.0, 7.5), (32, 7.5, 11.0), (44, 11.0, np.inf))  # side of the patch of a coin, radii from and below


class Coins(NamedTuple):
    """Coins to draw, m of them. Lengths in pixels."""

    picture: np.ndarray  #: (m,) the picture that each lies in
    centres: np.ndarray  #: (m, 2) x and y
    radii: np.ndarray  #: (m,)
    dice: np.ndarray  #: (m, 21) what is decided by lot, each from 0 to 1


def placed(dice: np.random.Generator, n: int, shape: tuple[int, int]) -> Coins:
    """Lay coins on n pictures, so that none touches another; a crowded picture gets fewer than it wanted.

    The coins of a picture are of like sizes. Their centres lie inside; the border may cut a part off.
    """
    slots = round(np.prod(shape) / ROOM)
    usual = np.exp(dice.uniform(np.log(SMALLEST / 0.75), np.log(LARGEST / 1.3), n))
    radii = usual[:, None] * dice.uniform(0.75, 1.3, (n, slots))
    wanted = dice.integers(slots + 1, size=(n, 1)) > np.arange(slots)
    centres, there = np.full((n, slots, 2), -1e3), np.zeros((n, slots), bool)
    for slot in range(slots):
        for _ in range(TRIES):
            reach = radii[:, slot, None]
            tried = dice.uniform(0.1 * reach, np.array(shape[::-1]) - 0.1 * reach)
            apart = np.linalg.norm(centres - tried[:, None], axis=-1) - 1.1 * (radii + reach)
            free = (apart > GAP).all(1) & wanted[:, slot] & ~there[:, slot]
            centres[free, slot], there[free, slot] = tried[free], True
    picture, slot = np.nonzero(there)
    lots = dice.random((len(picture), LOTS), np.float32)
    return Coins(picture, centres[picture, slot], radii[picture, slot], lots)


def outline(dice: np.ndarray) -> np.ndarray:
    """How far the rim is from the centre in each direction, in radii: (m, 64), a circle with a few faint waves.

    dice: (m, 8), two for each wave.
    """
    angle = np.arange(ANGLES) * 2 * np.pi / ANGLES
    waves = [
        (dice[:, 2 * i, None] ** 2) * reach * np.cos((i + 2) * angle + 2 * np.pi * dice[:, 2 * i + 1, None])
        for i, reach in enumerate((0.10, 0.05, 0.04, 0.03))
    ]
    return (1 + sum(waves)).astype(np.float32)


def depth(coins: Coins, corner: np.ndarray, side: int, moved: np.ndarray | float = 0.0) -> tuple[np.ndarray, ...]:
    """Patches of side x side pixels around coins: pixels from each to the rim, (m, side, side), positive inside.

    corner: (m, 2) row and column of each patch; moved: (m, 2) x and y that the coins are moved by.
    Also u, v, in radii from the centre, turned as the coin is.
    """
    middle = coins.centres + moved
    y, x = (corner[:, i, None] + np.arange(side) + 0.5 - middle[:, 1 - i, None] for i in (0, 1))
    x, y = ((line / coins.radii[:, None]).astype(np.float32) for line in (x, y))
    x, y = x[:, None, :], y[:, :, None]
    turn = np.arctan2(y, x)
    place = np.rint(turn * np.float32(ANGLES / 2 / np.pi)).astype(np.int32) % ANGLES
    rims = outline(coins.dice[:, :8])
    edge = np.take_along_axis(rims, place.reshape(len(place), side * side), 1).reshape(place.shape)
    out = (edge - np.hypot(x, y)) * coins.radii[:, None, None].astype(np.float32)
    angle = 2 * np.pi * coins.dice[:, 8, None, None].astype(np.float32)
    return out, np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x


def relief(out: np.ndarray, u: np.ndarray, v: np.ndarray, dice: np.ndarray) -> np.ndarray:
    """Heights of faces, (m, side, side): a bevel, a rim, and an embossed shape that is worn away in places.

    The shape is smooth noise, cut to two levels; fine noise stands for hair and letters. dice: (m, 8).
    """
    d = np.moveaxis(dice[:, :, None, None], 1, 0).astype(np.float32)
    rim = d[0] * np.exp(-(((out - 1 - 2 * d[1]) / (0.5 + d[2])) ** 2))
    bevel = np.clip(out / 2, 0, 1) * (0.3 + d[3])
    scale = 6 + 10 * d[4]
    rows = (v * scale + d[5] * TILE).astype(np.int32) % TILE
    columns = (u * scale + d[6] * TILE).astype(np.int32) % TILE
    shape, fine = (np.take(tile, rows * TILE + columns) for tile in embossed())
    return bevel + rim + 2.2 * d[7] * shape + 0.3 * d[3] * fine


@functools.cache
def embossed() -> tuple[np.ndarray, np.ndarray]:
    """Two tiles that faces are cut from, (256, 256): shapes of two levels, and fine noise; both worn away in places."""
    worn = np.clip(0.7 + 0.6 * noise(6.0), 0, 1)
    return worn / (1 + np.exp(-4 * noise(2.5))), worn * noise(1.0)


def lit(height: np.ndarray, light: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Brighten the slopes that face the light, darken those that turn away: factors about 1, (m, side, side).

    light: (m,) the direction that it comes from, in radians; strength: (m,). Small slopes only, so a plain product:
    :math:`1 - s\\,(g_x \\cos t + g_y \\sin t)` with the slope g of the height.
    """
    down, across = np.gradient(height, axis=(1, 2))
    x, y = ((strength * wave(light))[:, None, None].astype(np.float32) for wave in (np.cos, np.sin))
    return np.clip(1 - (across * x + down * y), 0.3, 1.8)


def struck(coins: Coins, tone: np.ndarray, sun: np.ndarray, off: frozenset[str]) -> Iterator[tuple]:
    """Draw coins in patches, small ones first: corners, which coins, light kept by the shadow, paint, cover.

    tone: (m,) how bright each is; sun: (n,) where the light of each picture comes from; off: as in `coins`.
    """
    for side, low, high in PATCHES:
        which = np.flatnonzero((low <= coins.radii) & (coins.radii < high))
        some = Coins(*(part[which] for part in coins))
        corner = np.floor(some.centres[:, ::-1]).astype(int) - side // 2
        out, u, v = depth(some, corner, side)
        light, lots = sun[some.picture], some.dice
        height = relief(out, u, v, lots[:, 9:17]) * ("relief" not in off)
        paint = tone[which, None, None] * lit(height, light, 0.1 + 0.6 * lots[:, 17])
        kept = 1 - shade(some, corner, side, light) * ("shadow" not in off)
        yield corner, which, kept, paint, np.clip(out + 0.5, 0, 1)


def shade(coins: Coins, corner: np.ndarray, side: int, light: np.ndarray) -> np.ndarray:
    """The shadow of coins on their ground, (m, side, side) from 0 to 1: soft, and away from the light."""
    away = -2 * coins.dice[:, 18, None] * np.stack([np.cos(light), np.sin(light)], -1)
    out = depth(coins, corner, side, away)[0]
    reach = 1 + 2 * coins.dice[:, 19, None, None]
    return 0.6 * coins.dice[:, 20, None, None] * np.clip(1 + out / reach, 0, 1)
