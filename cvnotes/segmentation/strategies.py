"""One small net, and what each strategy changes about it.

Chapter: segmentation_strategies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from cvnotes.checks import choice

from .dilated import backbone, conv
from .multiscale import aspp, image_pyramid
from .refinement import enlarged, second_look
from .task import NAMES
from .unpooling import Unpool

SIZE, STRIDE, FINEST = 64, 8, 2  # of the pictures, of the plain map, and of the map that all answer on, in pixels
WIDTH, SCALES = 0.5, (0.5, 1.0)
UPSAMPLERS = ("transposed", "resize", "unpool")
Head = Callable[[Any, keras.Model, float], Any]  # picture, backbone, width: logits at stride 2
DECODER = (48, 32)  # filters behind the first and the second doubling, at width 1


def score(x, name: str = "score"):
    """The logits of each class at each place, by a 1 x 1 convolution. Chapter: segmentation_strategies."""
    return layers.Conv2D(len(NAMES), 1, name=name)(x)


def added(coarse, x, factor: int = 1):
    """Add to the logits so far what a strategy says: scores of its map, which start at zero, enlarged by a factor.

    So every net begins with the plain answer. Chapter: segmentation_strategies.
    """
    says = layers.Conv2D(len(NAMES), 1, kernel_initializer="zeros", name="says")(x)
    return layers.Add(name="added")([coarse, enlarged(says, factor, "says_enlarged")])


def doubled(x, how: str, filters: int, name: str, places=None):
    """Double the side of a map, and convolve: by a transposed convolution, by resizing, or by unpooling.

    how: one of UPSAMPLERS. filters: that come out; unpooling first brings the map to the channels of its places.
    Chapter: segmentation_strategies.
    """
    if choice("how", how, UPSAMPLERS) == "transposed":
        x = layers.Conv2DTranspose(filters, 4, 2, "same", use_bias=False, name=f"{name}_transposed")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
        return layers.ReLU(name=f"{name}_relu")(x)
    if how == "resize":
        return conv(enlarged(x, 2, f"{name}_resized"), filters, name)
    x = conv(x, places.shape[-1], f"{name}_before", 1)
    return conv(Unpool(name=f"{name}_unpooled")([x, places]), filters, name)


def decoder(x, maps: dict, how: str, width: float):
    """Two doublings, from stride 8 to stride 2, with the places of both poolings. Chapter: segmentation_strategies."""
    for stride, filters in zip((8, 4), DECODER, strict=True):
        x = doubled(x, how, max(8, round(width * filters)), f"up_{stride}", maps[f"places_{stride}"])
    return x


def plain(maps: dict, stride: int = STRIDE):
    """No strategy: the scores of the deepest map, enlarged. Chapter: segmentation_strategies."""
    return enlarged(score(maps["features"]), stride // FINEST, "enlarged")


def pyramid(picture, body, width: float):
    """Multi-scale, from outside: the picture at two sizes. Chapter: segmentation_strategies."""
    found = image_pyramid(body, picture, SCALES)
    return added(plain(found[1.0]), found[0.5]["features"], 2 * STRIDE // FINEST)


def parallel(picture, body, width: float):
    """Multi-scale, from inside: windows of several dilations on one map. Chapter: segmentation_strategies."""
    maps = body(picture)
    return added(plain(maps), aspp(maps["features"], round(width * 64)), STRIDE // FINEST)


def second(picture, body, width: float):
    """Refinement: the plain answer, and a second look. Chapter: segmentation_strategies."""
    maps = body(picture)
    return second_look(plain(maps), maps["stride_2"], round(width * 32))


def decoded(how: str) -> Head:
    """Upsampling that is learned: two doublings, from stride 8 to stride 2. Chapter: segmentation_strategies."""

    def head(picture, body, width: float):
        maps = body(picture)
        return added(plain(maps), decoder(maps["features"], maps, how, width))

    return head


def everything(picture, body, width: float):
    """All three: two scales, two doublings, a second look. Chapter: segmentation_strategies."""
    found = image_pyramid(body, picture, SCALES)
    maps = found[1.0]
    both = [maps["features"], enlarged(found[0.5]["features"], 2, "match")]
    x = decoder(layers.Concatenate(name="scales")(both), maps, "resize", width)
    return second_look(added(plain(maps), x), maps["stride_2"], round(width * 32))


STRATEGIES: dict[str, Head] = {
    "plain": lambda picture, body, width: plain(body(picture)),
    "pyramid": pyramid,
    "ASPP": parallel,
    "second look": second,
    **{how: decoded(how) for how in UPSAMPLERS},
    "dilated": lambda picture, body, width: plain(body(picture), STRIDE // 2),
    "all three": everything,
}


def build(name: str, width: float = WIDTH) -> keras.Model:
    """Build the net of a strategy: pictures (n, 64, 64, 3), 0 to 255, to logits (n, 64, 64, classes).

    name: one of STRATEGIES; width: factor on all filters. All answer at stride 2, and are enlarged to pixels alike.
    Chapter: segmentation_strategies.
    """
    head = STRATEGIES[choice("name", name, STRATEGIES)]
    picture = keras.Input((SIZE, SIZE, 3), name="picture")
    body = backbone(width, 4 if name == "dilated" else STRIDE, None)
    said = enlarged(head(picture, body, width), FINEST, "pixels")
    return keras.Model(picture, said, name=name.replace(" ", "-").lower())


def inherit(net: keras.Model, parent: keras.Model) -> keras.Model:
    """Give a net the backbone of another and its scores, with which it begins; what it adds is new. Returns the net.

    Raises ValueError for backbones of other widths. Chapter: segmentation_strategies.
    """
    for name in ("backbone", "score"):
        given, kept = (model.get_layer(name).get_weights() for model in (parent, net))
        if [w.shape for w in given] != [w.shape for w in kept]:
            raise ValueError(f"Nets of one width share weights. Received: {given[0].shape} for {kept[0].shape}")
        net.get_layer(name).set_weights(given)
    return net
