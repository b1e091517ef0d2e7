"""Fewer bits for a number: what each type of float can hold, and where halves break. Chapter: memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import ml_dtypes
import numpy as np

from cvnotes import backend
from cvnotes.checks import whole

FORMATS = {
    "float64": np.float64,
    "float32": np.float32,
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
}

__all__ = ["FORMATS", "Facts", "activation_gradients", "dtype_policy", "format_facts", "running_sum", "share_lost"]


class Facts(NamedTuple):
    """What a type of float can hold.

    size: bytes; largest: the largest finite number; normal: the smallest number with all its digits; tiny: the
    smallest above 0; step: from 1 to the next number.
    """

    size: int
    largest: float
    normal: float
    tiny: float
    step: float


def format_facts(dtype: str) -> Facts:
    """Read the limits of one of FORMATS off the type itself. Raises ValueError for another name. Chapter: memory."""
    kind = _known(dtype)
    info = ml_dtypes.finfo(kind)
    numbers = (info.max, info.smallest_normal, info.smallest_subnormal, info.eps)
    return Facts(np.dtype(kind).itemsize, *map(float, numbers))


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Let Keras build layers under a policy such as ``"mixed_float16"``, and have the old one back afterwards.

    Chapter: memory.
    """
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(name)
        yield
    finally:
        keras.config.set_dtype_policy(before)


def running_sum(values: Any, dtype: str) -> np.ndarray:
    """Add numbers one after another, each sum rounded to the type: all partial sums, as float64 (n,).

    values: a row of numbers. Raises ValueError for anything else, no numbers at all, or an unknown dtype.
    Chapter: memory.
    """
    kind, values = _known(dtype), np.asarray(values)
    if values.ndim != 1 or not values.size or values.dtype.kind not in "fiu":
        raise ValueError(f"Give a row of numbers, one at least. Received: {values.dtype} of shape {values.shape}")
    total, sums = kind(0), []
    for value in values.astype(kind):
        total = kind(total + value)
        sums.append(float(total))
    return np.array(sums)


def share_lost(sizes: np.ndarray, dtype: str, scale: float = 1.0) -> tuple[float, float]:
    """Shares of numbers above 0 that become 0 in the type, and that overflow, after multiplying by `scale`.

    Raises ValueError for no numbers, one that is not above 0 (NaN neither), or such a scale. Chapter: memory.
    """
    sizes = np.asarray(sizes, float)
    if not sizes.size or not (sizes > 0).all():
        least = f"the least {sizes.min():g}" if sizes.size else "none"
        raise ValueError(f"Give some numbers above 0. Received: {sizes.size}, {least}")
    if not 0 < scale < np.inf:
        raise ValueError(f"scale must be a number above 0. Received: scale={scale!r}")
    with np.errstate(over="ignore"):
        rounded = (sizes * scale).astype(_known(dtype)).astype(float)
    return float(np.mean(rounded == 0)), float(np.mean(~np.isfinite(rounded)))


def activation_gradients(model: keras.Model, x: np.ndarray, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Activations of every layer of a chain, and the gradients of the mean cross-entropy for them, as pairs.

    model: layers in a row; x: pictures; y: labels. Raises ValueError for no pictures, labels that are not one whole
    number for each, or labels that are no class of the model. Chapter: memory.
    """
    labels = np.asarray(y)
    if not len(x) or labels.shape != (len(x),) or labels.dtype.kind not in "iu":
        told = f"{len(x)} pictures, labels {labels.dtype} of shape {labels.shape}"
        raise ValueError(f"Give pictures, one at least, and a whole number for each. Received: {told}")
    for label in (labels.min(), labels.max()):
        whole("each label", label, 0, model.output_shape[-1] - 1)
    pairs, h = [], x
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    for i, layer in enumerate(layers):
        h = keras.ops.convert_to_numpy(layer(h))

        def loss(t, rest=layers[i + 1 :]):
            for after in rest:
                t = after(t)
            return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(y, t, from_logits=True))

        pairs.append((h, backend.value_and_grad(loss)(h)[1]))
    return pairs


def _known(dtype: str) -> Any:
    if not isinstance(dtype, str) or dtype not in FORMATS:
        raise ValueError(f"dtype is one of {', '.join(FORMATS)}. Received: {dtype!r}")
    return FORMATS[dtype]
