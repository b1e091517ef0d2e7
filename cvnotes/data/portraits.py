"""Drawn faces with a known identity: the same person in another pose, light, mood and haircut, as often as asked for.

A head is an ellipsoid that every pixel's ray is met with, so that a turned head shows its features where they belong
and a lamp shades them. Who it is (the dials of ``TRAITS``) and how the picture was taken (those of ``TAKES``) are
thrown apart and known.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from cvnotes.checks import whole
from cvnotes.data import dice
from cvnotes.data.options import share

TRAITS = {  # what a person keeps: lowest and highest value of each dial, lengths in half heights of the head
    "width": (0.70, 0.92),
    "jaw": (0.02, 0.34),
    "tone": (0.0, 1.0),
    "eye spacing": (0.27, 0.42),
    "eye height": (-0.16, 0.04),
    "eye size": (0.10, 0.17),
    "eye shape": (0.45, 0.95),
    "iris": (0.0, 1.0),
    "brow height": (0.13, 0.24),
    "brow thickness": (0.025, 0.075),
    "brow tilt": (-0.25, 0.2),
    "nose length": (0.22, 0.42),
    "nose width": (0.07, 0.16),
    "mouth height": (0.44, 0.60),
    "mouth width": (0.18, 0.36),
    "lips": (0.025, 0.075),
    "mole across": (-0.45, 0.45),
    "mole down": (0.05, 0.55),
    "mole size": (-0.04, 0.05),  # below 0: none
}
TAKES = {  # what changes from picture to picture: the option that scales a dial, and its range at full strength
    "yaw": ("pose", -0.60, 0.60),
    "pitch": ("pose", -0.28, 0.28),
    "roll": ("pose", -0.22, 0.22),
    "size": ("pose", -0.10, 0.10),
    "shift across": ("pose", -0.12, 0.12),
    "shift down": ("pose", -0.10, 0.10),
    "smile": ("mood", -0.35, 1.0),
    "open mouth": ("mood", 0.0, 1.0),
    "open eyes": ("mood", -0.55, 0.15),
    "raised brows": ("mood", -0.05, 0.08),
    "lamp across": ("light", -1.0, 1.0),
    "lamp height": ("light", -0.9, 0.4),
    "lamp strength": ("light", -0.45, 0.45),
    "warmth": ("light", -0.12, 0.12),
    "hair colour": ("hair", -0.5, 0.5),
    "hairline": ("hair", -0.16, 0.16),
    "parting": ("hair", -0.5, 0.5),
    "hair length": ("hair", -0.7, 0.7),
}
CHANGES = ("pose", "mood", "light", "hair")
PEOPLE, PICTURES = 11, 12  # streams of the dice, apart from those of the scenes
MOST = 4096  # pictures of one person that have dice of their own
AT_ONCE = 64  # pictures painted in one go, so that memory stays small
VIEW = 1.32  # half the side of the frame, in half heights of the head

SKINS = np.float32([[0.98, 0.82, 0.70], [0.80, 0.57, 0.42], [0.42, 0.27, 0.19]])
IRISES = np.float32([[0.33, 0.52, 0.68], [0.36, 0.45, 0.24], [0.28, 0.16, 0.09]])
HAIRS = np.float32([[0.86, 0.72, 0.44], [0.45, 0.25, 0.13], [0.10, 0.08, 0.09]])
LIP, WHITE, DARK = np.float32([0.66, 0.27, 0.27]), np.float32([0.96, 0.95, 0.93]), np.float32([0.12, 0.07, 0.07])


@dataclass(frozen=True, repr=False, eq=False)
class Portraits:
    """n pictures of drawn heads, person by person. ``portraits[rows]`` takes some of them."""

    images: np.ndarray  #: uint8 (n, size, size, 3)
    people: np.ndarray  #: (n,) number of the person; the same number is the same person in every call with that seed
    traits: np.ndarray  #: float32 (n, len(TRAITS)) the person's dials, 0 .. 1
    takes: np.ndarray  #: float32 (n, len(TAKES)) the dials of the picture, in the units of ``TAKES``
    seed: int

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, which: slice | np.ndarray) -> "Portraits":
        if isinstance(which, int | np.integer):
            if isinstance(which, bool) or not -len(self) <= which < len(self):
                raise IndexError(f"There are {len(self)} portraits. Received: index {which}")
            which = slice(which, which + 1 or None)
        return replace(self, **{f.name: getattr(self, f.name)[which] for f in fields(self) if f.name != "seed"})

    def __repr__(self) -> str:
        size = self.images.shape[1]
        return f"Portraits: {len(self)} of {len(np.unique(self.people))} people, {size} x {size} x 3, seed {self.seed}"


def portraits(
    people: int,
    pictures: int,
    seed: int = 0,
    size: int = 48,
    *,
    first: int = 0,
    pose: float = 1.0,
    mood: float = 1.0,
    light: float = 1.0,
    hair: float = 1.0,
) -> Portraits:
    """Draw ``pictures`` portraits each of ``people`` people.

    Person p of a seed has the same face in every call, and picture k of a person the same dice, so that two calls
    that differ in one option give matched pairs.

    Args:
        people, pictures: how many, and how many of each, up to 4096.
        seed: of the whole population. size: side in pixels, 16 .. 256.
        first: number of the first person; calls with ranges that do not meet show different people.
        pose, mood, light, hair: how much each changes from picture to picture, 0 (never) .. 1.

    Raises:
        ValueError: for an option out of its range, with what was received.
    """
    people, pictures = whole("people", people, 0, 10**6), whole("pictures", pictures, 0, MOST)
    seed, size, first = whole("seed", seed, 0, 2**63), whole("size", size, 16, 256), whole("first", first, 0, 10**6)
    amounts = dict(zip(CHANGES, (pose, mood, light, hair), strict=True))
    amounts = {name: share(name, value) / 1000 for name, value in amounts.items()}
    traits = unit(dice.throw(seed, first, people, len(TRAITS), PEOPLE)).repeat(pictures, axis=0)
    takes = np.concatenate([thrown(seed, first + p, pictures, amounts) for p in range(people)] or [thrown(0, 0, 0, {})])
    images = np.empty((len(traits), size, size, 3), np.uint8)
    for start in range(0, len(images), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        images[rows] = painted(traits[rows], takes[rows], size)
    numbers = np.repeat(np.arange(first, first + people), pictures)
    return Portraits(images, numbers, traits, takes, seed)


def unit(thrown: np.ndarray) -> np.ndarray:
    """Dice as float32 numbers in [0, 1)."""
    return (thrown / 2**32).astype(np.float32)


def thrown(seed: int, person: int, pictures: int, amounts: dict[str, float]) -> np.ndarray:
    """The dials of a person's pictures (pictures, len(TAKES)): the mean of each range where nothing may change."""
    low, high = np.float32([ends for _, *ends in TAKES.values()]).T
    strength = np.float32([amounts.get(name, 0.0) for name, *_ in TAKES.values()])
    spread = unit(dice.throw(seed, person * MOST, pictures, len(TAKES), PICTURES)) - 0.5
    return (low + high) / 2 + (high - low) * spread * strength


