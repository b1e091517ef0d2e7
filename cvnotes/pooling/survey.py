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


def counts(layers: dict[str, list[Pool]], **wanted: int | bool) -> tuple[int, int]:
    """Count (nets, layers) that have all the wanted properties, such as window=3, stride=2. Chapter: invariance."""
    hits = {
        name: sum(all(getattr(pool, key) == value for key, value in wanted.items()) for pool in each)
        for name, each in layers.items()
    }
    return sum(n > 0 for n in hits.values()), sum(hits.values())
