"""From dice to a cast: what stands where in each scene, in whole numbers (positions and radii in 1/16 pixel)."""

from dataclasses import dataclass, replace

import numpy as np

from cvnotes.data import dice, shapes, textures
from cvnotes.data.options import Options

SUB = 16  # positions and radii are whole sixteenths of a pixel
GAP = 2 * SUB  # pixels kept free between objects that may not touch


@dataclass(frozen=True)
class Cast:
    """All that is needed to paint n scenes of K objects and M pieces of clutter; whole numbers throughout.

    ``things`` hold the clutter first (drawn first, never named) and the objects last.
    """

    index: np.ndarray  # (n,) number of the scene in its endless series
    counts: np.ndarray  # (n,) objects
    label: np.ndarray  # (n, K) class of each object, a row of the wanted classes
    ground: np.ndarray  # (n,) background
    tile: np.ndarray  # (n, 3) turn and offset of the background tile
    base: np.ndarray  # (n, 3) mean colour of the background
    swing: np.ndarray  # (n, 3) how far the colour swings around it
    grain: np.ndarray  # (n, 2) offset of the noise
    present: np.ndarray  # (n, M + K) is the thing there?
    table: np.ndarray  # (n, M + K) row of shapes.tables()
    texture: np.ndarray  # (n, M + K)
    colour: np.ndarray  # (n, M + K) row of COLOURS
    paint: np.ndarray  # (n, M + K, 3) first colour
    shade: np.ndarray  # (n, M + K, 3) second colour
    centre: np.ndarray  # (n, M + K, 2) x, y
    radius: np.ndarray  # (n, M + K)
    angle: np.ndarray  # (n, M + K) in 1/1024 turn, clockwise on the screen
    order: np.ndarray  # (n, M + K) things from back to front
    clue: np.ndarray  # (n,) class that a planted shortcut points to, -1 without one
    mark: np.ndarray  # (n, 4) box of the planted mark in pixels, zeros without one

    @property
    def objects(self) -> int:
        """Columns for objects, K."""
        return self.label.shape[1]

    def take(self, rows: np.ndarray | slice) -> "Cast":
        """The cast of some of the scenes."""
        return replace(self, **{name: value[rows] for name, value in vars(self).items()})


def mix(colour: np.ndarray, other: np.ndarray, share: int) -> np.ndarray:
    """``share``/256 of ``other`` in ``colour``."""
    return (colour * (256 - share) + other * share) >> 8


