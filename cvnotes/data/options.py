"""The options of the scenes, checked once and turned into whole numbers (shares become thousandths)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cvnotes.checks import whole
from cvnotes.data.dice import MAX_OBJECTS
from cvnotes.data.shapes import CLASSES
from cvnotes.data.textures import BACKGROUNDS, COLOURS, TEXTURES

SHORTCUTS = ("mark", "background")


@dataclass(frozen=True)
class Options:
    """Checked options; shares are thousandths, names of colours, textures and backgrounds are row numbers."""

    size: int
    objects: tuple[int, int]
    classes: tuple[str, ...]
    colours: tuple[int, ...]
    textures: tuple[int, ...]
    grounds: tuple[int, ...]
    radius: tuple[int, int]
    turn: int
    region: tuple[int, int, int, int]
    overlap: int
    cut: bool
    clutter: int
    noise: int
    gray: bool
    shortcut: str | None
    strength: int

    @property
    def grid_side(self) -> int:
        """Cells along a side of the grid that a crowded scene falls back to."""
        return math.isqrt(max(self.objects[1] - 1, 0)) + 1


def share(name: str, value: object, low: float = 0.0, high: float = 1.0) -> int:
    """``value`` (a number in low .. high) in thousandths, or a ValueError."""
    try:
        fits = low <= float(value) <= high
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(f"{name} must be a number from {low:g} to {high:g}. Received: {name}={value!r}")
    return round(float(value) * 1000)


def truth(name: str, value: object) -> bool:
    """``value`` as it is if it is True or False, or a ValueError: words and NaN would count as true."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} must be True or False. Received: {name}={value!r}")
    return bool(value)


def chosen(name: str, wanted: str | Sequence[str] | None, known: Sequence[str]) -> tuple[str, ...]:
    """The wanted names, all of them for None; each must be known and named once."""
    single = isinstance(wanted, str) or not hasattr(wanted, "__iter__")
    names = tuple(known) if wanted is None else (wanted,) if single else tuple(wanted)
    strange = [item for item in names if item not in known]
    if strange or not names or len(set(names)) < len(names):
        raise ValueError(f"{name} must be one or more of {', '.join(known)}, each once. Received: {name}={wanted!r}")
    return names


def numbers(name: str, wanted: str | Sequence[str] | None, known: Sequence[str]) -> tuple[int, ...]:
    """Like ``chosen``, but row numbers."""
    known = tuple(known)
    return tuple(known.index(item) for item in chosen(name, wanted, known))


def span(name: str, value: object, length: int = 2) -> tuple:
    """``value`` as a tuple of the given length, or a ValueError."""
    try:
        values = tuple(value)
    except TypeError:
        values = ()
    if len(values) != length:
        raise ValueError(f"{name} must be {length} numbers. Received: {name}={value!r}")
    return values


def count_range(objects: object) -> tuple[int, int]:
    """A single number of objects, or the smallest and the largest."""
    low, high = (objects, objects) if hasattr(objects, "__index__") else span("objects", objects)
    low = whole("objects", low, 0, MAX_OBJECTS)
    return low, whole("objects", high, low, MAX_OBJECTS)


def checked(
    size, objects, classes, colours, textures, backgrounds, radius, turn, region, overlap, cut, clutter, noise, gray,
    shortcut, strength,
) -> Options:  # fmt: skip
    """Options from the arguments of ``scenes``; every mistake is a ValueError that shows what came."""
    if shortcut not in (None, *SHORTCUTS):
        raise ValueError(f"shortcut must be None, 'mark' or 'background'. Received: shortcut={shortcut!r}")
    radii = tuple(share("radius", r, 0.03, 0.5) for r in span("radius", radius))
    box = tuple(share("region", r) for r in span("region", region, 4))
    if radii[0] > radii[1]:
        raise ValueError(f"radius must be (smallest, largest), shares of the size. Received: radius={radius!r}")
    if box[0] >= box[2] or box[1] >= box[3]:
        raise ValueError(f"region must be (x0, y0, x1, y1) with x0 < x1 and y0 < y1. Received: region={region!r}")
    options = Options(
        size=whole("size", size, 16, 1024),
        objects=count_range(objects),
        classes=chosen("classes", classes, CLASSES),
        colours=numbers("colours", colours, COLOURS),
        textures=numbers("textures", textures, TEXTURES),
        grounds=numbers("backgrounds", backgrounds, BACKGROUNDS),
        radius=radii,
        turn=whole("turn", turn, 0, 180),
        region=box,
        overlap=share("overlap", overlap, 0.0, 0.9),
        cut=truth("cut", cut),
        clutter=share("clutter", clutter),
        noise=share("noise", noise, 0.0, 0.5),
        gray=truth("gray", gray),
        shortcut=shortcut,
        strength=share("strength", strength),
    )
    return roomy(options)


def roomy(options: Options) -> Options:
    """The same options, if the most objects allowed still have 2 pixels of radius each on a grid over the region."""
    x0, y0, x1, y1 = options.region
    room = min(x1 - x0, y1 - y0) * options.size / 1000 / (2 * options.grid_side) - 1
    if options.objects[1] > 1 and room < 2:
        raise ValueError(
            f"{options.objects[1]} objects do not fit side by side into this region of {options.size} pixels. "
            f"Ask for fewer objects, a larger region or a larger size. Received: objects={options.objects}, "
            f"region={tuple(r / 1000 for r in options.region)}, size={options.size}"
        )
    return options
