"""Error anatomy: in what way each detection is wrong, which objects are missed, and what each kind costs.

Source of the kinds: Hoiem, Chodpathumwan and Dai (2012), section 2; Bolya et al. (2020), section 2.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cvnotes import boxes
from cvnotes.boxes import Detections, Truth
from cvnotes.boxes.detections import checked_detections, checked_truth
from cvnotes.checks import choice, number

KINDS = ("correct", "localization", "confusion", "both", "duplicate", "background")
ERRORS = (*KINDS[1:], "missed")
IOU, NEAR = 0.5, 0.1  # overlap of a right box; overlap below which a box has to do with no object


class Anatomy(NamedTuple):
    """What is the matter with each detection of one picture, and with its objects."""

    kinds: np.ndarray  #: (k,) of KINDS, in the order of the detections
    object: np.ndarray  #: (k,) the object that a detection is about: a row of the truth, -1 for background
    missed: np.ndarray  #: (g,) True for an object that no detection is about that is right or could be mended


def anatomy(found: Detections, truth: Truth, iou: float = IOU, near: float = NEAR) -> Anatomy:
    """Say of each detection of a picture which kind of error it is.

    correct: the first to overlap an object of its class by `iou`; duplicate: not the first;
    localization: its class is right, its overlap is from `near` up to `iou`; confusion: it overlaps an object of
    another class by `iou`; both: it overlaps one of another class by `near`; background: it overlaps none so much.
    Of several that fit, the first of localization, confusion, duplicate, both. missed: neither found, nor the object
    of a localization error or a confusion. Raises ValueError for flags to ignore objects, or unless near < iou.
    Source: Bolya et al. (2020), section 2.2. Chapter: ssd.
    """
    found, truth = checked_detections(found), checked_truth(truth)
    iou, near = number("iou", iou, most=1, above=0), number("near", near, 0, below=iou)
    if truth.ignore.any():
        raise ValueError(f"Give truth in which every object counts. Received: ignore={truth.ignore}")
    shared, alike = boxes.iou(found.boxes, truth.boxes), found.labels[:, None] == truth.labels
    mine, others = np.where(alike, shared, -1.0), np.where(alike, -1.0, shared)
    given = _claimed(mine, np.argsort(-found.scores, kind="stable"), iou)
    kinds, about = _told_apart(given, mine, others, iou, near)
    reached = about[np.isin(kinds, ("correct", "localization", "confusion"))]
    return Anatomy(kinds, about, ~np.isin(np.arange(len(truth.boxes)), reached))


def _told_apart(
    given: np.ndarray, mine: np.ndarray, others: np.ndarray, iou: float, near: float
) -> tuple[np.ndarray, np.ndarray]:
    """The kind of each detection and its object, from its overlaps with objects of its own class and of others."""
    (same, which), (other, whose) = _best(mine), _best(others)
    rules = [  # the first that holds
        ("correct", given >= 0, given),
        ("localization", (near <= same) & (same < iou), which),
        ("confusion", other >= iou, whose),
        ("duplicate", same >= iou, which),
        ("both", other >= near, whose),
    ]
    names, holds, objects = zip(*rules, strict=True)
    return np.select(holds, names, "background"), np.select(holds, objects, -1)


def _claimed(shared: np.ndarray, order: np.ndarray, iou: float) -> np.ndarray:
    """The object that each detection is the first to find, in this order: (k,), -1 for none; as mAP has it."""
    given, free = np.full(len(order), -1), np.ones(shared.shape[1], bool)
    for i in order:
        possible = np.flatnonzero(free & (shared[i] >= iou))
        if len(possible):
            given[i] = max(possible, key=lambda g, i=i: (shared[i, g], g))
            free[given[i]] = False
    return given


def _best(shared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest overlap of each row and where it stands; -1 and -1 without any column."""
    padded = np.concatenate([shared, np.full((len(shared), 1), -1.0)], axis=1)
    return padded.max(axis=1), np.where(padded.max(axis=1) >= 0, padded.argmax(axis=1), -1)


