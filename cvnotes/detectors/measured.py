"""What was measured of the road, gathered from the stored experiments and the nets: the rows of the table.

Chapter: detectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from cvnotes import experiments
from cvnotes.checks import choice
from cvnotes.data.scenes import Scene
from cvnotes.detection import fast_rcnn, rcnn, spp, trials_fast, trials_faster, trials_rcnn
from cvnotes.single_shot import trials_ssd, trials_yolo

from . import drawings, stored
from .counting import Passes, counted
from .racing import NETWORK, PROPOSALS
from .road import ROAD, systems

SEARCHING = ("R-CNN", "SPP-net", "Fast R-CNN")  # whose proposals come from outside, so that they can be chosen
UNIT = "YOLO"  # its time for a picture, and to be taught, is 1


class Result(NamedTuple):
    """Where the scores of a system are stored, and what it was taught with."""

    room: str
    experiment: str
    before: str  #: what stands before "map" and "map_coco"
    scenes: int
    passes: int


def results(scale: str = "quick") -> dict[str, Result]:
    """The stored experiments of the pages that teach the six systems. Chapter: detectors."""
    few = trials_rcnn.COUNT[scale]
    return {
        "R-CNN": Result("detection", "stages", "full", few, trials_rcnn.EPOCHS[scale]),
        "SPP-net": Result("detection", "fast_held_out", "spp_map", few, trials_fast.FROZEN[scale][0]),
        "Fast R-CNN": Result("detection", "fast_held_out", "map", few, trials_fast.EPOCHS[scale]),
        "Faster R-CNN": Result("detection", "faster_held_out", "map", *trials_faster.LESSONS[scale]),
        "YOLO": Result("single_shot", "yolo_held_out", "map", *trials_yolo.LESSONS[scale]),
        "SSD": Result("single_shot", "ssd_held_out", "map", *trials_ssd.LESSONS[scale]),
    }


def scores(system: str, coco: bool = False) -> np.ndarray | None:
    """mAP of each seed of a system on the held-out scenes: at 0.5, or COCO's mean, None where none was stored.

    Chapter: detectors.
    """
    one = results()[choice("system", system, ROAD)]
    return experiments.load(one.room, one.experiment).get(one.before + "_coco" * coco)


def passes(system: str, scene: Scene, proposals: np.ndarray) -> Passes:
    """Count the passes of a system that searches first, on given proposals (m, 4) of a scene. Chapter: detectors."""
    image, found = scene.image[None], [proposals]
    runs = {
        "R-CNN": (stored.rcnn_chain().net, lambda: rcnn.look(stored.rcnn_chain(), image, found)),
        "SPP-net": (stored.spp_net().body, lambda: spp.look(stored.spp_net(), image, found)),
        "Fast R-CNN": (stored.fast_net(), lambda: fast_rcnn.say(stored.fast_net(), image, found)),
    }
    net, run = runs[choice("system", system, SEARCHING)]
    with counted(net) as seen:
        run()
    return seen


def cached() -> dict[str, int]:
    """Bytes that a training keeps of one picture between its stages, for its 60 proposals. Chapter: detectors."""
    scene, proposals = drawings.shown()
    seen = rcnn.look(stored.rcnn_chain(), scene.image[None], [proposals])[0]
    rows = spp.pooled(stored.spp_net().body, scene.image[None], [proposals], stored.spp_net().stride)[0]
    return {"R-CNN": seen.code.nbytes, "SPP-net": rows.nbytes}


# Time ---------------------------------------------------------------------------------------------------------------


def teaching() -> dict[str, float]:
    """Time to teach each system its recipe, in units of YOLO's: the middle of the runs. Chapter: detectors."""
    found = dict.fromkeys(ROAD, 0.0)
    for key, value in experiments.load("detectors", "teaching_time").items():
        found[key.split("_")[0]] += value
    return {name: float(np.median(value / found[UNIT])) for name, value in found.items()}


def in_units(found: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Times by system and part, in units of all that YOLO takes.

    Raises ValueError for times without YOLO's. Chapter: detectors.
    """
    choice(f"times of {UNIT}", UNIT, found)
    unit = sum(found[UNIT].values())
    return {system: {part: value / unit for part, value in parts.items()} for system, parts in found.items()}


def share(parts: Mapping[str, float]) -> float:
    """The share of a system's time that goes into proposals. Chapter: detectors."""
    return parts[PROPOSALS] / (parts[PROPOSALS] + parts[NETWORK])


# The table ----------------------------------------------------------------------------------------------------------


def table() -> list[list[str | None]]:
    """The rows of the table: a question, and the answer of each system, None where nothing was stored.

    Chapter: detectors.
    """
    taught, times, kept = results(), teaching(), cached()
    nets, walks = {one.name: one for one in systems()}, {name: drawings.walk(name) for name in ROAD}
    questions = {
        "mAP at 0.5": lambda name: _mean(scores(name)),
        "lowest to highest": lambda name: f"{scores(name).min():.2f} to {scores(name).max():.2f}",
        "mAP, 0.5 to 0.95": lambda name: _mean(scores(name, coco=True)),  # R-CNN's page did not store it
        "scenes × passes": lambda name: f"{taught[name].scenes:,} × {taught[name].passes}",
        "time to teach": lambda name: f"{times[name]:.1f}",
        "trainings in a row": lambda name: f"{len(walks[name].stages)}",
        "kilobytes cached a picture": lambda name: f"{kept.get(name, 0) / 1e3:.0f}",
        "weights": lambda name: f"{nets[name].weights:,}",
        "passes of the ConvNet": lambda name: f"{walks[name].passes}",
        "boxes scored": lambda name: f"{nets[name].looked}",
    }
    return [[question, *(answer(name) for name in ROAD)] for question, answer in questions.items()]


def _mean(values: np.ndarray | None) -> str | None:
    return None if values is None else f"{values.mean():.2f}"
