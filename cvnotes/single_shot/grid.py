"""The grid of YOLO: which cell answers for an object, and what its numbers should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from cvnotes.boxes.formats import rows
from cvnotes.checks import number, whole


@dataclass(frozen=True)
class Grid:
    """What a YOLO tensor holds: `cells` x `cells` places, each with `boxes` predictors of `classes` classes.

    per_box: every predictor names its own class (from version 2 on); else all predictors of a cell share one answer.
    Raises ValueError for counts below one or not whole, and a per_box that is no truth value.
    Source: Redmon et al. (2016), section 2. Chapter: yolo.
    """

    cells: int = 8
    boxes: int = 2
    classes: int = 10
    per_box: bool = False

    def __post_init__(self):
        """Check what came."""
        if not isinstance(self.per_box, bool):
            raise ValueError(f"per_box must be True or False. Received: per_box={self.per_box!r}")
        for name in ("cells", "boxes", "classes"):
            whole(name, getattr(self, name), 1)

    @property
    def numbers(self) -> int:
        """Numbers of one cell: 5 B + C, or B (5 + C) with a class for each box."""
        return self.boxes * (5 + self.classes) if self.per_box else self.boxes * 5 + self.classes

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the tensor for one picture."""
        return self.cells, self.cells, self.numbers


USUAL = Grid()  # of our scenes: cells of 8 pixels, ten classes


class Parts(NamedTuple):
    """A YOLO tensor taken apart; B is the number of predictors, K is B with a class for each box, else 1."""

    xy: Any  #: (..., S, S, B, 2) centre, in cells from the upper left corner of its own cell
    roots: Any  #: (..., S, S, B, 2) square roots of width and height, both as shares of the picture
    confidence: Any  #: (..., S, S, B)
    classes: Any  #: (..., S, S, K, C)


def split(tensor, grid: Grid) -> Parts:
    """Take a tensor (..., S, S, numbers) apart: x, y, root of w, root of h, confidence of each box, and the classes.

    Version 1 puts the classes of a cell behind its boxes; with `per_box` each box has its own behind it.
    Raises ValueError for another shape. Chapter: yolo.
    """
    shape = tuple(tensor.shape)
    if shape[-3:] != grid.shape:
        raise ValueError(f"The last three sides of a tensor of {grid} are {grid.shape}. Received: {shape}")
    tensor = ops.convert_to_tensor(tensor, "float32")
    lead = (-1, *shape[1:-1]) if len(shape) > 3 else shape[:-1]
    if grid.per_box:
        boxes = ops.reshape(tensor, (*lead, grid.boxes, 5 + grid.classes))
        classes = boxes[..., 5:]
    else:
        boxes = ops.reshape(tensor[..., : 5 * grid.boxes], (*lead, grid.boxes, 5))
        classes = tensor[..., None, 5 * grid.boxes :]
    return Parts(boxes[..., 0:2], boxes[..., 2:4], boxes[..., 4], classes)


def responsible(boxes: np.ndarray, cells: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the cell (row, column) in which the centre of each box lies: two arrays (k,).

    boxes: (k, 4) corners in pixels of a picture of size x size. A centre on a line belongs to the cell behind it;
    one on the far border to the last cell. Raises ValueError for a centre outside the picture, and what are no boxes.
    Source: Redmon et al. (2016), section 2. Chapter: yolo.
    """
    cells, size, boxes = whole("cells", cells, 1), number("size", size, above=0), rows("boxes", boxes).astype(float)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    if not ((middle >= 0) & (middle <= size)).all():
        raise ValueError(f"The centres of boxes lie in the picture, from 0 to {size:g}. Received: {middle.tolist()}")
    column, row = np.minimum(middle * cells // size, cells - 1).astype(int).T
    return row, column


def grid_targets(truths: Sequence, grid: Grid, size: int = 64) -> np.ndarray:
    """Write down what the net should say of pictures with true boxes and labels: (n, S, S, 5 + C).

    Each cell holds: 1 if it is responsible for an object; x, y of the centre, in cells from the cell's own corner; w, h
    as shares of the picture; and 1 at the class. Where several centres share a cell the first object keeps it: a
    cell can name one class only. Raises ValueError for a label that is no class, or a centre outside.
    Source: Redmon et al. (2016), section 2. Chapter: yolo.
    """
    wanted = np.zeros((len(truths), grid.cells, grid.cells, 5 + grid.classes), np.float32)
    for page, truth in zip(wanted, truths, strict=True):
        labels, boxes = np.asarray(truth.labels), np.asarray(truth.boxes, np.float32).reshape(-1, 4)
        if len(labels) and not (labels.min() >= 0 and labels.max() < grid.classes):
            raise ValueError(f"Labels are whole numbers from 0 to {grid.classes - 1}. Received: {labels.tolist()}")
        row, column = responsible(boxes, grid.cells, size)
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2 * (grid.cells / size)
        for k in range(len(boxes) - 1, -1, -1):  # the first of a cell is written last
            place = page[row[k], column[k]]
            place[:] = 0
            place[0], place[5 + labels[k]] = 1, 1
            place[1:3] = middle[k] - (column[k], row[k])
            place[3:5] = (boxes[k, 2:] - boxes[k, :2]) / size
    return wanted
