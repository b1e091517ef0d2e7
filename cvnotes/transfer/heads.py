"""A new head on a frozen body."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import whole

from .zoo import Backbone


def new_head(body: Backbone, classes: int, cells: bool = False) -> keras.Model:
    """Put a linear classifier on a body of the zoo; pictures go in as 0 to 255, logits come out.

    Each picture is prepared as the body was trained. The body comes frozen, and is called with ``training=False``, so
    that its normalization keeps the averages of its first training; free it later with `set_free`.
    cells: keep every place of the last maps instead of averaging them. Raises ValueError for less than one class.
    Chapter: transfer.
    """
    classes = whole("classes", classes, 1)
    inputs = keras.Input(body.model.input_shape[1:], name="image")
    maps = body.model(body.preprocess(inputs), training=False)
    bridge = layers.Flatten(name="flatten") if cells else layers.GlobalAveragePooling2D(name="average")
    return keras.Model(inputs, layers.Dense(classes, name="logits")(bridge(maps)), name="new_head")


def set_free(model: keras.Model) -> None:
    """Let the weights of a body be trained, and leave its batch normalization as it is: averages, scale and shift.

    In Keras a frozen normalization layer uses its averages also in training. To have called the body with
    ``training=False`` is not enough: Keras 3.15 passes ``training=True`` on to nested models when the whole is trained.
    Compile the whole model again afterwards. Chapter: transfer.
    """
    model.trainable = True
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            set_free(layer)
        elif isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
