"""Dense captions in small: the eye of the captioner, a head that proposes regions, and a phrase for each of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np

from cvnotes import experiments
from cvnotes.captioning import decoder, decoding, encoder, words
from cvnotes.data.scenes import Scene, Scenes
from cvnotes.transfer import keeping

from . import context, regions

BINS, FOUND = 3, 0.5  # a region is brought to 3 x 3 places; boxes that share half of their union are the same
COUNT, PASSES = {"quick": 1200, "full": 8000}, {"quick": (15, 5), "full": (40, 20)}


class Region(NamedTuple):
    """One region: its box in pixels, the chance that an object is there, and a phrase."""

    box: np.ndarray
    chance: float
    phrase: str


class Sketch(NamedTuple):
    """The three nets: the eye makes maps, the head proposes boxes, and the voice speaks about what lies in them."""

    eye: keras.Model
    head: keras.Model
    voice: keras.Model


def crowds(count: int, seed: int) -> Scenes:
    """Paint scenes with two to four plain shapes that do not touch. Chapter: systems."""
    return context.views(count, seed, objects=(2, 4))


def names(scene: Scene) -> list[str]:
    """The true phrase for each object: its colour and its shape."""
    return [f"a {colour} {kind}" for colour, kind in zip(scene.colour_names, scene.class_names, strict=True)]


def seen(eye: keras.Model, images: np.ndarray) -> np.ndarray:
    """The maps of pictures, (n, 8, 8, 48)."""
    return encoder.maps(eye, images).reshape(len(images), regions.SIDE, regions.SIDE, -1)


def pieces(maps: np.ndarray, boxes: Sequence[np.ndarray]) -> np.ndarray:
    """What the voice is told of the boxes of each picture, one after another: (boxes, 9 places, 48 channels)."""
    found = [regions.roi(grid, some, BINS) for grid, some in zip(maps, boxes, strict=True)]
    return np.concatenate(found).reshape(-1, BINS * BINS, maps.shape[-1])


def jittered(scene: Scene, dice: np.random.Generator) -> np.ndarray:
    """The boxes of a scene, each corner moved by a pixel or so: proposals are never exact."""
    return scene.boxes + dice.normal(0, 0.8, scene.boxes.shape)


def taught_sketch(seed: int, scale: str = "quick") -> Sketch:
    """Train head and voice on the maps of a stored eye, which stays as it is. Chapter: systems."""
    eye, scenes, dice = encoder.stored_encoder(seed), crowds(COUNT[scale], 3 * seed + 1), np.random.default_rng(seed)
    maps, (proposing, speaking) = seen(eye, scenes.floats), PASSES[scale]
    keras.utils.set_random_seed(seed)
    head, options = regions.proposal_head(), {"batch": 25, "rate": 4e-3, "seed": seed}
    wanted = regions.lessons(scenes)
    experiments.fit(head, maps, wanted, epochs=proposing, loss=regions.proposal_loss, **options)
    told = [name for scene in scenes for name in names(scene)]
    code = pieces(maps, [jittered(scene, dice) for scene in scenes])
    return Sketch(eye, head, decoder.taught("flattened", code, told, seed, epochs=speaking))


def stored_sketch() -> Sketch:
    """Give the stored nets of seed 0; made by ``python -m cvnotes.systems``. Chapter: systems."""
    head, voice = regions.proposal_head(), decoder.captioner("flattened", (BINS * BINS, encoder.FILTERS[-1]))
    for name, net in (("head", head), ("voice", voice)):
        net.set_weights(keeping.load_weights("systems", name))
    return Sketch(encoder.stored_encoder(0), head, voice)


def proposed(sketch: Sketch, maps: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Propose regions on the maps of some pictures: for each the boxes (k, 4), the likeliest first, and the chances."""
    chances, boxes = regions.to_boxes(keras.ops.convert_to_numpy(sketch.head(maps)))
    where = [tuple(regions.peaks(chance).T) for chance in chances]
    order = [np.argsort(-chance[place]) for chance, place in zip(chances, where, strict=True)]
    return tuple(
        [each[place][rank] for each, place, rank in zip(values, where, order, strict=True)]
        for values in (boxes, chances)
    )


def spoken(voice: keras.Model, maps: np.ndarray, boxes: Sequence[np.ndarray]) -> list[list[str]]:
    """A phrase for each box of each picture."""
    if not sum(map(len, boxes)):
        return [[] for _ in boxes]
    said = decoding.greedy(voice, pieces(maps, boxes))
    ends = np.cumsum([0, *map(len, boxes)])
    return [said[a:b] for a, b in itertools.pairwise(ends)]


def region_phrases(sketch: Sketch, images: np.ndarray) -> list[list[Region]]:
    """Find regions in pictures (n, 32, 32, 3) in [0, 1] and say a phrase about each, the likeliest first.

    Raises ValueError for other pictures. Chapter: systems.
    """
    maps = seen(sketch.eye, _pictures(images))
    boxes, chances = proposed(sketch, maps)
    told = spoken(sketch.voice, maps, boxes)
    return [[Region(*each) for each in zip(*one, strict=True)] for one in zip(boxes, chances, told, strict=True)]


def _pictures(images: np.ndarray) -> np.ndarray:
    """Hand pictures on if the eye can look at them."""
    shape, least, most = np.shape(images), np.min(images, initial=0), np.max(images, initial=0)
    if len(shape) != 4 or not shape[0] or shape[1:] != (words.SIDE, words.SIDE, 3) or not (least >= 0 and most <= 1):
        raise ValueError(
            f"Give pictures (n, {words.SIDE}, {words.SIDE}, 3) in [0, 1]. Received: {shape}, from {least} to {most}"
        )
    return images


def scored(scenes: Scenes, boxes: Sequence[np.ndarray], told: Sequence[Sequence[str]]) -> dict[str, float]:
    """Score regions with their phrases, beside the objects of each scene.

    found: share of the objects with a region that shares half of the union; both: ... and whose best region says their
    colour and shape; false: share of the regions that lie on no object.
    Raises ValueError unless there are boxes and phrases for each scene. Chapter: systems.
    """
    if not len(scenes) == len(boxes) == len(told) or any(len(b) != len(t) for b, t in zip(boxes, told, strict=True)):
        raise ValueError(f"Give each of {len(scenes)} scenes boxes, and each box a phrase. Received: {len(boxes)}")
    found, both, false = [], [], []
    for scene, some, phrases in zip(scenes, boxes, told, strict=True):
        shared = regions.overlaps(scene.boxes, some)
        best = shared.max(1, initial=0)
        found += list(best >= FOUND)
        said = [phrases[i] for i in shared.argmax(1)] if len(some) else [""] * len(scene)
        both += [b >= FOUND and phrase == name for b, phrase, name in zip(best, said, names(scene), strict=True)]
        false += list(shared.max(0, initial=0) < FOUND)
    return {"found": np.mean(found), "both": np.mean(both), "false": np.mean(false) if false else 0.0}
