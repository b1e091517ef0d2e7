"""Three photographs with what a hand drew on them: a rectangle, and strokes."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from cvnotes import data
from cvnotes.checks import choice, number

from . import seeds
from .links import GAMMA
from .rounds import BACKGROUND, OBJECT, Round, cut_out

SIDE = 120  # pixels
BOXES = {  # x0, y0, x1, y1 as shares of the side
    "astronaut": (0.12, 0.02, 0.75, 1.0),
    "coffee": (0.0, 0.03, 0.97, 0.98),
    "cat": (0.01, 0.01, 0.98, 1.0),
}
#: Lines from place to place, x and y in pixels of SIDE, for the object or for the background.
Strokes = Mapping[int, Sequence[Sequence[tuple[float, float]]]]
SAUCER = [[(9, 40), (9, 68), (22, 92)], [(52, 105), (78, 101), (102, 76), (100, 52)]]
FACE = [[(12, 50), (20, 72), (50, 76), (62, 60), (60, 30), (30, 14)], [(66, 70), (74, 96)], [(38, 40), (44, 52)]]


@functools.cache
def picture(name: str) -> np.ndarray:
    """Read a photograph as the page shows it: its middle square, (120, 120, 3) in [0, 1]."""
    return data.photo(str(choice("name", name, BOXES)), size=SIDE)


def framed(name: str) -> np.ndarray:
    """The seeds of the rectangle that was drawn by hand around the object of a photograph."""
    return seeds.rectangle((SIDE, SIDE), np.array(BOXES[str(choice("name", name, BOXES))]) * SIDE)


def drawn(given: np.ndarray, strokes: Strokes, thick: float = 1.5) -> np.ndarray:
    """Add strokes to seeds (h, w): pixels within `thick` of a line become seeds of its label; later lines win.

    Raises ValueError for a label other than 0 and 1, and a line that is not two places or more. Chapter: grabcut.
    """
    found = np.array(given)
    if found.ndim != 2:
        raise ValueError(f"Seeds are (h, w). Received: {found.shape}")
    y, x = np.mgrid[: found.shape[0], : found.shape[1]] + 0.5
    number("thick", thick, above=0)
    for label, lines in strokes.items():
        choice("label", label, (BACKGROUND, OBJECT))
        for line in lines:
            for start, end in itertools.pairwise(_places(line)):
                found[_distance(x, y, start, end) <= thick] = label
    return found


def _places(line: Sequence[tuple[float, float]]) -> np.ndarray:
    """The places of a stroke, (n, 2)."""
    even = len({np.shape(place) for place in line}) == 1
    places = np.array(line, float) if even else np.zeros(0)
    if places.ndim != 2 or len(places) < 2 or places.shape[1] != 2 or not np.isfinite(places).all():
        raise ValueError(f"A stroke goes through two places or more, each x and y. Received: {line!r}")
    return places


def _distance(x: np.ndarray, y: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """How far each place is from the straight line between two others."""
    way = end - start
    along = np.clip(((x - start[0]) * way[0] + (y - start[1]) * way[1]) / max(way @ way, 1e-9), 0, 1)
    return np.hypot(x - start[0] - along * way[0], y - start[1] - along * way[1])


def found(name: str, gamma: float = GAMMA) -> list[Round]:
    """Cut a photograph out from its rectangle; remembered. Chapter: grabcut."""
    return _found(str(choice("name", name, BOXES)), number("gamma", gamma, 0))


@functools.cache
def _found(name: str, gamma: float) -> list[Round]:
    return cut_out(picture(name), framed(name), gamma=gamma)


def mended(name: str, strokes: Strokes, gamma: float = GAMMA) -> list[Round]:
    """Go on from the cut of a photograph's rectangle, with strokes added to its seeds. Chapter: grabcut."""
    return cut_out(picture(name), drawn(framed(name), strokes), found(name, gamma)[-1].labels, gamma=gamma)
