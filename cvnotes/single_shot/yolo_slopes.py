"""Where the gradient of YOLO's loss goes: to which outputs of the tensor, and to which weights of the net."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from cvnotes import backend, boxes
from cvnotes.checks import choice

from .grid import Grid, Parts, split
from .yolo_loss import Terms, terms

OBJECT = ("centre", "size", "classes")  # the terms that only a cell with an object has


def some(found: Terms, names: Sequence[str]):
    """Add up some of the terms, over all pictures."""
    return sum(ops.sum(getattr(found, choice("names", name, Terms._fields))) for name in names)


def output_slopes(said: np.ndarray, wanted: np.ndarray, grid: Grid, names: Sequence[str] = Terms._fields) -> Parts:
    """Give the gradient of some terms with respect to the tensor (n, S, S, numbers), taken apart.

    Raises ValueError for a name that is no term. Chapter: yolo.
    """
    _, slope = backend.value_and_grad(lambda x: some(terms(wanted, x, grid), names))(np.asarray(said, np.float32))
    return Parts(*(ops.convert_to_numpy(part) for part in split(slope, grid)))


def weight_slopes(
    net: keras.Model, images: np.ndarray, wanted: np.ndarray, grid: Grid, names: Sequence[str] = OBJECT
) -> dict[str, np.ndarray]:
    """Give the gradient of some terms with respect to each kernel of a net, by the name of its layer.

    Raises ValueError for a name that is no term. Chapter: yolo.
    """
    states = net.non_trainable_variables

    def loss(weights):
        said, _ = net.stateless_call(weights, states, images, training=False)
        return some(terms(wanted, said, grid), names)

    _, slopes = backend.value_and_grad(loss)([ops.convert_to_numpy(weight) for weight in net.trainable_variables])
    owners = [weight.path.split("/")[-2:] for weight in net.trainable_variables]
    return {layer: slope for (layer, kind), slope in zip(owners, slopes, strict=True) if kind == "kernel"}


def overlaps(said: np.ndarray, wanted: np.ndarray, grid: Grid) -> np.ndarray:
    """Measure the overlap of each predictor with the object of its cell, one by one: (n, S, S, B), 0 without an object.

    The slow twin of `yolo_loss.overlap`, through corners in pixels and `boxes.iou`. Chapter: yolo.
    """
    parts = split(np.asarray(said), grid)
    xy, roots = (ops.convert_to_numpy(part) for part in parts[:2])
    found = np.zeros(xy.shape[:-1])
    for n, row, column in np.argwhere(wanted[..., 0]):
        place = wanted[n, row, column]
        said_box = _cell_box(xy[n, row, column], roots[n, row, column] ** 2 * grid.cells)
        found[n, row, column] = boxes.iou(said_box, _cell_box(place[None, 1:3], place[None, 3:5] * grid.cells))[:, 0]
    return found


def _cell_box(middle: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Corners (k, 4), in cells from the corner of their own cell."""
    return np.concatenate([middle - size / 2, middle + size / 2], axis=-1)
