"""Stored experiments: FCN with and without skips and a U-Net, alike but for their ends."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from cvnotes import experiments
from cvnotes.checks import choice
from cvnotes.single_shot import trials_ssd
from cvnotes.transfer import keeping

from . import fcn, metrics, task, teaching, unet

WIDTH = 1.5  # of the detector's trunk, from which all of them start
NETS: dict[str, Callable[[], keras.Model]] = {
    "32s": lambda: fcn.small_fcn(0, WIDTH),
    "16s": lambda: fcn.small_fcn(1, WIDTH),
    "8s": lambda: fcn.small_fcn(2, WIDTH),
    "u_net": lambda: unet.small_unet("concat", WIDTH),
    "u_net_sum": lambda: unet.small_unet("sum", WIDTH),
}
LESSONS = {"quick": (3_000, 1), "full": (20_000, 3)}  # scenes, passes
BATCH = 16
LONG = (20_000, 2)
KEPT = {
    "32s": LESSONS["quick"],
    "16s": LESSONS["quick"],
    "8s": LESSONS["quick"],
    "u_net": LESSONS["quick"],
    "long": LONG,
}


def started(net: keras.Model) -> keras.Model:
    """Give the trunk of a net the weights of the detector's: `single_shot.trials_ssd.stored()`, whose width it has.

    Layers are found by their names. Raises ValueError if none is there, or of another width. Chapter: segmentation.
    """
    detector = trials_ssd.stored("long")
    known = {layer.name: layer for layer in detector.layers if layer.weights and layer.name.startswith("stride")}
    shared = [layer for layer in net.layers if layer.name in known]
    if not shared:
        raise ValueError(f"The net is not built on `single_shot.trunk`. Received: {net.name}")
    for layer in shared:
        layer.set_weights(known[layer.name].get_weights())
    return net


def taught(name: str, count: int, epochs: int, seed: int) -> keras.Model:
    """Train one of NETS on scenes of a seed, from the trunk of the detector on. Chapter: segmentation."""
    build = NETS[choice("name", name, NETS)]
    return teaching.taught(lambda: started(build()), count, epochs, seed, batch=BATCH)


def judged(net: keras.Model) -> dict[str, float]:
    """Judge a net on the held-out scenes, also away from borders. Chapter: segmentation."""
    test = task.held_out()
    said = teaching.say(net, test.images)
    inside = np.where(metrics.border(test.labels), task.VOID, test.labels)
    return teaching.scores(test.labels, said) | {"inside_iou": metrics.mean_iou(metrics.confusion(inside, said))}


@experiments.experiment(version=1, seeds=5)
def fcn_held_out(seed: int, scale: str) -> dict[str, float]:
    """Train FCN-32s, 16s, 8s and the U-Net on the same scenes, and judge them, also at borders and off them."""
    scores = {name: judged(taught(name, *LESSONS[scale], seed)) for name in ("32s", "16s", "8s", "u_net")}
    return {f"{name}_{score}": value for name, found in scores.items() for score, value in found.items()}


def store() -> None:
    """Train the nets of KEPT on the scenes of seed 0, and store their weights. Chapter: segmentation."""
    weights = {}
    for name, (count, epochs) in KEPT.items():
        weights[name] = taught("u_net" if name == "long" else name, count, epochs, 0).get_weights()
    keeping.save_weights("segmentation", weights, "python -m cvnotes.segmentation")


def stored(name: str = "long") -> keras.Model:
    """Give a net whose weights are stored, one of KEPT; "long" is the U-Net that learned longest.

    Chapters: segmentation, segmentation_strategies, grabcut.
    """
    name = choice("name", name, KEPT)
    net = NETS["u_net" if name == "long" else name]()
    net.set_weights(keeping.load_weights("segmentation", name))
    return net
