"""Stored experiment: what one code and two are worth to a linear SVM, and what each of the six steps reaches."""

from __future__ import annotations

import functools

import keras
import numpy as np
from sklearn.svm import LinearSVC

from cvnotes import boxes as geometry
from cvnotes import data, experiments
from cvnotes.boxes import Detections
from cvnotes.data import Scenes
from cvnotes.detection import codes, lessons, svms

from . import candidates, foreground, masks, precision, sds, sds_lessons
from .sds_lessons import Pieces

COUNT, EPOCHS, RATE, PICTURES = {"quick": 100, "full": 2000}, {"quick": 4, "full": 8}, 3e-3, 100
CLUTTER = (0.0, 0.4, 1.0)  # none, as in training, and as much as there is
OTHER_NET = 100  # added to the seed of the second net for boxes


@functools.cache
def colour() -> np.ndarray:
    """The mean colour of the data set, as its first training scenes have it. Chapter: instances."""
    return foreground.mean_colour(geometry.lessons(100).images)


@functools.cache
def judged(clutter: float) -> tuple[Scenes, list[np.ndarray], Pieces]:
    """Held-out scenes with so much clutter, their proposals and cut-out regions: the same for every seed.

    Of other scenes than the usual ones only the regions that are named: as many of background as of objects.
    """
    scenes = data.scenes(PICTURES, seed=geometry.task.TEST, clutter=clutter)
    found = candidates.proposed(scenes.images)
    pieces = sds_lessons.gather(scenes, found, colour())
    few = slice(None) if clutter == CLUTTER[1] else balanced_rows(pieces.lessons, 1.0, 0)
    return scenes, found, pieces.take(few)


def given(seed: int, scale: str = "quick") -> Pieces:
    """Regions of the training scenes of a seed. Chapter: instances."""
    scenes = geometry.lessons(COUNT[scale], seed)
    return sds_lessons.gather(scenes, candidates.proposed(scenes.images), colour())


def nets(pieces: Pieces, seed: int, scale: str = "quick") -> dict[str, keras.Model]:
    """Train three nets on the same regions: one for boxes, one for regions, and a second one for boxes."""
    options = {"epochs": EPOCHS[scale], "rate": RATE}
    crops = pieces.lessons.crops
    ways = {"box": (crops, seed), "region": (pieces.masked, seed), "again": (crops, seed + OTHER_NET)}
    return {name: sds.train_net(some, pieces.lessons, seed=own, **options) for name, (some, own) in ways.items()}


def coded(trained: dict[str, keras.Model], pieces: Pieces) -> dict[str, np.ndarray]:
    """The codes of regions by each net; `untuned`: masked crops, read by the net that has seen boxes alone."""
    crops, masked = pieces.lessons.crops, pieces.masked
    reads = {"box": ("box", crops), "again": ("again", crops), "region": ("region", masked), "untuned": ("box", masked)}
    return {name: codes.seen(trained[net], some, ["code"])[0] for name, (net, some) in reads.items()}


#: What a linear SVM is given: one code, or two side by side.
CODES = {
    "box": ("box",), "region": ("region",), "untuned": ("untuned",), "both": ("box", "region"),
    "both_untuned": ("box", "untuned"), "two_box_nets": ("box", "again"),
}  # fmt: skip


def joined(found: dict[str, np.ndarray], name: str) -> np.ndarray:
    """The codes that CODES names, side by side."""
    return np.concatenate([found[part] for part in CODES[name]], axis=1)


def balanced_rows(told: lessons.Lessons, ratio: float, seed: int) -> np.ndarray:
    """Rows of all objects and of some background. Chapter: instances."""
    return lessons.balanced(told._replace(crops=np.arange(len(told.iou))), ratio, seed).crops


def right_answers(known: np.ndarray, told: lessons.Lessons, tests: list, seed: int) -> list[float]:
    """Fit one linear SVM of eleven answers on codes, and give its share of right ones in each test.

    tests: pairs of codes and regions, as many of background as of objects. Chapter: instances.
    """
    unit, rows = np.sqrt(np.mean(np.square(known))), balanced_rows(told, 1.0, seed)
    machine = LinearSVC(C=svms.COST, random_state=0, max_iter=3000).fit(known[rows] / unit, told.answers[rows])
    found = []
    for others, truth in tests:
        chosen = balanced_rows(truth, 1.0, 0)
        found.append(float(np.mean(machine.predict(others[chosen] / unit) == truth.answers[chosen])))
    return found


