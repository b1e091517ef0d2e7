"""Batch normalization after training is a product and a sum: both can move into the layer before it."""

from __future__ import annotations

import keras
import numpy as np

BatchNormalization = keras.layers.BatchNormalization
KINDS = keras.layers.Dense, keras.layers.Conv2D, keras.layers.DepthwiseConv2D


def fold(model: keras.Sequential) -> keras.Sequential:
    r"""Give a model without batch normalization that answers alike in inference.

    $$ W' = s\,W, \qquad b' = \beta + s\,(b - m),
       \qquad s = \frac{\gamma}{\sqrt{v + \varepsilon}} $$

    Each BatchNormalization must directly follow a Dense, Conv2D or DepthwiseConv2D
    layer without activation. The model itself is left as it is. Raises ValueError for a
    model that is not a row of layers, and where one cannot be folded, and says why.
    Source: Jacob et al. (2018), section 3.2. Chapter: normalization.
    """
    if not isinstance(model, keras.Sequential) or not model.built:
        raise ValueError(f"Give a Sequential with an Input. Received: {model!r:.80}")
    layers, rest = [], list(model.layers)
    while rest:
        layer = rest.pop(0)
        if isinstance(layer, keras.Model):
            raise ValueError(f"Give a plain row of layers. Received: a model inside, {layer.name}")
        if isinstance(layer, BatchNormalization):
            wanted = f"{layer.name} must follow a Dense or convolution layer"
            raise ValueError(f"{wanted}. Received: it stands elsewhere")
        follows = bool(rest) and isinstance(rest[0], BatchNormalization)
        layers.append(_merged(layer, rest.pop(0)) if follows else _copied(layer))
    return keras.Sequential([keras.Input(model.input_shape[1:]), *layers])


def _merged(layer: keras.Layer, norm: BatchNormalization) -> keras.Layer:
    """One layer that does the work of both, in inference."""
    _check(layer, norm)
    weights = [keras.ops.convert_to_numpy(weight) for weight in layer.weights]
    kernel, bias = weights[0], weights[1] if layer.use_bias else 0.0
    mean, variance = (keras.ops.convert_to_numpy(w) for w in (norm.moving_mean, norm.moving_variance))
    gamma = keras.ops.convert_to_numpy(norm.gamma) if norm.scale else 1.0
    beta = keras.ops.convert_to_numpy(norm.beta) if norm.center else 0.0
    scale = gamma / np.sqrt(variance + norm.epsilon)
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)  # its outputs stand in two axes: channel, multiple
    kernel = kernel * (scale.reshape(kernel.shape[2:]) if depthwise else scale)
    return _copied(layer, [kernel, beta + (bias - mean) * scale], use_bias=True)


def _copied(layer: keras.Layer, weights: list[np.ndarray] | None = None, **changed: bool) -> keras.Layer:
    copy = type(layer).from_config(layer.get_config() | changed)
    copy.build(layer.input.shape)
    copy.set_weights(layer.get_weights() if weights is None else weights)
    return copy


def _check(layer: keras.Layer, norm: BatchNormalization) -> None:
    if type(layer) not in KINDS:
        names = ", ".join(kind.__name__ for kind in KINDS)
        raise ValueError(f"{norm.name} must follow one of {names}. Received: {type(layer).__name__}")
    if layer.activation is not keras.activations.linear:
        words = f"Received: {layer.name} with {layer.activation.__name__}"
        raise ValueError(f"An activation between the two stands in the way: make it a layer behind. {words}")
    channels_last = getattr(layer, "data_format", "channels_last") == "channels_last"
    if norm.axis not in (-1, len(layer.output.shape) - 1) or not channels_last:
        raise ValueError(f"Both must keep channels in the last axis. Received: axis={norm.axis} of {norm.name}")
