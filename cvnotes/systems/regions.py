"""Regions: a head that proposes boxes at the places of a map, and the piece of the map that lies in a box."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops
from scipy import ndimage
from scipy.special import expit

from cvnotes.captioning import encoder
from cvnotes.checks import number, whole
from cvnotes.transfer.boxes import iou

CELL, SIDE, USUAL = 4, 8, 11.0  # pixels that a place stands for, places a side, pixels of a usual box
LONG = np.log(3.0)  # a box is at most three times as long as usual, or as short


def proposal_head() -> keras.Model:
    """Build a head that gives five numbers at each place of maps of 8 x 8 x 48.

    A score (logit: is the middle of an object in this cell?), the way from the middle of the cell to that of the box
    (x, y, in cells), and the logarithms of width and height, in usual boxes of 11 pixels. Chapter: systems.
    """
    stack = [keras.Input((SIDE, SIDE, encoder.FILTERS[-1])), layers.Conv2D(32, 3, padding="same", activation="relu")]
    return keras.Sequential([*stack, layers.Conv2D(5, 3, padding="same")], name="proposals")


def lessons(scenes) -> np.ndarray:
    """What the head should say of scenes: (n, 8, 8, 5), a score of 1 and a box at the place of each object."""
    wanted = np.zeros((len(scenes), SIDE, SIDE, 5), np.float32)
    for row, scene in zip(wanted, scenes, strict=True):
        middle, size = (scene.boxes[:, :2] + scene.boxes[:, 2:]) / 2, scene.boxes[:, 2:] - scene.boxes[:, :2]
        place = np.minimum(middle // CELL, SIDE - 1).astype(int)
        row[place[:, 1], place[:, 0]] = np.column_stack(
            [np.ones(len(scene)), middle / CELL - place - 0.5, np.log(size / USUAL)]
        )
    return wanted


def proposal_loss(wanted, said):
    r"""Cross-entropy of all scores, and the distance of the boxes where there are objects.

    .. math:: L = \sum_p H(s_p, \hat s_p) + \sum_p s_p \lvert b_p - \hat b_p \rvert_1

    summed over the places p of a picture, with score s and box b. Chapter: systems.
    """
    there = wanted[..., :1]
    scores = keras.losses.binary_crossentropy(there, said[..., :1], from_logits=True)
    boxes = ops.sum(there * ops.abs(wanted[..., 1:] - said[..., 1:]), axis=-1)
    return ops.mean(ops.sum(scores + boxes, axis=(1, 2)))


def to_boxes(said: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read the five numbers at each place (..., 8, 8, 5): chances (..., 8, 8), and boxes (..., 8, 8, 4) in pixels.

    Raises ValueError for another shape. Chapter: systems.
    """
    said = np.asarray(said, float)
    if said.ndim < 3 or said.shape[-3:] != (SIDE, SIDE, 5):
        raise ValueError(f"Give five numbers at each of {SIDE} x {SIDE} places. Received: {said.shape}")
    rows, columns = np.indices((SIDE, SIDE))
    middle = (np.stack([columns, rows], -1) + 0.5 + said[..., 1:3]) * CELL
    half = USUAL * np.exp(np.clip(said[..., 3:], -LONG, LONG)) / 2
    return expit(said[..., 0]), np.concatenate([middle - half, middle + half], axis=-1)


def peaks(chances: np.ndarray, least: float = 0.5) -> np.ndarray:
    """Find the places (row, column) of a map (h, w) whose chance is above `least` and that of no neighbour larger.

    Our objects never touch, so two of them are no neighbours. Raises ValueError for another shape, or a number that is
    no chance. Chapter: systems.
    """
    chances = np.asarray(chances)
    if chances.ndim != 2 or not chances.size or not ((chances >= 0) & (chances <= 1)).all():
        raise ValueError(f"Give the chances of one picture, (h, w), from 0 to 1. Received: {chances!r}")
    number("least", least, 0, 1)
    highest = ndimage.maximum_filter(chances, 3, mode="constant")
    return np.argwhere((chances == highest) & (chances > least))


def roi(grid: np.ndarray, boxes: np.ndarray, bins: int, cell: float = CELL) -> np.ndarray:
    """Cut boxes out of a map and bring them to one size: values at the middles of bins x bins fields of each box.

    grid: (h, w, c), each cell `cell` pixels wide; boxes: (k, 4) corners x0, y0, x1, y1 in pixels. Between the middles
    of cells values are interpolated bilinearly, beyond the outermost the border is repeated.
    Returns (k, bins, bins, c). Raises ValueError for other shapes, or corners in the wrong order.
    Source: Johnson et al. (2016), section 3.2. Chapter: systems.
    """
    grid, boxes = np.asarray(grid), corners(boxes)
    bins, cell = whole("bins", bins, 1), number("cell", cell, above=0)
    if grid.ndim != 3 or grid.dtype.kind != "f":
        raise ValueError(f"Give a map (h, w, c) of floats. Received: {grid.dtype}, {grid.shape}")
    share = (np.arange(bins) + 0.5) / bins
    across = boxes[:, :1] + share * (boxes[:, 2:3] - boxes[:, :1])
    down = boxes[:, 1:2] + share * (boxes[:, 3:] - boxes[:, 1:2])
    (r0, r1, fr), (c0, c1, fc) = (_between(p / cell - 0.5, n) for p, n in zip((down, across), grid.shape, strict=False))
    rows = [(grid[r[:, :, None], c0[:, None]], grid[r[:, :, None], c1[:, None]]) for r in (r0, r1)]
    above, below = (left + (right - left) * fc[:, None, :, None] for left, right in rows)
    return (above + (below - above) * fr[:, :, None, None]).astype(grid.dtype)


def _between(at: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The cells on both sides of places on a line of `size` cells, and the share of the second."""
    at = np.clip(at, 0, size - 1)
    low = np.floor(at).astype(int)
    return low, np.minimum(low + 1, size - 1), at - low


def corners(boxes: np.ndarray) -> np.ndarray:
    """Read boxes (k, 4), x0, y0, x1, y1, as floats. Raises ValueError for others, or an end before its start."""
    boxes = np.asarray(boxes, float)
    right = boxes.ndim == 2 and boxes.shape[1] == 4 and np.isfinite(boxes).all()
    if not right or (boxes[:, 2:] < boxes[:, :2]).any():
        raise ValueError(f"Give boxes (k, 4): x0, y0, x1, y1, the smaller number first. Received: {boxes!r}")
    return boxes


def overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of every box (n, 4) with every other (m, 4): (n, m).

    Raises ValueError for what are no boxes. Chapter: systems.
    """
    boxes, others = corners(boxes), corners(others)
    pairs = np.repeat(boxes, len(others), 0), np.tile(others, (len(boxes), 1))
    return iou(*pairs).reshape(len(boxes), len(others))
