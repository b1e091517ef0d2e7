"""What is true of scikit-image's photograph of coins: an ellipse for each, set by hand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

from cvnotes import data
from cvnotes.boxes import Truth
from cvnotes.checks import Pair, number, pair, whole

SHAPE = (303, 384)  # rows and columns of the photograph
SHRINK = 3  # pixels of the photograph for one of what the nets see
STEP = 16  # what they see is filled up to a multiple of this, so that every stride of a trunk fits

#: centre x and y, half axes, and turn in degrees (clockwise on the page); pixels of the photograph, row by row of coins
TABLE = """
 44.5  54.0  22.5  20.0  -20
100.5  56.5  19.5  17.5   10
155.5  51.5  23.5  22.5    0
215.5  51.5  23.5  22.0    0
276.0  52.5  20.5  19.0    0
334.5  44.0  29.5  28.0    0
 45.5 124.5  20.5  20.5    0
103.0 126.0  19.0  19.0    0
153.5 127.5  19.5  17.5    0
206.0 124.0  20.5  19.0  -45
270.5 119.5  25.5  24.0  -45
336.5 125.0  19.5  19.5    0
 44.5 197.0  18.5  19.5    0
102.0 195.5  22.0  21.0    0
154.5 198.0  19.5  19.0    0
213.0 193.5  23.5  23.5    0
274.0 194.5  23.5  20.5   45
347.5 187.0  32.0  31.0    0
 46.5 260.5  28.0  27.5    0
114.0 266.0  21.5  21.5    0
172.5 262.0  29.0  25.5   15
244.5 263.5  24.5  24.0    0
301.0 264.0  26.0  23.5  -45
358.0 268.0  23.0  21.0    0
"""


class Ellipses(NamedTuple):
    """Ellipses, k of them, in pixels; the pixel in the corner spans 0 to 1."""

    centres: np.ndarray  #: (k, 2) x and y
    axes: np.ndarray  #: (k, 2) half axes; the first points along the turn
    turns: np.ndarray  #: (k,) in radians, from the x axis towards the y axis, so clockwise on the page


def by_hand(shrink: int = 1) -> Ellipses:
    """Read the table: 24 ellipses in the photograph, or in one shrunk by a whole number.

    Raises ValueError for a shrink below 1, or above 303, the rows of the photograph. Chapter: coins.
    """
    rows = np.array([line.split() for line in TABLE.strip().splitlines()], float)
    return Ellipses(rows[:, :2] / whole("shrink", shrink, 1, min(SHAPE)), rows[:, 2:4] / shrink, np.deg2rad(rows[:, 4]))


def inside(ellipses: Ellipses, shape: Pair, grow: float = 0.0) -> np.ndarray:
    r"""Tell which pixels have their centre in each ellipse: bool (k, height, width).

    .. math:: (u / a)^2 + (v / b)^2 \le 1, \qquad u, v \text{ the offsets from its centre, turned into its axes}

    shape: (height, width); grow: pixels added to both half axes, for a ring around.
    Raises ValueError for another shape, and for a grow that leaves some axis no length. Chapter: coins.
    """
    height, width = pair("shape", shape)
    grow = number("grow", grow, above=-ellipses.axes.min(initial=np.inf))
    x = (np.arange(width) + 0.5) - ellipses.centres[:, 0, None, None]
    y = (np.arange(height)[:, None] + 0.5) - ellipses.centres[:, 1, None, None]
    cosine, sine = (wave(ellipses.turns)[:, None, None] for wave in (np.cos, np.sin))
    a, b = (ellipses.axes + grow).T[..., None, None]
    return ((x * cosine + y * sine) / a) ** 2 + ((y * cosine - x * sine) / b) ** 2 <= 1


def around(ellipses: Ellipses) -> np.ndarray:
    r"""Give the tight box of each ellipse: (k, 4) corners x0, y0, x1, y1.

    Half its width is :math:`\sqrt{(a \cos t)^2 + (b \sin t)^2}`, half its height the same with the waves changed.
    Chapter: coins.
    """
    cosine, sine = np.cos(ellipses.turns), np.sin(ellipses.turns)
    a, b = ellipses.axes.T
    half = np.stack([np.hypot(a * cosine, b * sine), np.hypot(a * sine, b * cosine)], -1)
    return np.concatenate([ellipses.centres - half, ellipses.centres + half], -1).astype(np.float32)


def hand_set(shrink: int = SHRINK) -> Truth:
    """Give the truth of the photograph: 24 boxes of one class, in pixels of what the nets see. Chapter: coins."""
    corners = around(by_hand(shrink))
    return Truth(corners, np.zeros(len(corners), int))


def photograph(shrink: int = SHRINK) -> np.ndarray:
    """Give the photograph as nets see it: bytes (height, width, 3), each the mean of shrink x shrink pixels or so.

    Its last row and column are repeated until both sides are multiples of 16. With shrink 1 it is as it came,
    (303, 384, 3). Raises ValueError for a shrink below 1 or above 303. Chapter: coins.
    """
    grey = np.uint8(np.rint(255 * data.photo("coins")[..., 0]))
    if whole("shrink", shrink, 1, min(SHAPE)) == 1:
        return np.repeat(grey[..., None], 3, -1)
    small = Image.fromarray(grey).resize((grey.shape[1] // shrink, grey.shape[0] // shrink), Image.Resampling.BOX)
    missing = [(0, -side % STEP) for side in np.shape(small)]
    return np.repeat(np.pad(np.asarray(small), missing, mode="edge")[..., None], 3, -1)


def masks(shrink: int = SHRINK) -> np.ndarray:
    """Give the mask of each coin in what `photograph` shows: bool (24, height, width). Chapter: coins."""
    shape = SHAPE if shrink == 1 else photograph(shrink).shape[:2]
    return inside(by_hand(shrink), shape)


def steps(ellipses: Ellipses, grey: np.ndarray, width: float = 2.0) -> np.ndarray:
    """Say how much brighter a thin ring just inside of each ellipse is than one just outside: (k,), in grey levels.

    A coin that is brighter than its ground has its largest step where the ellipse lies on its rim.
    grey: (height, width) of the photograph; width: of the rings, in pixels.
    Raises ValueError for a width that is not above 0 or leaves nothing inside. Chapter: coins.
    """
    width = number("width", width, above=0)
    inner, edge, outer = (inside(ellipses, grey.shape, grow) for grow in (-width, 0, width))
    pairs = zip(edge & ~inner, outer & ~edge, strict=True)
    return np.array([grey[one].mean() - grey[other].mean() for one, other in pairs])