@experiments.experiment(version=1, seeds=5)
def codes_compared(seed: int, scale: str) -> dict[str, object]:
    """Name regions by linear SVMs on one code or two: right answers for each of CODES, at each CLUTTER.

    by_box, by_region: mask AP at 0.5 before refinement, with the code of the box alone, or of the region; the rest,
    with both: see `steps_of`.
    """
    pieces = given(seed, scale)
    trained = nets(pieces, seed, scale)
    known = coded(trained, pieces)
    tests = [(coded(trained, some), some.lessons) for *_, some in map(judged, CLUTTER)]
    found = {}
    for name in CODES:
        pairs = [(joined(other, name), told) for other, told in tests]
        found[name] = right_answers(joined(known, name), pieces.lessons, pairs, seed)
    for name in ("box", "region"):
        machines = svms.fit_svms(joined(known, name), pieces.lessons, seed=seed)
        found[f"by_{name}"] = outcome(machines, joined(tests[1][0], name))
    return found | steps_of(chain(trained, pieces, seed))


def chain(trained: dict[str, keras.Model], pieces: Pieces, seed: int) -> sds.SDS:
    """The whole pipeline with both codes."""
    return sds.fit_rest(trained["box"], trained["region"], colour(), pieces, seed)


def looks(cached: np.ndarray, count: int = PICTURES) -> list[sds.Look]:
    """Split the codes of all regions of the judged scenes by scene; true masks, which come first, are left out."""
    _, found, pieces = judged(CLUTTER[1])
    told = pieces.lessons
    rows = [np.flatnonzero((told.scenes == i) & ~told.true) for i in range(count)]
    return [sds.Look(found[i], told.boxes[some], cached[some]) for i, some in enumerate(rows)]


def outcome(machines: np.ndarray, cached: np.ndarray) -> float:
    """Mask AP at 0.5 of regions that SVMs score, before refinement."""
    scenes, *_ = judged(CLUTTER[1])
    model = sds.SDS(None, None, None, machines, None)
    said = [(sds.judge(model, seen), seen) for seen in looks(cached)]
    found, kept = [one for (one, _), _ in said], [seen.masks[rows] for (_, rows), seen in said]
    return precision.mean_mask_precision(found, kept, geometry.truths(scenes), masks.true_masks(scenes))


def steps_of(model: sds.SDS, count: int = PICTURES) -> dict[str, float]:
    """Judge the whole pipeline on held-out scenes, step by step. Chapter: instances.

    recall, best: of the proposals, at a mask IoU of 0.5 and on average; regions: of a scene; kept: detections of a
    scene; box_map; for each of WAYS ap_way and tight_way, mask AP at 0.5 and 0.7, and iou_way, the mean IoU with its
    object of detections whose region has half of it and whose class is right.
    """
    scenes, proposals, pieces = judged(CLUTTER[1])
    scenes, truths, true = scenes[:count], geometry.truths(scenes)[:count], masks.true_masks(scenes[:count])
    crops, masked = pieces.lessons.crops, pieces.masked
    seen = looks(sds.encode(model.box_net, model.region_net, crops, masked), count)
    said = [sds.judge(model, one) for one in seen]
    kept = [sds.Look(*(field[rows] for field in one)) for one, (_, rows) in zip(seen, said, strict=True)]
    found = [one for one, _ in said]
    refined = [sds.refine(model, *row) for row in zip(scenes.images, kept, [one.labels for one in found], strict=True)]
    best = candidates.best_shares(proposals[:count], true)
    numbers = {
        "recall": float((best >= 0.5).mean()),
        "best": float(best.mean()),
        "regions": float(np.mean([len(one) for one in proposals[:count]])),
        "kept": float(np.mean([len(one.labels) for one in found])),
        "box_map": geometry.mean_average_precision(found, truths),
    }
    for way in sds.WAYS:
        outlines = [one[way] for one in refined]
        for name, least in (("ap", 0.5), ("tight", 0.7)):
            numbers[f"{name}_{way}"] = precision.mean_mask_precision(found, outlines, truths, true, least)
        numbers[f"iou_{way}"] = float(near(found, [one["region"] for one in refined], outlines, truths, true).mean())
    return numbers


def near(
    found: list[Detections],
    regions: list[np.ndarray],
    outlines: list[np.ndarray],
    truths: list[geometry.Truth],
    true: list[np.ndarray],
) -> np.ndarray:
    """IoU with its object of the outline of each detection whose region has half of an object of its class."""
    shares = []
    for one, some, after, truth, objects in zip(found, regions, outlines, truths, true, strict=True):
        shared = masks.mask_iou(some, objects) * (one.labels[:, None] == truth.labels)
        hit = np.flatnonzero(shared.max(axis=1, initial=0) >= 0.5)
        shares.append(masks.paired_mask_iou(after[hit], objects[shared[hit].argmax(axis=1)]))
    return np.concatenate(shares)
