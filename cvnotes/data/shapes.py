"""The shapes of the scenes, as tables of signed distance, with the named parts of each.

Unit coordinates: the centre is (0, 0), x points right, y points **down**, and every shape lies within radius 1.
A table is a grid of 256 x 256 cells, 100 cells to the unit; a value is the distance to the outline times 2048
(negative inside), rounded once.
Only +, -, *, / and square roots of constants with six decimals go into it, so it is the same on every machine.
"""

import math
from functools import lru_cache

import numpy as np

CLASSES = ("disc", "ring", "square", "triangle", "star", "cross", "crescent", "heart", "arrow", "drop")
CLUTTER = ("bar", "bean", "corner", "arc", "chip")

SIDE = 256
CELLS_PER_UNIT = 100
UNIT = 2048  # table steps to one radius
FAR = 2**15 - 1
ANGLES = 1024  # steps of a full turn

#: Degrees after which a shape looks the same again; 0: after any turn.
SYMMETRY = {
    "disc": 0,
    "ring": 0,
    "square": 90,
    "triangle": 120,
    "star": 72,
    "cross": 90,
    "crescent": 360,
    "heart": 360,
    "arrow": 360,
    "drop": 360,
}


def turned(radius: float, degrees: float) -> tuple[float, float]:
    """The point at ``radius``, ``degrees`` clockwise from the top, to six decimals: no machine's last digit counts."""
    angle = math.radians(degrees)
    return round(radius * math.sin(angle), 6), round(-radius * math.cos(angle), 6)


def around(name: str, count: int, radius: float, first: float = 0.0) -> list[tuple[str, float, float]]:
    """Numbered keypoints evenly around the centre, clockwise from ``first`` degrees."""
    return [(f"{name} {i + 1}", *turned(radius, first + 360 * i / count)) for i in range(count)]


CENTRE = ("centre", 0.0, 0.0)

#: Named keypoints of each class in unit coordinates, each a little inside the outline.
PARTS: dict[str, tuple[tuple[str, float, float], ...]] = {
    "disc": (CENTRE,),
    "ring": (*around("rim", 4, 0.7),),
    "square": (*around("corner", 4, 0.78, first=45), CENTRE),
    "triangle": (*around("corner", 3, 0.74), CENTRE),
    "star": (*around("tip", 5, 0.72), CENTRE),
    "cross": (*around("arm", 4, 0.74), CENTRE),
    "crescent": (("first horn", 0.14, -0.78), ("belly", -0.68, 0.0), ("second horn", 0.14, 0.78)),
    "heart": (("left lobe", -0.45, -0.4), ("right lobe", 0.45, -0.4), ("notch", 0.0, -0.22), ("point", 0.0, 0.66)),
    "arrow": (("point", 0.0, -0.7), ("left barb", -0.5, -0.12), ("right barb", 0.5, -0.12), ("tail", 0.0, 0.74)),
    "drop": (("point", 0.0, -0.62), ("belly", 0.0, 0.3)),
}
MAX_PARTS = max(map(len, PARTS.values()))


def grid() -> tuple[np.ndarray, np.ndarray]:
    """x and y (SIDE, SIDE) of the cell centres, in unit coordinates."""
    line = (np.arange(SIDE) - SIDE // 2 + 0.5) / CELLS_PER_UNIT
    return np.broadcast_to(line, (SIDE, SIDE)), np.broadcast_to(line[:, None], (SIDE, SIDE))


def disc(x: np.ndarray, y: np.ndarray, radius: float, cx: float = 0.0, cy: float = 0.0) -> np.ndarray:
    """Signed distance to a disc: sqrt((x - cx)^2 + (y - cy)^2) - radius."""
    return np.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy)) - radius


def polygon(x: np.ndarray, y: np.ndarray, corners: list[tuple[float, float]], rounding: float = 0.05) -> np.ndarray:
    """Signed distance to a closed polygon: distance to the nearest edge, negative where a ray crosses an odd number."""
    squared, inside = np.full(x.shape, np.inf), np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        ex, ey, px, py = bx - ax, by - ay, x - ax, y - ay
        along = np.clip((px * ex + py * ey) / (ex * ex + ey * ey), 0.0, 1.0)
        dx, dy = px - ex * along, py - ey * along
        squared = np.minimum(squared, dx * dx + dy * dy)
        if ey != 0:
            inside ^= ((y < ay) != (y < by)) & (px < ex * (py / ey))
    return np.where(inside, -1.0, 1.0) * np.sqrt(squared) - rounding


def heart_corners() -> list[tuple[float, float]]:
    """A heart from two half circles and two curves that meet in the point; 44 corners."""
    right = [(0.0, -0.36)]
    right += [(round(0.42 + x, 6), round(-0.34 + y, 6)) for x, y in (turned(0.4, d) for d in range(-80, 121, 12))]
    right += [(0.6, 0.14), (0.42, 0.4), (0.2, 0.66)]
    return [*right, (0.0, 0.88), *((-x, y) for x, y in right[:0:-1])]


