"""One picture's way through the family of R-CNN, every number read from the nets. Chapter: detectors."""

from __future__ import annotations

from functools import partial

import keras
import numpy as np
from keras.ops import convert_to_numpy as to_numpy

from cvnotes import figures
from cvnotes.boxes import roi_align, roi_pool
from cvnotes.data.scenes import Scene
from cvnotes.detection import fast_rcnn, faster_rcnn, proposer, rcnn, regression, spp, warping
from cvnotes.detection.pyramid_pooling import LEVELS

from . import panels, walks
from .counting import counted
from .diagrams import RULE, Stop, Walk

CNN, DENSE, MACHINES, MOVERS, NET = "ConvNet", "dense layers", "SVMs", "regressors", "the whole net"


def rcnn_walk(scene: Scene, model: rcnn.RCNN, proposals: np.ndarray) -> Walk:
    """The way through R-CNN: search, crops, codes, scores, boxes. Chapter: detectors."""
    image = scene.image
    with counted(model.net) as passes:
        seen = rcnn.look(model, image[None], [proposals])[0]
    crops = warping.crops(image, proposals, model.net.input_shape[1], model.way)
    found = rcnn.judge(model, seen, image.shape[:2])
    some = partial(panels.tiles, pictures=crops[walks.evenly(len(crops))])
    stops = (
        walks.begin(scene),
        walks.proposals_stop(scene, proposals),
        Stop("crops of one size", "warp", RULE, crops.shape, some),
        walks.matrix_stop("codes", "ConvNet, crop by crop", CNN, seen.code),
        walks.matrix_stop("scores of classes", "SVMs", MACHINES, regression.linear(seen.code, model.svms), signed=True),
        walks.end(scene, walks.sure(found, 0.0), "regressors,\nsuppress", MOVERS),
    )
    return Walk("R-CNN", 2014, stops, (CNN, MACHINES, MOVERS), passes.examples)


def spp_walk(scene: Scene, model: spp.SPPNet, proposals: np.ndarray) -> Walk:
    """The way through SPP-net: search, one map, a pyramid of bins for each proposal, scores. Chapter: detectors."""
    image = scene.image[None]
    with counted(model.body) as passes:
        seen = spp.look(model, image, [proposals])[0]
    maps = to_numpy(model.body(image, training=False))
    finest = roi_pool(maps, proposals, _first(proposals), LEVELS[-1], 1 / model.stride)
    found = rcnn.judge(model, seen, scene.image.shape[:2])
    scores = regression.linear(seen.code, model.svms)
    stops = (
        walks.proposals_stop(scene, proposals)._replace(title="after selective search"),
        _projected(scene, maps[0], proposals, "ConvNet, on the\nwhole picture", CNN),
        walks.bins_stop("finest of three grids", "a pyramid\nof bins", RULE, to_numpy(finest)),
        walks.matrix_stop("codes", "dense layers, taught on cached bins", DENSE, seen.code),
        walks.matrix_stop("scores of classes", "SVMs", MACHINES, scores, signed=True),
        walks.end(scene, walks.sure(found, 0.0), "regressors,\nsuppress", MOVERS),
    )
    return Walk("SPP-net", 2014, stops, (CNN, DENSE, MACHINES, MOVERS), passes.examples)


def fast_walk(scene: Scene, model: keras.Model, proposals: np.ndarray) -> Walk:
    """The way through Fast R-CNN: search, one map, bins of each proposal, scores and offsets. Chapter: detectors."""
    image, body = scene.image[None], model.get_layer("trunk")
    with counted(body) as passes:
        said = fast_rcnn.say(model, image, [proposals])[0]
    (maps,) = map(to_numpy, body(image, training=False).values())
    found = fast_rcnn.decode(said, proposals, scene.image.shape[:2])
    logits, scale = said[:, : fast_rcnn.classes_of(model) + 1], maps.shape[1] / image.shape[1]
    bins = roi_align(maps, proposals, _first(proposals), fast_rcnn.BINS, scale)
    stops = (
        walks.begin(scene),
        walks.proposals_stop(scene, proposals),
        _projected(scene, maps[0], proposals, "trunk, on the\nwhole picture", NET),
        walks.bins_stop("bins of each", "RoI align: the map under each proposal", RULE, to_numpy(bins)),
        walks.matrix_stop("nothing, and classes", "head", NET, walks.shares(logits)),
        walks.end(scene, walks.sure(found), "offsets,\nsuppress", NET),
    )
    return Walk("Fast R-CNN", 2015, stops, (NET,), passes.examples)


def _first(proposals: np.ndarray) -> np.ndarray:
    """All proposals lie in the first picture."""
    return np.zeros(len(proposals), np.int32)


def _projected(scene: Scene, maps: np.ndarray, proposals: np.ndarray, how: str, by: str) -> Stop:
    """A stop at one map, with a few proposals in its own places."""
    few = proposals[walks.evenly(len(proposals), len(figures.CYCLE))] * (len(maps) / len(scene.image))
    plane = np.sqrt(np.square(maps).sum(-1))
    panel = partial(panels.plane_with, plane=plane, boxes=few, colours=figures.CYCLE)
    return Stop("one map", how, by, maps.shape, panel)


def faster_walk(scene: Scene, model: faster_rcnn.FasterRCNN, limit: int = faster_rcnn.LIMIT) -> Walk:
    """The way through Faster R-CNN: one map, proposals from it, bins, scores, boxes. Chapter: detectors."""
    image = scene.image
    with counted(model.body) as passes:
        seen = proposer.look(model, image[None], limit)
    maps, proposals = seen.maps, seen.boxes[0]
    bins = roi_align(maps, proposals, _first(proposals), model.head.input_shape[1], 1 / model.anchors.stride)
    found = faster_rcnn.detect(model, image[None], limit=limit)[0]
    scores = walks.shares(to_numpy(model.head(bins, training=False)[0]))
    stops = (
        walks.begin(scene),
        walks.map_stop("one map", "trunk", NET, to_numpy(maps)[0]),
        Stop("proposals", "RPN,\nkeep the best", NET, proposals.shape, _objectness(scene, model, proposals)),
        walks.bins_stop("bins of each", "RoI align: the map under each proposal", RULE, to_numpy(bins)),
        walks.matrix_stop("nothing, and classes", "head", NET, scores),
        walks.end(scene, walks.sure(found), "offsets,\nsuppress", NET),
    )
    return Walk("Faster R-CNN", 2015, stops, (NET,), passes.examples)


def _objectness(scene: Scene, model: faster_rcnn.FasterRCNN, proposals: np.ndarray):
    """Draw where some anchor says yes, and the proposals."""
    said = model(scene.image[None], training=False)
    logits = to_numpy(said["logits"]).reshape(*said["map"].shape[1:3], -1)
    yes = 1 / (1 + np.exp(-logits.max(-1)))
    return partial(panels.cells, image=scene.image, shades=yes, boxes=proposals)
