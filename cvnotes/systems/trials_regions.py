"""The stored experiment of the dense captions, beside a sentence for the whole picture and four that must lose."""

from __future__ import annotations

import numpy as np

from cvnotes import experiments
from cvnotes.captioning import decoding, encoder, trials
from cvnotes.data import captions as grammar
from cvnotes.data.scenes import Scene, Scenes

from . import phrases, regions

TEST = 300


def mentioned(caption: str, scene: Scene) -> float:
    """Share of the objects of a scene that a caption names by colour and shape, wherever they are."""
    try:
        said = grammar.parse(caption)
    except ValueError:
        return 0.0
    things = [thing for thing in (said.subject, said.other) if thing is not None and thing.colour]
    return float(np.mean([any(grammar.fits(thing, scene, j) for thing in things) for j in range(len(scene))]))


def best_sentence(scene: Scene) -> float:
    """Share of the objects that the best sentence of the grammar could name: it has room for two things."""
    named = phrases.names(scene)
    counts = sorted((named.count(name) for name in set(named)), reverse=True)
    return sum(counts[:2]) / len(scene)


def elsewhere(scene: Scene, dice: np.random.Generator, away: bool) -> np.ndarray:
    """As many boxes of a usual size as there are objects, anywhere; away: where they touch no object, if possible."""
    corners = dice.uniform(0, scene.image.shape[0] - regions.USUAL, (200, 2))
    boxes = np.concatenate([corners, corners + regions.USUAL], axis=1)
    shared = regions.overlaps(boxes, scene.boxes).max(1)
    order = np.argsort(shared, kind="stable") if away else np.arange(len(boxes))
    return boxes[order[: len(scene)]]


def rivals(sketch: phrases.Sketch, maps: np.ndarray, test: Scenes, seed: int) -> dict[str, float]:
    """Score what must lose: boxes anywhere, phrases of other regions, and phrases of empty ones."""
    dice, true = np.random.default_rng(seed), [scene.boxes for scene in test]
    told = phrases.spoken(sketch.voice, maps, true)
    anywhere = [elsewhere(scene, dice, away=False) for scene in test]
    empty = phrases.spoken(sketch.voice, maps, [elsewhere(scene, dice, away=True) for scene in test])
    given = {
        "true_boxes": (true, told),
        "anywhere": (anywhere, phrases.spoken(sketch.voice, maps, anywhere)),
        "shuffled": (true, [[*row[1:], row[0]] for row in told]),
        "empty": (true, empty),
    }
    return {name: phrases.scored(test, *pair)["both"] for name, pair in given.items()}


@experiments.experiment(version=1, seeds=5)
def dense(seed: int, scale: str) -> dict[str, float]:
    """Find regions and say a phrase about each, and count the objects that are found and named.

    sentence: share of the objects that the stored captioner names in its one sentence, wherever they are; best: that
    the best sentence could name; whole: objects found, if the whole picture is the only region.
    """
    sketch, test = phrases.taught_sketch(seed, scale), phrases.crowds(TEST, 3 * seed + 2)
    maps = phrases.seen(sketch.eye, test.floats)
    boxes, _ = phrases.proposed(sketch, maps)
    found = phrases.scored(test, boxes, phrases.spoken(sketch.voice, maps, boxes))
    said = decoding.greedy(trials.stored_captioner(), encoder.maps(encoder.stored_encoder(0), test.floats))
    whole = np.array([[0, 0, test.size, test.size]])
    found |= {
        "sentence": np.average([mentioned(*pair) for pair in zip(said, test, strict=True)], weights=test.counts),
        "best": np.average([best_sentence(scene) for scene in test], weights=test.counts),
        "whole": phrases.scored(test, [whole] * TEST, [[caption] for caption in said])["found"],
    }
    return found | rivals(sketch, maps, test, seed)
