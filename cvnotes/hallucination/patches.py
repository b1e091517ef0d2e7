"""What the net learns from: patches of photographs, of scenes and of faces, each with the name of its origin."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from PIL import Image

from cvnotes import data
from cvnotes.checks import whole

SIDE, GRID, GRAIN = 48, 3, 0.15
SIZES = (128, 192, 288)  # short sides at which a photograph is cut up
SUBJECTS = ("astronaut", "cat", "clock", "coffee", "flower", "pagoda", "photographer", "retina", "rocket")
TEXTURES = ("bricks", "cell", "coins", "galaxies", "grass", "gravel", "moon", "page", "text", "tissue")
SHAPES = data.CLASSES[:6]
PLACES = tuple(f"{name} {row}{column}" for name in SUBJECTS for row in range(GRID) for column in range(GRID))
CLASSES = (*PLACES, *TEXTURES, *data.BACKGROUNDS, *SHAPES, "face")
SHARES = {"photographs": 0.70, "shapes": 0.14, "grounds": 0.10, "faces": 0.06}

Lesson = tuple[np.ndarray, np.ndarray]  # patches (n, SIDE, SIDE, 3) in [0, 1], classes (n,)


def lesson(count: int, seed: int) -> Lesson:
    """Draw about `count` patches of all origins in `SHARES`, with their classes. Chapter: hallucination."""
    makers: dict[str, Callable] = {"photographs": photographs, "shapes": shapes, "grounds": grounds, "faces": faces}
    count = whole("count", count, 20)
    parts = [make(round(SHARES[name] * count), seed) for name, make in makers.items()]
    images, labels = zip(*parts, strict=True)
    return np.concatenate(images).astype(np.float32), np.concatenate(labels)


def photographs(count: int, seed: int) -> Lesson:
    """Cut patches out of the photographs at three sizes; of a subject, which of nine places counts too."""
    dice, kinds = np.random.default_rng(seed), (*SUBJECTS * 3, *TEXTURES)
    cuts = [cut(kinds[dice.integers(len(kinds))], dice) for _ in range(count)]
    return np.stack([patch for patch, _ in cuts]), np.array([CLASSES.index(name) for _, name in cuts])


def cut(name: str, dice: np.random.Generator) -> tuple[np.ndarray, str]:
    """One patch of a photograph and its class, told by the place of its middle."""
    picture = sizes(name)[dice.integers(len(SIZES))]
    high, wide = picture.shape[:2]
    y, x = (int(dice.integers(side - SIDE + 1)) for side in (high, wide))
    place = f"{name} {(y + SIDE // 2) * GRID // high}{(x + SIDE // 2) * GRID // wide}"
    return picture[y : y + SIDE, x : x + SIDE], place if name in SUBJECTS else name


@functools.cache
def sizes(name: str) -> tuple[np.ndarray, ...]:
    """A photograph with each of the short sides in `SIZES`."""
    picture = Image.fromarray(np.uint8(np.rint(255 * data.photo(name))))
    shares = [short / min(picture.size) for short in SIZES]
    return tuple(enlarged(picture, tuple(round(side * k) for side in picture.size)) for k in shares)


def enlarged(picture: Image.Image, size: tuple[int, int]) -> np.ndarray:
    """A picture at another (width, height), as floats in [0, 1]."""
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS), np.float32) / 255


def shapes(count: int, seed: int) -> Lesson:
    """Scenes of one large shape each."""
    found = data.scenes(count, seed, size=SIDE, objects=1, classes=SHAPES, radius=(0.2, 0.34))
    return found.floats, np.array([CLASSES.index(data.CLASSES[i]) for i in found.labels[:, 0]])


def grounds(count: int, seed: int) -> Lesson:
    """Scenes of nothing but their painted ground."""
    found = data.scenes(count, seed, size=SIDE, objects=0)
    return found.floats, np.array([CLASSES.index(data.BACKGROUNDS[i]) for i in found.backgrounds])


def faces(count: int, seed: int) -> Lesson:
    """Small faces, enlarged a little more than to the patch, cut and tinted like skin."""
    dice, (pictures, real) = np.random.default_rng(seed), data.faces()
    pictures = np.uint8(np.rint(255 * pictures[real == 1, ..., 0]))
    found = np.empty((count, SIDE, SIDE, 3), np.float32)
    for i in range(count):
        side = int(dice.integers(SIDE, SIDE + 20))
        face = enlarged(Image.fromarray(pictures[dice.integers(len(pictures))]), (side, side))
        y, x = dice.integers(side - SIDE + 1, size=2)
        tint = np.array([1.1, 0.95, 0.8]) + dice.normal(0, 0.1, 3)
        found[i] = np.clip(face[y : y + SIDE, x : x + SIDE, None] * tint, 0, 1)
    return found, np.full(count, CLASSES.index("face"))


def jittered(images: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Mirror half of the patches, turn a fifth grey, change contrast and tint of each, and strew noise on it.

    The noise, of a deviation up to `GRAIN`, teaches the net to leave single pixels alone: what it dreams is smoother.
    """
    n = len(images)
    mirror, grey = dice.random((2, n, 1, 1, 1)) < np.array([0.5, 0.2])[:, None, None, None, None]
    images = np.where(mirror, images[:, :, ::-1], images)
    images = np.where(grey, images.mean(-1, keepdims=True), images)
    mean, gain = images.mean((1, 2), keepdims=True), dice.uniform(0.6, 1.4, (n, 1, 1, 1))
    images = (images - mean) * gain + mean + dice.normal(0, 0.08, (n, 1, 1, 3))
    noise = dice.standard_normal(images.shape, np.float32) * dice.uniform(0, GRAIN, (n, 1, 1, 1))
    return np.clip(images + noise, 0, 1).astype(np.float32)