# One head ------------------------------------------------------------------------------------------------------------


def painted(traits: np.ndarray, takes: np.ndarray, size: int) -> np.ndarray:
    """Paint pictures, uint8 (n, size, size, 3), from dials (n, len(TRAITS)) in 0 .. 1 and (n, len(TAKES))."""
    who, how = dials(traits, takes)
    x, y = placed(how, size)
    edge = 2 * VIEW / size  # the width of a pixel, over which every outline fades
    axes, turn = (who["width"], np.float32(1), np.float32(0.86)), turned(how["yaw"], how["pitch"])
    seen, head = met(x / narrowing(y, who["jaw"]), y, axes, turn)
    wider, scalp = met(x / narrowing(y, 0.4 * who["jaw"]), y, [1.12 * a for a in axes], turn)
    light = lit(head, axes, turn, who, how)[..., None]
    face = features(mixed(SKINS, who["tone"]) * np.ones_like(x)[..., None], *head, who, how, edge)
    hair = mixed(HAIRS, 0.5 + how["hair colour"]) * (0.75 + 0.25 * light)
    canvas = over(ground(x, y, how), hair, fade(scalp[1] - 0.1 - how["hair length"], edge) * fade(wider, edge))
    canvas = over(canvas, face * light, fade(seen, edge))
    canvas = over(canvas, hair, fade(wider, edge) * cap(*scalp, how, edge))
    tint = 1 + how["warmth"][..., None] * np.float32([1, 0, -1])
    return np.round(255 * np.clip(canvas * tint, 0, 1)).astype(np.uint8)


