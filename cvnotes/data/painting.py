"""From a cast to pixels: backgrounds, objects and noise, in whole numbers from beginning to end.

An object is painted in a square patch. Each pixel centre is turned into the shape's own frame (two sums, two shifts)
and looks up its signed distance there; the distance tells its cover, its outline and its shadow.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cvnotes.data import shapes, textures
from cvnotes.data.layout import SUB, Cast

#: Colours of the planted marks, one for each class.
MARKS = np.array([*textures.COLOURS.values(), (28, 30, 38), (60, 196, 204)])


@lru_cache(maxsize=8)
def edge_tables(size: int) -> tuple[np.ndarray, np.ndarray, int]:
    """For each signed distance d (1/16 pixel): share kept of what was there, share of paint; and the reach of d.

    Shares in 1/256. Inside: a thin darker outline. Outside: a short soft shadow, so that shapes stand out anywhere.
    """
    unit = SUB * size / 64
    reach = int(4 * unit)
    d = np.arange(-reach, reach + 1)
    cover = np.clip(0.5 - d / SUB, 0, 1)
    shadow = 0.42 * np.square(np.clip(1 - d / (3.2 * unit), 0, 1))
    outline = 1 - 0.42 * np.clip(1.35 + d / unit, 0, 1)
    keep = np.floor(256 * (1 - cover) * (1 - shadow))
    light = np.floor(256 * cover * outline)
    return keep.astype(np.uint16), light.astype(np.uint16), reach


def patch_sides(radius: np.ndarray, table: np.ndarray, size: int) -> np.ndarray:
    """Side of the patch of each thing in pixels, a multiple of 8: its diameter and the shadow around it."""
    radius = np.where(table < len(shapes.CLASSES), radius, radius // 2)  # clutter fills half of its table
    return -(-(2 * radius + 2 * SUB * (3 * size // 64 + 1)) // (8 * SUB)) * 8


def frame(cast: Cast, rows: np.ndarray, things: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """For some things: the top left pixels of their patches (m, 2), and the table cell of each pixel (m, side, side).

    With the offset (X, Y) of a pixel from the centre of the thing, its radius r and its turn a, the shape's own
    coordinates are u = (X cos a + Y sin a) / r and v = (Y cos a - X sin a) / r, in fixed point with 16 bits.
    """
    centre, radius = cast.centre[rows, things], cast.radius[rows, things]
    cosine, sine = (t[cast.angle[rows, things]] * shapes.CELLS_PER_UNIT * 4 // radius for t in shapes.turns())
    corner = centre // SUB - side // 2
    offset = (corner * SUB - centre)[..., None] + np.arange(side) * SUB + SUB // 2
    x, y = offset[:, 0], offset[:, 1]
    u = cell(x * cosine[:, None], y * sine[:, None])
    v = cell(x * -sine[:, None], y * cosine[:, None])
    v *= shapes.SIDE
    v += u
    return corner, v


def cell(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Table row or column (m, side, side) from what the column and the row of a pixel contribute (m, side)."""
    half = shapes.SIDE // 2 << 16
    number = across.astype(np.int32)[:, None, :] + (down + half).astype(np.int32)[:, :, None]
    number >>= 16
    return np.clip(number, 0, shapes.SIDE - 1, out=number)