def counts(
    found: Sequence[Detections], truths: Sequence[Truth], least: float = 0.5, iou: float = IOU, near: float = NEAR
) -> dict[str, int]:
    """Count all kinds over pictures, of detections with a score of at least `least`, and the missed objects.

    Raises ValueError for no pictures, or not as many truths, and as `anatomy`. Chapter: ssd.
    """
    if not len(found) == len(truths) > 0:
        raise ValueError(f"Give Detections and Truth for the same pictures. Received: {len(found)} and {len(truths)}")
    every = [anatomy(sure(one, least), truth, iou, near) for one, truth in zip(found, truths, strict=True)]
    kinds = np.concatenate([one.kinds for one in every])
    missed = int(sum(one.missed.sum() for one in every))
    return {kind: int(np.count_nonzero(kinds == kind)) for kind in KINDS} | {"missed": missed}


def sure(found: Detections, least: float) -> Detections:
    """Keep the detections with a score of at least `least`. Chapter: ssd."""
    found = checked_detections(found)
    kept = found.scores >= number("least", least)
    return Detections(found.boxes[kept], found.scores[kept], found.labels[kept])


def mended(
    found: Detections, truth: Truth, kind: str, iou: float = IOU, near: float = NEAR
) -> tuple[Detections, Truth]:
    """Let an oracle mend one kind of error in a picture, and leave all else as it is.

    localization: the box of the object is put in place of the detection's; confusion: its class; a detection whose
    object is found already, or by a surer mended one, is dropped. both, duplicate, background: dropped.
    missed: such objects are taken out of the truth. Raises ValueError for another kind.
    Source: Bolya et al. (2020), section 2.3. Chapter: ssd.
    """
    choice("kind", kind, ERRORS)
    found, truth = checked_detections(found), checked_truth(truth)
    known = anatomy(found, truth, iou, near)
    if kind == "missed":
        return found, Truth(truth.boxes[~known.missed], truth.labels[~known.missed])
    wrong, corners, labels = known.kinds == kind, found.boxes.copy(), found.labels.copy()
    if kind == "localization":
        corners[wrong] = truth.boxes[known.object[wrong]]
    if kind == "confusion":
        labels[wrong] = truth.labels[known.object[wrong]]
    kept = ~wrong | _first(wrong, known, found.scores) if kind in ("localization", "confusion") else ~wrong
    return Detections(corners[kept], found.scores[kept], labels[kept]), truth


def _first(wrong: np.ndarray, known: Anatomy, scores: np.ndarray) -> np.ndarray:
    """Of the wrong detections, the surest about each object that no correct one has found: (k,) of booleans."""
    taken, first = set(known.object[known.kinds == "correct"].tolist()), np.zeros(len(wrong), bool)
    for i in np.argsort(-scores, kind="stable"):
        if wrong[i] and known.object[i] not in taken:
            first[i] = True
            taken.add(int(known.object[i]))
    return first


def costs(
    found: Sequence[Detections], truths: Sequence[Truth], iou: float = IOU, near: float = NEAR
) -> dict[str, float]:
    """What mean average precision gains when one kind of error is mended, for each kind; they do not add up.

    Source: Bolya et al. (2020), section 2.3. Chapter: ssd.
    """
    now = boxes.mean_average_precision(found, truths, iou)
    return {kind: _after(found, truths, kind, iou, near) - now for kind in ERRORS}


def _after(found: Sequence[Detections], truths: Sequence[Truth], kind: str, iou: float, near: float) -> float:
    """The mean average precision when one kind is mended; 1 where no object is left to find."""
    pairs = [mended(one, truth, kind, iou, near) for one, truth in zip(found, truths, strict=True)]
    left = any(len(truth.boxes) for _, truth in pairs)
    return boxes.mean_average_precision(*map(list, zip(*pairs, strict=True)), iou) if left else 1.0
