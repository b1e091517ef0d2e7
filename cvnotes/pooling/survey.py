"""How published networks pool: a count over Keras's own model zoo, without a single weight."""

from __future__ import annotations

from typing import NamedTuple

import keras

from cvnotes import experiments

#: Model and the year of its paper.
ZOO = {
    "VGG16": 2014,
    "ResNet50": 2015,
    "InceptionV3": 2015,
    "ResNet50V2": 2016,
    "InceptionResNetV2": 2016,
    "Xception": 2016,
    "DenseNet121": 2016,
    "MobileNet": 2017,
    "NASNetMobile": 2017,
    "MobileNetV2": 2018,
    "MobileNetV3Small": 2019,
    "EfficientNetB0": 2019,
    "EfficientNetV2B0": 2021,
    "ConvNeXtTiny": 2022,
}


class Pool(NamedTuple):
    """One pooling layer: window and stride in cells, and whether it is a maximum, pads, is padded before, shrinks."""

    window: int
    stride: int
    maximum: bool
    same: bool
    framed: bool
    shrinks: bool


def behind_convolution(layer: keras.layers.Layer) -> bool:
    """Tell whether a layer's input is a convolution, up to normalization, activation and padding between them."""
    between = keras.layers.BatchNormalization, keras.layers.Activation, keras.layers.ReLU, keras.layers.ZeroPadding2D
    before = layer.input._keras_history.operation
    while isinstance(before, between):
        before = before.input._keras_history.operation
    return isinstance(before, keras.layers.Conv2D)


def pools(model: keras.Model) -> list[Pool]:
    """List the local pooling layers of a model in order (global pooling is not among them). Chapter: invariance."""
    kinds = keras.layers.MaxPooling2D, keras.layers.AveragePooling2D
    return [_pool(layer) for layer in model._flatten_layers() if isinstance(layer, kinds)]


def _pool(layer: keras.layers.Layer) -> Pool:
    before = layer.input._keras_history.operation
    return Pool(
        window=layer.pool_size[0],
        stride=layer.strides[0],
        maximum=isinstance(layer, keras.layers.MaxPooling2D),
        same=layer.padding == "same",
        framed=isinstance(before, keras.layers.ZeroPadding2D),
        shrinks=layer.input.shape[1] != layer.output.shape[1],
    )


@experiments.experiment(version=1, seeds=1)
def zoo(seed: int, scale: str) -> dict[str, list[list[int]]]:
    """Build every model of `ZOO` without weights and list its pooling layers; no chance in it, so one seed."""
    found = {}
    for name in ZOO:
        model = getattr(keras.applications, name)(weights=None)
        found[name] = [[int(value) for value in pool] for pool in pools(model)]
        keras.utils.clear_session()
    return found


def stored() -> dict[str, list[Pool]]:
    """Give the pooling layers of every model of `ZOO` as `make results` found them. Chapter: invariance."""
    rows = experiments.load("pooling", "zoo")
    return {name: [Pool(*(int(value) for value in row)) for row in rows[name][0]] for name in ZOO}


def counts(layers: dict[str, list[Pool]], **wanted: int | bool) -> tuple[int, int]:
    """Count (nets, layers) that have all the wanted properties, such as window=3, stride=2. Chapter: invariance."""
    hits = {
        name: sum(all(getattr(pool, key) == value for key, value in wanted.items()) for pool in each)
        for name, each in layers.items()
    }
    return sum(n > 0 for n in hits.values()), sum(hits.values())


def threes_less_twos(layers: dict[str, list[Pool]]) -> int:
    """Give the nets with 3 x 3 windows and stride 2, less those with 2 x 2 windows and stride 2."""
    return counts(layers, window=3, stride=2)[0] - counts(layers, window=2, stride=2)[0]


def padded(layers: dict[str, list[Pool]], window: int) -> int:
    """Count the layers with this window and stride 2 that pad, or that stand behind a layer that does nothing else."""
    pads = (pool.same or pool.framed for each in layers.values() for pool in each if pool[:2] == (window, 2))
    return sum(pads)