def look_up(table: np.ndarray, rows: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Entries of a table (rows, columns): row i of ``cells`` reads row ``rows[i]``."""
    return np.stack([table[row].take(some) for row, some in zip(rows, cells, strict=True)])


def colouring(cast: Cast, rows: np.ndarray, things: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Colours of the pixels of some patches, int16 (m, 3, side, side): the second colour where the texture says so."""
    first = cast.paint[rows, things].astype(np.int16)[..., None, None]
    second = cast.shade[rows, things].astype(np.int16)[..., None, None]
    share = look_up(textures.object_textures(), cast.texture[rows, things], cells)
    paint = share[:, None] * (second - first)
    paint >>= 6
    paint += first
    return paint


@dataclass(frozen=True)
class Patches:
    """Painted things of one patch size: kept share of the ground (m, s, s), light added (m, 3, s, s), solid or not."""

    rows: np.ndarray
    things: np.ndarray
    corner: np.ndarray
    keep: np.ndarray
    add: np.ndarray
    solid: np.ndarray


def patches(cast: Cast, size: int, rows: np.ndarray, things: np.ndarray, side: int) -> Patches:
    """Paint some things into patches of one size."""
    corner, cells = frame(cast, rows, things, side)
    away = look_up(shapes.tables(), cast.table[rows, things], cells).astype(np.int32)
    away *= cast.radius[rows, things].astype(np.int32)[:, None, None]
    away >>= 11
    keep, light, reach = edge_tables(size)
    edge = np.clip(away + reach, 0, 2 * reach)
    add = colouring(cast, rows, things, cells).view(np.uint16)
    add *= (light.take(edge) * sheen(side) >> 8)[:, None]
    return Patches(rows, things, corner, keep.take(edge), add, away < 0)


@lru_cache(maxsize=32)
def sheen(side: int) -> np.ndarray:
    """Light from above: 256 at the top of a patch, 204 at its foot, uint16 (side, 1)."""
    return (256 - np.arange(side) * 52 // max(side - 1, 1)).astype(np.uint16)[:, None]


def all_patches(cast: Cast, size: int) -> list[Patches]:
    """The patches of all things that are there, grouped by size."""
    rows, things = np.nonzero(cast.present)
    sides = patch_sides(cast.radius[rows, things], cast.table[rows, things], size)
    groups = (sides == side for side in np.unique(sides))
    return [patches(cast, size, rows[g], things[g], s) for g, s in zip(groups, np.unique(sides).tolist(), strict=True)]


def scenery(cast: Cast, size: int) -> np.ndarray:
    """The backgrounds, uint8 (n, 3, size, size): a window of a tile, turned, its 256 levels coloured."""
    level = (np.arange(256) - 128)[None, None]
    colours = np.clip(cast.base[..., None] + (cast.swing[..., None] * level >> 7), 0, 255).astype(np.uint8)
    tiles = textures.backgrounds(size)
    canvas = np.empty((len(cast.base), 3, size, size), np.uint8)
    for i, (ground, (turn, x, y)) in enumerate(zip(cast.ground, cast.tile.tolist(), strict=True)):
        window = tiles[ground, y : y + size, x : x + size]
        window = window.T if turn & 1 else window
        window = window[:: -1 if turn & 2 else 1, :: -1 if turn & 4 else 1]
        for plane in range(3):
            colours[i, plane].take(window, out=canvas[i, plane])
    return canvas


def stick(canvas: np.ndarray, owner: np.ndarray, number: int, corner, keep, add, solid) -> None:
    """Lay one patch on a canvas (3, size, size), and its number where it is solid; what lies outside is cut off."""
    side, size = len(keep), len(owner)
    x, y = corner
    rows, columns = slice(max(y, 0), max(y + side, 0)), slice(max(x, 0), max(x + side, 0))
    if x < 0 or y < 0 or x + side > size or y + side > size:
        part = slice(rows.start - y, size - y), slice(columns.start - x, size - x)
        keep, add, solid = keep[part], add[:, *part], solid[part]
    view = canvas[:, rows, columns]
    mixed = view * keep
    mixed += add
    mixed >>= 8
    view[...] = mixed
    if number:
        np.copyto(owner[rows, columns], number, where=solid)


def stamp(canvas: np.ndarray, owner: np.ndarray, clue: int, mark: np.ndarray) -> None:
    """The planted mark: a small square in the colour of the class it points to, with a dark lower edge."""
    x0, y0, x1, y1 = mark
    canvas[:, y0:y1, x0:x1] = MARKS[clue][:, None, None]
    canvas[:, y1 - 1, x0:x1] //= 2
    owner[y0:y1, x0:x1] = 0


def compose(cast: Cast, size: int, groups: list[Patches]) -> tuple[np.ndarray, np.ndarray]:
    """Stick everything on from back to front: canvases uint8 (n, 3, size, size) and owners uint8 (n, size, size)."""
    canvas, owner = scenery(cast, size), np.zeros((len(cast.base), size, size), np.uint8)
    ready = {}
    for group in groups:
        places = zip(group.rows.tolist(), group.things.tolist(), strict=True)
        patch = zip(group.corner.tolist(), group.keep, group.add, group.solid, strict=True)
        ready.update(zip(places, patch, strict=True))
    clutter = cast.present.shape[1] - cast.objects
    for i, things in enumerate(cast.order.tolist()):
        for thing in things:
            if (i, thing) in ready:
                stick(canvas[i], owner[i], max(thing - clutter + 1, 0), *ready[i, thing])
        if cast.mark[i, 2]:
            stamp(canvas[i], owner[i], cast.clue[i], cast.mark[i])
    return canvas, owner


def develop(cast: Cast, canvas: np.ndarray, thousandths: int, gray: bool) -> np.ndarray:
    """Add pixel noise, and bring the planes last: uint8 (n, size, size, 3), or (n, size, size, 1) when gray."""
    size = canvas.shape[-1]
    grains = textures.noise(size, thousandths) if thousandths else None
    images = np.empty((len(canvas), size, size, 3), np.uint8)
    for i, (x, y) in enumerate(cast.grain.tolist()):
        picture = canvas[i]
        if grains is not None:
            noisy = grains[:, y : y + size, x : x + size] + picture
            picture = np.clip(noisy, 0, 255, out=noisy)
        images[i] = picture.transpose(1, 2, 0)
    if not gray:
        return images
    weights = np.array([77, 150, 29], np.uint16)
    red, green, blue = (images[..., c] * weights[c] for c in range(3))
    return ((red + green + blue) >> 8).astype(np.uint8)[..., None]


def extents(solid: np.ndarray) -> np.ndarray:
    """x0, y0, x1, y1 (m, 4) of the true pixels of masks (m, h, w), half open; zeros where there are none."""
    ends = []
    for axis in (1, 2):
        line = solid.any(axis=axis)
        ends += [line.argmax(1), line.shape[1] - line[:, ::-1].argmax(1)]
    box = np.stack(ends, axis=1)[:, [0, 2, 1, 3]]
    return box * solid.any(axis=(1, 2))[:, None]


def whole_shapes(cast: Cast, groups: list[Patches]) -> tuple[np.ndarray, np.ndarray]:
    """Of every object, whether hidden or not: its box (n, K, 4) and its number of pixels (n, K)."""
    box = np.zeros((*cast.present.shape, 4), np.int64)
    area = np.zeros(cast.present.shape, np.int64)
    for group in groups:
        place = group.rows, group.things
        box[place] = extents(group.solid) + np.tile(group.corner, 2)
        area[place] = np.count_nonzero(group.solid, axis=(1, 2))
    return box[:, -cast.objects :], area[:, -cast.objects :]


def visible_shapes(owner: np.ndarray, objects: int) -> tuple[np.ndarray, np.ndarray]:
    """Of every object, what can be seen: its box (n, K, 4) and its number of pixels (n, K)."""
    boxes, pixels = [], []
    for j in range(objects):
        mask = owner == j + 1
        boxes.append(extents(mask))
        pixels.append(np.count_nonzero(mask, axis=(1, 2)))
    return np.stack(boxes, axis=1), np.stack(pixels, axis=1)


@lru_cache(maxsize=1)
def part_table() -> tuple[np.ndarray, np.ndarray]:
    """Keypoints of all classes in 1/2048 radius, int64 (10, MAX_PARTS, 2), and which exist, bool (10, MAX_PARTS)."""
    points = np.zeros((len(shapes.CLASSES), shapes.MAX_PARTS, 2), np.int64)
    exists = np.zeros(points.shape[:2], bool)
    for row, name in enumerate(shapes.CLASSES):
        for column, (_, u, v) in enumerate(shapes.PARTS[name]):
            points[row, column], exists[row, column] = (round(u * shapes.UNIT), round(v * shapes.UNIT)), True
    return points, exists


def parts(cast: Cast, owner: np.ndarray) -> np.ndarray:
    """Keypoints in the picture, float32 (n, K, MAX_PARTS, 3): x, y in pixels; 2 visible, 1 hidden, 0 no such part."""
    k, size = cast.objects, owner.shape[-1]
    points, exists = (t[cast.table[:, -k:]] for t in part_table())
    exists = exists & cast.present[:, -k:, None]
    cosine, sine = (t[cast.angle[:, -k:]][..., None] for t in shapes.turns())
    u, v = points[..., 0], points[..., 1]
    turned = np.stack([u * cosine - v * sine, u * sine + v * cosine], axis=-1) >> 14
    place = cast.centre[:, -k:, None] + (turned * cast.radius[:, -k:, None, None] >> 11)
    x, y = np.moveaxis(place // SUB, -1, 0)
    inside = (x >= 0) & (x < size) & (y >= 0) & (y < size)
    own = owner[np.arange(len(owner))[:, None, None], y.clip(0, size - 1), x.clip(0, size - 1)]
    seen = inside & (own == np.arange(1, k + 1)[:, None])
    flag = exists * (1 + seen)
    return np.concatenate([place * exists[..., None] / SUB, flag[..., None]], axis=-1).astype(np.float32)


def full_masks(cast: Cast, size: int) -> np.ndarray:
    """Every pixel of each object of ONE scene, hidden or not, bool (K, size, size)."""
    clutter = cast.present.shape[1] - cast.objects
    masks = np.zeros((cast.objects, size, size), bool)
    for group in all_patches(cast, size):
        for thing, corner, solid in zip(group.things - clutter, group.corner, group.solid, strict=True):
            if thing >= 0:
                blank = np.zeros((3, size, size), np.uint8), np.zeros((size, size), np.uint8)
                still = np.full(solid.shape, 256, np.uint16), np.zeros((3, *solid.shape), np.uint16)
                stick(*blank, 1, corner.tolist(), *still, solid)
                masks[thing] = blank[1] > 0
    return masks


def part_map(instances: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Number from 1 of the nearest keypoint of the pixel's own object, uint8 (h, w); 0 on the background."""
    y, x = np.indices(instances.shape) + 0.5
    numbers = np.zeros(instances.shape, np.uint8)
    for j, object_points in enumerate(points):
        known = object_points[object_points[:, 2] > 0]
        squared = np.square(x - known[:, 0, None, None]) + np.square(y - known[:, 1, None, None])
        own = instances == j + 1
        numbers[own] = squared.argmin(0)[own] + 1
    return numbers
