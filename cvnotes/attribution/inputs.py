"""What is asked about: pictures read once and checked, baselines, and big jobs in pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from cvnotes.checks import whole

Array = np.ndarray
Model = Callable[[Any], Any]  # a Keras model, or any function of a batch written in keras.ops


class Asked(NamedTuple):
    """Pictures as a batch, and whether they came as one picture without the axis of a batch."""

    images: Array
    single: bool

    def give(self, answer: Array) -> Array:
        """The answer of a batch, with as many axes as the question had."""
        return answer[0] if self.single else answer


def call(model: Model, x: Any) -> Any:
    """The outputs of a model in prediction, never in training, or of a function.

    A built model keeps its state, even where a layer in it was told to train: no running average, no seed moves.
    """
    if not isinstance(model, keras.Layer):
        return model(x)
    inputs = getattr(model, "_inputs_struct", None)  # a list or dict of one, if the model was made so
    with keras.StatelessScope():
        return model(x if inputs is None else keras.tree.pack_sequence_as(inputs, [x]), training=False)


def read(model: Model, images: Any) -> Asked:
    """Read ``images``: a batch, or one picture without that axis; whole numbers become floats and are not scaled.

    Of a Keras model that knows the shape of its input, one axis less is one picture. Of a function, and of a model
    that does not know, arrays of 1 or 3 axes are one example, all others are a batch.
    Raises ValueError for what cannot be called, models without weights yet, models of several inputs, a wrong number
    of axes or a wrong size, words, and numbers that are not finite.
    """
    wanted = _shape(model)
    array = np.asarray(keras.ops.convert_to_numpy(images) if keras.ops.is_tensor(images) else images)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"images must be an array of numbers. Received: dtype {array.dtype}")
    array = np.ascontiguousarray(array, keras.config.floatx())
    single = array.ndim in (1, 3) if wanted is None else array.ndim == len(wanted) - 1
    batch = array[None] if single else array
    if batch.ndim < 2 or (wanted is not None and not _fits(batch.shape, wanted)):
        shape = "(n, height, width, channels)" if wanted is None else wanted
        raise ValueError(f"images must have the shape {shape}, or be one without n. Received: shape {array.shape}")
    if not np.isfinite(batch).all():
        raise ValueError(f"images must be finite. Received: {int((~np.isfinite(batch)).sum())} values NaN or infinite")
    return Asked(batch, single)


def _shape(model: Model) -> tuple[int | None, ...] | None:
    """The shape of the batches that a model takes, None where it is not known."""
    if not callable(model):
        raise ValueError(f"model must be a Keras model or a function of a batch. Received: {model!r:.80}")
    if not isinstance(model, keras.Layer):
        return None
    if not model.built:
        raise ValueError(f"The model has no weights yet: build it, or call it once. Received: {model.name}, not built")
    inputs = getattr(model, "inputs", None) or []
    if len(inputs) > 1:
        names = ", ".join(tensor.name for tensor in inputs)
        raise ValueError(
            "A model of one input is needed: hold the others fixed in a function, such as lambda x: model([x, other]). "
            f"Received: {model.name} with {len(inputs)} inputs ({names})"
        )
    return tuple(inputs[0].shape) if inputs else None


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(w in (None, s) for s, w in zip(shape[1:], wanted[1:], strict=True))


def pictures(asked: Asked) -> Array:
    """The batch, checked to be pictures (n, height, width, channels); ValueError otherwise."""
    if asked.images.ndim != 4 or not all(asked.images.shape[1:]):
        raise ValueError(f"images must be (n, height, width, channels). Received: shape {asked.images.shape}")
    return asked.images


def standin(name: str, value: Any, images: Array) -> Array:
    """Read a baseline or a filling, of the shape (n or 1, ...) that broadcasts to ``images`` (n, ...).

    value: a number, one number a channel, one example, or one for each image. Raises ValueError for any other shape.
    """
    array = np.asarray(keras.ops.convert_to_numpy(value) if keras.ops.is_tensor(value) else value)
    shape, batch = images.shape[1:], (len(images), 1)
    if array.dtype.kind not in "fiub" or not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite numbers. Received: {name}={value!r:.80}")
    if array.shape not in ((), shape[-1:], shape) and array.shape not in [(n, *shape) for n in batch]:
        raise ValueError(
            f"{name} must be a number, {shape[-1]} numbers (one a channel), one example {shape} or one for each of the "
            f"{len(images)} images. Received: shape {array.shape}"
        )
    lead = len(images) if array.ndim > len(shape) and len(array) == len(images) else 1
    return np.ascontiguousarray(np.broadcast_to(array, (lead, *shape)), images.dtype)


def take(values: Array, rows: Array) -> Array:
    """The rows of values, which may be one row for all."""
    return values[rows] if len(values) > 1 else values


def pieces(count: int, size: int) -> list[Array]:
    """The numbers 0 .. count - 1 in pieces of at most ``size``, all alike if a size above half of it divides count.

    (JAX compiles anew for each size.) Raises ValueError for a size below 1.
    """
    size = whole("batch_size", size, 1)
    size = next((even for even in range(size, size // 2, -1) if count % even == 0), size)
    return [np.arange(start, min(start + size, count)) for start in range(0, count, size)]
