"""What is explained: one score for each picture, read from whatever the model gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from cvnotes.checks import whole

from .compiled import remembered
from .inputs import Array, Model, call, pieces

Tensor = Any
Target = int | Sequence[int] | Callable[[Any], Tensor] | None


class Score(NamedTuple):
    """The question that is asked: a model, how its outputs become one number a picture, and each picture's class."""

    model: Model
    pick: Callable[[Any, Tensor], Tensor]
    classes: Array

    def __call__(self, x: Tensor, own: Tensor) -> Tensor:
        """Scores (m,) of the inputs x (m, ...), for the classes own (m,)."""
        return self.pick(call(self.model, x), own)


def ask(model: Model, images: Array, target: Target, batch_size: int = 32) -> Score:
    """Turn a target into a question about ``images`` (n, ...), n at least 1.

    target: a class for all pictures; one class each; a function from the model's outputs to scores (n,), each made of
    its own row; or None for the class that scores highest for each picture as it is, or for the outputs themselves if
    they are scores (n,) already.
    Raises ValueError for classes that the model does not have, as many classes as there are no pictures, several
    outputs without a function, and outputs that are not (n, classes).
    """
    none = np.zeros(len(images), "int32")
    if callable(target):
        return Score(model, Chosen(target), none)
    outputs = remembered((model, "outputs"), lambda: _outputs(call(model, ops.convert_to_tensor(images[:1]))))
    if len(outputs.shape) == 1:
        if target is not None:
            raise ValueError(f"The model gives one score a picture: leave target out. Received: target={target!r}")
        return Score(model, Chosen(None), none)
    classes = _highest(model, images, batch_size) if target is None else _classes(target, len(images), outputs.shape[1])
    return Score(model, own_class, classes)


def own_class(outputs: Tensor, own: Tensor) -> Tensor:
    """Of each row the score of its own class, (m,); ValueError if there are not as many rows as pictures."""
    if None not in (outputs.shape[0], own.shape[0]) and outputs.shape[0] != own.shape[0]:
        raise ValueError(
            "The model must give one row a picture, (n, classes). "
            f"Received: shape {tuple(outputs.shape)} for {own.shape[0]} pictures"
        )
    at = ops.expand_dims(ops.convert_to_tensor(own, dtype="int32"), 1)
    return ops.cast(ops.take_along_axis(outputs, at, axis=1)[:, 0], keras.config.floatx())


class Chosen(NamedTuple):
    """Scores by a function of the outputs, or the outputs themselves, checked to be one number a row."""

    target: Callable[[Any], Tensor] | None

    def __call__(self, outputs: Any, own: Tensor) -> Tensor:
        scores, count = (self.target(outputs) if self.target else outputs), own.shape[0]
        shape = tuple(scores.shape) if ops.is_tensor(scores) else type(scores).__name__
        if shape != (count,):
            who = "target" if self.target else "model"
            raise ValueError(f"The {who} must give one score a picture, shape ({count},). Received: {shape}")
        return ops.cast(scores, keras.config.floatx())


def _outputs(outputs: Any) -> Tensor:
    if not isinstance(outputs, (list, tuple, dict)) and not ops.is_tensor(outputs):
        raise ValueError(f"The model must give a tensor (n, classes). Received: {type(outputs).__name__}")
    if not ops.is_tensor(outputs):
        raise ValueError(
            "The model has several outputs: give target a function that makes scores (n,) of them, such as "
            f"lambda outputs: outputs[0][:, 3]. Received: {type(outputs).__name__} of {len(outputs)}"
        )
    if len(outputs.shape) not in (1, 2) or not outputs.shape[-1]:
        raise ValueError(
            "The outputs must be (n, classes), or target a function that makes scores (n,) of them, such as "
            f"lambda y: keras.ops.mean(y[..., 3], axis=(1, 2)). Received: outputs of shape {tuple(outputs.shape)}"
        )
    if not keras.backend.is_float_dtype(keras.backend.standardize_dtype(outputs.dtype)):
        raise ValueError(f"The outputs must be floats, not the class itself. Received: dtype {outputs.dtype}")
    return outputs


def _classes(target: Any, count: int, known: int) -> Array:
    """One class a picture, all of them there."""
    given = np.asarray(ops.convert_to_numpy(target) if ops.is_tensor(target) else target)
    if given.ndim and given.shape != (count,):
        raise ValueError(f"target must be one class, or one for each of {count} images. Received: shape {given.shape}")
    found = [whole("target", one, 0, known - 1) for one in np.broadcast_to(given, count).tolist()]
    return np.array(found, "int32")


def _highest(model: Model, images: Array, batch_size: int) -> Array:
    found = [call(model, ops.convert_to_tensor(images[at])) for at in pieces(len(images), batch_size)]
    return np.concatenate([ops.convert_to_numpy(one).argmax(-1) for one in found]).astype("int32")
