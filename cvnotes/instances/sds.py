"""Simultaneous detection and segmentation: propose, box, two codes, judge, suppress, refine. Chapter: instances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np

from cvnotes import experiments
from cvnotes.boxes import Detections
from cvnotes.checks import choice
from cvnotes.detection import codes, lessons, regression, svms, warping
from cvnotes.detection.rcnn import LEAST, RATIO

from . import candidates, foreground, refining
from .masks import mask_boxes, mask_nms
from .sds_lessons import Pieces

SAME = 0.3  # of two masks of a class that share more, the worse one is dropped
WAYS = ("region", "guess", "vote")  # what the mask of a detection is: the region, what its code says, a vote on both


class SDS(NamedTuple):
    """Two nets, and what was fitted on their codes."""

    box_net: keras.Model  #: for crops as they are
    region_net: keras.Model  #: for crops with a filled background
    colour: np.ndarray  #: (3,) of that background
    svms: np.ndarray  #: (d + 1, classes)
    refiners: np.ndarray  #: (classes, d + cells + 1, cells)


class Look(NamedTuple):
    """The regions of one picture: their pixels (n, h, w), their boxes (n, 4), and codes (n, d)."""

    masks: np.ndarray
    boxes: np.ndarray
    codes: np.ndarray


def train_net(crops: np.ndarray, given: lessons.Lessons, *, epochs: int, rate: float, seed: int) -> keras.Model:
    """Train a ConvNet to name crops, background included, as R-CNN does. Chapter: instances."""
    keras.utils.set_random_seed(seed)
    chosen = lessons.balanced(given._replace(crops=crops), RATIO, seed)
    net = codes.code_net(given.classes, crops.shape[1])
    experiments.fit(net, chosen.crops, chosen.answers, epochs=epochs, batch=64, rate=rate, seed=seed)
    return net


def encode(box_net: keras.Model, region_net: keras.Model, crops: np.ndarray, masked: np.ndarray) -> np.ndarray:
    """Concatenate the codes of both kinds of crops: (n, d). Chapter: instances."""
    each = (codes.seen(net, some, ["code"])[0] for net, some in ((box_net, crops), (region_net, masked)))
    return np.concatenate(list(each), axis=1)


def fit_rest(box_net: keras.Model, region_net: keras.Model, colour: np.ndarray, given: Pieces, seed: int = 0) -> SDS:
    """Encode all regions once, then fit SVMs and coarse masks on the codes; the nets stay as they are.

    Chapter: instances.
    """
    cached, told = encode(box_net, region_net, given.lessons.crops, given.masked), given.lessons
    machines = svms.fit_svms(cached, told, seed=seed)
    seen = with_own(cached, given.own)
    refiners = refining.fit_masks(seen, given.aim, told.labels, told.iou, told.classes)
    return SDS(box_net, region_net, colour, machines, refiners)


def with_own(codes_: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Codes (n, d), and beside them the cells (n, 10, 10) that the region itself fills. Chapter: instances."""
    return np.concatenate([codes_, own.reshape(len(own), refining.CELLS**2)], axis=1)


def look(model: SDS, image: np.ndarray, masks: np.ndarray) -> Look:
    """Steps two to four: put a box around each region, cut it out twice, encode. Chapter: instances."""
    boxes = mask_boxes(masks)
    masked = foreground.masked_crops(image, masks, model.colour)
    return Look(masks, boxes, encode(model.box_net, model.region_net, warping.crops(image, boxes), masked))


def judge(model: SDS, seen: Look, iou: float = SAME) -> tuple[Detections, np.ndarray]:
    """Step five: score by the SVMs, and drop what is found twice; also the rows of `seen` that are left.

    Source: Hariharan et al. (2014), section 3.3. Chapter: instances.
    """
    scores = regression.linear(seen.codes, model.svms)
    rows, labels = np.nonzero(scores > LEAST["svm"])
    kept = mask_nms(seen.masks[rows], scores[rows, labels], labels, iou)
    rows, labels = rows[kept], labels[kept]
    return Detections(seen.boxes[rows], scores[rows, labels], labels), rows


def refine(model: SDS, image: np.ndarray, seen: Look, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Step six: the masks (n, h, w) of regions with these labels, in each of the WAYS. Chapter: instances."""
    told = with_own(seen.codes, refining.coarse(seen.masks, seen.boxes))
    chances = refining.guessed(told, seen.boxes, labels, model.refiners, image.shape[:2])
    mixed = refining.mixed(chances, seen.masks)
    voted = refining.vote(mixed, refining.superpixels(image))
    return {"region": seen.masks, "guess": chances > 0.5, "vote": voted}


def detect(
    model: SDS, images: np.ndarray, proposals: Sequence[np.ndarray] | None = None, way: str = "vote"
) -> tuple[list[Detections], list[np.ndarray]]:
    """Find, name and outline the objects of pictures (n, h, w, 3) of bytes: detections, and masks (k, h, w) beside.

    proposals: masks (m, h, w) of each picture, None to propose here; way: of WAYS, what becomes of the regions.
    Raises ValueError for another way, and proposals for other pictures. Chapter: instances.
    """
    choice("way", way, WAYS)
    if proposals is not None and len(proposals) != len(images):
        raise ValueError(f"Give proposals for each of {len(images)} pictures. Received: {len(proposals)}")
    given = candidates.proposed(images) if proposals is None else proposals
    found = [_detected(model, image, masks, way) for image, masks in zip(images, given, strict=True)]
    return [one[0] for one in found], [one[1] for one in found]


def _detected(model: SDS, image: np.ndarray, masks: np.ndarray, way: str) -> tuple[Detections, np.ndarray]:
    seen = look(model, image, masks)
    found, rows = judge(model, seen)
    kept = Look(*(field[rows] for field in seen))
    return found, refine(model, image, kept, found.labels)[way]