def drop_corners() -> list[tuple[float, float]]:
    """A drop: a point at the top and a round belly, with a slight waist between them."""
    belly = [(x, round(0.3 + y, 6)) for x, y in (turned(0.6, d) for d in range(70, 181, 10))]
    right = [(0.0, -0.95), (0.16, -0.6), (0.37, -0.2), *belly]
    return [*right, *((-x, y) for x, y in right[-2:0:-1])]


def crescent(x: np.ndarray, y: np.ndarray, big: float = 0.94, bite: float = 0.78, shift: float = 0.46) -> np.ndarray:
    """A disc with a second disc bitten out of its right side; beside the horns the distance to their points counts."""
    y = np.abs(y)
    horn_x = (big * big - bite * bite + shift * shift) / (2 * shift)
    horn_y = (big * big - horn_x * horn_x) ** 0.5
    beside = x * horn_y - y * horn_x > shift * np.maximum(horn_y - y, 0)
    points = disc(x, y, 0, cx=horn_x, cy=horn_y)
    return np.where(beside, points, np.maximum(disc(x, y, big), -disc(x, y, bite, cx=shift)))


def cross_corners() -> list[tuple[float, float]]:
    """Four arms of half-width 0.24 and length 0.88."""
    a, b = 0.24, 0.88
    return [(-a, -b), (a, -b), (a, -a), (b, -a), (b, a), (a, a), (a, b), (-a, b), (-a, a), (-b, a), (-b, -a), (-a, -a)]


def star_corners() -> list[tuple[float, float]]:
    """Five tips at 0.95, five inner corners at 0.42."""
    return [turned(0.95 if i % 2 == 0 else 0.42, 36 * i) for i in range(10)]


def arrow_corners() -> list[tuple[float, float]]:
    """A broad head on a straight shaft, pointing up."""
    right = [(0.0, -0.95), (0.72, -0.05), (0.22, -0.05), (0.22, 0.9)]
    return [*right, *((-x, y) for x, y in right[:0:-1])]


def distances(name: str) -> np.ndarray:
    """Signed distance (SIDE, SIDE) in unit coordinates to the outline of the shape or piece of clutter ``name``.

    Clutter is drawn at half size, since small things need a wider margin for their shadow.
    """
    x, y = grid()
    if name in CLUTTER:
        return outline(name, 2 * x, 2 * y) / 2
    return outline(name, x, y)


def outline(name: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Signed distance at the points (x, y) to a shape of unit radius."""
    outlines = {
        "disc": lambda: disc(x, y, 0.88),
        "ring": lambda: np.maximum(disc(x, y, 0.94), -disc(x, y, 0.48)),
        "square": lambda: polygon(x, y, [(-0.65, -0.65), (0.65, -0.65), (0.65, 0.65), (-0.65, 0.65)]),
        "triangle": lambda: polygon(x, y, [turned(0.94, d) for d in (0, 120, 240)]),
        "star": lambda: polygon(x, y, star_corners(), rounding=0.04),
        "cross": lambda: polygon(x, y, cross_corners()),
        "crescent": lambda: crescent(x, y),
        "heart": lambda: polygon(x, y, heart_corners()),
        "arrow": lambda: polygon(x, y, arrow_corners()),
        "drop": lambda: polygon(x, y, drop_corners()),
        "bar": lambda: polygon(x, y, [(-0.9, -0.14), (0.9, -0.14), (0.9, 0.14), (-0.9, 0.14)]),
        "bean": lambda: polygon(x, y, [(-0.5, 0.1), (0.0, -0.1), (0.5, 0.1)], rounding=0.3),
        "corner": lambda: polygon(
            x, y, [(-0.7, -0.7), (-0.35, -0.7), (-0.35, 0.35), (0.7, 0.35), (0.7, 0.7), (-0.7, 0.7)]
        ),
        "arc": lambda: np.maximum(np.maximum(disc(x, y, 0.95), -disc(x, y, 0.6)), y + 0.25),
        "chip": lambda: polygon(x, y, [(-0.85, 0.4), (-0.2, -0.45), (0.85, -0.4), (0.2, 0.45)]),
    }
    return outlines[name]()


@lru_cache(maxsize=1)
def tables() -> np.ndarray:
    """The signed distances of all shapes, then of all pieces of clutter: int16 (15, SIDE * SIDE), in 1/2048 radius.

    The outermost cells hold FAR: a look-up beyond the table ends there, and paints nothing.
    """
    every = np.stack([np.rint(distances(name) * UNIT).astype(np.int16) for name in CLASSES + CLUTTER])
    every[:, [0, -1]] = every[:, :, [0, -1]] = FAR
    return every.reshape(len(every), -1)


@lru_cache(maxsize=1)
def turns() -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine of the ANGLES steps of a turn, times 2**14, as int64."""
    angles = [2 * math.pi * i / ANGLES for i in range(ANGLES)]
    return tuple(np.array([round(f(a) * 2**14) for a in angles], dtype=np.int64) for f in (math.cos, math.sin))
