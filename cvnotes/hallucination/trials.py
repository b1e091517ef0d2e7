"""The experiments of the page on DeepDream: what each ingredient of the loop does, and what each layer dreams."""

from __future__ import annotations

import numpy as np

from cvnotes import data, experiments
from cvnotes.introduction.hierarchy import centroid

from . import measures, nets
from .dream import dream, tiled, uphill

PHOTOS = ("cat", "astronaut", "coffee", "flower", "pagoda")  # the seed chooses
LAYER, SIDE, TILE = "relu5", 96, 24
JITTERS = (0, 1, 2, 8)
OCTAVES = (1, 2, 3, 4)
STORED = ("depths", "octaves", "tiles")
BANDS = np.array([0, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2])  # cycles a pixel

#: How far a live run may be from the stored one: another processor adds up in another order, and a dream amplifies.
TOLERANCE = 0.05


def photograph(seed: int, side: int = SIDE) -> np.ndarray:
    """The photograph of a seed, (side, side, 3)."""
    return data.photo(PHOTOS[seed % len(PHOTOS)], size=side)


@experiments.experiment(version=1, seeds=5)
def tiles(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Dream at one size, in one piece and in tiles: how much more the detail jumps across borders than elsewhere.

    `whole`: in one piece; `jitter`: in tiles, with the picture moved by up to so many pixels as `JITTERS` say.
    """
    photo, gradient = photograph(seed), uphill(nets.painter(), LAYER)
    options = {"octaves": 1, "steps": 12, "seed": seed}
    torn = [dream(photo, tiled(gradient, TILE), jitter=jitter, **options) - photo for jitter in JITTERS]
    full = dream(photo, gradient, jitter=0, **options) - photo
    return {"whole": measures.seams(full, TILE), "jitter": [measures.seams(detail, TILE) for detail in torn]}


@experiments.experiment(version=1, seeds=5)
def octaves(seed: int, scale: str) -> dict[str, list]:
    """Dream with one to four octaves, with equally many steps in all: where the energy of the detail lies.

    `bands`: its shares in the bands of `BANDS`, for each number of octaves.
    """
    photo, gradient = photograph(seed, 128), uphill(nets.painter(), LAYER)
    found = [dream(photo, gradient, octaves=n, steps=24 // n, ratio=1.6, seed=seed) - photo for n in OCTAVES]
    return {"bands": [measures.power(detail, BANDS) for detail in found]}


@experiments.experiment(version=1, seeds=5)
def depths(seed: int, scale: str) -> dict[str, list[float]]:
    """Dream at each layer of the trained net and of an untrained one: how fine the detail is, and how colourful.

    `fine`: mean frequency in cycles a pixel; `tint`: share of its energy in colour.
    """
    photo, found = photograph(seed), {}
    for name, net in {"trained": nets.painter(), "untrained": nets.untrained(seed)}.items():
        details = [dream(photo, uphill(net, layer), octaves=2, seed=seed) - photo for layer in nets.LAYERS]
        found[f"{name}_fine"] = [centroid(detail[None], SIDE) for detail in details]
        found[f"{name}_tint"] = [measures.tint(detail) for detail in details]
    return found
