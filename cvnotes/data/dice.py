"""The chance in a scene: a fixed row of dice for every scene, so that scene 7 is scene 7 however many are asked for.

Each decision reads its own die.
Changing one option (less noise, no clutter, a planted shortcut) therefore leaves every other decision as it was,
and two calls with the same seed give matched pairs of pictures.
"""

import numpy as np

MAX_OBJECTS = 10
MAX_CLUTTER = 24
TRIES = 12  # positions that an object may try before the scene falls back to a grid

SCENE_WORDS = 32
OBJECT_WORDS = 12 + 2 * TRIES
CLUTTER_WORDS = 10
WORDS = SCENE_WORDS + MAX_OBJECTS * OBJECT_WORDS + MAX_CLUTTER * CLUTTER_WORDS

LAYOUT, CLASSES, WORDING = range(3)  # independent streams of one seed


def throw(seed: int, start: int, rows: int, words: int, stream: int = LAYOUT) -> np.ndarray:
    """Rows ``start .. start + rows`` of an endless table of 32-bit dice, int64 of shape (rows, words).

    The table comes from the raw output of PCG64, which NumPy promises never to change.
    """
    bits = np.random.PCG64(np.random.SeedSequence([seed, stream]))
    bits.advance(start * words)
    raw = bits.random_raw(rows * words) >> np.uint64(32)
    return raw.astype(np.int64).reshape(rows, words)


def pick(dice: np.ndarray, choices: int | np.ndarray) -> np.ndarray:
    """A whole number in ``0 .. choices - 1`` from each die, by integer arithmetic: floor(die * choices / 2**32)."""
    return (dice * choices) >> 32


def between(dice: np.ndarray, low: int | np.ndarray, high: int | np.ndarray) -> np.ndarray:
    """A whole number in ``low .. high``, both included; ``low`` where the range is empty."""
    return low + pick(dice, np.maximum(np.asarray(high) - low, 0) + 1)


def split(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The dice of scenes (n, SCENE_WORDS), of objects (n, MAX_OBJECTS, ...) and of clutter (n, MAX_CLUTTER, ...)."""
    n, cut = len(table), SCENE_WORDS + MAX_OBJECTS * OBJECT_WORDS
    objects = table[:, SCENE_WORDS:cut].reshape(n, MAX_OBJECTS, OBJECT_WORDS)
    return table[:, :SCENE_WORDS], objects, table[:, cut:].reshape(n, MAX_CLUTTER, CLUTTER_WORDS)


def balanced(seed: int, start: int, rows: int, choices: int) -> np.ndarray:
    """Class numbers (rows, MAX_OBJECTS): in every aligned run of ``choices`` scenes, each slot sees each class once.

    Each run is a shuffle of its own, made by sorting one die per class.
    """
    first, last = start // choices, -(-(start + rows) // choices)
    dice = throw(seed, first, last - first, MAX_OBJECTS * choices, CLASSES)
    shuffles = np.argsort(dice.reshape(-1, MAX_OBJECTS, choices), axis=-1, kind="stable")
    numbers = np.swapaxes(shuffles, 1, 2).reshape(-1, MAX_OBJECTS)
    return numbers[start - first * choices :][:rows]
