"""The systems of the road, each as a chain of steps with the nets that are stored. Chapter: detectors."""

from __future__ import annotations

import keras
import numpy as np

from cvnotes import boxes as geometry
from cvnotes.boxes import Detections
from cvnotes.detection import codes, fast_rcnn, faster_rcnn, rcnn, selective_search, spp, warping
from cvnotes.detection.pyramid_pooling import LEVELS, pyramid_regions
from cvnotes.detection.rpn import SAME, best
from cvnotes.single_shot import ssd, trials_yolo, yolo
from cvnotes.single_shot.grid import Grid

from . import stored
from .racing import NETWORK, PROPOSALS, Step, System, compiled

ROAD = ("R-CNN", "SPP-net", "Fast R-CNN", "Faster R-CNN", "YOLO", "SSD")


def search(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Selective search on a picture (1, h, w, 3): it, and its proposals (m, 4). Chapter: detectors."""
    return image, selective_search(image[0], limit=rcnn.LIMIT)


def rcnn_system(model: rcnn.RCNN) -> System:
    """R-CNN: search, then a pass for each proposal. Chapter: detectors."""
    read, side = compiled(codes.reader(model.net)), model.net.input_shape[1]

    def look(given: tuple) -> Detections:
        image, found = given
        seen = rcnn.Look(found, *read(warping.crops(image[0], found, side, model.way)))
        return rcnn.judge(model, seen, image.shape[1:3])

    used = codes.reader(model.net, ("maps", "code")).count_params() + model.svms.size + model.regressors.size
    return System("R-CNN", (Step(PROPOSALS, search), Step(NETWORK, look)), used, rcnn.LIMIT)


class _Pyramid(keras.Model):
    """The bins of SPP-net as a net without weights, so that they can be compiled."""

    def __init__(self, stride: int):
        super().__init__(name="pyramid")
        self.stride = stride

    def call(self, given):
        """Pool boxes (k, 4) of maps, those of the pictures (k,)."""
        return pyramid_regions(*given, LEVELS, 1 / self.stride)


def spp_system(model: spp.SPPNet) -> System:
    """SPP-net: search, then one pass, and bins of its map for each proposal. Chapter: detectors."""
    body, pool = compiled(model.body), compiled(_Pyramid(model.stride))
    read = compiled(codes.reader(model.coder, ("code", "logits")))

    def look(given: tuple) -> Detections:
        image, found = given
        rows = pool([body(image), found.astype(np.float32), np.zeros(len(found), np.int32)])
        return rcnn.judge(model, rcnn.Look(found, rows, *read(rows)), image.shape[1:3])

    coder = codes.reader(model.coder, ("code",)).count_params()
    learned = model.body.count_params() + coder + model.svms.size + model.regressors.size
    return System("SPP-net", (Step(PROPOSALS, search), Step(NETWORK, look)), learned, rcnn.LIMIT)


def fast_system(model: keras.Model) -> System:
    """Fast R-CNN: search, then one pass and a head for each proposal. Chapter: detectors."""
    run = compiled(model)

    def look(given: tuple) -> Detections:
        image, found = given
        said = run([image, found.astype(np.float32), np.zeros(len(found), np.int32)])
        return fast_rcnn.decode(said, found, image.shape[1:3])

    return System("Fast R-CNN", (Step(PROPOSALS, search), Step(NETWORK, look)), model.count_params(), rcnn.LIMIT)


class _Judge(keras.Model):
    """The head of a Faster R-CNN on its maps, as a net of its own that can be compiled."""

    def __init__(self, model: faster_rcnn.FasterRCNN):
        super().__init__(name="judge")
        self.model = model

    def call(self, given):
        """Judge boxes (n, k, 4) of maps."""
        return self.model.judge(*given)


def faster_system(model: faster_rcnn.FasterRCNN, limit: int = faster_rcnn.LIMIT) -> System:
    """Faster R-CNN: one pass, proposals from its map, and a head for each of them. Chapter: detectors."""
    body, rpn, head = map(compiled, (model.body, model.rpn, _Judge(model)))
    name = f"stride_{model.anchors.stride}"

    def see(image: np.ndarray) -> tuple:
        return image, body(image)[name]

    def propose(given: tuple) -> tuple:
        image, maps = given
        logits, offsets = rpn(maps)
        moved = geometry.decode(offsets[0], model.anchors.over(*maps.shape[1:3]))
        return image, maps, best(logits[0], moved, image.shape[1:3], limit, SAME)[0]

    def look(given: tuple) -> Detections:
        image, maps, found = given
        padded = np.zeros((1, limit, 4), np.float32)  # one graph for all pictures
        padded[0, : len(found)] = found
        said = head([maps, padded])
        options = {"least": faster_rcnn.LEAST, "iou": faster_rcnn.DOUBLE}
        return faster_rcnn.named(found, *said, image.shape[1:3], **options)

    steps = (Step(NETWORK, see), Step(PROPOSALS, propose), Step(NETWORK, look))
    places = model.anchors.over(*(geometry.held_out(1).size // model.anchors.stride,) * 2)
    learned = sum(part.count_params() for part in (model.body, model.rpn, model.head))
    return System("Faster R-CNN", steps, learned, len(places))


def yolo_system(net: keras.Model, grid: Grid, name: str = "YOLO") -> System:
    """YOLO: one pass, and its cells are read. Chapter: detectors."""
    run = compiled(net)

    def look(image: np.ndarray) -> Detections:
        return yolo.suppressed(yolo.candidates(run(image), grid, size=image.shape[1]))[0]

    return System(name, (Step(NETWORK, look),), net.count_params(), grid.cells**2 * grid.boxes)


def ssd_system(net: keras.Model) -> System:
    """SSD: one pass, and its default boxes are read. Chapter: detectors."""
    run, defaults = compiled(net), ssd.default_boxes()

    def look(image: np.ndarray) -> Detections:
        return ssd.decode(run(image), defaults)[0]

    return System("SSD", (Step(NETWORK, look),), net.count_params(), len(defaults))


def systems() -> list[System]:
    """All six, in the order of the ROAD, with the nets that are stored. Chapter: detectors."""
    return [
        rcnn_system(stored.rcnn_chain()),
        spp_system(stored.spp_net()),
        fast_system(stored.fast_net()),
        faster_system(stored.faster_net()),
        yolo_system(stored.yolo_net(), trials_yolo.WAYS[trials_yolo.BEST].grid),
        ssd_system(stored.ssd_net()),
    ]
