"""The nets of the road as the drawings, tables and timings use them, each loaded once. Chapter: detectors."""

from __future__ import annotations

import functools

import keras

from cvnotes.detection import fast_rcnn, faster_rcnn, rcnn, rcnn_drawings, spp, trials_fast, trials_faster, trials_rcnn
from cvnotes.single_shot import trials_ssd, trials_yolo
from cvnotes.transfer import keeping

NAME, COMMAND, CLASSES, SEED = "detectors", "python -m cvnotes.detectors", 10, 0


def store(scale: str = "quick") -> None:
    """Teach an SPP-net, a Fast R-CNN and a Faster R-CNN as their pages do within a minute, and store their weights.

    Chapter: detectors.
    """
    given = trials_rcnn.given(trials_rcnn.COUNT[scale], SEED)
    fast, chain = trials_fast.taught(scale, SEED, given), trials_fast.frozen(scale, SEED, given)
    faster = trials_faster.taught(*trials_faster.LESSONS[scale], SEED)[0]
    nets = {"fast": fast, "faster": faster, "body": chain.body, "coder": chain.coder}
    found = {name: net.get_weights() for name, net in nets.items()}
    keeping.save_weights(NAME, {**found, "svms": [chain.svms], "regressors": [chain.regressors]}, COMMAND)


@functools.cache
def rcnn_chain() -> rcnn.RCNN:
    """Give the R-CNN of its page. Chapter: detectors."""
    return rcnn_drawings.stored_chain()


@functools.cache
def spp_net() -> spp.SPPNet:
    """Give the SPP-net whose weights are stored. Chapter: detectors."""
    body = spp.empty_body()
    body.set_weights(keeping.load_weights(NAME, "body"))
    svms, regressors = (keeping.load_weights(NAME, name)[0] for name in ("svms", "regressors"))
    coder = spp.coder(regressors.shape[1] - 1, CLASSES)
    coder.set_weights(keeping.load_weights(NAME, "coder"))
    return spp.SPPNet(body, coder, svms, regressors)


@functools.cache
def fast_net() -> keras.Model:
    """Give the Fast R-CNN whose weights are stored. Chapter: detectors."""
    net = fast_rcnn.small_fast_rcnn()
    net.set_weights(keeping.load_weights(NAME, "fast"))
    return net


@functools.cache
def faster_net() -> faster_rcnn.FasterRCNN:
    """Give the Faster R-CNN whose weights are stored, of the width of the others. Chapter: detectors."""
    net = faster_rcnn.small_faster_rcnn()
    net.set_weights(keeping.load_weights(NAME, "faster"))
    return net


@functools.cache
def yolo_net() -> keras.Model:
    """Give the YOLO of its page. Chapter: detectors."""
    return trials_yolo.stored()


@functools.cache
def ssd_net() -> keras.Model:
    """Give the SSD of its page that is as wide as the other nets. Chapter: detectors."""
    return trials_ssd.stored("early")