def paints(table: np.ndarray, choices: np.ndarray, strength: int = 256) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colour number, first and second colour from five dice (..., 5): name, three small shifts, lighter or darker."""
    number = choices[dice.pick(table[..., 0], len(choices))]
    named = np.array(list(textures.COLOURS.values()))[number]
    first = np.clip(named + dice.between(table[..., 1:4], -14, 14), 0, 255)
    lighter = (dice.pick(table[..., 4], 2) == 1) & (named.min(-1) < 40 + 40 * (named.max(-1) < 235))
    target = np.where(lighter[..., None], [250, 248, 240], [34, 36, 46])
    second = np.where(lighter[..., None], mix(first, target, 176), mix(first, target, 120))
    return number, mix(np.full_like(first, 128), first, strength), second


def scenery(table: np.ndarray, options: Options) -> dict[str, np.ndarray]:
    """Background, its colours, and where tile and noise begin, from the dice of the scenes (n, SCENE_WORDS)."""
    base = textures.GROUNDS[dice.pick(table[:, 5], len(textures.GROUNDS))] + dice.between(table[:, 6:9], -16, 16)
    light = dice.between(table[:, 9], 36, 72) * np.where(dice.pick(table[:, 10], 2) == 1, 1, -1)
    swing = light[:, None] + dice.between(table[:, 11:14], -20, 20)
    flat = min(1000, 2 * options.clutter)
    return {
        "ground": np.asarray(options.grounds)[dice.pick(table[:, 1], len(options.grounds))],
        "tile": np.stack([dice.pick(table[:, 2], 8), *dice.pick(table[:, 3:5], textures.TILE).T], axis=1),
        "base": base,
        "swing": swing * flat // 1000,
        "grain": dice.pick(table[:, 14:16], textures.TILE),
    }


def scraps(table: np.ndarray, options: Options) -> dict[str, np.ndarray]:
    """Clutter from its dice (n, MAX_CLUTTER, CLUTTER_WORDS): small bars, beans, corners, arcs and chips."""
    size = options.size * SUB
    many = options.clutter * dice.MAX_CLUTTER // 1000
    table = table[:, :many]
    number, first, second = paints(table[..., 4:9], np.arange(len(textures.COLOURS)), strength=200)
    return {
        "present": np.ones(table.shape[:2], bool),
        "table": len(shapes.CLASSES) + dice.pick(table[..., 0], len(shapes.CLUTTER)),
        "texture": np.zeros(table.shape[:2], np.int64),
        "colour": number,
        "paint": first,
        "shade": second,
        "centre": dice.pick(table[..., 1:3], size),
        "radius": dice.between(table[..., 3], size * 5 // 64, size * 10 // 64),
        "angle": dice.pick(table[..., 9], shapes.ANGLES),
    }


def limits(radius: np.ndarray, options: Options) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest centre (..., 2) that keep an object in its region and, unless ``cut``, in the picture."""
    size = options.size * SUB
    edge = (radius[..., None] + SUB) * (not options.cut)
    low = np.maximum(np.array(options.region[:2]) * size // 1000, edge)
    high = np.minimum(np.array(options.region[2:]) * size // 1000, size - edge)
    return np.minimum(low, size - edge), np.maximum(high, np.minimum(low, size - edge))


def first_free(tries: np.ndarray, reach: np.ndarray, taken: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first of some places (n, T, 2) that keeps its reach (n, k) from those taken (n, k, 2); and is there one?"""
    apart = tries[:, :, None] - taken[:, None]
    free = ((apart * apart).sum(-1) >= (reach * reach)[:, None]).all(-1)
    return tries[np.arange(len(tries)), free.argmax(1)], free.any(1)


def placed(
    table: np.ndarray, grid_die: np.ndarray, radius: np.ndarray, counts: np.ndarray, options: Options
) -> tuple[np.ndarray, np.ndarray]:
    """Centres (n, K, 2) and radii (n, K): an object takes the first free of its tries; a full scene goes on a grid."""
    n, slots = radius.shape
    centre, crowded = np.zeros((n, slots, 2), np.int64), np.zeros(n, bool)
    for j in range(slots):
        low, high = limits(radius[:, j], options)
        tries = dice.between(table[:, j, 12:].reshape(n, dice.TRIES, 2), low[:, None], high[:, None])
        reach = (radius[:, :j] + radius[:, j : j + 1] + GAP) * (1000 - options.overlap) // 1000
        centre[:, j], free = first_free(tries, reach, centre[:, :j])
        crowded |= ~free & (j < counts)
    return on_grid(grid_die, centre, radius, crowded, options)


def on_grid(
    die: np.ndarray, centre: np.ndarray, radius: np.ndarray, crowded: np.ndarray, options: Options
) -> tuple[np.ndarray, np.ndarray]:
    """Move the objects of crowded scenes to the cells of a grid over their region, shrinking those that do not fit."""
    side = options.grid_side
    low, wide = corner_and_extent(options)
    cell = (np.arange(radius.shape[1]) + dice.pick(die[crowded, None], side * side)) % (side * side)
    place = np.stack([cell % side, cell // side], axis=-1)
    centre[crowded] = low + (2 * place + 1) * wide // (2 * side)
    radius[crowded] = np.minimum(radius[crowded], wide.min() // (2 * side) - GAP // 2)
    return centre, radius


def corner_and_extent(options: Options) -> tuple[np.ndarray, np.ndarray]:
    """Top left corner (2,) and extent (2,) of the region for centres, in 1/16 pixel."""
    box = np.array(options.region) * options.size * SUB // 1000
    return box[:2], box[2:] - box[:2]


def performers(table: np.ndarray, scene: np.ndarray, counts: np.ndarray, label: np.ndarray, options: Options) -> dict:
    """The objects from their dice (n, K, OBJECT_WORDS): look, size, turn and place."""
    number, first, second = paints(table[..., 0:5], np.array(options.colours))
    low, high = (options.size * SUB * r // 1000 for r in options.radius)
    radius = dice.between(table[..., 7], low, high)
    centre, radius = placed(table, scene[:, 16], radius, counts, options)
    turn = shapes.ANGLES * options.turn // 360
    return {
        "present": np.arange(table.shape[1]) < counts[:, None],
        "table": np.array([shapes.CLASSES.index(name) for name in options.classes])[label],
        "texture": np.array(options.textures)[dice.pick(table[..., 5], len(options.textures))],
        "colour": number,
        "paint": first,
        "shade": second,
        "centre": centre,
        "radius": radius,
        "angle": dice.between(table[..., 6], -turn, np.maximum(turn - (turn == 512), 0)) % shapes.ANGLES,
    }


def shortcut(scene: np.ndarray, label: np.ndarray, ground: np.ndarray, options: Options) -> tuple[np.ndarray, ...]:
    """The class that the planted clue points to, the background, and the box of the mark."""
    n, size = len(scene), options.size
    none = np.full(n, -1), ground, np.zeros((n, 4), np.int64)
    if options.shortcut is None:
        return none
    honest = dice.pick(scene[:, 17], 1000) < options.strength
    clue = np.where(honest, label[:, 0], dice.pick(scene[:, 18], len(options.classes)))
    if options.shortcut == "background":
        return clue, np.array(options.grounds)[clue % len(options.grounds)], none[2]
    side, inset = max(4, size // 9), max(1, size // 32)
    corner = dice.pick(scene[:, 19:21], 2) * (size - side - 2 * inset) + inset
    return clue, ground, np.concatenate([corner, corner + side], axis=1)


def cast(seed: int, start: int, rows: int, options: Options) -> Cast:
    """The cast of the scenes ``start .. start + rows`` of the endless series ``seed``."""
    scene, objects, clutter = dice.split(dice.throw(seed, start, rows, dice.WORDS))
    objects = objects[:, : max(options.objects[1], 1)]
    label = dice.balanced(seed, start, rows, len(options.classes))[:, : objects.shape[1]]
    counts = dice.between(scene[:, 0], *options.objects)
    view = scenery(scene, options)
    clue, view["ground"], mark = shortcut(scene, label, view["ground"], options)
    things = scraps(clutter, options)
    stars = performers(objects, scene, counts, label, options)
    many = things["present"].shape[1]
    front = np.argsort(objects[..., 8], axis=1, kind="stable") + many
    order = np.concatenate([np.broadcast_to(np.arange(many), (rows, many)), front], axis=1)
    joined = {name: np.concatenate([things[name], stars[name]], axis=1) for name in things}
    index = np.arange(start, start + rows)
    return Cast(index, counts, label, **view, **joined, order=order, clue=clue, mark=mark)
