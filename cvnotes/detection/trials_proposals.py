"""The experiments of the page selective_search: how many true boxes are found, by how many proposals."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from skimage.transform import resize

from cvnotes import boxes, data, experiments
from cvnotes.boxes import Truth

from .coverage import best_overlaps, by_limit, recall
from .proposals import FAST, FULL, distinct, hierarchies, selective_search
from .similarity import MEASURES
from .windows import BLIND, random_boxes, sliding_windows

SIDE, PICTURES = 64, 100  # pixels; held-out scenes for one seed, five seeds use each of the 500 once
LIMITS = (25, 50, 100, 200)
USUAL = (14, 25)  # nine of ten sides of objects in training scenes lie between, in pixels
KNOWN = ((20,), (18, 24), (16, 20, 25))  # sides of windows for those who know that
#: Ten objects, some six times as large as others, in a picture as wide as those of R-CNN.
LARGE = {"size": 500, "objects": 10, "radius": (0.03, 0.2)}
LARGE_LIMITS = (100, 500, 2000)
#: Colour photographs of things and places, all that the book has.
PHOTOGRAPHS = ("astronaut", "cat", "coffee", "flower", "pagoda", "rocket")
WIDTH, NARROW = 500, 20  # R-CNN's pictures, and its narrowest box, in pixels


def known_windows(limit: int) -> np.ndarray:
    """Slide windows of those known sides that find most true boxes of the validation scenes."""
    return sliding_windows(SIDE, SIDE, limit, _best_sides(limit))


@functools.cache
def _best_sides(limit: int) -> tuple[int, ...]:
    truths = boxes.truths(boxes.validation())

    def found(sides: tuple[int, ...]) -> float:
        return recall(best_overlaps([sliding_windows(SIDE, SIDE, limit, sides)] * len(truths), truths))

    return max(KNOWN, key=found)


#: Ways to propose `limit` boxes without a look at the picture, by name; n is the number of the picture.
RIVALS: dict[str, Callable[[int, int], np.ndarray]] = {
    "windows": lambda limit, n: known_windows(limit),
    "chance": lambda limit, n: random_boxes(SIDE, SIDE, limit, n, USUAL),
    "blind_windows": lambda limit, n: sliding_windows(SIDE, SIDE, limit, BLIND),
    "blind_chance": lambda limit, n: random_boxes(SIDE, SIDE, limit, n),
}


def held_out(seed: int) -> tuple[np.ndarray, list[Truth], range]:
    """Take the pictures of one seed from the held-out scenes: images, true boxes, their numbers."""
    numbers = range(PICTURES * seed, PICTURES * (seed + 1))
    scenes = boxes.held_out()[numbers.start : numbers.stop]
    return scenes.images, boxes.truths(scenes), numbers


def scored(name: str, proposals: list[np.ndarray], truths: list[Truth]) -> dict[str, object]:
    """Recall at IoU 0.5 and 0.7, mean best overlap, and boxes a picture, of all proposals."""
    best = best_overlaps(proposals, truths)
    count = float(np.mean([len(found) for found in proposals]))
    return {name: [recall(best), recall(best, 0.7), float(best.mean()), count]}


@experiments.experiment(version=1, seeds=5)
def proposal_recall(seed: int, scale: str) -> dict[str, object]:
    """Propose boxes for a hundred held-out scenes, by selective search and by its rivals, as many of each.

    For each way: recall at IoU 0.5 (`_recall`), 0.7 (`_strict`) and mean best overlap (`_overlap`), by limit.
    """
    images, truths, numbers = held_out(seed)
    searched = [selective_search(image) for image in images]
    ways = {"search": lambda limit: [found[:limit] for found in searched]}
    ways |= {name: lambda limit, way=way: [way(limit, n) for n in numbers] for name, way in RIVALS.items()}
    found = {"count": float(np.mean([len(rows) for rows in searched]))}
    for name, way in ways.items():
        rows = np.array([next(iter(scored(name, way(limit), truths).values())) for limit in LIMITS])
        found |= {f"{name}_recall": rows[:, 0], f"{name}_strict": rows[:, 1], f"{name}_overlap": rows[:, 2]}
    return found


@experiments.experiment(version=1, seeds=5)
def proposal_measures(seed: int, scale: str) -> dict[str, object]:
    """Group the same segments by all four measures, and with each left out: the first 50 boxes of each grouping.

    Each row: recall at IoU 0.5 and 0.7, mean best overlap, boxes a picture.
    """
    images, truths, _ = held_out(seed)
    ways = (MEASURES, *(MEASURES.replace(letter, "") for letter in MEASURES), *MEASURES)
    groups = [hierarchies(image, measures=ways) for image in images]
    found = {}
    for i, letters in enumerate(ways):
        first = [distinct(group[i].regions.box[::-1])[:50] for group in groups]
        found |= scored(letters, first, truths)
    segments = [group[0].regions.box[: len(group[0].merges) + 1] for group in groups]
    return found | scored("segments", segments, truths)


@experiments.experiment(version=1, seeds=5)
def proposal_modes(seed: int, scale: str) -> dict[str, object]:
    """Propose by one grouping, by eight and by eighty, all boxes: twenty held-out scenes."""
    images, truths, _ = held_out(seed)
    few = {"one": {}, "fast": {**FAST, "min_size": 10}, "full": {**FULL, "min_size": 10}}
    found = {}
    for name, options in few.items():
        found |= scored(name, [selective_search(image, **options) for image in images[:20]], truths[:20])
    return found


@experiments.experiment(version=1, seeds=5)
def proposal_limits(seed: int, scale: str) -> dict[str, object]:
    """Let eight groupings propose boxes for four large scenes: recall and mean best overlap for three limits.

    Also for square windows from 16 to 256 pixels, as many.
    """
    scenes = data.scenes(4, seed=900 + seed, **LARGE)
    truths = boxes.truths(scenes)
    searched = [selective_search(image, seed=0, **FAST) for image in scenes.images]
    found = {"count": float(np.mean([len(rows) for rows in searched]))}
    found["search_recall"], found["search_overlap"] = by_limit(searched, truths, LARGE_LIMITS)
    sides = [round(16 * 2 ** (i / 2)) for i in range(9)]
    rows = []
    for limit in LARGE_LIMITS:
        best = best_overlaps([sliding_windows(500, 500, limit, sides)] * len(truths), truths)
        rows.append([recall(best), float(best.mean())])
    found["windows_recall"], found["windows_overlap"] = np.array(rows).T
    return found


@experiments.experiment(version=1, seeds=len(PHOTOGRAPHS))
def proposal_counts(seed: int, scale: str) -> dict[str, object]:
    """Count the boxes that one grouping and eight propose for a photograph 500 pixels wide; the seed chooses which.

    Each: all boxes, and those at least 20 pixels wide and high.
    """
    image = photograph(PHOTOGRAPHS[seed])
    ways = {"one": {"scale": 100, "min_size": 100}, "fast": FAST}
    return {name: counted(selective_search(image, **options)) for name, options in ways.items()}


def photograph(name: str) -> np.ndarray:
    """Bring a photograph to a width of 500 pixels: float (h, 500, 3) in [0, 1]."""
    image = data.photo(name)
    height = round(image.shape[0] * WIDTH / image.shape[1])
    return np.clip(resize(image, (height, WIDTH), anti_aliasing=True), 0, 1)


def counted(found: np.ndarray) -> list[int]:
    """Count boxes (n, 4): all, and those whose two sides are at least 20 pixels long."""
    return [len(found), int(((found[:, 2:] - found[:, :2]) >= NARROW).all(1).sum())]
