"""Scenes: small pictures drawn by us, in which everything is known. See ``scenes``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from inspect import signature

import numpy as np

from cvnotes.checks import whole
from cvnotes.data import captions as wording
from cvnotes.data import layout, painting, shapes
from cvnotes.data.options import Options, checked
from cvnotes.data.textures import BACKGROUNDS, COLOURS, TEXTURES

CHUNK = 48  # scenes painted together: small enough to stay in the processor's cache


@dataclass(frozen=True, repr=False, eq=False)
class Scenes:
    """n pictures and all that is in them. K is the largest number of objects; empty places hold -1 or zeros.

    Pixel (row r, column c) covers the square from (c, r) to (c + 1, r + 1); x points right, y points down.
    ``scenes[2:5]`` are Scenes again, ``scenes[2]`` is one ``Scene`` without empty places.
    """

    images: np.ndarray  #: uint8 (n, size, size, 3), or (n, size, size, 1) in gray
    instances: np.ndarray  #: uint8 (n, size, size): 0 background, j + 1 where object j is visible
    counts: np.ndarray  #: (n,) number of objects
    labels: np.ndarray  #: (n, K) rows of ``classes``
    colours: np.ndarray  #: (n, K) rows of COLOURS
    textures: np.ndarray  #: (n, K) rows of TEXTURES
    centres: np.ndarray  #: float32 (n, K, 2) x, y in pixels
    radii: np.ndarray  #: float32 (n, K) radius of the circle around the shape, in pixels
    rotations: np.ndarray  #: float32 (n, K) degrees clockwise from upright, -180 up to 180
    depths: np.ndarray  #: (n, K) 0 for the object at the back, larger is nearer
    boxes: np.ndarray  #: float32 (n, K, 4) x0, y0, x1, y1 around the visible pixels
    full_boxes: np.ndarray  #: float32 (n, K, 4) around the whole shape, hidden or cut off or not
    areas: np.ndarray  #: (n, K) pixels of the whole shape
    occlusion: np.ndarray  #: float32 (n, K) share of the shape's pixels that cannot be seen
    parts: np.ndarray  #: float32 (n, K, 6, 3) x, y, and 2 visible, 1 hidden, 0 no such part
    backgrounds: np.ndarray  #: (n,) rows of BACKGROUNDS
    clues: np.ndarray  #: (n,) class that a planted shortcut points to; -1 without one
    marks: np.ndarray  #: float32 (n, 4) box of the planted mark; zeros without one
    index: np.ndarray  #: (n,) number of each scene in the endless series of this seed
    classes: tuple[str, ...]
    seed: int
    shortcut: str | None = None
    cast: layout.Cast | None = field(default=None)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, which: int | slice | np.ndarray) -> "Scenes | Scene":
        if isinstance(which, int | np.integer):
            return one(self, int(which))
        taken = {name: value[which] for name, value in arrays(self).items()}
        return replace(self, **taken, cast=self.cast.take(which))

    def __iter__(self) -> "Iterator[Scene]":
        return (one(self, i) for i in range(len(self)))

    def __repr__(self) -> str:
        n, height, width, channels = self.images.shape
        return f"Scenes: {n} of {height} x {width} x {channels}, {int(self.counts.sum())} objects, seed {self.seed}"

    @property
    def size(self) -> int:
        """Height and width in pixels."""
        return self.images.shape[1]

    @property
    def floats(self) -> np.ndarray:
        """The images as float32 in [0, 1]."""
        return self.images.astype(np.float32) / np.float32(255)

    @property
    def captions(self) -> list[str]:
        """One true caption for each scene; see ``cvnotes.data.captions``."""
        return [wording.caption(scene) for scene in self]

    @property
    def shortcut_masks(self) -> np.ndarray:
        """Where the planted shortcut is, bool (n, size, size): the mark, or all that is no object; else all False."""
        if self.shortcut == "background":
            return self.instances == 0
        line = np.arange(self.size)
        x0, y0, x1, y1 = (self.marks[:, i, None] for i in range(4))
        return ((line >= y0) & (line < y1))[:, :, None] & ((line >= x0) & (line < x1))[:, None, :]


@dataclass(frozen=True, repr=False, eq=False)
class Scene:
    """One picture with k objects; every array has exactly k rows. Fields as in ``Scenes``."""

    image: np.ndarray
    instances: np.ndarray
    labels: np.ndarray
    colours: np.ndarray
    textures: np.ndarray
    centres: np.ndarray
    radii: np.ndarray
    rotations: np.ndarray
    depths: np.ndarray
    boxes: np.ndarray
    full_boxes: np.ndarray
    areas: np.ndarray
    occlusion: np.ndarray
    parts: np.ndarray
    background: int
    clue: int
    mark: np.ndarray
    index: int
    classes: tuple[str, ...]
    seed: int
    cast: layout.Cast

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Scene {self.index} of seed {self.seed}: {', '.join(self.names) or 'no object'}"

    @property
    def names(self) -> list[str]:
        """Texture, colour and class of each object in words."""
        described = zip(self.texture_names, self.colour_names, self.class_names, strict=True)
        return [f"{texture} {colour} {name}" for texture, colour, name in described]

    @property
    def class_names(self) -> list[str]:
        """Class of each object."""
        return [self.classes[i] for i in self.labels]

    @property
    def colour_names(self) -> list[str]:
        """Colour of each object."""
        return [tuple(COLOURS)[i] for i in self.colours]

    @property
    def texture_names(self) -> list[str]:
        """Texture of each object."""
        return [TEXTURES[i] for i in self.textures]

    @property
    def background_name(self) -> str:
        """Texture of the background."""
        return BACKGROUNDS[self.background]

    @property
    def caption(self) -> str:
        """A true caption; see ``cvnotes.data.captions``."""
        return wording.caption(self)

    @property
    def masks(self) -> np.ndarray:
        """Visible pixels of each object, bool (k, size, size); no two overlap."""
        return self.instances == np.arange(1, len(self) + 1)[:, None, None]

    @property
    def full_masks(self) -> np.ndarray:
        """All pixels of each object within the picture, hidden or not, bool (k, size, size)."""
        return painting.full_masks(self.cast, len(self.instances))[: len(self)]

    @property
    def part_names(self) -> list[list[str]]:
        """Names of the parts of each object, in the order of ``parts``."""
        return [[name for name, *_ in shapes.PARTS[kind]] for kind in self.class_names]

    @property
    def part_map(self) -> np.ndarray:
        """The part of each pixel, uint8 (size, size): 0 background, p + 1 where keypoint p of its object is nearest."""
        return painting.part_map(self.instances, self.parts)


def arrays(scenes: Scenes) -> dict[str, np.ndarray]:
    """The fields that have one row for each scene."""
    return {f.name: value for f in fields(scenes) if isinstance(value := getattr(scenes, f.name), np.ndarray)}


def one(scenes: Scenes, i: int) -> Scene:
    """Scene i, without empty places."""
    if not -len(scenes) <= i < len(scenes):
        raise IndexError(f"There are {len(scenes)} scenes. Received: index {i}")
    row = {name: value[i] for name, value in arrays(scenes).items()}
    k = row.pop("counts")
    for plural, single in (("images", "image"), ("marks", "mark")):
        row[single] = row.pop(plural)
    for plural, single in (("backgrounds", "background"), ("clues", "clue")):
        row[single] = int(row.pop(plural))
    row["index"] = int(row["index"])
    trimmed = {name: row[name][:k] for name in PER_OBJECT}
    cast = scenes.cast.take(np.array([i]))
    return Scene(**{**row, **trimmed}, classes=scenes.classes, seed=scenes.seed, cast=cast)


PER_OBJECT = (
    "labels", "colours", "textures", "centres", "radii", "rotations", "depths", "boxes", "full_boxes", "areas",
    "occlusion", "parts",
)  # fmt: skip


def scenes(
    n: int,
    seed: int = 0,
    size: int = 64,
    *,
    start: int = 0,
    objects: int | tuple[int, int] = (1, 4),
    classes: str | Sequence[str] | None = None,
    colours: str | Sequence[str] | None = None,
    textures: str | Sequence[str] | None = None,
    backgrounds: str | Sequence[str] | None = None,
    radius: tuple[float, float] = (0.12, 0.22),
    turn: float = 180,
    region: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
    overlap: float = 0.35,
    cut: bool = False,
    clutter: float = 0.4,
    noise: float = 0.02,
    gray: bool = False,
    shortcut: str | None = None,
    strength: float = 1.0,
) -> Scenes:
    """Pictures of coloured, textured shapes on cluttered ground, with classes, boxes, masks, parts and pose known.

    Scene i of a seed is the same whatever ``n`` is and on every machine, and each decision has its own die:
    with one option changed, everything that the option does not touch stays as it was.

    Args:
        n: how many; ``start``: number of the first (``scenes(9, start=20)`` follows ``scenes(20)``).
        size: height and width in pixels, 16 .. 1024.
        objects: how many in each scene, a number or (fewest, most), 0 .. 10.
        classes, colours, textures, backgrounds: names to choose from; None for all. Classes are balanced:
            of every len(classes) scenes, each place for an object sees each class once.
        radius: (smallest, largest) radius as shares of the size.
        turn: degrees that objects turn either way from upright, 0 .. 180.
        region: x0, y0, x1, y1, shares of the size: where centres may lie.
        overlap: how far two surrounding circles may slide into each other; 0: objects never touch.
        cut: may the frame cut objects off?
        clutter: 0 (flat ground, no scraps) .. 1 (24 scraps). noise: deviation of the pixel noise, as a share of white.
        shortcut: "mark" plants a small coloured square in a corner, "background" lets the ground follow the class of
            object 0; with probability ``strength`` it tells the class, otherwise it points to any class by chance.

    Raises:
        ValueError: for an option out of its range, with what was received.
    """
    options = checked(
        size, objects, classes, colours, textures, backgrounds, radius, turn, region, overlap, cut, clutter, noise,
        gray, shortcut, strength,
    )  # fmt: skip
    n, seed, start = whole("n", n, 0, 10**8), whole("seed", seed, 0, 2**63), whole("start", start, 0, 2**62)
    return painted(layout.cast(seed, start, n, options), seed, options)


def default_options(size: int, **given) -> Options:
    """Checked options of ``scenes``, its defaults where nothing is given; ValueError for an unknown name."""
    known = {name: p.default for name, p in signature(scenes).parameters.items() if p.kind is p.KEYWORD_ONLY}
    del known["start"]
    if strange := set(given) - set(known):
        raise ValueError(f"Options are {', '.join(known)}. Received: {', '.join(sorted(strange))}")
    return checked(size, **{**known, **given})


def painted(cast: layout.Cast, seed: int, options: Options) -> Scenes:
    """Paint a cast, a chunk at a time."""
    n = len(cast.counts)
    found = [seen(cast.take(slice(i, i + CHUNK)), options) for i in range(0, max(n, 1), CHUNK)]
    joined = {name: np.concatenate([chunk[name] for chunk in found]) for name in found[0]}
    return Scenes(**joined, **told(cast), classes=options.classes, seed=seed, shortcut=options.shortcut, cast=cast)


def told(cast: layout.Cast) -> dict[str, np.ndarray]:
    """What the cast already says about the objects, in the units of ``Scenes``."""
    k, there = cast.objects, cast.present[:, -cast.objects :]
    angle = cast.angle[:, -k:] * there
    back_to_front = cast.order[:, -k:]
    return {
        "counts": cast.counts,
        "labels": np.where(there, cast.label, -1),
        "colours": np.where(there, cast.colour[:, -k:], -1),
        "textures": np.where(there, cast.texture[:, -k:], -1),
        "centres": (cast.centre[:, -k:] * there[..., None] / layout.SUB).astype(np.float32),
        "radii": (cast.radius[:, -k:] * there / layout.SUB).astype(np.float32),
        "rotations": (((angle + 512) % shapes.ANGLES - 512) * (360 / shapes.ANGLES)).astype(np.float32),
        "depths": np.where(there, ranks(back_to_front, there), -1),
        "backgrounds": cast.ground,
        "clues": cast.clue,
        "marks": cast.mark.astype(np.float32),
        "index": cast.index,
    }


def ranks(back_to_front: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Rank (n, K) of each object among those that are there, from an order of all places, back to front."""
    place = np.argsort(back_to_front, axis=1, kind="stable")
    nearer = (place[:, :, None] > place[:, None, :]) & there[:, None, :]
    return nearer.sum(-1)


def seen(cast: layout.Cast, options: Options) -> dict[str, np.ndarray]:
    """What only painting tells: images, visible pixels, boxes, occlusion, which parts can be seen."""
    groups = painting.all_patches(cast, options.size)
    canvas, owner = painting.compose(cast, options.size, groups)
    full, areas = painting.whole_shapes(cast, groups)
    boxes, visible = painting.visible_shapes(owner, cast.objects)
    return {
        "images": painting.develop(cast, canvas, options.noise, options.gray),
        "instances": owner,
        "boxes": boxes.astype(np.float32),
        "full_boxes": full.astype(np.float32),
        "areas": areas,
        "occlusion": ((areas - visible) / np.maximum(areas, 1)).astype(np.float32),
        "parts": painting.parts(cast, owner),
    }
