"""A backbone that pools, and the same backbone with its last stride taken out: more places from the same weights."""

from __future__ import annotations

import keras
from keras import layers

from cvnotes.checks import choice, number, whole
from cvnotes.single_shot.trunks import MOMENTUM

from .unpooling import PoolWithPlaces

FILTERS = {2: 16, 4: 24, 8: 32, "deep": 64}  # at width 1, of the convolutions that give the map at each stride


def conv(x, filters: int, name: str, size: int = 3, *, stride: int = 1, dilation: int = 1):
    """A convolution without bias, batch normalization and a ReLU, its taps `dilation` pixels apart.

    Chapter: segmentation_strategies.
    """
    options = {"padding": "same", "dilation_rate": dilation, "use_bias": False}
    x = layers.Conv2D(filters, size, stride, name=f"{name}_conv", **options)(x)
    x = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def backbone(width: float = 1.0, stride: int = 8, size: int | None = 64) -> keras.Model:
    """Build the backbone of the strategies: a convolution of stride 2, and two poolings of 2 x 2.

    width: factor on all filters (at least 8 are kept). stride: 8, or 4: then the last pooling steps by one pixel, and
    the two convolutions behind it reach twice as far, so that the same weights give the same answers, at four times
    as many places. size: height and width of the pictures, None for any.
    Takes pictures (n, size, size, 3) from 0 to 255. Gives a dictionary of maps: `stride_2`, the first; `features`, the
    deepest, (n, size / stride, size / stride, filters); `places_4` and, at stride 8, `places_8`: where the poolings
    found their maxima. Raises ValueError for another stride, or a size that is no multiple of 8.
    Source: Chen et al. (2018), section 3.1; the holes: Holschneider et al. (1989). Chapter: segmentation_strategies.
    """
    width, stride = number("width", width, above=0), choice("stride", stride, (8, 4))
    if size is not None and whole("size", size, 8) % 8:
        raise ValueError(f"size must be a multiple of 8, so that every pooling finds pairs. Received: size={size}")
    filters = {name: max(8, round(width * count)) for name, count in FILTERS.items()}
    inputs = keras.Input((size, size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(inputs)
    maps = {"stride_2": conv(x, filters[2], "first", stride=2)}
    x, maps["places_4"] = PoolWithPlaces(name="pool_4")(conv(maps["stride_2"], filters[4], "second"))
    x = conv(x, filters[8], "third")
    if stride == 8:
        x, maps["places_8"] = PoolWithPlaces(name="pool_8")(x)
    else:
        x = layers.MaxPooling2D(2, 1, "same", name="pool_8")(x)
    for name in ("fourth", "fifth"):
        x = conv(x, filters["deep"], name, dilation=8 // stride)
    return keras.Model(inputs, maps | {"features": x}, name="backbone")
