"""One picture's way through YOLO and SSD, every number read from the nets. Chapter: detectors."""

from __future__ import annotations

from functools import partial

import keras
import numpy as np
from matplotlib.colors import to_rgb

from cvnotes.boxes import Detections
from cvnotes.data.scenes import Scene
from cvnotes.single_shot import ssd, yolo
from cvnotes.single_shot.grid import Grid

from . import panels, walks
from .counting import counted
from .diagrams import RULE, Stop, Walk

NET = "the whole net"
CANDIDATE = 0.05  # score from which a box is drawn before suppression


def yolo_walk(scene: Scene, net: keras.Model, grid: Grid) -> Walk:
    """The way through a YOLO: one map, one tensor, boxes of cells, suppression. Chapter: detectors."""
    with counted(net) as passes:
        said = yolo.predict(net, scene.image[None])
    raw = yolo.candidates(said, grid, CANDIDATE)
    stops = (
        walks.begin(scene),
        walks.map_stop("one map", "trunk", NET, walks.tapped(net, "stride8_2_relu", scene.image)),
        *_grid_stops(scene, said, grid),
        *_ending(scene, raw[0], yolo.suppressed(raw)[0]),
    )
    return Walk("YOLO", 2016, stops, (NET,), passes.examples)


def _grid_stops(scene: Scene, said: np.ndarray, grid: Grid) -> tuple[Stop, Stop]:
    """What the tensor says of each cell: how sure it is of a box, and which class it would be."""
    sides = (grid.cells, grid.cells)
    _, confidence, classes = yolo.to_pixels(said, grid)
    confidence = confidence.reshape(*sides, grid.boxes).max(-1)
    classes = classes.reshape(*sides, grid.boxes, grid.classes)[:, :, 0]
    colours = np.array([to_rgb(colour) for colour in panels.COLOURS])[classes.argmax(-1)]
    sure = partial(panels.cells, image=scene.image, shades=confidence)
    named = partial(panels.cells, image=scene.image, shades=0.15 + 0.85 * confidence, colours=colours)
    return (
        Stop("cells sure of a box", "head", NET, said.shape[1:], sure),
        Stop("a class for each cell", "of the same\ntensor", NET, classes.shape, named),
    )


def _ending(scene: Scene, raw: Detections, found: Detections) -> tuple[Stop, Stop]:
    """The last two stops: candidates, and what suppression leaves."""
    candidates = Stop("boxes with a score", "decode", RULE, raw.boxes.shape, walks.candidates_panel(scene.image, raw))
    return candidates, walks.end(scene, walks.sure(found), "suppress", RULE)


def ssd_walk(scene: Scene, net: keras.Model) -> Walk:
    """The way through an SSD: two maps, default boxes, classes and offsets, suppression. Chapter: detectors."""
    defaults = ssd.default_boxes()
    with counted(net) as passes:
        said = ssd.say(net, scene.image[None])
    fine, coarse = (walks.tapped(net, f"stride{stride}_2_relu", scene.image) for stride in ssd.STRIDES)
    stops = (
        walks.begin(scene),
        walks.map_stop("a fine map", "trunk", NET, fine),
        walks.map_stop("a coarse map", "trunk,\nfurther on", NET, coarse),
        Stop("full default boxes", "a head on each map", NET, said.shape[1:], _full(scene, said[0], defaults)),
        *_ending(scene, ssd.decode(said, defaults, CANDIDATE, iou=1.0)[0], ssd.decode(said, defaults)[0]),
    )
    return Walk("SSD", 2016, stops, (NET,), passes.examples)


def _full(scene: Scene, said: np.ndarray, defaults: np.ndarray):
    """Draw the default boxes that hold an object, before they are moved."""
    classes = walks.shares(said[:, :-4])[:, 1:]
    full = classes.max(-1) > walks.SURE
    colours = [panels.COLOURS[label] for label in classes[full].argmax(-1)]
    return partial(panels.boxes_on, image=scene.image, boxes=defaults[full], colours=colours, widths=[1.1] * full.sum())
