"""The stored experiment of Fast R-CNN: R-CNN's scenes and proposals, by pooling, by align, and under a frozen map."""

from __future__ import annotations

import keras

from cvnotes import boxes as geometry
from cvnotes import experiments
from cvnotes.boxes import Detections, Truth
from cvnotes.transfer import keeping

from . import fast_rcnn, spp, trials_rcnn
from .lessons import Lessons

EPOCHS, RATE = {"quick": 30, "full": 60}, 3e-3
FROZEN = {"quick": (3, 3), "full": (10, 10)}  # passes over windows, over cached rows
FIRST = 100  # held-out scenes that the page judges live


def taught(scale: str, seed: int, given: Lessons, way: str = "align") -> keras.Model:
    """Train a Fast R-CNN on the scenes of R-CNN's seed, mirrored and turned, and their regions. Chapter: fast_rcnn."""
    images = geometry.lessons(trials_rcnn.COUNT[scale], seed).images
    keras.utils.set_random_seed(seed)
    net = fast_rcnn.small_fast_rcnn(way=way)
    fast_rcnn.train(net, images, given, epochs=EPOCHS[scale], rate=RATE, seed=seed, turned=True)
    return net


def frozen(scale: str, seed: int, given: Lessons) -> spp.SPPNet:
    """Train an SPP-net, stage by stage, on the same scenes and regions. Chapter: fast_rcnn."""
    images, (before, after) = geometry.lessons(trials_rcnn.COUNT[scale], seed).images, FROZEN[scale]
    body = spp.pretrained(images, given, epochs=before, rate=RATE, seed=seed)
    return spp.fit(body, images, given, epochs=after, rate=RATE, seed=seed)[0]


def scores(found: list[Detections], truths: list[Truth], name: str = "") -> dict[str, float]:
    """mAP at an IoU of 0.5, of 0.7, and the mean over COCO's ten, as numbers of a name."""
    shares = {"map": 0.5, "map_tight": 0.7, "map_coco": geometry.COCO_IOUS}
    return {name + key: geometry.mean_average_precision(found, truths, iou=share) for key, share in shares.items()}


def store() -> None:
    """Train the Fast R-CNN that the page shows, and store its weights. Chapter: fast_rcnn."""
    net = taught("quick", 0, trials_rcnn.given(trials_rcnn.COUNT["quick"], 0))
    keeping.save_weights("fast_rcnn", {"net": net.get_weights()}, "python -m cvnotes.detection fast_rcnn")


def stored() -> keras.Model:
    """Give the Fast R-CNN whose weights are stored. Chapter: fast_rcnn."""
    net = fast_rcnn.small_fast_rcnn()
    net.set_weights(keeping.load_weights("fast_rcnn", "net"))
    return net


@experiments.experiment(version=1, seeds=5)
def fast_held_out(seed: int, scale: str) -> dict[str, float]:
    """Detectors on one map, trained on R-CNN's 400 scenes and judged on the 500 held-out ones, same proposals.

    map, map_tight, map_coco: Fast R-CNN with align; unmoved_: its boxes left where they were proposed; pool_: with
    RoI pooling, as in the paper; spp_: frozen map, pyramids, SVMs and regressors; first: `map` on 100 scenes.
    """
    given = trials_rcnn.given(trials_rcnn.COUNT[scale], seed)
    scenes, proposals = trials_rcnn.judged()
    truths, size = geometry.truths(scenes), scenes.images.shape[1:3]
    said = fast_rcnn.say(taught(scale, seed, given), scenes.images, proposals)
    pairs = list(zip(said, proposals, strict=True))
    found = {
        "": [fast_rcnn.decode(*pair, size) for pair in pairs],
        "unmoved_": [fast_rcnn.decode(*pair, size, move=False) for pair in pairs],
        "pool_": fast_rcnn.detect(taught(scale, seed, given, "pool"), scenes.images, proposals),
        "spp_": spp.detect(frozen(scale, seed, given), scenes.images, proposals),
    }
    first = geometry.mean_average_precision(found[""][:FIRST], truths[:FIRST])
    return {"first": first} | {k: v for name, one in found.items() for k, v in scores(one, truths, name).items()}
