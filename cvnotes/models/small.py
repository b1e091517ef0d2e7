"""A ConvNet small enough to train in seconds, with one switch for each question about pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

from cvnotes.checks import whole
from cvnotes.models.registry import resolve

REDUCTIONS = ("max", "average", "stride", "conv", "none")
HEADS = ("dense", "average", "max")
ORDERS = ("conv-relu-pool", "conv-pool-relu")
NORMALIZATIONS = {
    "none": None,
    "lrn": "cvnotes.pooling:LocalResponseNormalization",
    "batch": "keras.layers:BatchNormalization",
}


@keras.saving.register_keras_serializable(package="cvnotes")
class AveragePooling2D(layers.AveragePooling2D):
    """Keras' layer with padding "same", but with one answer on every backend: padding never joins the average.

    Keras 3.15 repeats the border instead when it runs on PyTorch and the padding is uneven.
    """

    def call(self, x):
        """Divide the sum over each window by the number of pixels that it holds."""
        rim = [(0, 0), *(_padding(n, k) for n, k in zip(x.shape[1:3], self.pool_size, strict=True)), (0, 0)]
        inside = ops.ones((1, *x.shape[1:3], 1), dtype=x.dtype)
        mean, share = (ops.average_pool(ops.pad(part, rim), self.pool_size, self.strides) for part in (x, inside))
        return mean / share


def small_convnet(
    input_shape: tuple[int, int, int] = (20, 20, 1),
    classes: int = 10,
    *,
    reduction: str = "max",
    window: int = 2,
    head: str = "dense",
    width: int = 8,
    normalization: str = "none",
    order: str = "conv-relu-pool",
) -> keras.Model:
    r"""Two stages of 3x3 convolution, ReLU and reduction, then a classifier. The outputs are logits, not probabilities.

    Stage :math:`i` has :math:`2^{i-1} \cdot` ``width`` filters, padding "same", and shrinks each side
    :math:`n \to \lceil n / \text{window} \rceil`, whichever reduction is chosen: the variants have equal shapes.

    - ``"max"``, ``"average"``: pooling, window = stride = ``window``;
    - ``"stride"``: no pooling, the convolution itself steps by ``window`` (same weights as with pooling, fewer MACs);
    - ``"conv"``: a learned 3x3 convolution of stride ``window`` takes the place of the pooling;
    - ``"none"``: nothing shrinks.

    head: ``"dense"`` reads every position; ``"average"`` and ``"max"`` keep one number a channel (global pooling).
    normalization: ``"none"``, ``"lrn"`` or ``"batch"``, after the ReLU (``"lrn"``) or before it (``"batch"``).
    order: ``"conv-pool-relu"`` swaps ReLU and reduction.
    Raises ``ValueError`` for a word that is not in these lists and for a window, width or number of classes below 1.
    After "Striving for simplicity" (Springenberg et al., 2015), section 2, for ``"stride"`` and ``"conv"``.
    Taught in the chapter on pooling.
    """
    _check("reduction", reduction, REDUCTIONS)
    _check("head", head, HEADS)
    _check("order", order, ORDERS)
    _check("normalization", normalization, NORMALIZATIONS)
    window, width, classes = whole("window", window, 1), whole("width", width, 1), whole("classes", classes, 1)
    if not isinstance(input_shape, (tuple, list)) or len(input_shape) != 3:
        raise ValueError(f"input_shape is (height, width, channels), as (20, 20, 1). Received: {input_shape!r}.")
    inputs = x = keras.Input(input_shape, name="image")
    for stage in (1, 2):
        for layer in _stage(stage, width * 2 ** (stage - 1), reduction, window, normalization, order):
            x = layer(x)
    for layer in _head(head, classes):
        x = layer(x)
    return keras.Model(inputs, x, name="small-convnet")


def _stage(i: int, filters: int, reduction: str, window: int, normalization: str, order: str) -> list[layers.Layer]:
    stride = window if reduction == "stride" else 1
    conv = layers.Conv2D(filters, 3, strides=stride, padding="same", name=f"conv{i}")
    relu = [layers.ReLU(name=f"relu{i}")]
    if NORMALIZATIONS[normalization]:
        normalize = resolve(NORMALIZATIONS[normalization])(name=f"norm{i}")
        relu = [normalize, *relu] if normalization == "batch" else [*relu, normalize]
    reduce = _reduce(reduction, i, filters, window)
    return [conv, *relu, *reduce] if order == "conv-relu-pool" else [conv, *reduce, *relu]


def _reduce(reduction: str, i: int, filters: int, window: int) -> list[layers.Layer]:
    if reduction in ("none", "stride"):
        return []
    if reduction == "conv":
        options = {"strides": window, "padding": "same", "activation": "relu"}
        return [layers.Conv2D(filters, 3, name=f"reduce{i}", **options)]
    pool: Callable[..., Any] = {"max": layers.MaxPooling2D, "average": AveragePooling2D}[reduction]
    return [pool(window, padding="same", name=f"pool{i}")]


def _padding(size: int, window: int) -> tuple[int, int]:
    missing = -size % window
    return missing // 2, missing - missing // 2


def _head(head: str, classes: int) -> list[layers.Layer]:
    summary = {
        "dense": layers.Flatten,
        "average": layers.GlobalAveragePooling2D,
        "max": layers.GlobalMaxPooling2D,
    }[head]
    return [summary(name="summary"), layers.Dense(classes, name="logits")]


def _check(argument: str, value: str, accepted: Any) -> None:
    if not isinstance(value, str) or value not in accepted:
        raise ValueError(f"{argument} is one of {', '.join(map(repr, accepted))}. Received: {value!r}.")