def dials(traits: np.ndarray, takes: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Who it is and how it was taken, by name: each dial (n, 1, 1) in the units of ``TRAITS`` and ``TAKES``."""
    low, high = np.float32(list(TRAITS.values())).T
    who = dict(zip(TRAITS, (low + (high - low) * traits).T[..., None, None], strict=True))
    return who, dict(zip(TAKES, takes.T[..., None, None], strict=True))


def narrowing(y: np.ndarray, jaw: np.ndarray) -> np.ndarray:
    """How wide a head is at height y, as a share of its width at the eyes."""
    return 1 - jaw * np.clip(y, 0, 1.2) ** 2


def placed(how: dict[str, np.ndarray], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel's ray passes, x right and y down (n, size, size), after roll, size and shift of the head."""
    line = ((np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1) * VIEW
    x, y = line[None, None] - how["shift across"], line[None, :, None] - how["shift down"]
    cos, sin, scale = np.cos(how["roll"]), np.sin(how["roll"]), 1 + how["size"]
    return (cos * x + sin * y) / scale, (cos * y - sin * x) / scale


def turned(yaw: np.ndarray, pitch: np.ndarray) -> list[list[np.ndarray]]:
    """The matrix that brings a point from the camera's axes to the head's: first yaw, then pitch."""
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    zero = np.zeros_like(yaw)
    return [[cy, zero, -sy], [sy * sp, cp, cy * sp], [sy * cp, -sp, cy * cp]]


def met(x: np.ndarray, y: np.ndarray, axes, turn) -> tuple[np.ndarray, list[np.ndarray]]:
    r"""Where rays along z first meet an ellipsoid turned by R: a distance below 0 inside its outline, and the points.

    With :math:`u = D^{-1} R (x, y, z)` the surface is :math:`|u| = 1`, a quadratic equation in z.
    Rays that miss are given the point of nearest approach. Points are in the head's own axes.
    """
    flat = [(row[0] * x + row[1] * y) / a for row, a in zip(turn, axes, strict=True)]
    ahead = [row[2] / a for row, a in zip(turn, axes, strict=True)]
    a = sum(v * v for v in ahead)
    b = sum(u * v for u, v in zip(flat, ahead, strict=True))
    c = sum(u * u for u in flat) - 1
    inside = b * b - a * c
    z = (np.sqrt(np.maximum(inside, 0)) - b) / a
    points = [(u + v * z) * axis for u, v, axis in zip(flat, ahead, axes, strict=True)]
    return -inside / (2 * a), points


def lit(head, axes, turn, who, how) -> np.ndarray:
    """Light on each point: Lambert's cosine with one lamp, a bump for the nose in the normal, and what comes around."""
    px, py, pz = head
    normal = [p / (a * a) for p, a in zip(head, axes, strict=True)]
    tall, wide = who["nose length"], who["nose width"]
    bump = np.exp(-((px / wide) ** 2) - ((py - 0.55 * tall - 0.08) / (0.55 * tall)) ** 2) * (pz > 0)
    normal[0] = normal[0] + 1.5 * px / wide * bump
    normal[1] = normal[1] + 1.1 * (py - 0.55 * tall - 0.08) / (0.55 * tall) * bump
    length = np.sqrt(sum(v * v for v in normal))
    lamp = [how["lamp across"], how["lamp height"], np.ones_like(how["lamp height"])]
    size = np.sqrt(sum(v * v for v in lamp))
    lamp = [sum(row[i] * v / size for i, v in enumerate(lamp)) for row in turn]
    cosine = sum(u * v for u, v in zip(normal, lamp, strict=True)) / np.maximum(length, 1e-6)
    return (0.48 + 0.55 * np.maximum(cosine, 0)) * (1 + how["lamp strength"])


def ground(x: np.ndarray, y: np.ndarray, how) -> np.ndarray:
    """A plain wall, brighter on the lamp's side."""
    shade = 0.55 + 0.12 * how["lamp across"] * x / VIEW - 0.06 * y + 0.3 * how["lamp strength"]
    return shade[..., None] * np.float32([0.94, 1.0, 1.06])


def features(skin: np.ndarray, x, y, z, who, how, edge: float) -> np.ndarray:
    """Brows, eyes, nostrils, mouth and mole on the skin, at points x, y, z of the head: (n, size, size, 3)."""
    front, across = fade(-z, 0.1), np.abs(x)
    socket, iris, pupil = eyes(across - who["eye spacing"], y - who["eye height"], who, how, edge)
    nostril = fade(ellipse(across - 0.6 * who["nose width"], y - who["nose length"] - 0.12, 0.045, 0.03), edge)
    lips, inner = mouth(x, y, who, how, edge)
    drawn = [(0.35 * skin, mole(x, y, who, edge)), (0.6 * DARK + 0.1, brows(across, y, who, how, edge))]
    drawn += [(WHITE, socket), (mixed(IRISES, who["iris"]), iris), (DARK, pupil)]
    drawn += [(0.45 * skin, nostril), (0.5 * LIP + 0.45 * skin, lips), (DARK, inner)]
    for colour, where in drawn:
        skin = over(skin, colour, where * front)
    return skin


def eyes(u: np.ndarray, v: np.ndarray, who, how, edge: float) -> list[np.ndarray]:
    """Shares of the white, the iris and the pupil, at u and v from the middle of an eye: (n, size, size) each."""
    wide = who["eye size"]
    tall = wide * who["eye shape"] * np.maximum(0.75 + how["open eyes"], 0.12)
    socket = fade(ellipse(u, v, wide, tall), edge)
    rings = [fade(np.hypot(u, v) - share_of * np.minimum(wide, 0.13), edge) * socket for share_of in (0.62, 0.28)]
    return [socket, *rings]


def brows(across: np.ndarray, y: np.ndarray, who, how, edge: float) -> np.ndarray:
    """Share of the brows, bars above both eyes: (n, size, size)."""
    u = across - who["eye spacing"]
    line = who["eye height"] - who["brow height"] - how["raised brows"] - who["brow tilt"] * u
    return fade(np.maximum(np.abs(y - line) - who["brow thickness"], np.abs(u) - 1.35 * who["eye size"]), edge)


def mouth(x: np.ndarray, y: np.ndarray, who, how, edge: float) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the lips and of the gap between them, both bent by a smile: (n, size, size) each."""
    wide = who["mouth width"] * (1 + 0.25 * how["smile"])
    bend = who["mouth height"] + 0.10 * how["smile"] * (1 - 2 * (x / wide) ** 2)
    gap, reach = 0.10 * how["open mouth"] * np.clip(1 - (x / wide) ** 2, 0, 1), np.abs(x) - wide
    lips = fade(np.maximum(np.abs(y - bend) - who["lips"] - gap, reach), edge)
    return lips, fade(np.maximum(np.abs(y - bend) - gap, reach), edge) * fade(0.02 - gap, 0.02)


def mole(x: np.ndarray, y: np.ndarray, who, edge: float) -> np.ndarray:
    """Share of the mole, where there is one: (n, size, size)."""
    spot = fade(np.hypot(x - who["mole across"], y - who["mole down"]) - who["mole size"], edge)
    return (who["mole size"] > 0) * spot


def cap(x, y, z, how, edge: float) -> np.ndarray:
    """How far each point of the scalp lies under hair: above the hairline, and on the back of the head."""
    line = -0.52 + how["hairline"] + 0.25 * (x - how["parting"]) ** 2
    return np.maximum(fade(y - line, edge), fade(z + 0.12, edge) * fade(y - how["hair length"] - 0.1, edge))


# Painting ------------------------------------------------------------------------------------------------------------


def fade(distance: np.ndarray, edge: float) -> np.ndarray:
    """1 where a distance is below 0, 0 where it is above, linear over the width of an edge."""
    return np.clip(0.5 - distance / edge, 0, 1)


def ellipse(x: np.ndarray, y: np.ndarray, wide, tall) -> np.ndarray:
    """About the distance to an ellipse around the origin, below 0 inside."""
    return (np.sqrt((x / wide) ** 2 + (y / tall) ** 2) - 1) * np.minimum(wide, tall)


def mixed(colours: np.ndarray, place: np.ndarray) -> np.ndarray:
    """A colour from a row of three: its ends at 0 and 1, its middle at one half."""
    place = np.clip(place, 0, 1)[..., None]
    first = colours[0] + (colours[1] - colours[0]) * np.minimum(2 * place, 1)
    return first + (colours[2] - colours[1]) * np.maximum(2 * place - 1, 0)


def over(canvas: np.ndarray, colour: np.ndarray, share_of: np.ndarray) -> np.ndarray:
    """Lay a colour over a canvas where ``share_of`` (n, size, size) says how much of it."""
    return canvas + (colour - canvas) * share_of[..., None]
