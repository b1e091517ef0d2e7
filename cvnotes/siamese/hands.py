"""Signatures that nobody wrote: a smooth random curve for each writer, signed again and again, and copied by others.

Chapter: matching.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes.checks import whole

SIDE, POINTS, DRAWN = 24, 9, 128  # pixels; points that a hand steers by; points of the line that is drawn
WOBBLE, COPIED = 0.03, 0.075  # how far a point strays when a writer signs, and when another hand copies; side = 1
SLANT, HABIT = 0.04, 0.16  # deviation of the slant: from one signing to the next, and from one hand to another
PEN = (0.022, 0.042)  # half the width of the line, by hand


class Signatures(NamedTuple):
    """Pictures (n, 24, 24, 1) float32 with ink 1 on 0, the name that each bears (n,), and is it genuine (n,)."""

    images: np.ndarray
    writers: np.ndarray
    genuine: np.ndarray


def sign(writers: int, genuine: int = 8, copies: int = 4, seed: int = 0) -> Signatures:
    """Draw signatures of `writers` hands: `genuine` of each, and `copies` by another hand that imitates the shape.

    A writer is a random curve, a slant and a pen. Each signing moves the curve's points a little, and the whole of it.
    Whoever copies keeps to the shape less exactly, with a slant and a pen of their own.
    Equal seeds give equal writers, however many are asked for. Raises ``ValueError`` for counts and seeds below 0.
    Chapter: matching.
    """
    writers, genuine = whole("writers", writers, 0), whole("genuine", genuine, 0)
    each, seed = genuine + whole("copies", copies, 0), whole("seed", seed, 0)
    images = np.zeros((writers, each, SIDE, SIDE, 1), "float32")
    for writer in range(writers):
        images[writer] = _by_one(np.random.default_rng([seed, writer]), genuine, each)
    real = np.tile(np.arange(each) < genuine, writers)
    return Signatures(images.reshape(-1, SIDE, SIDE, 1), np.repeat(np.arange(writers), each), real)


def _by_one(dice: np.random.Generator, genuine: int, each: int) -> np.ndarray:
    """All signatures that bear one name: (each, 24, 24, 1), the genuine ones first."""
    shape, (slant, pen) = _curve(dice), _habits(dice)
    images = []
    for turn in range(each):
        copied = turn >= genuine
        tilt, width = _habits(dice) if copied else (slant, pen)
        strayed = shape + dice.normal(0, COPIED if copied else WOBBLE, shape.shape)
        images.append(_ink(_moved(strayed, tilt + dice.normal(0, SLANT), dice), width))
    return np.reshape(images, (each, SIDE, SIDE, 1))


def _curve(dice: np.random.Generator) -> np.ndarray:
    """The points (9, 2) of a name, from left to right with loops: x and y within -1 and 1."""
    x = np.linspace(-0.8, 0.8, POINTS) + dice.normal(0, 0.17, POINTS)
    return np.stack([np.clip(x, -0.95, 0.95), dice.uniform(-0.7, 0.7, POINTS)], axis=1)


def _habits(dice: np.random.Generator) -> tuple[float, float]:
    """A hand's slant and half the width of its line."""
    return dice.normal(0, HABIT), dice.uniform(*PEN)


def _moved(points: np.ndarray, slant: float, dice: np.random.Generator) -> np.ndarray:
    """Slant, size and place of one signing, in a square from 0 to 1: (9, 2)."""
    x, y = points.T * dice.normal(1, 0.04, (2, 1))
    return 0.5 + 0.42 * np.stack([x - slant * y, y], axis=1) + dice.normal(0, 0.015, 2)


def _ink(points: np.ndarray, width: float) -> np.ndarray:
    """Draw a smooth line through points (9, 2): pixels (24, 24) from 0 to 1, half covered at its edge."""
    from scipy.interpolate import CubicSpline
    from scipy.spatial.distance import cdist

    line = _evenly(CubicSpline(np.arange(POINTS), points)(np.linspace(0, POINTS - 1, 4 * DRAWN)))
    middles = (np.stack(np.mgrid[:SIDE, :SIDE][::-1], axis=-1).reshape(-1, 2) + 0.5) / SIDE
    apart = cdist(middles, line).min(axis=1)
    return np.clip(0.5 + (width - apart) * SIDE, 0, 1).reshape(SIDE, SIDE)


def _evenly(line: np.ndarray) -> np.ndarray:
    """As many points as are drawn, equally far apart along the line: a quick stroke is no row of dots."""
    way = np.r_[0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    at = np.linspace(0, way[-1], DRAWN)
    return np.stack([np.interp(at, way, side) for side in line.T], axis=1)
