"""Pictures of coins that no camera took: drawn from a seed, with boxes and masks known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cvnotes.boxes import Truth
from cvnotes.checks import Pair, choice, pair, whole
from cvnotes.instances.masks import mask_boxes

from .faces import placed, struck
from .ground import grounds, slopes

SIDE = 64  # of a training picture, in pixels
PIECES = ("light", "texture", "relief", "shadow", "dark coins")  # what can be left out
CHUNK = 128  # pictures drawn together, from dice of their own


@dataclass(frozen=True)
class Drawn:
    """Pictures of coins, and what is true of them."""

    images: np.ndarray  #: (n, height, width, 3) bytes, three equal channels
    instances: np.ndarray  #: (n, height, width) whole numbers: 0 ground, k + 1 where coin k of the picture can be seen

    def __len__(self) -> int:
        return len(self.images)

    @property
    def truths(self) -> list[Truth]:
        """Boxes around what can be seen of each coin, all of class 0."""
        return [Truth(boxes_of(one), np.zeros(one.max(), int)) for one in self.instances]

    def masks(self, i: int) -> np.ndarray:
        """The pixels of each coin of picture i, bool (k, height, width)."""
        return self.instances[i] == np.arange(1, int(self.instances[i].max()) + 1)[:, None, None]


def boxes_of(instances: np.ndarray) -> np.ndarray:
    """Put a box around each number from 1 on in a picture (height, width): (k, 4) corners.

    Raises ValueError for what are no whole numbers from 0, and where one between is missing, which has no box.
    """
    if instances.ndim != 2 or instances.dtype.kind not in "iu":
        told = f"{instances.dtype} of {instances.shape}"
        raise ValueError(f"Give the number of each pixel's coin, (height, width). Received: {told}")
    found = np.unique(instances)
    if (np.diff(found) > 1).any() or (found.size and found[0] not in (0, 1)):
        raise ValueError(f"Number coins from 1 on, the ground 0, and leave no number out. Received: {found.tolist()}")
    return mask_boxes(instances == np.arange(1, int(instances.max(initial=0)) + 1)[:, None, None])


def coins(n: int, seed: int = 0, shape: int | Pair = SIDE, without: Iterable[str] = ()) -> Drawn:
    """Draw n pictures of coins from a seed; picture i is the same whatever n is.

    shape: side, or (height, width), in pixels; without: names of PIECES to leave out, "light" the slopes of the light,
    "texture" of the ground, "relief" of the faces, "shadow", "dark coins" those darker than their ground. All other
    decisions stay as they were, so that pictures with and without a piece are pairs.
    Raises ValueError for a count or seed below 0, another piece, or a side below 32. Chapter: coins.
    """
    n, seed, shape = whole("n", n, 0), whole("seed", seed, 0), pair("shape", shape, 32)
    without = (without,) if isinstance(without, str) else without
    off = frozenset(choice("without", piece, PIECES) for piece in without)
    starts = range(0, n, CHUNK)
    parts = [drawn(np.random.default_rng([seed, start]), shape, off) for start in starts]
    empty = [np.zeros((0, *shape, 3), np.uint8)], [np.zeros((0, *shape), np.uint8)]
    images, instances = zip(*parts, strict=True) if parts else empty
    return Drawn(np.concatenate(images)[:n], np.concatenate(instances)[:n])


def turned(lessons: Drawn) -> Drawn:
    """Show square pictures four times, turned by 0, 90, 180 and 270 degrees: 4 n pictures.

    Raises ValueError for pictures that are not square. Chapter: coins.
    """
    if lessons.images.shape[1] != lessons.images.shape[2]:
        raise ValueError(f"Only square pictures keep their shape when turned. Received: {lessons.images.shape}")
    parts = [np.rot90(part, turn, (1, 2)) for part in (lessons.images, lessons.instances) for turn in range(4)]
    return Drawn(np.concatenate(parts[:4]), np.concatenate(parts[4:]))


def drawn(dice: np.random.Generator, shape: Pair, off: frozenset[str]) -> tuple[np.ndarray, np.ndarray]:
    """Draw one chunk: bytes (CHUNK, height, width, 3), and the coin of each pixel."""
    level = dice.uniform(0.1, 0.6, CHUNK)
    canvas = grounds(dice, level, shape, off)
    sun, lying = dice.uniform(0, 2 * np.pi, CHUNK), placed(dice, CHUNK, shape)
    tone = tones(dice, level, lying.picture, off)
    number = np.arange(len(tone)) - np.searchsorted(lying.picture, lying.picture) + 1
    owner = np.zeros((CHUNK, *shape), np.min_scalar_type(number.max(initial=0)))  # a byte, as long as 255 suffice
    for corner, which, kept, paint, alpha in struck(lying, tone, sun, off):
        press(canvas, owner, (lying.picture[which], number[which]), corner, kept, paint, alpha)
    lamp = 1 + ("light" not in off) * np.float32(dice.uniform(0, 0.3, (CHUNK, 1, 1))) * slopes(dice, CHUNK, shape)
    return np.repeat(developed(dice, canvas * lamp)[..., None], 3, -1), owner


def tones(dice: np.random.Generator, level: np.ndarray, picture: np.ndarray, off: frozenset[str]) -> np.ndarray:
    """How bright each coin is, (m,): above its ground, or below it where that is bright enough for a dark coin."""
    step, dark = dice.uniform(0.08, 0.5, len(picture)), dice.random(len(picture)) < 0.5
    often = dice.random(CHUNK) < 0.5  # dark coins lie together: half of the pictures have none
    below = dark & (often & (level > 0.25))[picture] & ("dark coins" not in off)
    ground = level[picture]
    return np.where(below, ground - np.minimum(step, 0.65 * ground), np.minimum(ground + step, 0.85))


def press(
    canvas: np.ndarray,
    owner: np.ndarray,
    named: tuple[np.ndarray, np.ndarray],
    corner: np.ndarray,
    kept: np.ndarray,
    paint: np.ndarray,
    alpha: np.ndarray,
) -> None:
    """Put patches (m, side, side) on the pictures: what was there is kept in part, and paint covers it where alpha is.

    named: the picture and the number of each coin; kept: the share of the ground's light that its shadow leaves.
    """
    high, wide = canvas.shape[1:]
    side = alpha.shape[1]
    for i, (page, number, (row, column)) in enumerate(zip(*named, corner, strict=True)):
        top, left = max(row, 0), max(column, 0)
        there = np.s_[page, top : min(row + side, high), left : min(column + side, wide)]
        here = np.s_[i, top - row : high - row, left - column : wide - column]
        canvas[there] = canvas[there] * kept[here] * (1 - alpha[here]) + paint[here] * alpha[here]
        owner[there][alpha[here] > 0.5] = number


def developed(dice: np.random.Generator, light: np.ndarray) -> np.ndarray:
    """Turn light (n, height, width) into bytes: grain, a lens that blurs or a scan that sharpens, grain again."""
    n = len(light)
    spans = ((0, 0.04), (0, 0.03), (-0.4, 1.0))
    coarse, fine, blur = (dice.uniform(*span, (n, 1, 1)).astype(np.float32) for span in spans)
    light = light.astype(np.float32) + coarse * dice.standard_normal(light.shape, np.float32)
    light = light + blur * (softened(light) - light)
    light = light + fine * dice.standard_normal(light.shape, np.float32)
    return np.uint8(np.rint(255 * light.clip(0, 1)))


def softened(light: np.ndarray) -> np.ndarray:
    """Smooth pictures by (1, 2, 1) / 4 along both sides, twice; the border is repeated."""
    for axis in (1, 2, 1, 2):
        pad = [(1, 1) if i == axis else (0, 0) for i in range(3)]
        wide = np.moveaxis(np.pad(light, pad, mode="edge"), axis, 0)
        light = np.moveaxis((wide[:-2] + 2 * wide[1:-1] + wide[2:]) / 4, 0, axis)
    return light
