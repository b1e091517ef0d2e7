"""One task for every net that labels pixels: the scenes of the detectors, with a class for each of their pixels.

Chapters: segmentation, segmentation_strategies, instances.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvnotes import boxes
from cvnotes.checks import choice, whole
from cvnotes.data.scenes import Scenes
from cvnotes.data.shapes import CLASSES

NAMES = ("background", *CLASSES)  #: what a pixel can be; its label is the place in this row
VOID = 255  #: a label that is not judged, as in Pascal VOC


class Lessons(NamedTuple):
    """Pictures, uint8 (n, h, w, 3), and the label of each of their pixels, uint8 (n, h, w)."""

    images: np.ndarray
    labels: np.ndarray


def labels(scenes: Scenes) -> np.ndarray:
    """The class of every pixel, uint8 (n, h, w): 0 for background, 1 + c where an object of class c is seen.

    Where objects hide each other, the nearest counts. Raises ValueError for what is not Scenes. Chapter: segmentation.
    """
    if not isinstance(scenes, Scenes):
        raise ValueError(f"Give Scenes, as `boxes.held_out()` draws them. Received: {type(scenes).__name__}")
    n = len(scenes)
    table = np.concatenate([np.zeros((n, 1), int), scenes.labels + 1], axis=1)  # of object j at place j + 1
    flat = np.take_along_axis(table, scenes.instances.reshape(n, scenes.size**2).astype(int), axis=1)
    return flat.reshape(scenes.instances.shape).astype(np.uint8)


def lessons(count: int, seed: int = 0) -> Lessons:
    """Draw training scenes with the label of each pixel; a series for every seed. Raises as `boxes.lessons`.

    Chapter: segmentation.
    """
    return labelled(boxes.lessons(count, seed))


def validation(count: int = 200) -> Lessons:
    """Draw the scenes on which rates and sizes are chosen. Chapter: segmentation."""
    return labelled(boxes.validation(count))


def held_out(count: int = 500) -> Lessons:
    """Draw the scenes that judge: those that judge the detectors of the book too. Chapter: segmentation."""
    return labelled(boxes.held_out(count))


def labelled(scenes: Scenes) -> Lessons:
    """The pictures of scenes and their labels. Chapter: segmentation."""
    return Lessons(scenes.images, labels(scenes))


def name(label: int) -> str:
    """What a label means, in words. Raises ValueError for no label. Chapter: segmentation."""
    return "void" if choice("label", label, (*range(len(NAMES)), VOID)) == VOID else NAMES[whole("label", label, 0)]
