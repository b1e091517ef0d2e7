"""One trunk, two heads: what a picture shows, and where it is."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from cvnotes.checks import whole

from .losses import picked

WIDTHS, HIDDEN = (12, 24, 48), 64  # filters of the trunk's stages, units between the trunk and each answer
MEAN, DEVIATION = 0.5, 0.1  # of x, y, w, h, as shares of the side, roughly


def trunk(size: int = 24, widths: tuple[int, ...] = WIDTHS) -> keras.Model:
    """Build the convolutional part: stages of 3 x 3 convolution, batch normalization, ReLU and 2 x 2 pooling.

    Takes pictures (size, size, 3) of bytes from 0 to 255, gives maps (size / 2**stages, ..., widths[-1]).
    Raises ValueError for a width below 1, and a side that is not even at every stage. Chapter: localization.
    """
    size = whole("size", size, 1)
    if size % 2 ** len(widths):
        raise ValueError(
            f"size must be a multiple of {2 ** len(widths)}, to be halved that often. Received: size={size}"
        )
    x = inputs = keras.Input((size, size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaled")(x)
    for stage, filters in enumerate(widths, 1):
        filters = whole("widths", filters, 1)
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"conv{stage}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"norm{stage}")(x)
        x = layers.ReLU(name=f"relu{stage}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{stage}")(x)
    return keras.Model(inputs, x, name="trunk")


def heads(shape: tuple[int, ...], classes: int, rows: int = 1) -> keras.Model:
    """Build both heads on maps of a shape (h, w, c): a score for each class, and `rows` boxes, side by side.

    The first `classes` outputs are logits, the other ``4 * rows`` are x and y of the middle, width and height, as
    shares of the picture's side. The last layer says how far they are from a half, in tenths: numbers around zero and
    of size one are learned most easily, and a linear layer, unlike a sigmoid, has a slope everywhere.
    rows: 1 for a box that does not ask what the object is (class-agnostic), `classes` for one a class (class-specific).
    Raises ValueError for another number of rows, or less than one class.
    Source: Sermanet et al. (2014), section 4, for the head with a row a class. Chapter: localization.
    """
    classes, rows = whole("classes", classes, 1), whole("rows", rows, 1)
    if rows not in (1, classes):
        raise ValueError(f"rows must be 1 or the number of classes, {classes}. Received: rows={rows!r}")
    maps = keras.Input(shape, name="maps")
    flat = layers.Flatten(name="flat")(maps)
    named = layers.Dense(HIDDEN, "relu", name="class_hidden")(flat)
    placed = layers.Dense(HIDDEN, "relu", name="box_hidden")(flat)
    scores = layers.Dense(classes, name="scores")(named)
    boxes = layers.Dense(4 * rows, name="boxes")(placed)
    boxes = layers.Rescaling(DEVIATION, offset=MEAN, name="shares")(boxes)
    return keras.Model(maps, layers.Concatenate(name="answer")([scores, boxes]), name="heads")


def two_heads(classes: int, rows: int = 1, size: int = 24, widths: tuple[int, ...] = WIDTHS) -> keras.Model:
    """Build a trunk with both heads on it; outputs (n, classes + 4 * rows), as `heads` says.

    Its two layers are the models "trunk" and "heads". Raises ValueError as those do. Chapter: localization.
    """
    body = trunk(size, widths)
    inputs = keras.Input(body.input_shape[1:], name="image")
    return keras.Model(inputs, heads(body.output_shape[1:], classes, rows)(body(inputs)), name="two_heads")


def answers(outputs: np.ndarray, classes: int, labels: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Read what two heads say, (n, classes + 4 * rows): labels (n,), and boxes (n, 4).

    A box is x, y of the middle, width and height, as shares of the side. Of one box a class, the row of the predicted
    class is taken; labels: take the rows of these (n,) instead.
    Raises ValueError for outputs of another shape. Chapter: localization.
    """
    outputs, classes = ops.convert_to_numpy(outputs), whole("classes", classes, 1)
    if outputs.ndim != 2 or outputs.shape[1] not in (classes + 4, 5 * classes):
        raise ValueError(f"Give outputs (n, {classes + 4}) or (n, {5 * classes}). Received: {outputs.shape}")
    said = outputs[:, :classes].argmax(1)
    boxes = picked(outputs[:, classes:], said if labels is None else labels)
    return said, ops.convert_to_numpy(boxes)
