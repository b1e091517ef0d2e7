"""Rulers of the chapter: what a pool can tell apart, what a move changes, what a length is worth, who a part joins."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from cvnotes import backend
from cvnotes.checks import whole
from cvnotes.pooling.measures import relative_change, rotate, shift, zoom

BINS = 10

#: A move has a name, and what it is: pictures in, moved pictures out.
MOVES = {
    "shift 1 pixel": lambda images: shift(images, 0, 1),
    "turn 10°": lambda images: rotate(images, 10),
    "zoom 1.1": lambda images: zoom(images, 1.1),
}


def told_apart(window: int, stride: int, side: int = 8) -> int:
    """How many of the side x side places of one spot give different maps after max pooling (padding "same").

    Raises ValueError for sizes below 1. Chapter: capsules.
    """
    side, window, stride = whole("side", side, 1), whole("window", window, 1), whole("stride", stride, 1)
    spots = np.eye(side * side, dtype="float32").reshape(-1, side, side, 1)
    pooled = keras.layers.MaxPooling2D(window, stride, padding="same")(spots)
    return len(np.unique(ops.convert_to_numpy(pooled).reshape(side * side, -1), axis=0))


def moved_by(net: keras.Model, before: np.ndarray, after: np.ndarray) -> float:
    """The relative change of all features of a net from some pictures (n, ...) to others: mean. Chapter: capsules."""
    return relative_change(*(ops.convert_to_numpy(net(x)).reshape(len(x), -1) for x in (before, after)))


def changes(stages: dict[str, keras.Model], images: np.ndarray) -> dict[str, dict[str, float]]:
    """How far each stage of a net moves when its pictures do: relative change, by stage and by move of `MOVES`."""
    return {
        name: {move: moved_by(net, images, by(images)) for move, by in MOVES.items()} for name, net in stages.items()
    }


def unlike(net: keras.Model, images: np.ndarray, pixels: int, cells: int) -> float:
    """Shift pictures by pixels, or their map by cells: the relative difference of both, away from the border.

    cells, pixels: to the right, 0 or more. 0 means that the map is equivariant to the shift.
    Raises ValueError for numbers below 0, and where nothing is left between the borders. Chapter: capsules.
    """
    pixels, cells = whole("pixels", pixels, 0), whole("cells", cells, 0)
    one, two = net(shift(images, 0, pixels)), shift(ops.convert_to_numpy(net(images)), 0, cells)
    inner = np.s_[:, :, cells + 1 : -1]  # at the border new pixels enter
    if not two[inner].size:
        raise ValueError(f"Shift by less than the map is wide. Received: cells={cells}, a map {two.shape}")
    return relative_change(two[inner].ravel(), ops.convert_to_numpy(one)[inner].ravel())


def pools_and_stride(net: keras.Model) -> list[int]:
    """How many pooling layers a net has, and the stride of its last convolution. Chapter: capsules."""
    inner = [getattr(layer, "maps", layer) for layer in net.layers]
    strides = [each.strides[0] for each in inner if isinstance(each, keras.layers.Conv2D)]
    return [sum("Pooling" in type(each).__name__ for each in inner), strides[-1]]


def reliability(lengths: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort statements into ten bins by their length: how many, how many of them true, and the sum of their lengths.

    lengths, true: any equal shapes, lengths from 0 to 1, true 1 or 0. Raises ValueError for others. Chapter: capsules.
    """
    shapes = np.shape(lengths), np.shape(true)
    lengths, true = np.ravel(lengths).astype(float), np.ravel(true).astype(float)
    if shapes[0] != shapes[1] or not np.all((lengths >= 0) & (lengths <= 1)) or not np.isin(true, (0, 1)).all():
        raise ValueError(f"Give a truth, 1 or 0, for each length from 0 to 1. Received: {shapes[0]} and {shapes[1]}")
    which = np.minimum((lengths * BINS).astype(int), BINS - 1)
    return tuple(np.bincount(which, weight, BINS) for weight in (np.ones_like(lengths), true, lengths))


def calibration_gap(count: np.ndarray, true: np.ndarray, total: np.ndarray) -> float:
    r"""Expected calibration error of the bins of `reliability`: :math:`\sum_b |t_b - \ell_b| / \sum_b n_b`.

    t: true statements, l: sum of lengths, n: statements of bin b. Raises ValueError without a statement, and for
    unequal numbers of bins.
    Source: Naeini, Cooper and Hauskrecht (2015). Chapter: capsules.
    """
    if not np.sum(count) > 0 or not np.shape(count) == np.shape(true) == np.shape(total):
        raise ValueError(f"Give at least one statement, and all its bins. Received: count={count!r:.80}")
    return float(np.abs(np.subtract(true, total)).sum() / np.sum(count))


def towards(couplings: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The couplings of all parts to one class of each picture: (n, j, i) and (n,) to (n, i).

    Raises ValueError for other shapes, and for classes that are not 0 to j - 1. Chapter: capsules.
    """
    c, classes = np.asarray(couplings), np.asarray(classes)
    fits = c.ndim == 3 and classes.shape == c.shape[:1] and classes.dtype.kind in "iu"
    if not fits or not ((classes >= 0) & (classes < c.shape[1])).all():
        raise ValueError(
            f"Give couplings (n, j, i), and one class each, 0 to j - 1. Received: {c.shape}, {classes!r:.60}"
        )
    return np.take_along_axis(c, classes[:, None, None], axis=1)[:, 0]


def cosine(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    """The cosine of the angle between two lists of arrays, each read as one long vector.

    Raises ValueError for vectors of two lengths, and for one of zeros, which has no direction. Chapter: capsules.
    """
    a, b = (np.concatenate([np.ravel(part) for part in parts]).astype(float) for parts in (one, other))
    if a.shape != b.shape or not (a.any() and b.any()):
        raise ValueError(f"Give two vectors of one length that are not zero. Received: {a.shape} and {b.shape}")
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def weight_gradient(net: keras.Model, pictures: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """The gradient of a CapsNet's own loss by all its weights. Chapter: capsules."""
    pictures, labels = ops.convert_to_tensor(pictures), ops.convert_to_tensor(labels)

    def loss(weights):
        with keras.StatelessScope(state_mapping=list(zip(net.trainable_variables, weights, strict=True))):
            return net.compute_loss(pictures, labels, net(pictures))

    return backend.value_and_grad(loss)([ops.convert_to_numpy(v) for v in net.trainable_variables])[1]
