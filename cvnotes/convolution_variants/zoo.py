"""How published networks choose the size and the number of their filters: a count over nets without weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import keras
import numpy as np

from cvnotes import backend, experiments, models

#: Models of keras.applications, in the order of their papers.
NETS = (
    *("VGG16", "InceptionV3", "ResNet50", "Xception", "DenseNet121", "InceptionResNetV2", "MobileNet"),
    *("NASNetMobile", "MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "EfficientNetV2B0", "ConvNeXtTiny"),
)
#: Our own nets: name, and the options that make all their convolutions Keras's.
REGISTERED = {"lenet-5": {"connections": "full"}, "alexnet": {}}
ASKED = ("lenet-5", "alexnet", "VGG16", "ResNet50", "DenseNet121")


class Conv(NamedTuple):
    """One convolution layer: height and width of its window in pixels, filters, whether each filter sees one channel.

    A separable layer is listed as its two steps.
    """

    height: int
    width: int
    filters: int
    depthwise: bool


def sketch(name: str) -> keras.Model:
    """Build a net of NETS or REGISTERED without memory for its weights. Chapter: convolution_cost."""
    if name in REGISTERED:
        return models.sketch(name, **REGISTERED[name])
    with backend.unallocated():
        return getattr(keras.applications, name)(weights=None)


def convolutions(model: keras.Model) -> list[Conv]:
    """List the convolution layers of a model in order, but for the 1 x 1 layers on a single pixel (gates, heads).

    Chapter: convolution_cost.
    """
    kinds = keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D
    layers = [layer for layer in _leaves(model) if isinstance(layer, kinds)]
    on_maps = [n for n in layers if tuple(n.kernel_size) != (1, 1) or tuple(n.output.shape[1:3]) != (1, 1)]
    return [step for layer in on_maps for step in _steps(layer)]


def _leaves(model: keras.Model) -> Iterator[keras.Layer]:
    """Layers in order, those of a model inside a model in its place."""
    for layer in model.layers:
        yield from _leaves(layer) if isinstance(layer, keras.Model) else [layer]


def _steps(layer: keras.Layer) -> list[Conv]:
    height, width = layer.kernel_size
    if isinstance(layer, keras.layers.Conv2D):
        return [Conv(height, width, layer.filters, 1 < layer.groups == layer.filters)]
    first = Conv(height, width, layer.input.shape[-1] * layer.depth_multiplier, True)
    return [first, Conv(1, 1, layer.filters, False)] if isinstance(layer, keras.layers.SeparableConv2D) else [first]


@experiments.experiment(version=1, seeds=1)
def survey(seed: int, scale: str = "quick") -> dict[str, list[list[int]]]:
    """List the convolutions of every net; no chance in it, so one seed. Chapter: convolution_cost."""
    found = {}
    for name in (*REGISTERED, *NETS):
        found[name] = [[int(value) for value in conv] for conv in convolutions(sketch(name))]
        keras.utils.clear_session()
    return found


def stored() -> dict[str, list[Conv]]:
    """Give the convolutions of every net as `make results` found them. Chapter: convolution_cost."""
    rows = experiments.load("convolution_variants", "survey")
    names = (*REGISTERED, *NETS)
    return {name: [Conv(int(h), int(w), int(k), bool(d)) for h, w, k, d in rows[name][0]] for name in names}


def share(convs: list[Conv], **wanted: bool | int) -> float:
    """Share of the layers with these properties, such as height=3, width=3; 0 for no layers."""
    hits = [all(getattr(conv, key) == value for key, value in wanted.items()) for conv in convs]
    return float(np.mean(hits)) if hits else 0.0


def spatial(convs: list[Conv]) -> list[Conv]:
    """Keep the layers whose window is larger than one pixel."""
    return [conv for conv in convs if conv.height * conv.width > 1]


def powers_within(convs: list[Conv], low: int = 32, high: int = 1024) -> float:
    """Share of the layers whose number of filters is a power of two from low to high. Chapter: convolution_cost."""
    return float(np.mean([low <= n <= high and n & (n - 1) == 0 for n in (conv.filters for conv in convs)]))


def kind_of(layer: keras.Layer | None) -> str:
    """Sort a layer into "convolution", "1 × 1", "depthwise", "dense" or "rest"."""
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return "depthwise"
    if isinstance(layer, keras.layers.Conv2D):
        return "1 × 1" if tuple(layer.kernel_size) == (1, 1) else "convolution"
    return "dense" if isinstance(layer, keras.layers.Dense) else "rest"


def spending(model: keras.Model) -> tuple[dict[str, float], dict[str, float]]:
    """Give the shares of multiply-accumulates and of parameters that lie in each kind of layer of a flat model.

    Chapter: convolution_cost.
    """
    profile, layers = models.profile(model), {layer.name: layer for layer in model.layers}
    macs, weights = {}, {}
    for row in profile.rows:
        kind = kind_of(layers.get(row.name))
        macs[kind] = macs.get(kind, 0) + (row.macs or 0) / profile.macs
        weights[kind] = weights.get(kind, 0) + row.parameters / profile.parameters
    return macs, weights
