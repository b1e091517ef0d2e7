"""Several scales at once: the picture at several sizes through one backbone, or one map through several dilations.

Chapter: segmentation_strategies.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from cvnotes.checks import choice, whole

from .dilated import conv

SCALES = (0.5, 1.0, 2.0)


def scaled(picture, scale: float):
    """A picture of half, the same or twice the side: means of 2 x 2 pixels, or linear interpolation.

    Chapter: segmentation_strategies.
    """
    if choice("scale", scale, SCALES) == 1:
        return picture
    if scale < 1:
        return layers.AveragePooling2D(2, name="halved")(picture)
    return layers.UpSampling2D(2, interpolation="bilinear", name="doubled")(picture)


def image_pyramid(body: keras.Model, picture, scales: Sequence[float]) -> dict[float, dict]:
    """What one backbone says of a picture at several sizes: its maps, by scale.

    body: a backbone for pictures of any size; its weights serve all scales. scales: some of SCALES.
    Raises ValueError for other scales, or none.
    Source: Farabet et al. (2013), section 3.1; Chen et al. (2016), section 3. Chapter: segmentation_strategies.
    """
    if not isinstance(scales, Sequence) or not scales:
        raise ValueError(f"scales is a sequence of at least one of {SCALES}. Received: {scales!r}")
    return {scale: body(scaled(picture, scale)) for scale in scales}


def aspp(x, filters: int, rates: Sequence[int] = (1, 2, 3)):
    """Look at one map through several windows at once: 1 x 1, 3 x 3 at several dilations, and its mean.

    Gives (n, h, w, filters), fused by a 1 x 1 convolution. Raises ValueError for a map of unknown sides, and for a
    dilation below 1, one that comes twice, or none.
    Source: Chen et al. (2017), section 3.3. Chapter: segmentation_strategies.
    """
    if not isinstance(rates, Sequence) or not 0 < len({*rates}) == len(rates):
        raise ValueError(f"rates is a sequence of different dilations, at least one. Received: {rates!r}")
    sides, filters = tuple(x.shape[1:3]), whole("filters", filters, 1)
    if None in sides:
        raise ValueError(f"The mean of a map is laid over all of it, so give its sides. Received: {tuple(x.shape)}")
    branches = [conv(x, filters, "aspp_point", 1)]
    branches += [conv(x, filters, f"aspp_{rate}", dilation=whole("rates", rate, 1)) for rate in rates]
    mean = conv(layers.GlobalAveragePooling2D(keepdims=True, name="aspp_mean")(x), filters, "aspp_mean", 1)
    branches.append(layers.UpSampling2D(sides, name="aspp_spread")(mean))
    return conv(layers.Concatenate(name="aspp_branches")(branches), filters, "aspp_fused", 1)
